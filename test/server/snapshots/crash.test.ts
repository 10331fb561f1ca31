/** A member that is killed while it takes a snapshot, at each of the points that this passes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { MemberData } from '../../../src/server/member-data.js';
import { BackendLockedError } from '../../../src/storage/backend/index.js';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../../support/folders.js';
import {
  type CrashStep,
  closeMember,
  dataDirectoryIn,
  etcdDatabase,
  foundMember,
  leftoversOf,
  OLD_INDEX,
  OLD_KEY,
  openMember,
} from './support.js';

const CHILD = fileURLToPath(new URL('./install-child.js', import.meta.url));
const database = etcdDatabase('3.7.1');

const BEFORE_THE_RECORD: CrashStep[] = [
  'body stored',
  'backend written',
  'backend staged',
  'snap file saved',
  'record without commit index',
];
const AFTER_THE_RECORD: CrashStep[] = [
  'log record durable',
  'old store set aside',
  'new store in place',
  'replacement durable',
  'state reloaded',
];

async function runUntilKilled(dataDir: string, step = ''): Promise<void> {
  const child = spawn(process.execPath, ['--enable-source-maps', CHILD, dataDir, step], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' });
}

function assertOldState({ state, log }: MemberData): void {
  assert.equal(state.backend.consistentIndex, OLD_INDEX);
  assert.equal(log.snapshotIndex, 0);
  assert.equal(log.storage.lastIndex(), OLD_INDEX);
  assert.equal(state.store.range({ start: OLD_KEY, end: '' }).count, 1);
  assert.equal(state.store.revision, 2);
}

async function assertNewState({ state, log }: MemberData): Promise<void> {
  assert.equal(state.backend.consistentIndex, database.index);
  assert.equal(log.snapshotIndex, database.index);
  assert.equal(log.storage.lastIndex(), database.index);
  assert.equal(state.store.range({ start: OLD_KEY, end: '' }).count, 0);
  assert.equal(state.store.revision, database.revision);
  for (const { revision, hash } of database.hashes) {
    assert.equal((await state.store.hashByRevision(revision)).hash, hash);
  }
}

describe('a member that is killed while it takes a snapshot', () => {
  const founded = makeTemporaryFolder();
  before(() => foundMember(dataDirectoryIn(founded)));
  after(() => removeFolder(founded));

  for (const step of BEFORE_THE_RECORD) {
    it(`has its old state after "${step}", and can take the snapshot again`, async (test) => {
      const dataDir = dataDirectoryIn(temporaryFolder(test));
      cpSync(dataDirectoryIn(founded), dataDir, { recursive: true });
      await runUntilKilled(dataDir, step);
      const data = await openMember(dataDir);
      assertOldState(data);
      const { member, snap } = await leftoversOf(dataDir);
      assert.deepEqual(member, ['backend', 'snap', 'wal']);
      assert.ok(snap.every((name) => name.endsWith('.snap')));
      await closeMember(data);
      await runUntilKilled(dataDir);
      const again = await openMember(dataDir);
      await assertNewState(again);
      await closeMember(again);
    });
  }

  for (const step of AFTER_THE_RECORD) {
    it(`has the new state after "${step}"`, async (test) => {
      const dataDir = dataDirectoryIn(temporaryFolder(test));
      cpSync(dataDirectoryIn(founded), dataDir, { recursive: true });
      await runUntilKilled(dataDir, step);
      const data = await openMember(dataDir);
      await assertNewState(data);
      assert.deepEqual((await leftoversOf(dataDir)).member, ['backend', 'snap', 'wal']);
      await closeMember(data);
    });
  }

  it('is left alone by a second process on its data directory', async (test) => {
    const dataDir = dataDirectoryIn(temporaryFolder(test));
    cpSync(dataDirectoryIn(founded), dataDir, { recursive: true });
    const running = await openMember(dataDir);
    const staging = ['backend-00000000000000ff', 'backend-0000000000000100.part'];
    for (const name of staging) mkdirSync(join(dataDir, 'member', name));
    await assert.rejects(openMember(dataDir), BackendLockedError);
    const { member } = await leftoversOf(dataDir);
    assert.deepEqual(member, ['backend', ...staging, 'snap', 'wal']);
    await closeMember(running);
  });

  it('starts from a database that lies in the snap folder, as etcd leaves it', async (test) => {
    const dataDir = dataDirectoryIn(temporaryFolder(test));
    cpSync(dataDirectoryIn(founded), dataDir, { recursive: true });
    await runUntilKilled(dataDir, 'log record durable');
    const staged = `backend-${database.index.toString(16).padStart(16, '0')}`;
    removeFolder(join(dataDir, 'member', staged));
    const data = openMember(dataDir);
    await assert.rejects(data, /a part of the data is missing/);
    const name = `${database.index.toString(16).padStart(16, '0')}.snap.db`;
    writeFileSync(join(dataDir, 'member', 'snap', name), database.bytes);
    const recovered = await openMember(dataDir);
    await assertNewState(recovered);
    await closeMember(recovered);
  });
});

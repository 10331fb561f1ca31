/** Data directories that are damaged, incomplete, taken or full. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { CleanupList } from '../support/cleanup.js';
import { EtcdClient } from '../support/etcd-client.js';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';
import { backendFolder, copyDataFolder, snapFolder, walFolder } from './support/data-folder.js';
import { Dice } from './support/dice.js';
import { countKnownContent, type KnownWrite, writeKnownContent } from './support/known-content.js';
import { memberOn } from './support/members.js';
import { refusalOf, startOutcome } from './support/start-outcome.js';

const SEED = Number(process.env.KVORUM_TEST_SEED ?? Date.now() % 1_000_000);
const WRITES = 150;

interface Content {
  readonly folder: string;
  readonly writes: readonly KnownWrite[];
}

const suite = new CleanupList();
after(() => suite.run());

/** A data directory with known content in log and backend, as SIGKILL left it. */
async function makeContent(
  flags: readonly string[],
  finish: (member: Member) => Promise<void> = async () => {},
): Promise<Content> {
  const folder = join(temporaryFolder(suite), 'data');
  const member = await startMember(suite, { dataFolder: folder, flags });
  const writes = await writeKnownContent(member.clientAddress, WRITES, new Dice(SEED));
  await finish(member);
  await member.kill();
  return { folder, writes };
}

/** Moves what is in LevelDB's log into its tables. */
async function defragment(member: Member): Promise<void> {
  const client = new EtcdClient(member.clientAddress);
  await client.call(Maintenance.methods.defragment, {});
  client.close();
}

/** A member on a copy of the content after `change` was made to it. */
async function memberOnChanged(
  context: TestContext,
  content: Content,
  change: (folder: string) => void,
): Promise<Member> {
  const folder = join(temporaryFolder(context), 'data');
  copyDataFolder(content.folder, folder);
  change(folder);
  return memberOn(context, folder);
}

/** Does something to each file of the backend whose name matches. */
function forFiles(folder: string, pattern: RegExp, change: (path: string) => void): void {
  for (const path of backendFiles(folder, pattern)) change(path);
}

function backendFiles(folder: string, pattern: RegExp): string[] {
  const names = readdirSync(backendFolder(folder)).filter((name) => pattern.test(name));
  assert.ok(names.length > 0, `no ${pattern} in the backend`);
  return names.sort().map((name) => join(backendFolder(folder), name));
}

const removeBackend = (folder: string): void => rmSync(backendFolder(folder), { recursive: true });

function cutFile(path: string, share: number): void {
  truncateSync(path, Math.floor(readFileSync(path).length * share));
}

function flipBit(path: string, share: number): void {
  const bytes = readFileSync(path);
  const offset = Math.floor(bytes.length * share);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

describe('a backend that is damaged or gone', () => {
  /** The log goes back to the first entry. */
  let wholeLog: Content;
  /** The log was cut, so that a part of the content is in the backend alone. */
  let cutLog: Content;

  before(async () => {
    wholeLog = await makeContent([]);
    cutLog = await makeContent(['--snapshot-count=40', '--snapshot-catchup-entries=5'], defragment);
  });

  test('the log alone brings everything back', async (context) => {
    const member = await memberOnChanged(context, wholeLog, removeBackend);
    await member.start();
    assert.equal(await countKnownContent(member, wholeLog.writes), WRITES);
  });

  for (const share of [0, 0.3, 0.99]) {
    test(`LevelDB's log cut at ${share}: the write-ahead log makes up for it`, async (context) => {
      const member = await memberOnChanged(context, wholeLog, (folder) => {
        forFiles(folder, /\.log$/, (path) => cutFile(path, share));
      });
      await member.start();
      assert.equal(await countKnownContent(member, wholeLog.writes), WRITES);
    });
  }

  for (const share of [0.1, 0.5, 0.98]) {
    test(`a flipped bit in LevelDB's log at ${share}: all is served, or nothing`, (context) =>
      servesAllOrNothing(context, wholeLog, (folder) => {
        forFiles(folder, /\.log$/, (path) => flipBit(path, share));
      }));
  }

  test('a backend that is gone after the log was cut is not taken for an empty one', async (context) => {
    const member = await memberOnChanged(context, cutLog, removeBackend);
    await requireRefused(member, /missing/);
    await requireRefused(member, /missing/);
  });

  test('without the log, the backend is not served', async (context) => {
    const member = await memberOnChanged(context, cutLog, (folder) =>
      rmSync(walFolder(folder), { recursive: true }),
    );
    await requireRefused(member, /missing/);
    await requireRefused(member, /missing/);
  });

  const damages: Readonly<Record<string, (folder: string) => void>> = {
    'CURRENT removed': (folder) => rmSync(join(backendFolder(folder), 'CURRENT')),
    'an empty CURRENT': (folder) => writeFileSync(join(backendFolder(folder), 'CURRENT'), ''),
    'the manifest removed': (folder) => forFiles(folder, /^MANIFEST/, (path) => rmSync(path)),
    'the manifest cut': (folder) => forFiles(folder, /^MANIFEST/, (path) => cutFile(path, 0.5)),
    'a bit of the manifest flipped': (folder) =>
      forFiles(folder, /^MANIFEST/, (path) => flipBit(path, 0.5)),
    'the tables removed': (folder) => forFiles(folder, /\.ldb$/, (path) => rmSync(path)),
    'the tables cut': (folder) => forFiles(folder, /\.ldb$/, (path) => cutFile(path, 0.5)),
    'a bit of the tables flipped': (folder) =>
      forFiles(folder, /\.ldb$/, (path) => flipBit(path, 0.4)),
    "LevelDB's logs removed": (folder) => forFiles(folder, /\.log$/, (path) => rmSync(path)),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}: all is served, or nothing`, (context) =>
      servesAllOrNothing(context, cutLog, damage));
  }
});

async function servesAllOrNothing(
  context: TestContext,
  content: Content,
  damage: (folder: string) => void,
): Promise<void> {
  const member = await memberOnChanged(context, content, damage);
  const outcome = await startOutcome(member);
  if (outcome === 'serves') {
    assert.equal(await countKnownContent(member, content.writes), WRITES);
  } else {
    assert.ok(outcome.refusal.includes(member.dataFolder), `no file named: ${outcome.refusal}`);
    context.diagnostic(`refused: ${outcome.refusal}`);
  }
}

async function requireRefused(member: Member, reason: RegExp): Promise<void> {
  const outcome = await startOutcome(member);
  assert.ok(outcome !== 'serves', 'the member serves');
  assert.match(outcome.refusal, reason);
  assert.ok(outcome.refusal.includes(member.dataFolder), `no file named: ${outcome.refusal}`);
}

describe('a data directory that cannot be used', () => {
  test('one in use is refused, and its user is not disturbed', async (context) => {
    const first = await startMember(context);
    const writes = await writeKnownContent(first.clientAddress, 10, new Dice(SEED));
    const second = await memberOn(context, first.dataFolder);
    await requireRefused(second, /in use/);
    assert.equal(await countKnownContent(first, writes), 10);
    await first.kill();
    await first.start();
    assert.equal(await countKnownContent(first, writes), 10);
  });

  test('one of a real etcd is refused, and stays as it is', async (context) => {
    const folder = join(temporaryFolder(context), 'data');
    mkdirSync(snapFolder(folder), { recursive: true, mode: 0o700 });
    mkdirSync(walFolder(folder), { mode: 0o700 });
    writeFileSync(join(snapFolder(folder), 'db'), 'a database');
    writeFileSync(join(walFolder(folder), '0000000000000000-0000000000000000.wal'), 'a log');
    await requireRefused(await memberOn(context, folder), /snap\/db/);
    const names = readdirSync(join(folder, 'member'), { recursive: true });
    assert.equal(names.length, 4, `${names}`);
  });

  test('one that cannot be written is refused', async (context) => {
    const parent = unwritableFolder(context);
    if (parent === undefined) return;
    const outcome = await startOutcome(await memberOn(context, join(parent, 'data')));
    assert.ok(outcome !== 'serves');
    assert.ok(outcome.refusal.includes(parent), outcome.refusal);
    assert.match(outcome.refusal, /EROFS|EACCES|read-only|permission denied/);
  });

  test('one with a content that can only be read is refused', async (context) => {
    const parent = mountedFolder(context, 'size=100m');
    if (parent === undefined) return;
    const member = await memberOn(context, join(parent, 'data'));
    await member.start();
    const writes = await writeKnownContent(member.clientAddress, 10, new Dice(SEED));
    await member.kill();
    remount(parent, 'ro,size=100m');
    const outcome = await startOutcome(member);
    assert.ok(outcome !== 'serves');
    assert.ok(outcome.refusal.includes(parent), outcome.refusal);
    remount(parent, 'rw,size=100m');
    await member.start();
    assert.equal(await countKnownContent(member, writes), 10);
    await member.kill();
  });

  test('a file in its place is refused', async (context) => {
    const path = join(temporaryFolder(context), 'data');
    writeFileSync(path, 'not a folder');
    const outcome = await startOutcome(await memberOn(context, path));
    assert.ok(outcome !== 'serves');
    assert.ok(outcome.refusal.includes(path), outcome.refusal);
  });
});

describe('a disk that fills up', () => {
  for (const [name, sizeMib] of [
    ['in the log', 30],
    ['in the backend or the log', 90],
  ] as const) {
    test(`${name}: the member says so and ends, and nothing acknowledged is lost`, (context) =>
      fillUp(context, sizeMib));
  }

  test('before the first start is through: the member says so', async (context) => {
    const parent = mountedFolder(context, 'size=8k');
    if (parent === undefined) return;
    const outcome = await startOutcome(await memberOn(context, join(parent, 'data')));
    assert.ok(outcome !== 'serves');
    assert.match(outcome.refusal, /ENOSPC|space/i);
  });
});

async function fillUp(context: TestContext, sizeMib: number): Promise<void> {
  const parent = mountedFolder(context, `size=${sizeMib}m`);
  if (parent === undefined) return;
  const member = await memberOn(context, join(parent, 'data'));
  await member.start();
  const acknowledged = await putUntilRefused(member, sizeMib);
  await refusalOf(member);
  // Still full: it serves what it has, or refuses; it does not hang.
  await startOutcome(member);
  await member.kill();
  remount(parent, `size=${sizeMib * 4}m`);
  await member.start();
  const client = new EtcdClient(member.clientAddress);
  const { kvs } = await client.range('big/');
  const present = new Set(kvs.map((kv) => kv.key.toString()));
  for (const key of acknowledged) assert.ok(present.has(key), `${key} was acknowledged`);
  assert.ok(kvs.every((kv) => kv.value.length === BIG_VALUE_BYTES));
  assert.ok(present.size <= acknowledged.length + WRITERS, 'there is more than was asked for');
  await client.put('after', 'the flood');
  client.close();
  await member.kill();
}

const BIG_VALUE_BYTES = 100_000;
const WRITERS = 4;

/** Puts by several clients until none gets an answer any more; returns the acknowledged keys. */
async function putUntilRefused(member: Member, sizeMib: number): Promise<string[]> {
  const client = new EtcdClient(member.clientAddress);
  const acknowledged: string[] = [];
  let number = 0;
  const limit = (sizeMib * 2 ** 20 * 2) / BIG_VALUE_BYTES;
  const write = async (): Promise<void> => {
    while (number < limit) {
      const key = `big/${number++}`;
      try {
        await client.put(key, 'x'.repeat(BIG_VALUE_BYTES));
        acknowledged.push(key);
      } catch {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  client.close();
  assert.ok(number < limit, 'the disk did not fill up');
  return acknowledged;
}

/** A folder that nobody may write; undefined after the test was skipped where there is no way. */
function unwritableFolder(context: TestContext): string | undefined {
  // For root there are no permissions, but there are mounts.
  if (process.getuid?.() === 0) return mountedFolder(context, 'ro,size=1m');
  const folder = temporaryFolder(context);
  chmodSync(folder, 0o500);
  return folder;
}

/** A small file system of its own; undefined after the test was skipped where that is not allowed. */
function mountedFolder(context: TestContext, options: string): string | undefined {
  const folder = makeTemporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    removeFolder(folder);
    context.skip(`mounting a tmpfs is not permitted here: ${String(error).split('\n')[0]}`);
    return undefined;
  }
  context.after(() => {
    execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
    removeFolder(folder);
  });
  return folder;
}

function remount(folder: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, folder], { stdio: 'pipe' });
}

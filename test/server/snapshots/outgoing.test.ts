/** Snapshots on their way out: what is sent, how many at a time, and what Raft hears of it. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import type { OutgoingSnapshot } from '../../../src/peer/index.js';
import { type Message, MessageType } from '../../../src/raft/index.js';
import {
  IncomingSnapshots,
  LogHolds,
  OutgoingSnapshots,
  StagingFolder,
} from '../../../src/server/snapshots/index.js';
import { Backend } from '../../../src/storage/backend/index.js';
import { nodeDisk } from '../../../src/storage/disk.js';
import { openStore, until } from '../../mvcc/support.js';
import { temporaryFolder } from '../../support/folders.js';
import { ManualClock } from '../../support/manual-clock.js';
import { etcdDatabase, streamOf } from './support.js';

const database = etcdDatabase('3.7.1');
const MEMBER = BigInt(database.memberIds[0] ?? 0);

const open = (path: string): Promise<Backend> =>
  Backend.open({ path }, { clock: systemClock, logger: silentLogger });

/** A backend that holds the database of the etcd member. */
async function etcdBackend(test: TestContext): Promise<Backend> {
  const folder = temporaryFolder(test);
  const snapFolder = join(folder, 'snap');
  mkdirSync(snapFolder);
  const staging = new StagingFolder(folder, nodeDisk);
  const incoming = new IncomingSnapshots(
    { snapFolder },
    { staging, disk: nodeDisk, clock: systemClock, logger: silentLogger },
  );
  await incoming.save(database.index, streamOf(database.bytes), database.term);
  const backend = await open(staging.finishedPath(database.index));
  test.after(() => backend.close());
  return backend;
}

async function createSender(test: TestContext) {
  const backend = await etcdBackend(test);
  const clock = new ManualClock();
  const holds = new LogHolds(clock);
  const sent: OutgoingSnapshot[] = [];
  const reports: string[] = [];
  const outgoing = new OutgoingSnapshots({
    backend,
    holds,
    logger: silentLogger,
    sendSnapshot: (snapshot) => void sent.push(snapshot),
    reportSnapshot: (id, succeeded) => void reports.push(`${id} ${succeeded}`),
  });
  return { backend, clock, holds, sent, reports, outgoing };
}

/** What Raft wants sent: the state at an index that it remembers. */
function snapshotMessage(to: bigint, index: number): Message {
  const empty = new Uint8Array(0);
  const confState = {
    ...{ voters: [MEMBER], learners: [], votersOutgoing: [], learnersNext: [] },
    autoLeave: false,
  };
  return {
    ...{ type: MessageType.snapshot, to, from: 1n, term: 9, logTerm: 0, index: 0, entries: [] },
    ...{ commit: 0, vote: 0n, reject: false, rejectHint: 0, context: empty, responses: [] },
    snapshot: { data: empty, metadata: { index, term: 2, confState } },
  };
}

describe('a snapshot on its way out', () => {
  it('is the state of now, with its own position, configuration and members', async (test) => {
    const { backend, sent, reports, outgoing } = await createSender(test);
    const message = snapshotMessage(MEMBER, database.index - 40);
    outgoing.send(message);
    await until(() => sent.length === 1);
    const [snapshot] = sent;
    assert.ok(snapshot?.message.snapshot);
    const { metadata, data } = snapshot.message.snapshot;
    assert.deepEqual([metadata.index, metadata.term], [database.index, database.term]);
    assert.deepEqual(metadata.confState.voters, [MEMBER]);
    assert.equal(snapshot.message.term, 9);
    assert.ok(Buffer.from(data).includes(`/0/members/${MEMBER.toString(16)}`));

    const folder = temporaryFolder(test);
    mkdirSync(join(folder, 'snap'));
    const staging = new StagingFolder(folder, nodeDisk);
    const receiver = new IncomingSnapshots(
      { snapFolder: join(folder, 'snap') },
      { staging, disk: nodeDisk, clock: systemClock, logger: silentLogger },
    );
    // What comes after is not in it.
    backend.put('cluster', Buffer.from('later'), Buffer.from('x'));
    backend.setConsistentIndex(database.index + 1, database.term);
    await backend.flush();
    const blocks: Buffer[] = [];
    for await (const block of snapshot.database) blocks.push(Buffer.from(block));
    const bytes = Buffer.concat(blocks);
    assert.equal(bytes.length, snapshot.sizeBytes);
    await receiver.save(metadata.index, streamOf(bytes));
    const taken = await open(staging.finishedPath(metadata.index));
    test.after(() => taken.close());
    const store = await openStore(taken);
    test.after(() => store.close());
    for (const { revision, hash } of database.hashes) {
      assert.equal((await store.hashByRevision(revision)).hash, hash);
    }
    assert.deepEqual(reports, []);
    snapshot.closed(undefined);
    await until(() => reports.length === 1);
    assert.deepEqual(reports, [`${MEMBER} true`]);
  });

  it('is not made for a member that it does not know, or if the state is not there yet', async (test) => {
    const { sent, reports, outgoing, holds } = await createSender(test);
    outgoing.send(snapshotMessage(12345n, 10));
    outgoing.send(snapshotMessage(MEMBER, database.index + 1));
    await until(() => reports.length === 2);
    assert.deepEqual(reports.sort(), ['12345 false', `${MEMBER} false`]);
    assert.deepEqual([sent.length, holds.lowest], [0, undefined]);
  });

  it('is one to each member and two in all; Raft hears of every one once', async (test) => {
    const { sent, reports, outgoing } = await createSender(test);
    outgoing.send(snapshotMessage(MEMBER, 10));
    outgoing.send(snapshotMessage(MEMBER, 10));
    assert.deepEqual(reports, [], 'nothing is reported from within the call');
    await until(() => sent.length === 1);
    assert.deepEqual(reports, [`${MEMBER} false`]);
    sent[0]?.closed(new Error('connection closed'));
    await until(() => reports.length === 2);
    outgoing.send(snapshotMessage(MEMBER, 10));
    await until(() => sent.length === 2);
    sent[1]?.closed(undefined);
    await until(() => reports.length === 3);
    assert.deepEqual(reports.slice(1), [`${MEMBER} false`, `${MEMBER} true`]);
  });

  it('keeps the log behind it while it is sent, and 30 s after it was stored', async (test) => {
    const { clock, holds, sent, reports, outgoing } = await createSender(test);
    outgoing.send(snapshotMessage(MEMBER, 17));
    assert.equal(holds.lowest, 17);
    await until(() => sent.length === 1);
    clock.advance(60_000);
    assert.equal(holds.lowest, 17);
    sent[0]?.closed(undefined);
    await until(() => reports.length === 1);
    clock.advance(29_000);
    assert.equal(holds.lowest, 17);
    clock.advance(2000);
    assert.equal(holds.lowest, undefined);
  });

  it('ends when the member stops, with every view closed', async (test) => {
    const { sent, reports, outgoing, holds } = await createSender(test);
    outgoing.send(snapshotMessage(MEMBER, 10));
    await until(() => sent.length === 1);
    const stopped = outgoing.stop();
    sent[0]?.closed(new Error('the transport is stopped'));
    await stopped;
    outgoing.send(snapshotMessage(MEMBER, 10));
    await until(() => reports.length === 2);
    assert.deepEqual(reports, [`${MEMBER} false`, `${MEMBER} false`]);
    holds.stop();
    assert.equal(holds.lowest, undefined);
  });
});

describe('holds of the log', () => {
  it('are as low as the lowest, and end by themselves at last', () => {
    const clock = new ManualClock();
    const holds = new LogHolds(clock);
    const [first] = [holds.hold(30), holds.hold(20)];
    assert.equal(holds.lowest, 20);
    clock.advance(16 * 60_000);
    assert.equal(holds.lowest, undefined);
    first?.(true);
    first?.(false);
    assert.equal(holds.lowest, undefined);
  });
});

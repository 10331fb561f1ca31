/** A member whose state is replaced by a leader's while its clients go on. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { StoreReloadingError, type WatchSink } from '../../../src/mvcc/index.js';
import { Event } from '../../../src/proto/generated/mvccpb.js';
import { AlarmType } from '../../../src/server/alarms.js';
import type { MemberData } from '../../../src/server/member-data.js';
import { decodeConfState } from '../../../src/server/snapshot-file.js';
import { SnapshotInstaller, SnapshotRefusedError } from '../../../src/server/snapshots/index.js';
import { until, watchRequest } from '../../mvcc/support.js';
import { temporaryFolder } from '../../support/folders.js';
import {
  closeMember,
  dataDirectoryIn,
  etcdDatabase,
  foundMember,
  OLD_KEY,
  openMember,
  snapshotAt,
  takeSnapshot,
} from './support.js';

/** Takes everything down in lines. */
class Recorder implements WatchSink {
  readonly lines: string[] = [];

  events(_watchId: bigint, _revision: number, events: readonly Buffer[]): boolean {
    for (const event of events) {
      const { kv } = Event.decode(event);
      this.lines.push(`${kv?.key.toString()}=${kv?.value.toString()}`);
    }
    return true;
  }

  progress(): void {}

  compacted(_watchId: bigint, compactRevision: number): void {
    this.lines.push(`compacted at ${compactRevision}`);
  }
}

const database = etcdDatabase('3.7.1');
const ALL = { start: '', end: '\0' };

async function openOldMember(test: TestContext): Promise<MemberData & { dataDir: string }> {
  const dataDir = dataDirectoryIn(temporaryFolder(test));
  await foundMember(dataDir);
  return { ...(await openMember(dataDir)), dataDir };
}

/** Everything a member serves from, in comparable form. */
function memoryOf({ state }: MemberData): unknown {
  const { store, lessor, cluster, alarms, backend } = state;
  const leases = lessor.idsByExpiry().map((id) => {
    const lease = lessor.get(id);
    return [id, lease?.ttlSeconds, lease?.remainingTtlSeconds, [...(lease?.keys ?? [])].sort()];
  });
  return {
    position: [backend.consistentIndex, backend.consistentTerm],
    revisions: [store.revision, store.compactedRevision, store.keyCount],
    records: store.range(ALL).records.map((record) => record.toString('hex')),
    leases: leases.sort(),
    members: cluster.members(),
    removed: cluster.removedIds(),
    versions: [cluster.version, cluster.storageVersion],
    alarms: alarms.list(AlarmType.none),
  };
}

describe('an installed snapshot', () => {
  it('leaves in memory just what a restart on the same data does', async (test) => {
    const data = await openOldMember(test);
    const { state, dataDir } = data;
    state.lessor.grant(77n, 60);
    state.alarms.activate({ memberId: 5n, type: AlarmType.noSpace });
    state.backend.setConsistentIndex(4, 1);
    await takeSnapshot(data, database);
    const installed = memoryOf(data);
    assert.equal(state.lessor.size, database.leaseCount);
    assert.deepEqual(
      state.cluster.members().map((member) => member.id.toString()),
      database.memberIds,
    );
    await closeMember(data);
    const restarted = await openMember(dataDir);
    assert.deepEqual(memoryOf(restarted), installed);
    const confState = restarted.state.backend.getSync('meta', Buffer.from('confState'));
    assert.deepEqual(
      decodeConfState(confState ?? Buffer.alloc(0)),
      snapshotAt(database).metadata.confState,
    );
    for (const { revision, hash } of database.hashes) {
      assert.equal((await restarted.state.store.hashByRevision(revision)).hash, hash);
    }
    await closeMember(restarted);
  });

  it('is followed by entries as if they had all been applied here', async (test) => {
    const data = await openOldMember(test);
    await takeSnapshot(data, database);
    const { store, backend, lessor } = data.state;
    const [lease = 0n] = lessor.idsByExpiry();
    const transaction = store.begin();
    transaction.put('after', Buffer.from('1'), lease);
    assert.equal(transaction.end(), database.revision + 1);
    backend.setConsistentIndex(database.index + 1, database.term);
    assert.ok(lessor.get(lease)?.keys.has('after'));
    await backend.flush();
    assert.equal(store.range({ start: 'after', end: '' }).count, 1);
    await closeMember(data);
  });

  it('shows readers the old state or the new one, and never a part of it', async (test) => {
    const data = await openOldMember(test);
    const { store } = data.state;
    const seen = new Set<string>();
    const waiting: Promise<unknown>[] = [];
    let isDone = false;
    const reader = (async () => {
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve));
        if (store.prefersSlices({ start: OLD_KEY, end: '' })) {
          waiting.push(store.rangeSliced(ALL).then(({ count, revision }) => [revision, count]));
          assert.throws(() => store.range(ALL), StoreReloadingError);
          assert.throws(() => store.begin(), StoreReloadingError);
        } else {
          const { count, revision } = store.range(ALL);
          seen.add(`${revision} ${count}`);
        }
      }
    })();
    await takeSnapshot(data, database);
    await store.whenReadable();
    isDone = true;
    await reader;
    const { count, revision } = store.range(ALL);
    assert.ok(seen.has('2 1'));
    for (const shown of seen) assert.ok(shown === '2 1' || shown === `${revision} ${count}`, shown);
    assert.ok(waiting.length > 0);
    for (const shown of await Promise.all(waiting)) assert.deepEqual(shown, [revision, count]);
    await closeMember(data);
  });

  it('can be read whole in the very step in which it appears', async (test) => {
    const data = await openOldMember(test);
    let shown: unknown;
    await takeSnapshot(data, database, undefined, () => {
      shown = memoryOf(data);
    });
    assert.deepEqual(shown, memoryOf(data));
    await closeMember(data);
  });

  it('reaches watchers: with what they missed, or that it is compacted', async (test) => {
    const data = await openOldMember(test);
    const { store } = data.state;
    const sinks = [new Recorder(), new Recorder(), new Recorder()];
    const [past, current, future] = sinks.map((sink) => store.openWatchStream(sink));
    past?.create(watchRequest('', { end: '\0', startRevision: 1 }));
    current?.create(watchRequest('', { end: '\0' }));
    future?.create(watchRequest('', { end: '\0', startRevision: database.revision + 2 }));
    await until(() => sinks[0]?.lines.length === 1);
    await takeSnapshot(data, database);
    await until(() => sinks[0]?.lines.length === 2 && sinks[1]?.lines.length === 1);
    // The database was compacted beyond what the two of them have seen.
    const compacted = `compacted at ${store.compactedRevision}`;
    assert.deepEqual(
      sinks.map((sink) => sink.lines),
      [[`${OLD_KEY}=value`, compacted], [compacted], []],
    );
    for (const value of ['1', '2']) {
      const transaction = store.begin();
      transaction.put('new', Buffer.from(value), 0n);
      transaction.end();
    }
    await until(() => (sinks[2]?.lines.length ?? 0) > 0);
    assert.deepEqual(sinks[2]?.lines, ['new=2']);
    await closeMember(data);
  });

  it('must have been staged', async (test) => {
    const data = await openOldMember(test);
    const { staging, snapshotter, state } = data;
    const installer = new SnapshotInstaller({
      ...{ staging, snapshotter, state, clock: systemClock, logger: silentLogger },
      whenNotCutting: async () => {},
    });
    const persist = (): Promise<void> => assert.fail('nothing may be made durable');
    await assert.rejects(installer.install(snapshotAt(database), persist), SnapshotRefusedError);
    assert.equal(state.store.range({ start: OLD_KEY, end: '' }).count, 1);
    await closeMember(data);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchSink } from '../../src/mvcc/index.js';
import { MemoryStore } from './memory-store.js';
import {
  describeEvent,
  ManualClock,
  openStore,
  put,
  remove,
  turns,
  until,
  watchRequest,
} from './support.js';

/** Writes down what it is told, one line a response. */
class Recorder implements WatchSink {
  readonly lines: string[] = [];
  /** Event responses it takes before it says that it is full. */
  room = Number.POSITIVE_INFINITY;

  events(watchId: bigint, revision: number, events: readonly Buffer[], sizeBytes: number): boolean {
    assert.equal(
      sizeBytes,
      events.reduce((sum, event) => sum + event.length, 0),
    );
    this.lines.push(`${watchId} at ${revision}: ${events.map(describeEvent).join(', ')}`);
    return --this.room > 0;
  }

  progress(watchId: bigint, revision: number): void {
    this.lines.push(`${watchId} at ${revision}`);
  }

  compacted(watchId: bigint, compactRevision: number): void {
    this.lines.push(`${watchId} compacted at ${compactRevision}`);
  }

  take(): string[] {
    return this.lines.splice(0);
  }
}

test('ids go up from 0 and skip those in use; explicit ones are honoured (G.24)', async () => {
  const store = await openStore(new MemoryStore());
  const stream = store.openWatchStream(new Recorder());
  const create = (id: bigint): bigint => stream.create(watchRequest('a', { id })).watchId;
  assert.deepEqual([create(1n), create(-7n)], [1n, -7n]);
  assert.deepEqual([create(0n), create(0n), create(0n)], [0n, 2n, 3n]);
  const duplicate = stream.create(watchRequest('a', { id: 2n }));
  assert.equal(duplicate.watchId, -1n);
  assert.equal(duplicate.cancelReason, 'mvcc: duplicate watch ID provided on the WatchStream');
  assert.equal(stream.watcherCount, 5);
  assert.ok(stream.cancel(2n));
  assert.ok(!stream.cancel(2n));
  assert.equal(create(0n), 4n, 'ids are not used again');
  assert.equal(create(2n), 2n, 'unless they are asked for');
});

test('an empty range and a negative start revision are refused (G.23)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  const stream = store.openWatchStream(new Recorder());
  assert.deepEqual(stream.create(watchRequest('b', { end: 'a' })), {
    watchId: -1n,
    revision: 2,
    cancelReason: 'mvcc: watcher range is empty',
  });
  assert.equal(
    stream.create(watchRequest('a', { startRevision: -1 })).cancelReason,
    'etcdserver: mvcc: required revision has been compacted',
  );
  assert.equal(stream.watcherCount, 0);
});

test('a watch from now on gets each revision as one response in the order of changes', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'b', '0');
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { end: 'c', prevKv: true }));
  stream.create(watchRequest('b'));
  const transaction = store.begin();
  transaction.put('b', Buffer.from('1'), 0n);
  transaction.put('a', Buffer.from('1'), 0n);
  transaction.put('c', Buffer.from('1'), 0n);
  transaction.end();
  remove(store, 'a', 'z');
  assert.deepEqual(sink.take(), [
    '1 at 3: PUT b=1@3',
    '0 at 3: PUT b=1@3 (was 0), PUT a=1@3',
    '0 at 4: DELETE a@4 (was 1), DELETE b@4 (was 1)',
    '1 at 4: DELETE b@4',
  ]);
});

test('a past start revision is replayed, a future one waits in silence (G.23)', async () => {
  const store = await openStore(new MemoryStore());
  for (const value of ['1', '2', '3']) put(store, 'a', value);
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { startRevision: 3 }));
  stream.create(watchRequest('a', { startRevision: 6 }));
  assert.deepEqual(sink.take(), [], 'nothing comes before the created response');
  await until(() => sink.lines.length > 0);
  assert.deepEqual(sink.take(), ['0 at 4: PUT a=2@3, PUT a=3@4']);
  put(store, 'a', '4');
  put(store, 'a', '5');
  assert.deepEqual(sink.take().sort(), [
    '0 at 5: PUT a=4@5',
    '0 at 6: PUT a=5@6',
    '1 at 6: PUT a=5@6',
  ]);
});

test('filters drop events, and responses that would be empty (G.26)', async () => {
  const store = await openStore(new MemoryStore());
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { noPut: true }));
  stream.create(watchRequest('a', { noDelete: true }));
  stream.create(watchRequest('a', { noPut: true, noDelete: true }));
  put(store, 'a', '1');
  remove(store, 'a');
  assert.deepEqual(sink.take(), ['1 at 2: PUT a=1@2', '0 at 3: DELETE a@3']);
});

test('prev_kv is the value before, none for a creation, and left out if compacted (G.27)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  put(store, 'a', '2');
  put(store, 'a', '3');
  await store.compact(3);
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { startRevision: 3, prevKv: true }));
  await until(() => sink.lines.length > 0);
  assert.deepEqual(sink.take(), ['0 at 4: PUT a=2@3, PUT a=3@4 (was 2)']);
  remove(store, 'a');
  put(store, 'a', '4');
  assert.deepEqual(sink.take(), ['0 at 5: DELETE a@5 (was 3)', '0 at 6: PUT a=4@6']);
});

test('prev_kv of a key changed twice in one revision is the value before that revision', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', 'old');
  const sink = new Recorder();
  store.openWatchStream(sink).create(watchRequest('\0', { end: '\0', prevKv: true }));
  const transaction = store.begin();
  transaction.put('a', Buffer.from('new'), 0n);
  transaction.put('b', Buffer.from('new'), 0n);
  transaction.deleteRange('a', '\0');
  transaction.end();
  assert.deepEqual(sink.take(), [
    '0 at 3: PUT a=new@3 (was old), PUT b=new@3, DELETE a@3 (was old), DELETE b@3',
  ]);
});

test('a start below the compacted revision ends the watch; its id stays taken (G.31)', async () => {
  const store = await openStore(new MemoryStore());
  for (const value of ['1', '2', '3', '4']) put(store, 'a', value);
  await store.compact(4);
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { id: 5n, startRevision: 3 }));
  stream.create(watchRequest('a', { id: 6n, startRevision: 4 }));
  await until(() => sink.lines.length === 2);
  assert.deepEqual(sink.take(), ['5 compacted at 4', '6 at 5: PUT a=3@4, PUT a=4@5']);
  assert.equal(stream.create(watchRequest('a', { id: 5n })).watchId, -1n);
  put(store, 'a', '5');
  assert.deepEqual(sink.take(), ['6 at 6: PUT a=5@6']);
  assert.ok(stream.cancel(5n), 'and a cancel is answered');
});

test('a compaction that overtakes a watch on its way ends it, with no gap before', async () => {
  const records = new MemoryStore();
  const store = await openStore(records, { cacheSizeBytes: 0, sliceWork: 1 });
  for (let value = 2; value <= 40; value++) put(store, 'a', String(value));
  records.commit();
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { startRevision: 2 }));
  stream.create(watchRequest('a', { startRevision: 36 }));
  await until(() => sink.lines.length === 3);
  await store.compact(35);
  await until(() => store.watcherCounts.unsynced === 0);
  const first = sink.lines.filter((line) => line.startsWith('0'));
  assert.equal(first.pop(), '0 compacted at 35');
  assert.deepEqual(
    first,
    first.map((_, index) => `0 at 40: PUT a=${index + 2}@${index + 2}`),
  );
  assert.equal(sink.lines.filter((line) => line.startsWith('1')).length, 5);
});

test('compaction does not touch a watch that is up to date', async () => {
  const store = await openStore(new MemoryStore());
  const sink = new Recorder();
  store.openWatchStream(sink).create(watchRequest('a'));
  for (const value of ['1', '2', '3']) put(store, 'b', value);
  await store.compact(4);
  await turns(3);
  put(store, 'a', '1');
  assert.deepEqual(sink.take(), ['0 at 5: PUT a=1@5']);
});

test('after a cancel nothing comes any more (G.29)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a'));
  stream.create(watchRequest('a', { startRevision: 2 }));
  assert.ok(stream.cancel(0n));
  assert.ok(stream.cancel(1n));
  put(store, 'a', '2');
  await turns(3);
  assert.deepEqual(sink.take(), []);
  assert.deepEqual(store.watcherCounts, { total: 0, unsynced: 0, streams: 1 });
  stream.close();
  assert.equal(store.watcherCounts.streams, 0);
});

test('a full stream is left alone until it resumes, then it gets what it missed (G.32)', async () => {
  const store = await openStore(new MemoryStore());
  const slow = new Recorder();
  const quick = new Recorder();
  const stream = store.openWatchStream(slow);
  stream.create(watchRequest('a'));
  stream.create(watchRequest('b'));
  store.openWatchStream(quick).create(watchRequest('\0', { end: '\0' }));
  slow.room = 1;
  for (const value of ['1', '2', '3']) put(store, 'a', value);
  await turns(3);
  assert.deepEqual(slow.take(), ['0 at 2: PUT a=1@2']);
  assert.equal(quick.take().length, 3);
  stream.requestProgress();
  assert.deepEqual(slow.take(), []);
  slow.room = 100;
  stream.resume();
  await until(() => slow.lines.length > 0);
  assert.deepEqual(slow.take(), ['0 at 4: PUT a=2@3, PUT a=3@4']);
  put(store, 'b', '1');
  assert.deepEqual(slow.take(), ['1 at 5: PUT b=1@5']);
});

test('progress is told on request if every watch of the stream is up to date (G.30)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.requestProgress();
  assert.deepEqual(sink.take(), [], 'no watch, no answer');
  stream.create(watchRequest('a'));
  stream.requestProgress();
  assert.deepEqual(sink.take(), ['-1 at 2']);
  stream.create(watchRequest('a', { startRevision: 2 }));
  stream.requestProgress();
  assert.deepEqual(sink.take(), [], 'one is behind');
  await until(() => sink.lines.length > 0);
  stream.requestProgress();
  assert.deepEqual(sink.take(), ['1 at 2: PUT a=1@2', '-1 at 2']);
  stream.create(watchRequest('a', { startRevision: 4 }));
  stream.requestProgress();
  assert.deepEqual(sink.take(), [], 'one starts in the future');
});

test('progress_notify tells idle watches of the revision, not those that were sent events', async () => {
  const clock = new ManualClock();
  const store = await openStore(
    new MemoryStore(),
    { watchProgressNotifyIntervalMs: 1000 },
    { clock },
  );
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { progressNotify: true }));
  stream.create(watchRequest('b'));
  put(store, 'c', '1');
  clock.advance(1000);
  assert.deepEqual(sink.take(), ['0 at 2']);
  put(store, 'a', '1');
  sink.take();
  clock.advance(1000);
  assert.deepEqual(sink.take(), [], 'skipped once');
  clock.advance(1000);
  assert.deepEqual(sink.take(), ['0 at 3']);
  stream.close();
  assert.equal(clock.timerCount, 0);
});

test('catching up: at most 1000 revisions in a response, and never a part of one', async () => {
  const store = await openStore(new MemoryStore());
  for (let count = 0; count < 2500; count++) {
    const transaction = store.begin();
    transaction.put('a', Buffer.from('1'), 0n);
    transaction.put('b', Buffer.from('1'), 0n);
    transaction.end();
  }
  const sizes: number[] = [];
  store
    .openWatchStream({
      events: (_id, revision, events) => {
        assert.equal(revision, 2501);
        sizes.push(events.length);
        return true;
      },
      progress: () => {},
      compacted: () => {},
    })
    .create(watchRequest('a', { end: 'c', startRevision: 1 }));
  await until(() => sizes.reduce((sum, size) => sum + size, 0) === 5000);
  assert.ok(sizes.every((size) => size <= 2000 && size % 2 === 0));
});

/** Counts how often it is scanned. */
class ScanCounter extends MemoryStore {
  scans = 0;

  override async *scan(
    ...[bucket, range]: Parameters<MemoryStore['scan']>
  ): AsyncGenerator<[Buffer, Buffer][]> {
    this.scans++;
    yield* super.scan(bucket, range);
  }
}

test('thousands that resume at once share one way through the past, from memory if it is recent', async () => {
  for (const { cacheSizeBytes, scans } of [
    { cacheSizeBytes: 1 << 20, scans: 0 },
    // Memory holds the last few: a scan for those that came first, and one for all others.
    { cacheSizeBytes: 600, scans: 2 },
  ]) {
    const records = new ScanCounter();
    const store = await openStore(records, { cacheSizeBytes });
    for (let count = 0; count < 100; count++) put(store, `k${count % 10}`, `${count}`);
    records.commit();
    records.scans = 0;
    const seen = new Map<bigint, number>();
    const stream = store.openWatchStream({
      events: (id, _revision, events) => {
        seen.set(id, (seen.get(id) ?? 0) + events.length);
        return true;
      },
      progress: () => {},
      compacted: () => {},
    });
    for (let watcher = 0; watcher < 5000; watcher++) {
      stream.create(watchRequest('k', { end: 'l', startRevision: 52 }));
    }
    put(store, 'k0', 'meanwhile');
    await until(() => store.watcherCounts.unsynced === 0);
    assert.ok(records.scans <= scans, `${records.scans} scans`);
    assert.equal(seen.size, 5000);
    assert.ok([...seen.values()].every((count) => count === 51));
    await store.close();
  }
});

test('a sink may close its stream, or others, while it is told of events', async () => {
  const store = await openStore(new MemoryStore());
  const others = [new Recorder(), new Recorder()];
  const streams = others.map((sink) => store.openWatchStream(sink));
  const closing = store.openWatchStream({
    events: () => {
      closing.close();
      for (const stream of streams) stream.close();
      return false;
    },
    progress: () => {},
    compacted: () => {},
  });
  closing.create(watchRequest('a'));
  closing.create(watchRequest('a', { end: 'c' }));
  for (const stream of streams) stream.create(watchRequest('a', { end: 'b' }));
  put(store, 'a', '1');
  const transaction = store.begin();
  transaction.put('a', Buffer.from('1'), 0n);
  transaction.put('b', Buffer.from('1'), 0n);
  transaction.end();
  assert.deepEqual(
    others.flatMap((sink) => sink.take()),
    [],
  );
  assert.deepEqual(store.watcherCounts, { total: 0, unsynced: 0, streams: 0 });
});

test('watches survive that the store is replaced by a newer one', async () => {
  const source = new MemoryStore();
  const leader = await openStore(source);
  const records = new MemoryStore();
  const store = await openStore(records);
  for (const target of [leader, store]) put(target, 'a', '1');
  const sink = new Recorder();
  const stream = store.openWatchStream(sink);
  stream.create(watchRequest('a', { prevKv: true }));
  stream.create(watchRequest('a', { startRevision: 9 }));
  put(leader, 'a', '2');
  put(leader, 'a', '3');
  source.commit();
  records.replaceBy(source);
  await store.reload();
  assert.equal(store.revision, 4);
  await until(() => sink.lines.length > 0);
  assert.deepEqual(sink.take(), ['0 at 4: PUT a=2@3 (was 1), PUT a=3@4 (was 2)']);
  put(store, 'a', '4');
  assert.deepEqual(sink.take(), ['0 at 5: PUT a=4@5 (was 3)']);
});

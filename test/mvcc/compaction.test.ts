import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.js';
import { CompactedError } from '../../src/mvcc/index.js';
import { Bucket } from '../../src/storage/backend/index.js';
import { transact } from './history.js';
import { MemoryStore } from './memory-store.js';
import { Model, type ModelOperation } from './model.js';
import { describeRecord, openStore, put, remove, turns, until } from './support.js';

const all = { start: '\0', end: '\0' };

function keptRevisions(records: MemoryStore): string[] {
  return records
    .pairs(Bucket.key)
    .map(([key]) => `${key.readBigUInt64BE(0)}${key.length === 18 ? 't' : ''}`);
}

test('a compaction keeps live values and a tombstone at its very revision (formats.md §10.10)', async () => {
  const records = new MemoryStore();
  const store = await openStore(records);
  put(store, 'a', '1'); // 2
  put(store, 'a', '2'); // 3
  put(store, 'b', '1'); // 4
  remove(store, 'b'); //   5
  put(store, 'c', '1'); // 6
  remove(store, 'c'); //   7
  put(store, 'a', '3'); // 8
  assert.equal(await store.compact(7), 'finished');
  assert.deepEqual(keptRevisions(records), ['3', '7t', '8']);
  assert.equal(await store.compact(8), 'finished');
  assert.deepEqual(keptRevisions(records), ['8']);
});

test('a key that is deleted and written again in the compacted revision keeps its value', async () => {
  // Real etcd 3.7.1 removes the record and then dies of reading it.
  const records = new MemoryStore();
  const store = await openStore(records);
  put(store, 'a', '1');
  const transaction = store.begin();
  transaction.deleteRange('a', '\0');
  transaction.put('a', Buffer.from('2'), 0n);
  transaction.end();
  await store.compact(3);
  assert.deepEqual(store.range(all).records.map(describeRecord), ['a=2@3/3/1']);
  records.commit();
  const restored = await openStore(records, { cacheSizeBytes: 0 });
  assert.deepEqual(restored.range(all).records.map(describeRecord), ['a=2@3/3/1']);
});

test('Compact(0) works once, and leaves no hash for everyone who asks for the newest (G.22)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  assert.equal(await store.compact(0), 'finished');
  assert.throws(() => store.compact(0), CompactedError);
  assert.throws(() => store.compact(-1), CompactedError);
  assert.equal(store.compactedRevision, 0);
  assert.equal((await store.hashByRevision(0)).hashRevision, 2);
});

test('the newest ten hashes of compactions are remembered, until a restart', async () => {
  const records = new MemoryStore();
  const store = await openStore(records);
  for (let revision = 2; revision < 15; revision++) {
    put(store, 'a', String(revision));
    await store.compact(revision);
  }
  const revisions = store.compactionHashes.map((hash) => hash.hashRevision);
  assert.deepEqual(revisions, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const last = await store.hashByRevision(14);
  assert.equal(last.compactRevision, 13, 'it covers what came since the compaction before');
  records.commit();
  const restored = await openStore(records);
  assert.equal((await restored.hashByRevision(14)).compactRevision, 14);
});

test('a compaction that finds another unfinished leaves no hash', async () => {
  const store = await openStore(new MemoryStore());
  for (const value of ['1', '2', '3']) put(store, 'a', value);
  const outcomes = [store.compact(2), store.compact(3)];
  assert.deepEqual(await Promise.all(outcomes), ['finished', 'finished']);
  assert.deepEqual(
    store.compactionHashes.map((hash) => hash.hashRevision),
    [2],
  );
});

test('a sliced read goes on at its revision while a compaction beyond it waits', async () => {
  const store = await openStore(new MemoryStore(), { sliceWork: 2 });
  for (let number = 0; number < 20; number++) put(store, `k${number}`, 'old');
  const read = store.rangeSliced(all);
  let isCompacted = false;
  for (let number = 0; number < 20; number++) put(store, `k${number}`, 'new');
  remove(store, 'k5');
  void store.compact(store.revision).then(() => {
    isCompacted = true;
  });
  const { records, count } = await read;
  assert.equal(count, 20);
  assert.ok(records.map(describeRecord).every((record) => record.includes('=old@')));
  assert.ok(!isCompacted);
  await store.whenCompactionsDone();
  assert.ok(isCompacted);
});

test('a range reader ends when a compaction passes its revision (A.3)', async () => {
  const store = await openStore(new MemoryStore());
  for (let number = 0; number < 20; number++) put(store, `k${number}`, 'v');
  const reader = store.openRangeReader(all);
  assert.equal(reader.next(1).records.length, 1);
  put(store, 'k1', 'new');
  assert.equal(reader.next(1).records.length, 1);
  void store.compact(store.revision);
  assert.throws(() => reader.next(1), CompactedError);
  await store.whenCompactionsDone();
});

test('closing interrupts a compaction; opening goes on with it, without a hash', async () => {
  const records = new MemoryStore();
  const store = await openStore(records);
  for (let number = 0; number < 100; number++) put(store, 'a', String(number));
  records.commit();
  const done = store.compact(90);
  records.commit();
  await turns(3);
  await store.close();
  assert.equal(await done, 'interrupted');
  const restored = await openStore(records);
  assert.equal(restored.compactedRevision, 90);
  assert.throws(() => restored.range({ ...all, revision: 89 }), CompactedError);
  await restored.whenCompactionsDone();
  assert.equal(keptRevisions(records).length, 12);
  assert.equal(restored.compactionHashes.length, 0);
  await restored.compact(95);
  assert.deepEqual(
    restored.compactionHashes.map((hash) => hash.hashRevision),
    [95],
  );
});

test('a crash at any moment of a compaction leaves a store that finishes it', async () => {
  const random = seededRandom(3);
  const model = new Model();
  const records = new MemoryStore();
  const store = await openStore(records);
  for (let step = 0; step < 60; step++) {
    const operations = Array.from({ length: 1 + random.below(3) }, (): ModelOperation => {
      const key = `k${random.below(8)}`;
      if (random.below(3) === 0) return { kind: 'delete', start: key, end: '' };
      return { kind: 'put', key, value: `v${step}`, lease: 0n };
    });
    transact(store, model, operations);
    records.commit();
  }
  const before = records.groupCount;
  const done = store.compact(45);
  records.commit();
  model.compact(45);
  await done;
  for (let groups = before + 1; groups <= records.groupCount; groups++) {
    const survivor = records.afterCrash(groups);
    const restored = await openStore(survivor);
    assert.equal(restored.revision, model.revision);
    assert.equal(restored.compactedRevision, 45);
    await restored.whenCompactionsDone();
    assert.deepEqual(
      survivor.pairs(Bucket.key).map(([key]) => key.toString('hex')),
      model.kept.map((change) => change.bucketKey.toString('hex')),
    );
    assert.equal((await restored.hashByRevision(0)).hash, model.hashAt(model.revision));
    for (let revision = 45; revision <= model.revision; revision++) {
      assert.deepEqual(
        restored.range({ ...all, revision }).records,
        model.range('\0', '\0', revision),
      );
    }
  }
});

test('the revision does not go back when the newest change is compacted away', async () => {
  const records = new MemoryStore();
  const store = await openStore(records);
  put(store, 'a', '1');
  remove(store, 'a');
  await store.compact(3);
  put(store, 'b', '1');
  remove(store, 'b');
  await store.compact(5);
  records.commit();
  const restored = await openStore(records);
  assert.deepEqual([restored.revision, restored.keyCount], [5, 0]);
  assert.equal(put(restored, 'c', '1'), 6);
});

test('a compaction in slices lets others have their turn', async () => {
  const store = await openStore(new MemoryStore(), { compactionBatchLimit: 3 });
  for (let number = 0; number < 300; number++) put(store, `k${number % 7}`, 'v');
  let isDone = false;
  let turnsTaken = 0;
  void store.compact(290).then(() => {
    isDone = true;
  });
  await until(() => {
    turnsTaken++;
    put(store, 'other', 'v');
    return isDone;
  });
  assert.ok(turnsTaken > 50, `${turnsTaken} turns`);
  assert.equal(store.range(all).count, 8);
});

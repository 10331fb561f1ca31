import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactedError, FutureRevisionError } from '../../src/mvcc/index.js';
import { MemoryStore } from './memory-store.js';
import { describeRecord, LeaseTable, openStore, put, remove } from './support.js';

const all = { start: '\0', end: '\0' };

test('an empty store is at revision 1, and every change makes one more (G.1)', async () => {
  const store = await openStore(new MemoryStore());
  assert.equal(store.revision, 1);
  assert.equal(put(store, 'a', '1'), 2);
  assert.equal(put(store, 'a', '1'), 3, 'the same value again is a change');
  assert.equal(remove(store, 'a'), 4);
});

test('a transaction that changes nothing makes no revision (G.2)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  assert.equal(remove(store, 'b'), 2);
  assert.equal(remove(store, 'b', 'z'), 2);
  assert.equal(store.begin().end(), 2);
});

test('all changes of a transaction share its revision, and it reads its own writes', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'old', '0');
  const transaction = store.begin();
  assert.equal(transaction.revision, 2);
  transaction.put('a', Buffer.from('1'), 0n);
  assert.equal(transaction.revision, 3);
  transaction.put('b', Buffer.from('2'), 0n);
  assert.equal(transaction.deleteRange('old', ''), 1);
  const seen = transaction.range(all);
  assert.deepEqual(seen.records.map(describeRecord), ['a=1@3/3/1', 'b=2@3/3/1']);
  assert.equal(seen.revision, 3);
  assert.equal(transaction.range({ ...all, revision: 2 }).count, 1, 'the past stays visible');
  assert.equal(transaction.end(), 3);
  assert.equal(store.revision, 3);
});

test('an update keeps the create revision, a new life begins at version 1 (G.5)', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', '1');
  put(store, 'a', '2');
  remove(store, 'a');
  put(store, 'a', '3');
  const at = (revision: number): string[] =>
    store.range({ start: 'a', end: '', revision }).records.map(describeRecord);
  assert.deepEqual(at(1), []);
  assert.deepEqual(at(2), ['a=1@2/2/1']);
  assert.deepEqual(at(3), ['a=2@3/2/2']);
  assert.deepEqual(at(4), []);
  assert.deepEqual(at(0), ['a=3@5/5/1']);
});

test('a limit cuts the records, not the count (G.8)', async () => {
  const store = await openStore(new MemoryStore());
  for (const key of ['a', 'b', 'c', 'd']) put(store, key, key);
  remove(store, 'b');
  const page = store.range({ ...all, limit: 2 });
  assert.deepEqual(page.records.map(describeRecord), ['a=a@2/2/1', 'c=c@4/4/1']);
  assert.deepEqual([page.count, page.more], [3, true]);
  const older = store.range({ ...all, limit: 2, revision: 5 });
  assert.deepEqual([older.count, older.more, older.records.length], [4, true, 2]);
  const exact = store.range({ ...all, limit: 3 });
  assert.deepEqual([exact.count, exact.more], [3, false]);
  const counted = store.range({ ...all, limit: 1, countOnly: true });
  assert.deepEqual([counted.records.length, counted.count, counted.more], [0, 3, false]);
});

test('ranges: single key, from key, half open, and empty when start is not below end (G.6)', async () => {
  const store = await openStore(new MemoryStore());
  for (const key of ['a', 'b', 'c']) put(store, key, key);
  const keys = (start: string, end: string): string =>
    store
      .range({ start, end, keysOnly: true })
      .records.map((record) => describeRecord(record)[0])
      .join('');
  assert.equal(keys('b', ''), 'b');
  assert.equal(keys('b', '\0'), 'bc');
  assert.equal(keys('a', 'c'), 'ab');
  assert.equal(keys('c', 'a'), '');
  assert.equal(keys('b', 'b'), '');
});

test('keys only: no value and, as etcd 3.7, no lease', async () => {
  const store = await openStore(new MemoryStore());
  put(store, 'a', 'value', 7n);
  put(store, 'a', 'value', 7n);
  for (const revision of [0, 2]) {
    const [full] = store.range({ start: 'a', end: '', revision }).records;
    const [bare] = store.range({ start: 'a', end: '', revision, keysOnly: true }).records;
    const version = revision === 0 ? 2 : 1;
    assert.equal(describeRecord(full ?? Buffer.alloc(0)), `a=value@${version + 1}/2/${version}`);
    assert.equal(describeRecord(bare ?? Buffer.alloc(0)), `a=@${version + 1}/2/${version}`);
    assert.equal(bare?.length, (full?.length ?? 0) - 'value'.length - 2 - 2);
  }
});

test('reads beyond the newest revision and below the compacted one are refused (G.10)', async () => {
  const store = await openStore(new MemoryStore());
  for (let count = 0; count < 5; count++) put(store, 'a', String(count));
  assert.throws(() => store.range({ ...all, revision: 7 }), FutureRevisionError);
  assert.throws(() => store.compact(7), FutureRevisionError);
  const done = store.compact(4);
  assert.throws(() => store.range({ ...all, revision: 3 }), CompactedError);
  assert.equal(store.range({ ...all, revision: 4 }).count, 1);
  assert.throws(() => store.compact(4), CompactedError);
  assert.equal(await done, 'finished');
});

test('leases: a put moves the key to its lease, a delete detaches it', async () => {
  const leases = new LeaseTable();
  const records = new MemoryStore();
  const store = await openStore(records, {}, { leases });
  put(store, 'a', '1', 7n);
  put(store, 'b', '1', 7n);
  put(store, 'c', '1', -5n);
  assert.deepEqual(
    [...leases.leaseOf],
    [
      ['a', 7n],
      ['b', 7n],
      ['c', -5n],
    ],
  );
  put(store, 'a', '2', 8n);
  put(store, 'b', '2');
  assert.deepEqual(
    [...leases.leaseOf],
    [
      ['c', -5n],
      ['a', 8n],
    ],
  );
  const restored = new LeaseTable();
  await openStore(records, {}, { leases: restored });
  assert.deepEqual(
    [...restored.leaseOf],
    [
      ['a', 8n],
      ['c', -5n],
    ],
  );
  remove(store, 'a', '\0');
  assert.equal(leases.leaseOf.size, 0);
});

test('only one transaction at a time, and each ends once', async () => {
  const store = await openStore(new MemoryStore());
  const transaction = store.begin();
  assert.throws(() => store.begin());
  transaction.end();
  assert.throws(() => transaction.end());
});

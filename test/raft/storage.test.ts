import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../../src/base/logger.js';
import {
  CompactedError,
  type Entry,
  entrySizeBytes,
  MemoryStorage,
  NO_LIMIT,
  RaftInvariantError,
  SnapshotOutOfDateError,
} from '../../src/raft/index.js';
import { RaftLog } from '../../src/raft/log/raft-log.js';
import { UnstableLog } from '../../src/raft/log/unstable.js';
import { bytes, entry } from './support/lone-node.js';

const CONF = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

function storageWith(terms: readonly number[], from = 1): MemoryStorage {
  const storage = new MemoryStorage();
  storage.append(terms.map((term, position) => entry(term, from + position, 'data')));
  return storage;
}

const indexes = (entries: readonly Entry[] | undefined): number[] | undefined =>
  entries?.map(({ index }) => index);

test('memory storage: what it knows of each index', () => {
  const storage = storageWith([1, 1, 2, 3]);
  storage.compact(2);
  assert.deepEqual([storage.firstIndex(), storage.lastIndex()], [3, 4]);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((index) => storage.term(index)),
    [undefined, 1, 2, 3, undefined],
  );
  assert.equal(storage.entries(2, 4, NO_LIMIT), undefined, 'compacted');
  assert.deepEqual(indexes(storage.entries(3, 5, NO_LIMIT)), [3, 4]);
  assert.deepEqual(indexes(storage.entries(3, 5, 0)), [3], 'one entry always');
  assert.throws(() => storage.entries(3, 6, NO_LIMIT), RaftInvariantError);
});

test('memory storage: appends replace, skip what is compacted and leave no gap', () => {
  const storage = storageWith([1, 1, 1]);
  storage.append([entry(2, 2)]);
  assert.deepEqual([storage.lastIndex(), storage.term(2)], [2, 2]);
  storage.compact(2);
  storage.append([entry(9, 1), entry(9, 2), entry(3, 3)]);
  assert.deepEqual([storage.term(2), storage.term(3)], [2, 3]);
  assert.throws(() => storage.append([entry(3, 5)]), RaftInvariantError);
  assert.throws(() => storage.compact(1), CompactedError);
  assert.throws(() => storage.compact(9), RaftInvariantError);
});

test('memory storage: arrays handed out are not changed by later appends', () => {
  const storage = storageWith([1, 1, 1]);
  const before = storage.entries(1, 4, NO_LIMIT);
  storage.append([entry(2, 2)]);
  storage.compact(1);
  assert.deepEqual(
    before?.map(({ term }) => term),
    [1, 1, 1],
  );
});

test('memory storage: snapshots only go forward', () => {
  const storage = storageWith([1, 1, 2]);
  const snapshot = storage.createSnapshot(3, CONF, bytes('state'));
  assert.deepEqual([snapshot.metadata.index, snapshot.metadata.term], [3, 2]);
  assert.throws(() => storage.createSnapshot(3, CONF, bytes('')), SnapshotOutOfDateError);
  assert.throws(() => storage.applySnapshot(snapshot), SnapshotOutOfDateError);
  const metadata = { confState: CONF, index: 10, term: 4 };
  storage.applySnapshot({ data: bytes(''), metadata });
  assert.deepEqual([storage.firstIndex(), storage.lastIndex(), storage.term(10)], [11, 10, 4]);
});

/** The plain twin of MemoryStorage's log: an array copied at every step. */
class PlainLog {
  offset = 0;
  offsetTerm = 0;
  entries: Entry[] = [];

  append(entries: readonly Entry[]): void {
    const kept = entries.filter(({ index }) => index > this.offset);
    const first = kept[0];
    if (first === undefined) return;
    this.entries = [...this.entries.filter(({ index }) => index < first.index), ...kept];
  }

  compact(index: number): void {
    this.offsetTerm = this.entries.find((each) => each.index === index)?.term ?? 0;
    this.entries = this.entries.filter((each) => each.index > index);
    this.offset = index;
  }
}

test('memory storage equals its plain twin, over thousands of entries and compactions', () => {
  const step = fc.record({
    back: fc.nat(20),
    count: fc.integer({ min: 1, max: 300 }),
    compact: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const storage = new MemoryStorage();
      const twin = new PlainLog();
      let term = 0;
      for (const { back, count, compact } of steps) {
        term++;
        const from = Math.max(storage.lastIndex() + 1 - back, storage.firstIndex() - 2, 1);
        const batch = Array.from({ length: count }, (_, position) => entry(term, from + position));
        storage.append(batch);
        twin.append(batch);
        const span = storage.lastIndex() - storage.firstIndex() + 1;
        const to = storage.firstIndex() - 1 + Math.floor((span * compact) / 100);
        if (compact % 3 === 0 && to >= storage.firstIndex()) {
          storage.compact(to);
          twin.compact(to);
        }
        assert.equal(storage.firstIndex(), twin.offset + 1);
        const all = storage.entries(storage.firstIndex(), storage.lastIndex() + 1, NO_LIMIT);
        assert.deepEqual(all, twin.entries);
        assert.equal(storage.term(twin.offset), twin.offsetTerm);
      }
    }),
    { seed: 7, numRuns: 50 },
  );
});

test('unstable log: handed out, confirmed, replaced while being written', () => {
  const log = new UnstableLog(5, silentLogger);
  log.truncateAndAppend([entry(1, 5), entry(1, 6)]);
  assert.deepEqual(indexes(log.nextEntries()), [5, 6]);
  log.acceptInProgress();
  assert.equal(log.hasNextEntries, false);
  log.truncateAndAppend([entry(2, 6), entry(2, 7)]);
  assert.deepEqual(indexes(log.nextEntries()), [6, 7], '6 was replaced and must be written again');
  log.acceptInProgress();
  log.stableTo({ term: 1, index: 6 });
  assert.equal(log.length, 3, 'that 6 is gone: nothing is confirmed');
  log.stableTo({ term: 1, index: 5 });
  assert.deepEqual([log.offset, log.length], [6, 2]);
  log.stableTo({ term: 2, index: 7 });
  assert.deepEqual([log.offset, log.length, log.lastIndex()], [8, 0, undefined]);
  assert.throws(() => log.truncateAndAppend([entry(2, 9)]), RaftInvariantError);
});

test('unstable log: a snapshot replaces all and is dropped when it is stable', () => {
  const log = new UnstableLog(5, silentLogger);
  log.truncateAndAppend([entry(1, 5)]);
  const snapshot = { data: bytes(''), metadata: { confState: CONF, index: 20, term: 3 } };
  log.restore(snapshot);
  assert.deepEqual([log.lastIndex(), log.term(20), log.term(5)], [20, 3, undefined]);
  assert.equal(log.nextSnapshot(), snapshot);
  log.acceptInProgress();
  assert.equal(log.nextSnapshot(), undefined);
  log.stableSnapshotTo(19);
  assert.equal(log.snapshot, snapshot);
  log.stableSnapshotTo(20);
  assert.equal(log.snapshot, undefined);
});

test('the log reads across its stable and unstable parts, within a size', () => {
  const size = entrySizeBytes(entry(1, 1, 'data'));
  const log = new RaftLog(storageWith([1, 1]), NO_LIMIT, silentLogger);
  log.append([entry(1, 3, 'data'), entry(1, 4, 'data'.repeat(50))]);
  const read = (low: number, maxSizeBytes: number) => indexes(log.slice(low, 5, maxSizeBytes));
  assert.deepEqual(read(1, NO_LIMIT), [1, 2, 3, 4]);
  assert.deepEqual(read(1, 0), [1]);
  assert.deepEqual(read(1, 2 * size), [1, 2]);
  assert.deepEqual(read(1, 3 * size), [1, 2, 3]);
  assert.deepEqual(read(1, 4 * size), [1, 2, 3], 'the large one does not fit');
  assert.deepEqual(read(2, 2 * size - 1), [2]);
  assert.deepEqual(read(4, size), [4], 'alone it comes whatever its size');
  assert.throws(() => log.slice(1, 9, NO_LIMIT), RaftInvariantError);
});

test('the log hands out committed entries within a limit until they are applied', () => {
  const size = entrySizeBytes(entry(1, 1, 'data'));
  const log = new RaftLog(storageWith([1, 1, 1, 1]), 2 * size, silentLogger);
  log.commitTo(4);
  const first = log.nextCommittedEntries(true);
  assert.deepEqual(indexes(first), [1, 2]);
  log.acceptApplying(first, true);
  assert.equal(log.hasNextCommittedEntries(true), false);
  log.appliedTo(1, size);
  assert.deepEqual(indexes(log.nextCommittedEntries(true)), [3]);
  assert.throws(() => log.appliedTo(5, 0), RaftInvariantError);
});

test('unstable entries are applied only where that is allowed', () => {
  const log = new RaftLog(storageWith([1]), NO_LIMIT, silentLogger);
  log.append([entry(1, 2)]);
  log.commitTo(2);
  assert.deepEqual(indexes(log.nextCommittedEntries(false)), [1]);
  assert.deepEqual(indexes(log.nextCommittedEntries(true)), [1, 2]);
});

test('committed entries are never replaced', () => {
  const log = new RaftLog(storageWith([1, 1, 1]), NO_LIMIT, silentLogger);
  log.commitTo(2);
  assert.throws(() => log.append([entry(2, 2)]), RaftInvariantError);
  const conflicting = [entry(2, 2)];
  assert.throws(() => log.maybeAppend({ term: 1, index: 1 }, conflicting, 2), RaftInvariantError);
  assert.throws(() => log.commitTo(4), RaftInvariantError);
});

test('a restart takes as committed what was compacted or applied, whatever was written of it', () => {
  const storage = storageWith([1, 1, 1, 1]);
  storage.compact(2);
  const log = new RaftLog(storage, NO_LIMIT, silentLogger);
  log.load(1, 3);
  assert.deepEqual([log.committed, log.applied], [3, 3]);
  const short = new RaftLog(storageWith([1]), NO_LIMIT, silentLogger);
  assert.throws(() => short.load(5, 0), RaftInvariantError);
});

test('the conflict search equals a walk down the log', () => {
  const log = fc.record({
    terms: fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
    compact: fc.nat(30),
    unstable: fc.nat(5),
  });
  const query = fc.record({ index: fc.nat(40), term: fc.nat(8) });
  fc.assert(
    fc.property(log, fc.array(query, { minLength: 10 }), (shape, queries) => {
      let term = 1;
      const terms = shape.terms.map((rise) => {
        term += rise === 3 ? 1 : 0;
        return term;
      });
      const storage = storageWith(terms);
      if (shape.compact > 0 && shape.compact <= terms.length) storage.compact(shape.compact);
      const raftLog = new RaftLog(storage, NO_LIMIT, silentLogger);
      for (let count = 0; count < shape.unstable; count++) {
        raftLog.append([entry(term + 1, raftLog.lastIndex() + 1)]);
      }
      for (const { index, term: limit } of queries) {
        let candidate = index;
        while (candidate > 0 && (raftLog.term(candidate) ?? 0) > limit) candidate--;
        const expected = candidate === 0 ? 0 : (raftLog.term(candidate) ?? 0);
        const found = raftLog.findConflictByTerm(index, limit);
        assert.deepEqual(found, { index: candidate, term: expected });
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

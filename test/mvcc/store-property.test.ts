import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Random, seededRandom } from '../../src/base/random.js';
import { CompactedError, type MvccStore, type RangeResult } from '../../src/mvcc/index.js';
import { Bucket } from '../../src/storage/backend/index.js';
import { MemoryStore } from './memory-store.js';
import { Model, type ModelOperation } from './model.js';
import { LeaseTable, openStore } from './support.js';

const KEYS = [
  'a',
  'a\0',
  'aa',
  'b',
  'ba',
  'c',
  'ÿ',
  'ÿÿ',
  '/long/prefix/of/a/key/that/is/shared/1',
];

function randomKey(random: Random): string {
  return KEYS[random.below(KEYS.length)] ?? 'a';
}

function randomRange(random: Random): { start: string; end: string } {
  const end = ['', '\0', randomKey(random)][random.below(3)] ?? '';
  return { start: randomKey(random), end };
}

function randomOperations(random: Random): ModelOperation[] {
  return Array.from({ length: 1 + random.below(4) }, () =>
    random.below(4) > 0
      ? {
          kind: 'put' as const,
          key: randomKey(random),
          value: 'v'.repeat(random.below(120)),
          lease: BigInt(random.below(3)),
        }
      : { kind: 'delete' as const, ...randomRange(random) },
  );
}

function transact(store: MvccStore, model: Model, operations: readonly ModelOperation[]): void {
  const deletions = model.transact(operations);
  const transaction = store.begin();
  for (const operation of operations) {
    if (operation.kind === 'put') {
      transaction.put(operation.key, Buffer.from(operation.value), operation.lease);
    } else {
      assert.equal(transaction.deleteRange(operation.start, operation.end), deletions.shift());
    }
    const seen = transaction.range({ start: '\0', end: '\0' });
    assert.equal(seen.count, seen.records.length);
  }
  assert.equal(transaction.end(), model.revision);
}

function assertRange(result: RangeResult, expected: Buffer[], limit: number): void {
  const page = limit > 0 ? expected.slice(0, limit) : expected;
  assert.deepEqual(
    result.records.map((record) => record.toString('hex')),
    page.map((record) => record.toString('hex')),
  );
  assert.equal(result.count, expected.length);
  assert.equal(result.more, page.length < expected.length);
  assert.equal(
    result.sizeBytes,
    page.reduce((sum, record) => sum + record.length, 0),
  );
}

/** Compares reads of every kind at a random revision. */
async function compareReads(store: MvccStore, model: Model, random: Random): Promise<void> {
  const oldest = Math.max(model.compacted, 1);
  const revision = oldest + random.below(model.revision - oldest + 1);
  const options = { ...randomRange(random), revision, limit: random.below(4) };
  const expected = model.range(options.start, options.end, revision);
  assertRange(store.range(options), expected, options.limit);
  assertRange(await store.rangeSliced(options), expected, options.limit);
  const reader = store.openRangeReader(options);
  const read: RangeResult = { records: [], sizeBytes: 0, count: 0, more: false, revision: 0 };
  for (;;) {
    const chunk = reader.next(100);
    read.records.push(...chunk.records);
    read.sizeBytes += chunk.sizeBytes;
    if (chunk.end === undefined) continue;
    Object.assign(read, chunk.end);
    break;
  }
  assertRange(read, expected, options.limit);
  assert.equal(read.revision, model.revision);
  const counted = store.range({ ...options, countOnly: true });
  assert.deepEqual([counted.count, counted.records.length], [expected.length, 0]);
}

function assertLeases(leases: LeaseTable, model: Model): void {
  const attached = [...model.stateAt(model.revision)]
    .filter(([, value]) => value.lease !== 0n)
    .map(([key, value]): [string, bigint] => [key, value.lease]);
  const byKey = (a: [string, bigint], b: [string, bigint]): number => (a[0] < b[0] ? -1 : 1);
  assert.deepEqual([...leases.leaseOf].sort(byKey), attached);
}

test('any history of transactions, compactions and restarts reads as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 5, max: 60 }),
      fc.constantFrom(1000, 1 << 20),
      async (seed, steps, cacheSizeBytes) => {
        const random = seededRandom(seed);
        const model = new Model();
        const records = new MemoryStore();
        let leases = new LeaseTable();
        let store = await openStore(records, { cacheSizeBytes, sliceWork: 3 }, { leases });
        for (let step = 0; step < steps; step++) {
          const dice = random.below(20);
          if (dice < 12) transact(store, model, randomOperations(random));
          else if (dice < 17) await compareReads(store, model, random);
          else if (dice < 18) {
            const revision = random.below(model.revision + 1);
            if (revision <= model.compacted) {
              assert.throws(() => store.compact(revision), CompactedError);
            } else {
              const done = store.compact(revision);
              const hash = model.compact(revision);
              assert.equal(await done, 'finished');
              const last = store.compactionHashes.at(-1);
              if (revision > 0)
                assert.deepEqual([last?.hashRevision, last?.hash], [revision, hash]);
            }
          } else if (dice < 19) {
            records.commit();
            await store.close();
            leases = new LeaseTable();
            store = await openStore(records, { cacheSizeBytes, sliceWork: 3 }, { leases });
          } else {
            const { hash, compactRevision } = await store.hashByRevision(0);
            assert.deepEqual(
              [hash, compactRevision],
              [model.hashAt(model.revision), model.compacted],
            );
          }
          records.commit();
        }
        await compareReads(store, model, random);
        assertLeases(leases, model);
        assert.deepEqual(
          records.pairs(Bucket.key).map((pair) => pair.map((part) => part.toString('hex'))),
          model.kept.map(({ bucketKey, record }) => [
            bucketKey.toString('hex'),
            record.toString('hex'),
          ]),
        );
        for (
          let revision = Math.max(1, model.compacted + 1);
          revision <= model.revision;
          revision++
        ) {
          assert.equal((await store.hashByRevision(revision)).hash, model.hashAt(revision));
        }
      },
    ),
    { numRuns: process.env.KVORUM_TEST_LONG ? 1500 : 100 },
  );
});

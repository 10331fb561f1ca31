/** The pass of a compaction over all records, in this thread and in one of its own. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import { KeptRevisions, RevisionCollector } from '../../src/mvcc/compaction/kept-revisions.js';
import { RemovalList, SLOT_BYTES } from '../../src/mvcc/compaction/sweep-messages.js';
import { SweepPacer } from '../../src/mvcc/compaction/sweep-pacer.js';
import { MvccStore } from '../../src/mvcc/index.js';
import { encodeRevisionKey } from '../../src/mvcc/revision-key.js';
import { Backend } from '../../src/storage/backend/index.js';
import { temporaryFolder } from '../support/folders.js';
import { bucketOf, keyBucket, randomOperations, transact } from './history.js';
import { Model } from './model.js';
import { LeaseTable, ManualClock, openStore, put, turns } from './support.js';

const IN_THREAD = 0;
const HERE = Number.POSITIVE_INFINITY;

async function openBackend(test: TestContext, path = temporaryFolder(test)): Promise<Backend> {
  const backend = await Backend.open({ path }, { clock: systemClock, logger: silentLogger });
  test.after(() => backend.close().catch(() => {}));
  return backend;
}

describe('the revisions that a compaction keeps', () => {
  it('are found by who asks in ascending order, whatever order they came in', () => {
    const change = fc.record({ main: fc.integer({ min: 1, max: 40 }), code: fc.nat(5) });
    const nameOf = ({ main, code }: { main: number; code: number }): string => `${main}/${code}`;
    fc.assert(
      fc.property(fc.uniqueArray(change, { selector: nameOf }), (kept) => {
        const collector = new RevisionCollector();
        for (const { main, code } of kept) collector.add(main, code);
        const revisions = new KeptRevisions(collector.take());
        const names = new Set(kept.map(nameOf));
        assert.equal(revisions.isEmpty, kept.length === 0);
        for (let main = 0; main <= 41; main++) {
          for (let code = 0; code < 7; code++) {
            const expected = names.has(nameOf({ main, code }));
            assert.equal(revisions.includes(main, code), expected);
            assert.equal(revisions.includes(main, code), expected, 'and again');
          }
        }
      }),
    );
  });

  it('may be many, with revisions beyond 32 bits', () => {
    const collector = new RevisionCollector();
    for (let number = 100_000; number > 0; number--)
      collector.add(2 ** 40 + number * 2, number % 3);
    const revisions = new KeptRevisions(collector.take());
    for (let number = 1; number <= 100_000; number++) {
      assert.ok(!revisions.includes(2 ** 40 + number * 2 - 1, 0));
      assert.ok(revisions.includes(2 ** 40 + number * 2, number % 3));
    }
  });
});

describe('a list of removals', () => {
  it('holds keys of both lengths, in slots', () => {
    const list = new RemovalList();
    const keys = Array.from({ length: 3000 }, (_, index) => encodeRevisionKey(index, index % 2));
    for (const [index, key] of keys.entries()) list.add(key, index * 10);
    const { keys: bytes, sizes } = list.take();
    for (const [index, key] of keys.entries()) {
      const slot = index * SLOT_BYTES;
      assert.deepEqual(Buffer.from(bytes.subarray(slot, slot + (sizes[index * 2] ?? 0))), key);
      assert.equal(sizes[index * 2 + 1], index * 10);
    }
    assert.equal(list.take().sizes.length, 0);
  });
});

describe('the pace of a sweep', () => {
  interface Setting {
    /** Revisions that writers make in a second. */
    readonly rate: number;
    readonly records?: number;
    readonly intervalMs?: number;
    readonly isAwaited?: boolean;
  }

  /** What a sweep in pieces of 800 gets through within ten seconds. */
  function lookedAtInTenSeconds(setting: Setting): number {
    const { rate, records = 1_000_000 } = setting;
    const { intervalMs = Number.POSITIVE_INFINITY, isAwaited = false } = setting;
    const clock = new ManualClock();
    const pacer = new SweepPacer(
      { records, intervalMs },
      {
        clock,
        revision: () => Math.floor((rate * clock.nowMs()) / 1000),
        isAwaited: () => isAwaited,
      },
    );
    let lookedAt = 0;
    while (clock.nowMs() < 10_000) {
      // At the pace of etcd's flags a piece takes this long.
      clock.advance(8 + pacer.waitMs(800));
      lookedAt += 800;
    }
    return lookedAt;
  }

  it('is what the flags say while hardly anybody writes', () => {
    assert.equal(lookedAtInTenSeconds({ rate: 0 }), 1_000_000);
    assert.equal(lookedAtInTenSeconds({ rate: 500 }), 1_000_000);
  });

  it('is gentle beside writers, however many', () => {
    for (const rate of [5_000, 20_000, 80_000]) {
      const lookedAt = lookedAtInTenSeconds({ rate });
      assert.ok(lookedAt > 240_000 && lookedAt < 300_000, `${lookedAt} at ${rate} a second`);
    }
  });

  it('ends a sweep in half of the time from one compaction to the next', () => {
    const lookedAt = lookedAtInTenSeconds({ rate: 20_000, records: 500_000, intervalMs: 20_000 });
    assert.ok(lookedAt > 490_000 && lookedAt < 550_000, `${lookedAt}`);
  });

  it('is what the flags say when the next compaction waits', () => {
    assert.equal(lookedAtInTenSeconds({ rate: 20_000, isAwaited: true }), 1_000_000);
  });
});

describe('a sweep on LevelDB', () => {
  for (const [where, threadFromRecords] of Object.entries({ here: HERE, thread: IN_THREAD })) {
    it(`leaves what the model leaves, and its hash (${where})`, async (test) => {
      const backend = await openBackend(test);
      const store = await openStore(backend, { compactionThreadFromRecords: threadFromRecords });
      const model = new Model();
      const random = seededRandom(11);
      for (let step = 0; step < 900; step++) {
        transact(store, model, randomOperations(random, 50, 300));
        backend.setConsistentIndex(step + 1, 1);
        if (step % 300 !== 299) continue;
        const before = model.revision - 50;
        const expected = model.hashAt(before);
        assert.equal(await store.compact(before), 'finished');
        model.compact(before);
        assert.equal(store.compactionHashes.at(-1)?.hash, expected);
        assert.deepEqual(await keyBucket(backend), bucketOf(model));
      }
      await store.close();
    });
  }

  it('goes on while others write, compact and read, and finds every record once', async (test) => {
    const backend = await openBackend(test);
    const store = await openStore(backend, {
      compactionThreadFromRecords: IN_THREAD,
      compactionBatchLimit: 1000,
    });
    const value = 'v'.repeat(500);
    for (let number = 0; number < 40_000; number++) put(store, `k${number % 100}`, value);
    backend.setConsistentIndex(1, 1);
    const compacted = store.revision;
    let isDone = false;
    const done = store.compact(compacted).finally(() => {
      isDone = true;
    });
    // LevelDB merges and removes tables under the thread's hands.
    const rewritten = backend.compactRange();
    let written = 0;
    while (!isDone) {
      for (let number = 0; number < 50; number++) put(store, `n${written++}`, value);
      backend.setConsistentIndex(1 + written, 1);
      await turns();
      await backend.whenNotFull();
    }
    assert.equal(await done, 'finished');
    await rewritten;
    assert.equal(store.compactionCounts.removedRecords, 39_900);
    assert.equal((await keyBucket(backend)).length, 100 + written);
    await store.close();
  });

  it('is interrupted by closing, thread and all, and goes on at the next start', async (test) => {
    const path = temporaryFolder(test);
    let backend = await openBackend(test, path);
    const options = { compactionThreadFromRecords: IN_THREAD, compactionBatchLimit: 1 };
    // Each piece of a quarter of a megabyte takes seconds at this pace.
    let store = await openStore(backend, { ...options, compactionSleepIntervalMs: 1 });
    for (let number = 0; number < 3000; number++) put(store, 'a', 'v'.repeat(1000));
    backend.setConsistentIndex(1, 1);
    const done = store.compact(2500);
    backend.setConsistentIndex(2, 1);
    while (store.compactionCounts.removedRecords === 0) await turns();
    await store.close();
    assert.equal(await done, 'interrupted');
    await backend.close();
    backend = await openBackend(test, path);
    store = await openStore(backend, options);
    assert.equal(store.compactedRevision, 2500);
    await store.whenCompactionsDone();
    assert.equal((await keyBucket(backend)).length, 502);
    await store.close();
  });

  it('fails on a damaged table, and removes nothing behind the damage', async (test) => {
    const path = temporaryFolder(test);
    const backend = await openBackend(test, path);
    const errors: unknown[] = [];
    const logger = {
      ...silentLogger,
      error: (_: string, fields?: object) => void errors.push(fields),
      child: () => logger,
    };
    const store = await MvccStore.open(
      { compactionThreadFromRecords: IN_THREAD },
      { records: backend, leases: new LeaseTable(), clock: systemClock, logger },
    );
    for (let number = 0; number < 3000; number++) put(store, 'a', 'v'.repeat(1000));
    backend.setConsistentIndex(1, 1);
    await backend.writeTables();
    const tables = readdirSync(path).filter((name) => name.endsWith('.ldb'));
    const table = join(path, tables.at(-1) ?? '');
    const bytes = readFileSync(table);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(table, bytes);
    assert.equal(await store.compact(2500), 'failed');
    assert.match(JSON.stringify(errors), /damaged or missing/);
    assert.ok(store.compactionCounts.removedRecords < 2000);
    assert.equal(store.range({ start: 'a', end: '' }).count, 1);
    await store.close();
  });
});

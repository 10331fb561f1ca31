/** The store: visibility, atomic groups, scans, sizes, the lock, failures. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { LOCAL_PREFIX } from '../../../src/storage/backend/buckets.js';
import { openDatabase } from '../../../src/storage/backend/database.js';
import type { BackendOptions, BucketName } from '../../../src/storage/backend/index.js';
import {
  Backend,
  BackendClosedError,
  BackendLockedError,
  BUCKET_NAMES,
} from '../../../src/storage/backend/index.js';
import { WriteQueue } from '../../../src/storage/backend/writequeue.js';
import { temporaryFolder } from '../../support/folders.js';
import { applyEntry, findInconsistency, revisionKey } from './entries.js';

const dependencies = { clock: systemClock, logger: silentLogger };
const bytes = (text: string): Buffer => Buffer.from(text);

function openAt(path: string, options: Partial<BackendOptions> = {}): Promise<Backend> {
  return Backend.open({ path, ...options }, dependencies);
}

async function openStore(
  test: TestContext,
  options: Partial<BackendOptions> = {},
): Promise<{ path: string; backend: Backend }> {
  const path = join(temporaryFolder(test), 'backend');
  const backend = await openAt(path, options);
  test.after(() => backend.close());
  return { path, backend };
}

async function contentOf(backend: Backend, bucket: BucketName, range = {}): Promise<string[]> {
  const pairs: string[] = [];
  for await (const batch of backend.scan(bucket, range)) {
    for (const [key, value] of batch) pairs.push(`${key}=${value}`);
  }
  return pairs;
}

describe('the store', () => {
  it('shows what was put at once, and keeps it over a restart', async (test) => {
    const { path, backend } = await openStore(test);
    backend.put('members', bytes('a'), bytes('1'));
    backend.put('cluster', bytes('a'), bytes('2'));
    assert.equal(backend.getSync('members', bytes('a'))?.toString(), '1');
    backend.put('members', bytes('a'), bytes('3'));
    assert.equal(backend.getSync('members', bytes('a'))?.toString(), '3');
    backend.delete('cluster', bytes('a'));
    assert.equal(backend.getSync('cluster', bytes('a')), undefined);
    backend.put('alarm', bytes('empty'), bytes(''));
    backend.setConsistentIndex(2 ** 40 + 7, 3);
    assert.equal(
      backend.getSync('meta', bytes('consistent_index'))?.toString('hex'),
      '0000010000000007',
    );
    await backend.close();

    const again = await openAt(path);
    assert.deepEqual([again.consistentIndex, again.consistentTerm], [2 ** 40 + 7, 3]);
    assert.equal(again.getSync('members', bytes('a'))?.toString(), '3');
    assert.equal(again.getSync('cluster', bytes('a')), undefined);
    assert.equal(again.getSync('alarm', bytes('empty'))?.length, 0);
    assert.deepEqual(await contentOf(again, 'members'), ['a=3']);
    await again.close();
  });

  it('keeps the ten buckets apart, in the order of bbolt', async (test) => {
    const { backend } = await openStore(test);
    assert.deepEqual([...BUCKET_NAMES].sort(), BUCKET_NAMES);
    for (const bucket of BUCKET_NAMES) {
      backend.put(bucket, Buffer.from([0]), bytes(`${bucket} first`));
      backend.put(bucket, Buffer.from([0xff, 0xff]), bytes(`${bucket} last`));
    }
    for (const bucket of BUCKET_NAMES) {
      const content = await contentOf(backend, bucket);
      assert.deepEqual(
        content.map((pair) => pair.split('=')[1]),
        [`${bucket} first`, `${bucket} last`],
      );
    }
  });

  it('scans a range as it is when the iteration begins, in batches', async (test) => {
    const { backend } = await openStore(test, { batchIntervalMs: 1 });
    for (let main = 1; main <= 3500; main++)
      backend.put('key', revisionKey(main, 0), bytes(`${main}`));
    const scan = backend.scan('key', { gte: revisionKey(1000, 0), lt: revisionKey(3201, 0) });
    const first = await scan.next();
    for (let main = 1; main <= 3500; main++) backend.delete('key', revisionKey(main, 0));
    backend.put('key', revisionKey(1500, 1), bytes('new'));
    await backend.flush();
    assert.ok(first.done !== true);
    const values = first.value.map(([, value]) => value.toString());
    assert.ok(values.length <= 1000);
    for await (const batch of scan) values.push(...batch.map(([, value]) => value.toString()));
    assert.deepEqual(
      values,
      Array.from({ length: 2201 }, (_, position) => String(1000 + position)),
    );
    assert.deepEqual((await contentOf(backend, 'key')).length, 1);
  });

  it('takes a snapshot at a known entry while others are applied', async (test) => {
    const { backend } = await openStore(test, { batchIntervalMs: 1, batchLimit: 10 });
    let index = 0;
    const snapshots = [];
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 50; count++) applyEntry(backend, ++index);
      const taken = backend.snapshot();
      for (let count = 0; count < 7; count++) applyEntry(backend, ++index);
      snapshots.push(await taken);
    }
    for (const snapshot of snapshots) {
      let last = 0;
      for await (const batch of snapshot.scan('key')) {
        last = batch.at(-1)?.[0].readUInt32BE(4) ?? last;
      }
      assert.equal(last, snapshot.consistentIndex);
      for await (const [pair] of snapshot.scan('cluster')) {
        assert.equal(pair?.[1].toString(), String(last));
      }
      await snapshot.close();
    }
    assert.equal(await findInconsistency(backend), undefined);
  });

  it('behaves as a map for any program of puts, deletes, flushes and restarts', async (test) => {
    const folder = temporaryFolder(test);
    const keys = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put'), key: keys, value: fc.string({ maxLength: 5 }) }),
      fc.record({ kind: fc.constant('delete'), key: keys, value: fc.constant('') }),
      fc.record({
        kind: fc.constantFrom('entry', 'flush', 'sync', 'turn', 'reopen'),
        key: keys,
        value: fc.constant(''),
      }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const path = join(folder, String(run++));
        let backend = await openAt(path, { batchIntervalMs: 1, batchLimit: 3 });
        const model = new Map<string, string>();
        let index = 0;
        for (const { kind, key, value } of steps) {
          if (kind === 'put') {
            backend.put('lease', bytes(key), bytes(value));
            model.set(key, value);
          } else if (kind === 'delete') {
            backend.delete('lease', bytes(key));
            model.delete(key);
          } else if (kind === 'entry') backend.setConsistentIndex(++index, 1);
          else if (kind === 'flush') await backend.flush();
          else if (kind === 'sync') await backend.sync();
          else if (kind === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else {
            await backend.close();
            backend = await openAt(path, { batchIntervalMs: 1, batchLimit: 3 });
          }
          for (const name of ['a', 'b', 'c', 'd']) {
            assert.equal(backend.getSync('lease', bytes(name))?.toString(), model.get(name));
          }
        }
        assert.deepEqual(
          await contentOf(backend, 'lease'),
          [...model].map(([key, value]) => `${key}=${value}`).sort(),
        );
        assert.equal(backend.consistentIndex, index);
        await backend.close();
      }),
      { numRuns: 30 },
    );
  });
});

describe('groups', () => {
  it('are whole in LevelDB at every moment, however batches are cut', async (test) => {
    const { backend } = await openStore(test, { batchIntervalMs: 1, batchLimit: 100 });
    let index = 0;
    for (let round = 0; round < 200; round++) {
      for (let count = 0; count < 1 + (round % 60); count++) applyEntry(backend, ++index);
      if (round % 10 === 0) assert.equal(await snapshotProblem(backend), undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await findInconsistency(backend), undefined);
  });

  it('larger than any slice stay one batch', async (test) => {
    const { path, backend } = await openStore(test);
    for (let sub = 0; sub < 7001; sub++) backend.put('key', revisionKey(1, sub), bytes('v'));
    backend.setConsistentIndex(1, 1);
    const flushed = backend.flush();
    // While it is on its way it can be read, and the next group gathers.
    await new Promise((resolve) => setImmediate(resolve));
    backend.put('key', revisionKey(2, 0), bytes('w'));
    backend.setConsistentIndex(2, 1);
    assert.equal(backend.getSync('key', revisionKey(1, 7000))?.toString(), 'v');
    await flushed;
    await backend.close();
    const again = await openAt(path);
    assert.equal((await contentOf(again, 'key')).length, 7002);
    await again.close();
  });
});

async function snapshotProblem(backend: Backend): Promise<string | undefined> {
  const snapshot = await backend.snapshot();
  let last = 0;
  for await (const batch of snapshot.scan('key')) last = batch.at(-1)?.[0].readUInt32BE(4) ?? last;
  await snapshot.close();
  return last === snapshot.consistentIndex ? undefined : `${last} at ${snapshot.consistentIndex}`;
}

describe('back-pressure', () => {
  it('tells when too much is unflushed and when there is room again', async (test) => {
    const { backend } = await openStore(test, { maxUnflushedBytes: 10_000 });
    assert.equal(backend.isFull, false);
    await backend.whenNotFull();
    for (let main = 1; !backend.isFull; main++) {
      backend.put('key', revisionKey(main, 0), Buffer.alloc(500));
      backend.setConsistentIndex(main, 1);
    }
    assert.ok(backend.unflushedBytes >= 10_000 && backend.unflushedBytes < 11_000);
    await backend.whenNotFull();
    assert.equal(backend.isFull, false);
  });
});

describe('sizes', () => {
  it('follow what is stored, and shrink after deletion and compaction', async (test) => {
    const { path, backend } = await openStore(test);
    assert.ok(backend.sizeBytes() > 0 && backend.sizeBytes() % 4096 === 0);
    assert.equal(backend.sizeInUseBytes(), 0);
    for (let main = 1; main <= 5000; main++) {
      backend.put('key', revisionKey(main, 0), Buffer.alloc(2000, main));
      backend.setConsistentIndex(main, 1);
      if (backend.isFull) await backend.whenNotFull();
    }
    assert.ok(backend.sizeBytes() >= 10_000_000, 'puts count at once');
    await backend.flush();
    const full = backend.sizeBytes();
    assert.equal(backend.sizeInUseBytes(), 5000 * 2017);
    assert.equal(await backend.deleteRange('key', { lt: revisionKey(4001, 0) }), 4000);
    assert.equal(backend.sizeInUseBytes(), 1000 * 2017);
    await backend.compactRange();
    const defragmented = backend.sizeBytes();
    assert.ok(defragmented < full / 3, `${defragmented} of ${full}`);
    assert.ok(defragmented >= backend.sizeInUseBytes());
    await backend.close();
    const again = await openAt(path);
    assert.equal(again.sizeInUseBytes(), 1000 * 2017);
    assert.ok(again.sizeBytes() < full / 3);
    again.delete('key', revisionKey(4500, 0));
    assert.equal(again.sizeInUseBytes(), 999 * 2017, 'the mean stands in for an unknown size');
    await again.close();
  });

  it('are taken over from where an earlier version kept them, below all keys', async (test) => {
    const { path, backend } = await openStore(test);
    for (let index = 1; index <= 10; index++) applyEntry(backend, index);
    const inUse = backend.sizeInUseBytes();
    await backend.close();
    const place = (prefix: number): Buffer => Buffer.concat([Buffer.from([prefix]), bytes('live')]);
    const old = await openDatabase({ path, cacheSizeBytes: 1 << 20 });
    const figures = await old.get(place(LOCAL_PREFIX));
    assert.ok(figures !== undefined && inUse > 0);
    await old.batch().put(place(0), figures).del(place(LOCAL_PREFIX)).write();
    await old.close();

    const again = await openAt(path);
    assert.equal(again.sizeInUseBytes(), inUse);
    for (let index = 11; index <= 13; index++) applyEntry(again, index);
    const grown = again.sizeInUseBytes();
    assert.notEqual(grown, inUse);
    await again.close();
    const now = await openDatabase({ path, cacheSizeBytes: 1 << 20 });
    assert.equal(await now.get(place(0)), undefined, 'nothing that changes stands below the keys');
    await now.close();
    const last = await openAt(path);
    assert.equal(last.sizeInUseBytes(), grown);
    await last.close();
  });

  it('compaction goes on beside reads and writes', async (test) => {
    const { backend } = await openStore(test);
    for (let index = 1; index <= 3000; index++) applyEntry(backend, index);
    const compacted = backend.compactRange();
    for (let index = 3001; index <= 3500; index++) applyEntry(backend, index);
    assert.equal(await findInconsistency(backend), undefined);
    await compacted;
    assert.equal(await findInconsistency(backend), undefined);
  });
});

describe('errors', () => {
  it('a store that is open is refused to others, and unharmed', async (test) => {
    const { path, backend } = await openStore(test);
    for (let index = 1; index <= 100; index++) applyEntry(backend, index);
    await assert.rejects(openAt(path), BackendLockedError);
    await backend.flush();
    await assert.rejects(openAt(path), BackendLockedError);
    assert.equal(await findInconsistency(backend), undefined);
  });

  it('a closed store takes and gives nothing', async (test) => {
    const { backend } = await openStore(test);
    await backend.close();
    await backend.close();
    assert.throws(() => backend.put('key', bytes('a'), bytes('b')), BackendClosedError);
    assert.throws(() => backend.getSync('key', bytes('a')), BackendClosedError);
    await assert.rejects(backend.flush(), BackendClosedError);
    await assert.rejects(backend.snapshot(), BackendClosedError);
  });

  it('a failed write ends the queue: told once, all who wait are answered', async (test) => {
    const path = join(temporaryFolder(test), 'queue');
    const database = await openDatabase({ path, cacheSizeBytes: 1 << 20 });
    const failure = new Error('the store failed');
    let failures = 0;
    const queue = new WriteQueue(
      { batchIntervalMs: 10_000, batchLimit: 10, maxUnflushedBytes: 100 },
      {
        database,
        clock: systemClock,
        onFailure: () => {
          failures++;
          return failure;
        },
        onFlushed: () => {},
      },
    );
    await database.close();
    queue.add(6, revisionKey(1, 0), Buffer.alloc(200));
    const answers: (Error | null)[] = [];
    queue.whenFlushed((error) => answers.push(error));
    queue.whenFlushed((error) => answers.push(error));
    await queue.whenNotFull();
    queue.whenFlushed((error) => answers.push(error));
    assert.deepEqual(answers, [failure, failure, failure]);
    assert.equal(failures, 1);
  });
});

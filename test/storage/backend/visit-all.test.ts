/** Reading a whole bucket out of LevelDB's tables, against LevelDB's own iterator. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import type { BucketName } from '../../../src/storage/backend/index.js';
import { Backend, BackendCorruptError, BUCKET_NAMES } from '../../../src/storage/backend/index.js';
import { visitFolder } from '../../../src/storage/backend/tablereader.js';
import { type Disk, nodeDisk } from '../../../src/storage/disk.js';
import { temporaryFolder } from '../../support/folders.js';
import { revisionKey } from './entries.js';

function openAt(path: string, disk: Disk = nodeDisk): Promise<Backend> {
  return Backend.open({ path }, { clock: systemClock, logger: silentLogger, disk });
}

async function visited(backend: Backend, bucket: BucketName): Promise<[string, string][]> {
  const records: [string, string][] = [];
  await backend.visitAll(bucket, (key, source, start, end) => {
    records.push([key.toString('hex'), source.toString('hex', start, end)]);
  });
  return records;
}

async function scanned(backend: Backend, bucket: BucketName): Promise<[string, string][]> {
  const records: [string, string][] = [];
  for await (const batch of backend.scan(bucket)) {
    for (const [key, value] of batch) records.push([key.toString('hex'), value.toString('hex')]);
  }
  return records;
}

/** A closed store of `lives` openings: each leaves a table at least, and LevelDB merges them as it likes. */
async function storeOf(
  test: TestContext,
  lives: number,
  records: number,
  valueBytes = 300,
): Promise<string> {
  const path = join(temporaryFolder(test), 'backend');
  for (let life = 0; life < lives; life++) {
    const backend = await openAt(path);
    for (let record = 0; record < records; record++) {
      const number = life * records + record;
      backend.put('key', revisionKey(number, 0), Buffer.alloc(valueBytes, `value ${number} `));
      if (number % 3 === 1) backend.delete('key', revisionKey(Math.floor(number / 2), 0));
      backend.setConsistentIndex(number + 1, 1);
    }
    await backend.close();
  }
  return path;
}

/** A disk that cannot open some of the tables, as if LevelDB had just removed them. */
function forgetful(isGone: (table: number) => boolean): Disk {
  let tables = 0;
  return {
    ...nodeDisk,
    open: (path, mode, permissions) => {
      if (path.endsWith('.ldb') && isGone(tables++)) {
        return Promise.reject(Object.assign(new Error(`no ${path}`), { code: 'ENOENT' }));
      }
      return nodeDisk.open(path, mode, permissions);
    },
  };
}

describe('visiting the folder of a store that is open', () => {
  it('shows what was put before its tables were written', async (test) => {
    const path = await storeOf(test, 2, 1000);
    const backend = await openAt(path);
    test.after(() => backend.close());
    for (let number = 3000; number < 4000; number++) {
      backend.put('key', revisionKey(number, 0), Buffer.from(`new ${number}`));
    }
    backend.delete('key', revisionKey(1999, 0));
    const records: string[] = [];
    let pieces = 0;
    await visitFolder(
      await backend.writeTables(),
      'key',
      { lt: revisionKey(3500, 0) },
      (key) => void records.push(key.toString('hex')),
      async () => void pieces++,
    );
    const expected = (await scanned(backend, 'key')).map(([key]) => key);
    assert.deepEqual(records, expected.slice(0, -500));
    assert.ok(pieces > 1);
  });

  it('ends with the error of who is asked between two pieces', async (test) => {
    const path = await storeOf(test, 1, 3000);
    const backend = await openAt(path);
    test.after(() => backend.close());
    let seen = 0;
    const refuse = (): Promise<void> => Promise.reject(new Error('enough'));
    await assert.rejects(
      visitFolder(path, 'key', {}, () => void seen++, refuse),
      /enough/,
    );
    assert.ok(seen > 0 && seen < 2000, `${seen}`);
  });
});

describe('visiting all records of a bucket', () => {
  it('shows what a scan shows, whatever was put and deleted in earlier lives', async (test) => {
    const operation = fc.record({
      bucket: fc.constantFrom(...BUCKET_NAMES),
      key: fc.uint8Array({ minLength: 1, maxLength: 100 }),
      pick: fc.nat(5),
      valueBytes: fc.oneof(
        { weight: 10, arbitrary: fc.nat(600) },
        { weight: 1, arbitrary: fc.nat(600_000) },
      ),
      isDelete: fc.boolean(),
    });
    const lives = fc.array(fc.array(operation, { maxLength: 30 }), { minLength: 1, maxLength: 7 });
    const folder = temporaryFolder(test);
    let runs = 0;
    const property = fc.asyncProperty(lives, async (all) => {
      const path = join(folder, String(runs++));
      const known: Buffer[] = [Buffer.from('first')];
      for (const operations of all) {
        const backend = await openAt(path);
        for (const { bucket, key, pick, valueBytes, isDelete } of operations) {
          // One of the keys that are there in most cases, so that versions of it lie in several tables.
          const chosen = (pick > 0 ? known[pick % known.length] : undefined) ?? Buffer.from(key);
          known.push(chosen);
          if (isDelete) backend.delete(bucket, chosen);
          else backend.put(bucket, chosen, Buffer.alloc(valueBytes, `${known.length} `));
        }
        await backend.close();
      }
      const backend = await openAt(path);
      for (const bucket of BUCKET_NAMES) {
        assert.deepEqual(await visited(backend, bucket), await scanned(backend, bucket));
      }
      await backend.close();
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('shows many records of many tables in order', async (test) => {
    const path = await storeOf(test, 6, 5000);
    const backend = await openAt(path);
    test.after(() => backend.close());
    const records = await visited(backend, 'key');
    assert.ok(records.length > 15_000);
    assert.deepEqual(records, await scanned(backend, 'key'));
  });

  it('shows what was put since the store was opened, too', async (test) => {
    const path = await storeOf(test, 2, 100);
    const backend = await openAt(path);
    test.after(() => backend.close());
    backend.put('key', revisionKey(5000, 0), Buffer.from('new'));
    const records = await visited(backend, 'key');
    assert.deepEqual(records.at(-1), [
      revisionKey(5000, 0).toString('hex'),
      Buffer.from('new').toString('hex'),
    ]);
    assert.deepEqual(records, await scanned(backend, 'key'));
  });

  it('shows the index of an entry that changed nothing else', async (test) => {
    const path = await storeOf(test, 1, 10);
    const backend = await openAt(path);
    test.after(() => backend.close());
    backend.setConsistentIndex(5000, 1);
    await backend.flush();
    assert.deepEqual(await visited(backend, 'meta'), await scanned(backend, 'meta'));
  });

  it('goes on behind the last record when LevelDB removes tables meanwhile', async (test) => {
    const path = await storeOf(test, 3, 5000);
    for (let gone = 0; gone < 4; gone++) {
      const backend = await openAt(
        path,
        forgetful((table) => table === gone),
      );
      assert.deepEqual(await visited(backend, 'key'), await scanned(backend, 'key'));
      await backend.close();
    }
  });

  it('goes on however often that happens, as long as it gets further', async (test) => {
    const path = await storeOf(test, 1, 100_000, 1000);
    const whole = await openAt(path);
    // All tables on one level: one of them is read at a time.
    await whole.compactRange();
    await whole.close();
    let reads = 0;
    let failures = 0;
    const disk: Disk = {
      ...nodeDisk,
      open: async (name, mode, permissions) => {
        const file = await nodeDisk.open(name, mode, permissions);
        if (!name.endsWith('.ldb')) return file;
        return Object.assign(Object.create(file), {
          close: () => file.close(),
          sizeBytes: () => file.sizeBytes(),
          read: (...given: Parameters<typeof file.read>) => {
            // Footer and index of a table are small, a piece of it is not.
            const isPiece = given[2] > 100_000;
            if (isPiece && ++reads % 3 === 0 && ++failures > 0) {
              return Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
            }
            return file.read(...given);
          },
        });
      },
    };
    const backend = await openAt(path, disk);
    test.after(() => backend.close());
    assert.deepEqual(await visited(backend, 'key'), await scanned(backend, 'key'));
    assert.ok(failures > 100, `${failures}`);
  });

  it('is refused when a table is missing for good', async (test) => {
    const path = await storeOf(test, 2, 100);
    const backend = await openAt(
      path,
      forgetful(() => true),
    );
    test.after(() => backend.close());
    await assert.rejects(visited(backend, 'key'), BackendCorruptError);
  });

  it('is refused when one table of many is missing for good', { timeout: 30_000 }, async (test) => {
    const path = await storeOf(test, 1, 100_000, 1000);
    const whole = await openAt(path);
    // All tables on one level: those before the missing one can be read.
    await whole.compactRange();
    await whole.close();
    const tables = readdirSync(path).filter((file) => file.endsWith('.ldb'));
    const missing = join(path, tables[tables.length >> 1] ?? '');
    const backend = await openAt(path, {
      ...nodeDisk,
      open: (name, mode, permissions) =>
        name === missing
          ? Promise.reject(Object.assign(new Error(`no ${name}`), { code: 'ENOENT' }))
          : nodeDisk.open(name, mode, permissions),
    });
    test.after(() => backend.close());
    await assert.rejects(visited(backend, 'key'), BackendCorruptError);
  });

  it('is refused when a bit of a record was flipped, whichever', async (test) => {
    const path = await storeOf(test, 1, 300);
    const backend = await openAt(path);
    test.after(() => backend.close());
    const [name = ''] = readdirSync(path).filter((file) => file.endsWith('.ldb'));
    const table = join(path, name);
    const whole = readFileSync(table);
    const records = await visited(backend, 'key');
    // The last blocks are of other buckets, which are not looked at.
    for (let at = 0; at < whole.length - 8192; at += 997) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 8)), at);
      writeFileSync(table, damaged);
      await assert.rejects(visited(backend, 'key'), BackendCorruptError);
    }
    writeFileSync(table, whole);
    assert.deepEqual(await visited(backend, 'key'), records);
  });

  it('is refused when a table is cut or is none', async (test) => {
    const path = await storeOf(test, 1, 2000);
    const backend = await openAt(path);
    test.after(() => backend.close());
    const [name = ''] = readdirSync(path).filter((file) => file.endsWith('.ldb'));
    const table = join(path, name);
    const whole = readFileSync(table);
    for (const damage of [
      () => truncateSync(table, 20),
      () => truncateSync(table, whole.length - 1),
      () => writeFileSync(table, Buffer.alloc(whole.length)),
      () => writeFileSync(table, Buffer.concat([Buffer.alloc(8192, 0xff), whole.subarray(8192)])),
    ]) {
      damage();
      await assert.rejects(visited(backend, 'key'), BackendCorruptError);
      writeFileSync(table, whole);
    }
    assert.deepEqual(await visited(backend, 'key'), await scanned(backend, 'key'));
  });
});

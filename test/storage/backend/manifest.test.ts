/** Following LevelDB's manifest, which only ever grows while the store is open. */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Backend } from '../../../src/storage/backend/index.js';
import { ManifestReader } from '../../../src/storage/backend/manifest.js';
import { type Disk, nodeDisk } from '../../../src/storage/disk.js';
import { temporaryFolder } from '../../support/folders.js';

async function openNew(test: TestContext): Promise<{ backend: Backend; path: string }> {
  const path = join(temporaryFolder(test), 'backend');
  const backend = await Backend.open({ path }, { clock: systemClock, logger: silentLogger });
  test.after(() => backend.close());
  return { backend, path };
}

/** Makes so many tables, and LevelDB merges them as it likes; a long key makes a long edit. */
async function makeTables(backend: Backend, count: number, keyBytes = 60): Promise<void> {
  for (let table = 0; table < count; table++) {
    backend.put('lease', Buffer.alloc(keyBytes, `${table} `), Buffer.from('value'));
    await backend.writeTables();
  }
}

function manifestPath(folder: string): string {
  const name = readdirSync(folder).find((file) => file.startsWith('MANIFEST')) ?? '';
  return join(folder, name);
}

/** The node's disk, with a note of how many bytes each read asked for. */
function countingDisk(): { disk: Disk; reads: number[] } {
  const reads: number[] = [];
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode, permissions) {
      const file = await nodeDisk.open(path, mode, permissions);
      const read = file.read.bind(file);
      file.read = (target, offset, sizeBytes, position) => {
        if (path.includes('MANIFEST')) reads.push(sizeBytes);
        return read(target, offset, sizeBytes, position);
      };
      return file;
    },
  };
  return { disk, reads };
}

/** The files that LevelDB has on disk, when nothing is under way. */
function tablesOnDisk(folder: string): number[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ldb'));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

async function tablesIn(reader: ManifestReader): Promise<number[]> {
  const { levels } = (await reader.read()) ?? { levels: [] };
  return levels
    .flat()
    .map(({ number }) => number)
    .sort((a, b) => a - b);
}

/**
 * That two readers see the same tables. LevelDB merges tables in a thread of its own, so only what
 * both read of one and the same manifest says anything.
 */
async function assertSameTables(reader: ManifestReader, other: ManifestReader): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { size } = statSync(manifestPath(reader.path));
    const [tables, expected] = [await tablesIn(reader), await tablesIn(other)];
    if (statSync(manifestPath(reader.path)).size !== size) continue;
    assert.deepEqual(tables, expected);
    return;
  }
  assert.fail('the manifest never stood still');
}

describe('a manifest', () => {
  it('is followed while LevelDB goes on, by reading what is new', async (test) => {
    const { backend, path } = await openNew(test);
    const { disk, reads } = countingDisk();
    const followed = new ManifestReader(disk, path);
    await makeTables(backend, 300);
    await followed.read();
    reads.length = 0;
    for (let round = 0; round < 5; round++) {
      await makeTables(backend, 5);
      await assertSameTables(followed, new ManifestReader(nodeDisk, path));
    }
    // Begins at the block that it ended in.
    const { size } = statSync(manifestPath(path));
    assert.ok(Math.max(...reads) < 40_000 && size > 50_000, `${reads} read of ${size}`);
  });

  it('is read in chunks, whatever its size, an edit longer than a chunk too', async (test) => {
    const { backend, path } = await openNew(test);
    await makeTables(backend, 400);
    await makeTables(backend, 2, 100_000);
    await makeTables(backend, 20);
    await backend.close();
    const { disk, reads } = countingDisk();
    const inChunks = await tablesIn(new ManifestReader(disk, path, { chunkBytes: 32_768 }));
    const { size } = statSync(manifestPath(path));
    assert.ok(size > 300_000, `${size}`);
    assert.ok(Math.max(...reads) < size, `${reads}`);
    const atOnce = new ManifestReader(nodeDisk, path, { chunkBytes: 1 << 22 });
    assert.deepEqual(inChunks, await tablesIn(atOnce));
    for (const table of inChunks) assert.ok(tablesOnDisk(path).includes(table), `${table}`);
  });

  it('is begun anew when the store was opened again', async (test) => {
    const { backend, path } = await openNew(test);
    const reader = new ManifestReader(nodeDisk, path);
    await makeTables(backend, 10);
    await reader.read();
    await backend.close();
    const again = await Backend.open({ path }, { clock: systemClock, logger: silentLogger });
    test.after(() => again.close());
    await makeTables(again, 3);
    await assertSameTables(reader, new ManifestReader(nodeDisk, path));
  });

  it('may end in the middle of an edit, and is read on when that is whole', async (test) => {
    const { backend, path } = await openNew(test);
    await makeTables(backend, 20);
    await backend.close();
    const expected = await tablesIn(new ManifestReader(nodeDisk, path));
    const file = manifestPath(path);
    const whole = readFileSync(file);
    const cut = whole.length - 10;
    truncateSync(file, cut);
    const reader = new ManifestReader(nodeDisk, path);
    await reader.read();
    assert.notDeepEqual(await tablesIn(reader), expected);
    appendFileSync(file, whole.subarray(cut));
    assert.deepEqual(await tablesIn(reader), expected);
  });

  it('does not keep what was read around the keys of its tables', async (test) => {
    const { backend, path } = await openNew(test);
    await makeTables(backend, 30);
    const { levels } = (await new ManifestReader(nodeDisk, path).read()) ?? { levels: [] };
    for (const { firstKey, lastKey } of levels.flat()) {
      assert.equal(firstKey.buffer.byteLength, firstKey.length);
      assert.equal(lastKey.buffer.byteLength, lastKey.length);
    }
    assert.ok(levels.flat().length > 0);
  });

  it('of many readers at once gives each the same', async (test) => {
    const { backend, path } = await openNew(test);
    await makeTables(backend, 50);
    await backend.close();
    const reader = new ManifestReader(nodeDisk, path);
    const all = await Promise.all([1, 2, 3, 4].map(() => tablesIn(reader)));
    for (const tables of all) assert.deepEqual(tables, all[0]);
    assert.ok((all[0]?.length ?? 0) > 0);
  });

  it('is not there where there is no database', async (test) => {
    assert.equal(await new ManifestReader(nodeDisk, temporaryFolder(test)).read(), undefined);
  });
});

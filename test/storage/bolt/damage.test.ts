/**
 * Damaged files. Whatever the bytes are, reading ends: with what they say, or with a BoltCorruptError;
 * never with another error, and never with more data or more reading than the file is large.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { BoltCorruptError, BoltFile } from '../../../src/storage/bolt/index.js';
import { type Meta, writeMeta } from '../../../src/storage/bolt/meta.js';
import { BytesFile, type Content, fileOf, numberedPairs } from './support.js';

const PAGE_BYTES = 4096;
const META_OFFSET = 16;

describe('a damaged file', () => {
  let file: Buffer;
  let content: Content;

  before(async () => {
    const pairs = numberedPairs(3000, 60);
    const [key = Buffer.alloc(0)] = pairs[1500] ?? [];
    pairs[1500] = [key, Buffer.alloc(30_000, 'v')];
    content = new Map([
      ['alarm', []],
      ['key', pairs],
      ['meta', [[Buffer.from('consistent_index'), Buffer.alloc(8, 1)]]],
    ]);
    file = await fileOf(content);
  });

  it('is refused wherever it is cut off, but for what is behind its last page', async () => {
    for (const length of [0, 1, 15, 16, 79, 80, 4095, 4096, 4176, 8192, file.length - 1]) {
      await assert.rejects(readAll(file.subarray(0, length)), BoltCorruptError, `${length} bytes`);
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (length) => {
        await assert.rejects(readAll(file.subarray(0, length)), BoltCorruptError);
      }),
    );
    assert.equal(await readAll(Buffer.concat([file, Buffer.alloc(777, 7)])), await readAll(file));
  });

  it('is read by its other meta page if one is damaged', async () => {
    for (const meta of [0, 1]) {
      const damaged = Buffer.from(file);
      damaged.fill(0, meta * PAGE_BYTES, (meta + 1) * PAGE_BYTES);
      assert.equal(await readAll(damaged), await readAll(file));
    }
    const damaged = Buffer.from(file);
    damaged.fill(0xff, 0, 2 * PAGE_BYTES);
    await assert.rejects(readAll(damaged), BoltCorruptError);
  });

  it('needs no freelist', async () => {
    const damaged = Buffer.from(file);
    damaged.fill(0xa5, 2 * PAGE_BYTES, 3 * PAGE_BYTES);
    assert.equal(await readAll(damaged), await readAll(file));
    writeMetas(damaged, { ...intactMeta(file), freelistPage: undefined });
    assert.equal(await readAll(damaged), await readAll(file));
    writeMetas(damaged, { ...intactMeta(file), freelistPage: 2 ** 40 });
    assert.equal(await readAll(damaged), await readAll(file));
  });

  it('is read or refused, whatever bits are flipped', async () => {
    const flips = fc.array(fc.integer({ min: 0, max: file.length * 8 - 1 }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (bits) => {
        const damaged = Buffer.from(file);
        for (const bit of bits) flip(damaged, bit);
        await readsOrRefuses(damaged);
      }),
      { numRuns: 300 },
    );
  });

  it('is read or refused when headers and elements are flipped, where it hurts', async () => {
    const place = fc.tuple(
      fc.integer({ min: 0, max: file.length / PAGE_BYTES - 1 }),
      fc.integer({ min: 0, max: 48 * 8 - 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 4 }), async (places) => {
        const damaged = Buffer.from(file);
        for (const [page, bit] of places) flip(damaged, page * PAGE_BYTES * 8 + bit);
        await readsOrRefuses(damaged);
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused when pages are overwritten by others', async () => {
    const page = fc.integer({ min: 2, max: file.length / PAGE_BYTES - 1 });
    await fc.assert(
      fc.asyncProperty(page, page, fc.boolean(), async (from, to, renumber) => {
        const damaged = Buffer.from(file);
        file.copy(damaged, to * PAGE_BYTES, from * PAGE_BYTES, (from + 1) * PAGE_BYTES);
        if (renumber) damaged.writeBigUInt64LE(BigInt(to), to * PAGE_BYTES);
        await readsOrRefuses(damaged);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused if it is noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 20_000 }), async (noise) => {
        await assert.rejects(readAll(Buffer.from(noise)), BoltCorruptError);
      }),
    );
  });

  it('is read or refused if there is noise behind intact meta pages', async () => {
    const noise = fc.uint8Array({ minLength: PAGE_BYTES, maxLength: PAGE_BYTES });
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { minLength: 1, maxLength: 4 }), async (pages) => {
        const damaged = Buffer.from(file);
        for (const [position, bytes] of pages.entries()) {
          const page = rootPage(file) - position;
          damaged.set(bytes, page * PAGE_BYTES);
          // Right so far, so that the noise gets a chance.
          file.copy(damaged, page * PAGE_BYTES, page * PAGE_BYTES, page * PAGE_BYTES + 10);
        }
        await readsOrRefuses(damaged);
      }),
    );
  });
});

describe('a hostile file', () => {
  it('cannot lead in circles', async () => {
    const file = await fileOf(new Map([['key', numberedPairs(3000, 60)]]));
    const branch = pageOfBucket(file);
    assert.equal(file.readUInt16LE(branch * PAGE_BYTES + 8), 1);
    // The first child of the branch is the branch.
    file.writeBigUInt64LE(BigInt(branch), branch * PAGE_BYTES + 16 + 8);
    await assert.rejects(readAll(file), { name: 'BoltCorruptError', message: /reached twice/ });
  });

  it('cannot claim what is not there with a correct checksum', async () => {
    const file = await fileOf(new Map([['key', numberedPairs(30, 60)]]));
    const intact = intactMeta(file);
    const wrong: Partial<Meta>[] = [
      ...[0, 1, 512, 3000, 4097, 131_072, 2 ** 31].map((pageSizeBytes) => ({ pageSizeBytes })),
      ...[0, 1, intact.pageCount, 2 ** 53].map((rootPage) => ({ rootPage })),
      ...[0, 2, intact.pageCount + 1, 2 ** 53].map((pageCount) => ({ pageCount })),
      { pageSizeBytes: 65_536, pageCount: 3, rootPage: 2 },
    ];
    for (const change of wrong) {
      const changed = Buffer.from(file);
      writeMetas(changed, { ...intact, ...change });
      await assert.rejects(readAll(changed), BoltCorruptError, JSON.stringify(change));
    }
    // A page that is there, but is none of a tree.
    for (const rootPage of [2, 3]) {
      const changed = Buffer.from(file);
      writeMetas(changed, { ...intact, rootPage });
      await assert.rejects(readAll(changed), { message: /^bbolt: page \d: / });
    }
  });

  it('cannot make one page stand for more data than it has', async () => {
    const file = await fileOf(new Map([['key', [[Buffer.from('a'), Buffer.alloc(3000)]]]]));
    const offset = pageOfBucket(file) * PAGE_BYTES;
    file.writeUInt16LE(100, offset + 10);
    for (let element = 0; element < 100; element++) {
      const start = offset + 16 + element * 16;
      file.writeUInt32LE(0, start);
      file.writeUInt32LE(16 * 100 - element * 16, start + 4);
      file.writeUInt32LE(element + 1, start + 8);
      file.writeUInt32LE(1000, start + 12);
    }
    await assert.rejects(readAll(file), {
      message: /page \d+: element \d has an impossible place/,
    });
  });

  it('cannot take more memory for a page than is allowed', async () => {
    const file = await fileOf(new Map([['key', [[Buffer.from('a'), Buffer.alloc(100_000)]]]]));
    const bolt = await BoltFile.open(new BytesFile(file), { maxLeafBytes: 65_536 });
    await assert.rejects(consume(bolt), { message: /page \d+: has 24 overflow pages/ });
    assert.equal(await readAll(file), 100_000 + 1);
  });

  it('cannot have any number of buckets', async () => {
    const names = Array.from({ length: 1001 }, (_, index) => `bucket ${index + 1000}`);
    const many = await fileOf(new Map(names.map((name) => [name, []])));
    await assert.rejects(readAll(many), { message: /more than 1000 buckets/ });
  });
});

describe('the error', () => {
  it('does not tell what the file holds', async () => {
    const file = await fileOf(new Map([[`auth\n${'secret'.repeat(1000)}`, []]]));
    const element = rootPage(file) * PAGE_BYTES + 16;
    file.writeUInt32LE(3, element + 12);
    const message = 'bbolt: bucket "auth\\nsecretsecr" has no header';
    await assert.rejects(readAll(file), { name: 'BoltCorruptError', message });
  });
});

/** Sum of all key and value lengths. */
async function consume(bolt: BoltFile): Promise<number> {
  let total = 0;
  for (const { scan } of await bolt.buckets()) {
    for await (const batch of scan()) {
      for (const [key, value] of batch) total += key.length + value.length;
    }
  }
  return total;
}

async function readAll(bytes: Buffer): Promise<number> {
  return consume(await BoltFile.open(new BytesFile(bytes)));
}

async function readsOrRefuses(bytes: Buffer): Promise<void> {
  const file = new BytesFile(bytes);
  try {
    const bolt = await BoltFile.open(file);
    const buckets = await bolt.buckets();
    for (const bucket of buckets) {
      let total = 0;
      for await (const batch of bucket.scan()) {
        for (const [key, value] of batch) total += key.length + value.length;
      }
      assert.ok(total <= bytes.length, `${bucket.name} has ${total} bytes`);
    }
    // Each tree may be read ahead of, a page before each larger step.
    assert.ok(file.readBytes <= 4 * (buckets.length + 1) * bytes.length);
  } catch (error) {
    if (!(error instanceof BoltCorruptError)) throw error;
  }
}

function flip(bytes: Buffer, bit: number): void {
  const byte = Math.floor(bit / 8);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (bit % 8));
}

/** The meta of a file of ours. */
function intactMeta(file: Buffer): Meta {
  return {
    pageSizeBytes: PAGE_BYTES,
    rootPage: rootPage(file),
    freelistPage: 2,
    pageCount: file.length / PAGE_BYTES,
    transactionId: 2,
  };
}

/** Puts a meta, with a correct checksum, into both meta pages. */
function writeMetas(file: Buffer, meta: Meta): void {
  writeMeta(file, META_OFFSET, meta);
  writeMeta(file, PAGE_BYTES + META_OFFSET, { ...meta, transactionId: meta.transactionId - 1 });
}

const rootPage = (file: Buffer): number => Number(file.readBigUInt64LE(META_OFFSET + 16));

/** The root page of the only bucket. */
function pageOfBucket(file: Buffer): number {
  const element = rootPage(file) * PAGE_BYTES + 16;
  const value = element + file.readUInt32LE(element + 4) + file.readUInt32LE(element + 8);
  return Number(file.readBigUInt64LE(value));
}

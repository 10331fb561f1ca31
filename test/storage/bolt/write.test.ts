/** Files we write: what was put in comes out, page by page as bbolt wants it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BUCKET_NAMES } from '../../../src/storage/backend/index.js';
import {
  BoltFile,
  type BoltRecords,
  BoltWriteError,
  measureBoltFile,
  writeBoltFile,
} from '../../../src/storage/bolt/index.js';
import { nodeDisk } from '../../../src/storage/disk.js';
import { temporaryFolder } from '../../support/folders.js';
import { checkPages } from './page-census.js';
import {
  BytesFile,
  bucketsOf,
  type Content,
  fileOf,
  numberedPairs,
  readContent,
} from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text);

/** All ten buckets, empty but for those given. */
function etcdContent(pairs: Record<string, [Buffer, Buffer][]>): Content {
  return new Map(BUCKET_NAMES.map((name) => [name, pairs[name] ?? []]));
}

describe('a written file', () => {
  it('has all its buckets, even if they are empty', async () => {
    const file = await fileOf(etcdContent({}));
    assert.equal(checkPages(file), 1);
    assert.deepEqual(
      [...(await readContent(file))],
      BUCKET_NAMES.map((name) => [name, []]),
    );
    // Two meta pages, the freelist, a leaf for each bucket, and the leaf with the buckets.
    assert.equal(file.length, (2 + 1 + 10 + 1) * 4096);
  });

  it('may have no bucket at all', async () => {
    const file = await fileOf(new Map());
    checkPages(file);
    assert.deepEqual(await readContent(file), new Map());
  });

  it('has branches over branches when there are many pairs', async () => {
    const content = etcdContent({
      key: numberedPairs(60_000, 100),
      meta: [[bytes('a'), bytes('')]],
    });
    const file = await fileOf(content);
    assert.equal(checkPages(file), 3);
    assert.deepEqual(await readContent(file), content);
  });

  it('gives large values pages of their own', async () => {
    const pairs = numberedPairs(9, 10);
    // Just fits into a page, just does not, several pages, larger than a block.
    for (const [position, size] of [4047, 4048, 4049, 20_000, 2_000_000].entries()) {
      const [key = bytes('')] = pairs[position + 2] ?? [];
      pairs[position + 2] = [key, Buffer.alloc(size, position)];
    }
    const content = etcdContent({ key: pairs });
    const file = await fileOf(content);
    checkPages(file);
    assert.deepEqual(await readContent(file), content);
  });

  it('takes the longest keys', async () => {
    const pairs = Array.from({ length: 50 }, (_, index): [Buffer, Buffer] => {
      const key = Buffer.alloc(32_768, 'k');
      key.writeUInt16BE(index, 32_766);
      return [key, bytes('v')];
    });
    const content: Content = new Map([['key', pairs]]);
    const file = await fileOf(content);
    // Two children a branch: six levels for 50 leaves.
    assert.equal(checkPages(file), 7);
    assert.deepEqual(await readContent(file), content);
  });

  it('comes in blocks of 32 KiB, as large as measured, the same every time', async () => {
    const buckets = bucketsOf(etcdContent({ key: numberedPairs(5000, 300) }));
    const layout = await measureBoltFile(buckets);
    const sizes: number[] = [];
    for await (const block of writeBoltFile(buckets, layout)) sizes.push(block.length);
    const last = sizes.pop() ?? 0;
    assert.deepEqual(new Set(sizes), new Set([32_768]));
    assert.ok(last > 0 && last <= 32_768);
    assert.equal(sizes.length * 32_768 + last, layout.sizeBytes);
    assert.deepEqual(await measureBoltFile(buckets), layout);
  });

  it('holds whatever pairs there are', async () => {
    const bytesUpTo = (maxLength: number, minLength = 0) =>
      fc.uint8Array({ minLength, maxLength }).map((drawn) => Buffer.from(drawn));
    const key = fc.oneof(bytesUpTo(30, 1), bytesUpTo(3000, 1));
    const large = fc.integer({ min: 0, max: 40_000 }).map((size) => Buffer.alloc(size, size));
    const pairs = fc.array(fc.tuple(key, fc.oneof(bytesUpTo(60), large)), { maxLength: 120 });
    const buckets = fc.array(fc.tuple(bytesUpTo(30, 1), pairs.map(sorted)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(buckets.map(sorted), async (drawn) => {
        const content: Content = new Map(
          drawn.map(([name, own]) => [name.toString('latin1'), own]),
        );
        const file = await fileOf(content);
        checkPages(file);
        assert.deepEqual(await readContent(file), content);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what no file can hold', () => {
  const refused = (pairs: [Buffer, Buffer][]) =>
    assert.rejects(measureBoltFile(bucketsOf(new Map([['key', pairs]]))), BoltWriteError);

  it('is refused while measuring', async () => {
    const value = bytes('v');
    await refused([[bytes(''), value]]);
    await refused([[Buffer.alloc(32_769, 'k'), value]]);
    await refused([
      [bytes('b'), value],
      [bytes('a'), value],
    ]);
    await refused([
      [bytes('a'), value],
      [bytes('a'), value],
    ]);
    const buckets = bucketsOf(
      new Map([
        ['b', []],
        ['a', []],
      ]),
    );
    await assert.rejects(measureBoltFile(buckets), BoltWriteError);
  });

  it('is refused while writing: other pairs than were measured', async () => {
    const content: Content = new Map([['key', numberedPairs(100, 100)]]);
    const layout = await measureBoltFile(bucketsOf(content));
    content.set('key', numberedPairs(200, 100));
    await assert.rejects(async () => {
      for await (const _ of writeBoltFile(bucketsOf(content), layout));
    }, BoltWriteError);
  });

  it('is not measured to the end if the caller gives up', async () => {
    const abort = new AbortController();
    const [bucket] = bucketsOf(new Map([['key', numberedPairs(100, 10)]]));
    let batches = 0;
    let isLeft = false;
    const watched: BoltRecords = {
      name: 'key',
      async *visit(visit) {
        try {
          for await (const _ of bucket?.visit(visit) ?? []) {
            if (++batches === 3) abort.abort(new Error('enough'));
            yield;
          }
        } finally {
          isLeft = true;
        }
      },
    };
    await assert.rejects(measureBoltFile([watched], abort.signal), /enough/);
    assert.equal(batches, 3);
    assert.ok(isLeft, 'the walk over the bucket was left open');
  });

  it('is left when its reader leaves', async () => {
    const content: Content = new Map([['key', numberedPairs(10_000, 100)]]);
    const [bucket] = bucketsOf(content);
    const layout = await measureBoltFile(bucketsOf(content));
    let isLeft = false;
    const watched: BoltRecords = {
      name: 'key',
      async *visit(visit) {
        try {
          yield* bucket?.visit(visit) ?? [];
        } finally {
          isLeft = true;
        }
      },
    };
    for await (const _ of writeBoltFile([watched], layout)) break;
    assert.ok(isLeft);
  });
});

describe('reading', () => {
  it('works on the disk, and passes on what the disk says', async (test) => {
    const content = etcdContent({ key: numberedPairs(5000, 100) });
    const path = join(temporaryFolder(test), 'db');
    writeFileSync(path, await fileOf(content));
    const file = await nodeDisk.open(path, 'read');
    const [, , , , , key] = await (await BoltFile.open(file)).buckets();
    assert.equal(key?.name, 'key');
    const pairs: [Buffer, Buffer][] = [];
    for await (const batch of key?.scan() ?? []) pairs.push(...batch);
    assert.deepEqual(pairs, content.get('key'));
    await file.close();
    await assert.rejects(BoltFile.open(new FailingFile()), { code: 'EIO' });
  });

  it('goes through the file once, in large steps', async () => {
    const written = await fileOf(etcdContent({ key: numberedPairs(60_000, 100) }));
    const file = new BytesFile(written);
    const bolt = await BoltFile.open(file);
    for (const { scan } of await bolt.buckets()) for await (const _ of scan());
    assert.ok(file.readBytes < 1.6 * written.length, `${file.readBytes} of ${written.length}`);
    assert.ok(file.readCount < 300, `${file.readCount} reads`);
  });
});

/** A file whose disk is broken. */
class FailingFile extends BytesFile {
  constructor() {
    super(Buffer.alloc(4096));
  }

  override async read(): Promise<number> {
    throw Object.assign(new Error('read failed: EIO'), { code: 'EIO' });
  }
}

/** Ascending by key, the last of equal keys. */
function sorted<T>(entries: readonly (readonly [Buffer, T])[]): [Buffer, T][] {
  const unique = new Map(entries.map((entry) => [entry[0].toString('latin1'), entry]));
  return [...unique.values()]
    .map(([key, value]): [Buffer, T] => [key, value])
    .sort(([a], [b]) => a.compare(b));
}

import { crc32c } from '../../../src/base/crc32c.js';
import {
  codeOfRevisionKey,
  isTombstoneCode,
  mainOfRevisionKey,
} from '../../../src/mvcc/revision-key.js';
import { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import type { BoltBucket, BoltRecords, PairVisitor } from '../../../src/storage/bolt/index.js';
import { BoltFile, measureBoltFile, writeBoltFile } from '../../../src/storage/bolt/index.js';
import type { DiskFile } from '../../../src/storage/disk.js';

/** Bytes as a file that can only be read, and that counts what is read of it. */
export class BytesFile implements DiskFile {
  readonly #bytes: Buffer;
  readBytes = 0;
  readCount = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  async read(target: Uint8Array, offset: number, sizeBytes: number, at: number): Promise<number> {
    const part = this.#bytes.subarray(at, at + sizeBytes);
    target.set(part, offset);
    this.readBytes += part.length;
    this.readCount++;
    return part.length;
  }

  async sizeBytes(): Promise<number> {
    return this.#bytes.length;
  }

  async close(): Promise<void> {}

  write(): void {
    throw new Error('not for writing');
  }

  sync(): void {
    throw new Error('not for writing');
  }

  writeThrough(): void {
    throw new Error('not for writing');
  }

  truncate(): Promise<void> {
    throw new Error('not for writing');
  }
}

/** The pairs of each bucket. */
export type Content = Map<string, [Buffer, Buffer][]>;

/** All that a file holds. */
export async function readContent(bytes: Buffer): Promise<Content> {
  const bolt = await BoltFile.open(new BytesFile(bytes));
  const content: Content = new Map();
  for (const bucket of await bolt.buckets()) content.set(bucket.name, await pairsOf(bucket));
  return content;
}

async function pairsOf(bucket: BoltBucket): Promise<[Buffer, Buffer][]> {
  const pairs: [Buffer, Buffer][] = [];
  for await (const batch of bucket.scan()) pairs.push(...batch);
  return pairs;
}

/** A value by names, or undefined. */
export function lookUp(content: Content, bucket: string, key: string): Buffer | undefined {
  return content.get(bucket)?.find(([found]) => found.equals(Buffer.from(key)))?.[1];
}

/** What `snapshot status` tells (formats.md §6). */
export interface SnapshotStatus {
  hash: number;
  revision: number;
  /** As 3.6 and later count: live keys. */
  liveKeys: number;
  /** As 3.5 and before count: pairs of all buckets. */
  pairs: number;
}

export function statusOf(content: Content): SnapshotStatus {
  const status = { hash: 0, revision: 0, liveKeys: 0, pairs: 0 };
  const live = new Set<string>();
  for (const [bucket, pairs] of content) {
    status.hash = crc32c(Buffer.from(bucket, 'latin1'), status.hash);
    status.pairs += pairs.length;
    for (const [key, value] of pairs) {
      status.hash = crc32c(value, crc32c(key, status.hash));
      if (bucket !== 'key') continue;
      status.revision = mainOfRevisionKey(key);
      const name = KeyValue.decode(value).key.toString('latin1');
      if (isTombstoneCode(codeOfRevisionKey(key))) live.delete(name);
      else live.add(name);
    }
  }
  status.liveKeys = live.size;
  return status;
}

/** Content as the writer takes it, in batches of a few pairs. */
export function bucketsOf(content: Content, batchPairs = 7): BoltRecords[] {
  return [...content].map(([name, pairs]) => ({
    name,
    async *visit(visit: PairVisitor) {
      for (let start = 0; start < pairs.length; start += batchPairs) {
        visitReused(pairs.slice(start, start + batchPairs), visit);
        yield;
      }
    },
  }));
}

/** Hands over pairs as a walk over tables does: in memory that holds something else right after. */
function visitReused(pairs: [Buffer, Buffer][], visit: PairVisitor): void {
  for (const [key, value] of pairs) {
    const reusedKey = Buffer.from(key);
    const source = Buffer.concat([Buffer.from('before'), value, Buffer.from('behind')]);
    visit(reusedKey, source, 'before'.length, 'before'.length + value.length);
    reusedKey.fill(0xff);
    source.fill(0xff);
  }
}

/** The file that holds `content`. */
export async function fileOf(content: Content): Promise<Buffer> {
  const buckets = bucketsOf(content);
  const blocks: Buffer[] = [];
  const layout = await measureBoltFile(buckets);
  for await (const block of writeBoltFile(buckets, layout)) blocks.push(block);
  return Buffer.concat(blocks);
}

/** So many pairs with keys like those of the key bucket, and values of `valueBytes`. */
export function numberedPairs(count: number, valueBytes: number): [Buffer, Buffer][] {
  return Array.from({ length: count }, (_, index) => {
    const key = Buffer.alloc(17, '_');
    key.writeBigUInt64BE(BigInt(index + 2));
    return [key, Buffer.alloc(valueBytes, index)];
  });
}

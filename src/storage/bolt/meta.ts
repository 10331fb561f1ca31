/** The meta pages: where the tree begins, how far the file goes, which of the two is newer. */
import type { DiskFile } from '../disk.js';
import { BoltCorruptError } from './errors.js';
import { META_BYTES, META_PAGES, PAGE_HEADER_BYTES, readUint64, writeUint64 } from './format.js';

export interface Meta {
  readonly pageSizeBytes: number;
  /** The page of the root bucket, whose entries are the buckets. */
  readonly rootPage: number;
  /** The page of the freelist; undefined if none is stored. */
  readonly freelistPage: number | undefined;
  /** All pages in use are below this number; the file may go on behind them. */
  readonly pageCount: number;
  readonly transactionId: number;
}

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const CHECKED_BYTES = 56;
/** 1 KiB to 64 KiB: what operating systems use as a page, and room to either side. */
const MIN_PAGE_BYTES = 1024;
const MAX_PAGE_BYTES = 65_536;

/** `bytes[offset, offset + 64)`: a meta page behind its header. */
export function writeMeta(bytes: Buffer, offset: number, meta: Meta): void {
  bytes.writeUInt32LE(MAGIC, offset);
  bytes.writeUInt32LE(VERSION, offset + 4);
  bytes.writeUInt32LE(meta.pageSizeBytes, offset + 8);
  bytes.writeUInt32LE(0, offset + 12);
  writeUint64(bytes, offset + 16, meta.rootPage);
  writeUint64(bytes, offset + 24, 0);
  if (meta.freelistPage === undefined) bytes.fill(0xff, offset + 32, offset + 40);
  else writeUint64(bytes, offset + 32, meta.freelistPage);
  writeUint64(bytes, offset + 40, meta.pageCount);
  writeUint64(bytes, offset + 48, meta.transactionId);
  const checksum = fnv1a(bytes.subarray(offset, offset + CHECKED_BYTES));
  bytes.writeBigUInt64LE(checksum, offset + CHECKED_BYTES);
}

/**
 * The newer one of the valid meta pages, checked against the file's size. The page size is known from
 * the first; if that is damaged, the second is searched where page sizes would put it.
 * Throws {@link BoltCorruptError}.
 */
export async function readNewestMeta(file: DiskFile): Promise<Meta> {
  const sizeBytes = await file.sizeBytes();
  const first = await readMetaAt(file, 0);
  let second: Meta | undefined;
  if (first !== undefined) second = await readMetaAt(file, first.pageSizeBytes);
  for (
    let pageSizeBytes = MIN_PAGE_BYTES;
    first === undefined && second === undefined && pageSizeBytes <= MAX_PAGE_BYTES;
    pageSizeBytes *= 2
  ) {
    const found = await readMetaAt(file, pageSizeBytes);
    if (found?.pageSizeBytes === pageSizeBytes) second = found;
  }
  const meta = newer(first, second);
  if (meta === undefined) throw new BoltCorruptError('both meta pages are invalid');
  checkMeta(meta, sizeBytes);
  return meta;
}

function newer(first: Meta | undefined, second: Meta | undefined): Meta | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return second.transactionId > first.transactionId ? second : first;
}

/** Undefined if there is no valid meta page at `offset`. */
async function readMetaAt(file: DiskFile, offset: number): Promise<Meta | undefined> {
  const bytes = Buffer.alloc(META_BYTES);
  let filled = 0;
  while (filled < META_BYTES) {
    const position = offset + PAGE_HEADER_BYTES + filled;
    const count = await file.read(bytes, filled, META_BYTES - filled, position);
    if (count === 0) return undefined;
    filled += count;
  }
  const isValid =
    bytes.readUInt32LE(0) === MAGIC &&
    bytes.readUInt32LE(4) === VERSION &&
    bytes.readBigUInt64LE(CHECKED_BYTES) === fnv1a(bytes.subarray(0, CHECKED_BYTES));
  if (!isValid) return undefined;
  const hasFreelist = bytes.readBigUInt64LE(32) !== 0xffff_ffff_ffff_ffffn;
  return {
    pageSizeBytes: bytes.readUInt32LE(8),
    rootPage: readUint64(bytes, 16),
    freelistPage: hasFreelist ? readUint64(bytes, 32) : undefined,
    pageCount: readUint64(bytes, 40),
    transactionId: readUint64(bytes, 48),
  };
}

/** What a correct checksum does not promise. */
function checkMeta(meta: Meta, sizeBytes: number): void {
  const { pageSizeBytes, rootPage, pageCount } = meta;
  const isPowerOfTwo = (pageSizeBytes & (pageSizeBytes - 1)) === 0;
  if (!isPowerOfTwo || pageSizeBytes < MIN_PAGE_BYTES || pageSizeBytes > MAX_PAGE_BYTES) {
    throw new BoltCorruptError(`a page size of ${pageSizeBytes} bytes`);
  }
  if (rootPage < META_PAGES || rootPage >= pageCount) {
    throw new BoltCorruptError(`the root page ${rootPage} is not among the ${pageCount} pages`);
  }
  if (pageCount * pageSizeBytes > sizeBytes) {
    throw new BoltCorruptError(
      `the file ends after ${sizeBytes} bytes, but has ${pageCount} pages of ${pageSizeBytes} bytes`,
    );
  }
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits. */
function fnv1a(bytes: Uint8Array): bigint {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

/**
 * The layout of a bbolt file (formats.md §5): pages of one size, each with a header, found by their
 * number. All integers are little-endian.
 */

/** The page size of files we write, and of every etcd on a machine with 4 KiB pages. */
export const PAGE_SIZE_BYTES = 4096;

/** u64 id, u16 flags, u16 count, u32 overflow. */
export const PAGE_HEADER_BYTES = 16;
/** Of a leaf: u32 flags, pos, ksize, vsize. Of a branch: u32 pos, ksize, u64 child. */
export const ELEMENT_BYTES = 16;
/** The value of a bucket entry: u64 root page, u64 sequence; an inline page follows if root is 0. */
export const BUCKET_HEADER_BYTES = 16;
/** The meta page without its header. */
export const META_BYTES = 64;

export const MAX_KEY_BYTES = 32_768;
export const MAX_VALUE_BYTES = 2 ** 31 - 2;

/** What a page is; exactly one of them. */
export const PageKind = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

/** The flags of a leaf element. */
export const ElementKind = { pair: 0, bucket: 1 } as const;
export type ElementKind = (typeof ElementKind)[keyof typeof ElementKind];

/** The pages that meta pages take, before all others. */
export const META_PAGES = 2;

const TWO_32 = 0x1_0000_0000;

/** Exact up to 2^53; larger numbers stay larger than anything a file can hold. */
export function readUint64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset + 4) * TWO_32 + bytes.readUInt32LE(offset);
}

/** `value` is an integer up to 2^53. */
export function writeUint64(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt32LE(value % TWO_32, offset);
  bytes.writeUInt32LE(Math.floor(value / TWO_32), offset + 4);
}

export interface PageHeader {
  readonly id: number;
  /** A {@link PageKind}; anything if read from a damaged file. */
  readonly kind: number;
  /** Elements on the page. */
  readonly count: number;
  /** Pages that follow without a header of their own and belong to this one. */
  readonly overflow: number;
}

/** Reads the header at the start of `bytes`, which has at least {@link PAGE_HEADER_BYTES}. */
export function readPageHeader(bytes: Buffer): PageHeader {
  return {
    id: readUint64(bytes, 0),
    kind: bytes.readUInt16LE(8),
    count: bytes.readUInt16LE(10),
    overflow: bytes.readUInt32LE(12),
  };
}

export function writePageHeader(bytes: Buffer, offset: number, header: PageHeader): void {
  writeUint64(bytes, offset, header.id);
  bytes.writeUInt16LE(header.kind, offset + 8);
  bytes.writeUInt16LE(header.count, offset + 10);
  bytes.writeUInt32LE(header.overflow, offset + 12);
}

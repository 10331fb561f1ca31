/**
 * The keys of the `key` bucket (formats.md §4): main revision, '_', sub revision, both 64 bits big
 * endian, and a 't' behind those of tombstones.
 *
 * In memory a change is addressed by two numbers: its main revision and its `code`, which is
 * `sub * 2`, plus 1 for a tombstone. Codes of one main revision order as the subs do.
 */
const KEY_LENGTH = 17;
const TOMBSTONE_KEY_LENGTH = 18;
const SEPARATOR = 0x5f;
const TOMBSTONE_MARK = 0x74;
const TWO_32 = 4294967296;

export const NO_TOMBSTONE = 0;
export const TOMBSTONE = 1;

/** The code of a change. */
export function revisionCode(sub: number, tombstone: boolean): number {
  return sub * 2 + (tombstone ? TOMBSTONE : NO_TOMBSTONE);
}

/** Whether a code is that of a tombstone. */
export function isTombstoneCode(code: number): boolean {
  return code % 2 === TOMBSTONE;
}

/** The bucket key of a change. */
export function encodeRevisionKey(main: number, code: number): Buffer {
  const tombstone = isTombstoneCode(code);
  const key = Buffer.allocUnsafe(tombstone ? TOMBSTONE_KEY_LENGTH : KEY_LENGTH);
  writeUint64(key, 0, main);
  key[8] = SEPARATOR;
  writeUint64(key, 9, Math.floor(code / 2));
  if (tombstone) key[KEY_LENGTH] = TOMBSTONE_MARK;
  return key;
}

/** The smallest bucket key of a main revision: the start of scans, and the form of meta values. */
export function encodeMainRevision(main: number): Buffer {
  return encodeRevisionKey(main, 0);
}

/** Whether bytes are a key of this bucket at all. */
export function isRevisionKey(key: Uint8Array): boolean {
  if (key[8] !== SEPARATOR) return false;
  return (
    key.length === KEY_LENGTH ||
    (key.length === TOMBSTONE_KEY_LENGTH && key[KEY_LENGTH] === TOMBSTONE_MARK)
  );
}

/** The main revision of a bucket key. */
export function mainOfRevisionKey(key: Uint8Array): number {
  return readUint64(key, 0);
}

/** The code of a bucket key. */
export function codeOfRevisionKey(key: Uint8Array): number {
  return readUint64(key, 9) * 2 + (key.length === TOMBSTONE_KEY_LENGTH ? TOMBSTONE : NO_TOMBSTONE);
}

// Written out by bytes: this runs once a record, and Buffer's own accessors check more than needed.
function writeUint64(target: Uint8Array, offset: number, value: number): void {
  const low = value >>> 0;
  const high = ((value - low) / TWO_32) >>> 0;
  target[offset] = high >>> 24;
  target[offset + 1] = high >>> 16;
  target[offset + 2] = high >>> 8;
  target[offset + 3] = high;
  target[offset + 4] = low >>> 24;
  target[offset + 5] = low >>> 16;
  target[offset + 6] = low >>> 8;
  target[offset + 7] = low;
}

function readUint64(source: Uint8Array, offset: number): number {
  const high =
    ((source[offset] as number) << 24) |
    ((source[offset + 1] as number) << 16) |
    ((source[offset + 2] as number) << 8) |
    (source[offset + 3] as number);
  const low =
    ((source[offset + 4] as number) << 24) |
    ((source[offset + 5] as number) << 16) |
    ((source[offset + 6] as number) << 8) |
    (source[offset + 7] as number);
  return (high >>> 0) * TWO_32 + (low >>> 0);
}

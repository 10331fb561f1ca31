/**
 * The records in LevelDB's log files and manifests (doc/log_format.md of LevelDB: blocks of 32 KiB,
 * records with masked crc32c).
 */
import { crc32c } from '../../base/crc32c.js';

/** A log consists of blocks of this size, which no fragment of a record crosses. */
export const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;

const FULL = 1;
const FIRST = 2;
const LAST = 4;

/**
 * The logical records of a log file. A record that is damaged, or not whole, comes with data
 * undefined and is the last. Padding at the end of a block belongs to what stands before it. `bytes`
 * begins where a block does; `start` is where the first record to be read does.
 */
export function* logRecords(
  bytes: Uint8Array,
  start = 0,
): Generator<{ readonly data: Uint8Array | undefined; readonly end: number }> {
  let fragments: Uint8Array[] = [];
  let offset = start;
  while (offset < bytes.length) {
    const blockLeft = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (blockLeft < HEADER_BYTES) {
      offset += blockLeft;
      continue;
    }
    const fragment = readFragment(bytes, offset, blockLeft);
    const startsRecord = fragment?.type === FULL || fragment?.type === FIRST;
    if (fragment === undefined || startsRecord !== (fragments.length === 0)) {
      yield { data: undefined, end: offset };
      return;
    }
    fragments.push(fragment.data);
    offset += HEADER_BYTES + fragment.data.length;
    if (fragment.type === FULL || fragment.type === LAST) {
      const whole = fragments.length === 1 ? fragment.data : Buffer.concat(fragments);
      fragments = [];
      yield { data: whole, end: offset };
    }
  }
  if (fragments.length > 0) yield { data: undefined, end: offset };
}

/** crc (4 bytes, over type and data, masked), length (2), type (1), data. */
function readFragment(
  bytes: Uint8Array,
  offset: number,
  blockLeft: number,
): { readonly type: number; readonly data: Uint8Array } | undefined {
  const end = Math.min(offset + blockLeft, bytes.length);
  if (end - offset < HEADER_BYTES) return undefined;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  const dataEnd = offset + HEADER_BYTES + header.readUInt16LE(4);
  const type = header.readUInt8(6);
  if (dataEnd > end || type < FULL || type > LAST) return undefined;
  if (maskedChecksum(bytes, offset + HEADER_BYTES - 1, dataEnd) !== header.readUInt32LE(0)) {
    return undefined;
  }
  return { type, data: bytes.subarray(offset + HEADER_BYTES, dataEnd) };
}

/** The checksum of `bytes[start, end)` as LevelDB stores it. */
export function maskedChecksum(bytes: Uint8Array, start: number, end: number): number {
  const crc = crc32c(bytes, 0, start, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

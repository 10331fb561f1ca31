/**
 * CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, with the semantics of Go's crc32.Update:
 * the checksum so far goes in, the one including `bytes` comes out (formats.md §2.3).
 */
const SLICES = 16;
/** Below this a DataView costs more than it saves. */
const MIN_WORDWISE_BYTES = 64;

/**
 * Table k, at [k · 256, (k + 1) · 256), advances a byte by k more zero bytes: with 16 of them a step
 * takes 16 bytes. Read through a DataView that is about twice as fast as 8 bytes a step byte by byte.
 */
const TABLES = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const value = tables[index - 256] as number;
    tables[index] = (tables[value & 0xff] as number) ^ (value >>> 8);
  }
  return tables;
}

/** The checksum of what `crc` covers followed by `bytes[start, end)`; unsigned 32 bits. */
export function crc32c(bytes: Uint8Array, crc = 0, start = 0, end = bytes.length): number {
  const table = TABLES;
  let state = ~crc;
  let offset = start;
  // The casts tell the compiler what the loop bounds prove; they cost nothing at run time.
  if (end - start >= MIN_WORDWISE_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const last = end - 16; offset <= last; offset += 16) {
      const first = state ^ view.getInt32(offset, true);
      const second = view.getInt32(offset + 4, true);
      const third = view.getInt32(offset + 8, true);
      const fourth = view.getInt32(offset + 12, true);
      state =
        (table[3840 + (first & 0xff)] as number) ^
        (table[3584 + ((first >>> 8) & 0xff)] as number) ^
        (table[3328 + ((first >>> 16) & 0xff)] as number) ^
        (table[3072 + (first >>> 24)] as number) ^
        (table[2816 + (second & 0xff)] as number) ^
        (table[2560 + ((second >>> 8) & 0xff)] as number) ^
        (table[2304 + ((second >>> 16) & 0xff)] as number) ^
        (table[2048 + (second >>> 24)] as number) ^
        (table[1792 + (third & 0xff)] as number) ^
        (table[1536 + ((third >>> 8) & 0xff)] as number) ^
        (table[1280 + ((third >>> 16) & 0xff)] as number) ^
        (table[1024 + (third >>> 24)] as number) ^
        (table[768 + (fourth & 0xff)] as number) ^
        (table[512 + ((fourth >>> 8) & 0xff)] as number) ^
        (table[256 + ((fourth >>> 16) & 0xff)] as number) ^
        (table[fourth >>> 24] as number);
    }
  }
  for (; offset < end; offset++) {
    state = (table[(state ^ (bytes[offset] as number)) & 0xff] as number) ^ (state >>> 8);
  }
  return ~state >>> 0;
}

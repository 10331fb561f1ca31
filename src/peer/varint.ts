/** Writing of protobuf varints; reading is done by the reader of the `proto` room. */

const TWO_31 = 0x8000_0000;

/** Size of the varint of `value`, an integer in [0, 2^53). */
export function varintSizeBytes(value: number): number {
  let sizeBytes = 1;
  let rest = value;
  // Division only as long as the value does not fit 32-bit operations.
  while (rest >= TWO_31) {
    rest = Math.floor(rest / 0x80);
    sizeBytes++;
  }
  for (rest >>>= 7; rest !== 0; rest >>>= 7) sizeBytes++;
  return sizeBytes;
}

/** Writes the varint of `value`, an integer in [0, 2^53), and returns the offset after it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let position = offset;
  let rest = value;
  while (rest >= TWO_31) {
    target[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

/** The varint of an unsigned 64-bit value. */
export function encodeVarint64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/**
 * Varints of ids, encoded once: every message carries two of them and members are few. The limit
 * keeps messages with made-up ids from filling the memory.
 */
export class IdVarints {
  static readonly #LIMIT = 256;
  readonly #encoded = new Map<bigint, Uint8Array>();

  of(id: bigint): Uint8Array {
    const known = this.#encoded.get(id);
    if (known !== undefined) return known;
    const bytes = encodeVarint64(id);
    if (this.#encoded.size >= IdVarints.#LIMIT) this.#encoded.clear();
    this.#encoded.set(id, bytes);
    return bytes;
  }
}

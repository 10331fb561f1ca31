/**
 * Encodes fields as literals without indexing (RFC 7541 §6.2.2) and as references to the static
 * table: blocks of it depend on no state, so that they can be prepared once for all connections.
 */

/** `:status: 200` is entry 8 of the static table. */
export const STATUS_200 = Buffer.of(0x88);

/** A dynamic table size update to 0 (§6.3): what the encoder's table always was. */
export const TABLE_OF_NOTHING = Buffer.of(0x20);

const STATIC_NAMES: ReadonlyMap<string, number> = new Map([
  [':status', 8],
  ['content-type', 31],
]);

/** An integer with a prefix of `prefixBits`, the bits above it being `flags` (§5.1). */
export function encodeInteger(value: number, prefixBits: number, flags: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.of(flags | value);
  const bytes = [flags | limit];
  let rest = value - limit;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A string without Huffman coding (§5.2); one byte per character. */
function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(bytes.length, 7, 0), bytes]);
}

/** A field that leaves the decoder's table alone. */
export function encodeLiteral(name: string, value: string): Buffer {
  const index = STATIC_NAMES.get(name);
  const head =
    index === undefined
      ? Buffer.concat([Buffer.of(0), encodeString(name)])
      : encodeInteger(index, 4, 0);
  return Buffer.concat([head, encodeString(value)]);
}

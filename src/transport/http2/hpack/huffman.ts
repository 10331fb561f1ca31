/** The Huffman code of HPACK (RFC 7541 §5.2 and appendix B). */

/** A string that is no valid Huffman code. */
export class HuffmanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HuffmanError';
  }
}

/**
 * Bits of each symbol's code; the last is EOS. The code is canonical (shorter codes first, equal
 * lengths in the order of the symbols), so that the lengths tell all.
 */
// biome-ignore format: a table of 16 columns
const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const EOS = 256;
const MAX_CODE_BITS = 30;

/** Code and length of each symbol, for encoders and for tests. */
export const HUFFMAN_CODES: readonly { readonly code: number; readonly bits: number }[] =
  assignCodes();

function assignCodes(): { code: number; bits: number }[] {
  const codes = CODE_LENGTHS.map((bits) => ({ code: 0, bits }));
  let next = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    for (const entry of codes) {
      if (entry.bits === bits) entry.code = next++;
    }
    next *= 2;
  }
  return codes;
}

/**
 * The decoder is a state machine that eats four bits at a time: a state is an inner node of the code
 * tree, of which there are 256. A transition holds the next state in bits 0–7, the symbol in 8–15,
 * and flags above.
 */
const EMITS = 1 << 16;
const FAILS = 1 << 17;
const TRANSITIONS = new Uint32Array(256 * 16);
/** Whether a string may end in a state: at most seven bits in, all of them ones (§5.2). */
const MAY_END = new Uint8Array(256);

/** A node of the code tree: its children by bit. Numbers below 0 are leaves, `-1 - symbol`. */
interface Node {
  readonly children: [number, number];
}

buildTables();

function buildTree(): Node[] {
  const nodes: Node[] = [{ children: [0, 0] }];
  HUFFMAN_CODES.forEach(({ code, bits }, symbol) => {
    let at = 0;
    for (let bit = bits - 1; bit >= 0; bit--) {
      const side = (Math.floor(code / 2 ** bit) & 1) as 0 | 1;
      const node = nodes[at];
      if (node === undefined) throw new Error('broken code tree');
      if (bit === 0) {
        node.children[side] = -1 - symbol;
      } else {
        if (node.children[side] === 0) node.children[side] = nodes.push({ children: [0, 0] }) - 1;
        at = node.children[side];
      }
    }
  });
  return nodes;
}

function buildTables(): void {
  const nodes = buildTree();
  for (let state = 0; state < nodes.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      TRANSITIONS[state * 16 + nibble] = transition(nodes, state, nibble);
    }
  }
  MAY_END[0] = 1;
  for (let at = 0, ones = 1; ones <= 7; ones++) {
    at = nodes[at]?.children[1] ?? 0;
    MAY_END[at] = 1;
  }
}

function transition(nodes: readonly Node[], state: number, nibble: number): number {
  let at = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = nodes[at]?.children[((nibble >> bit) & 1) as 0 | 1] ?? 0;
    if (child >= 0) {
      at = child;
    } else {
      const symbol = -1 - child;
      if (symbol === EOS) return FAILS;
      emitted = EMITS | (symbol << 8);
      at = 0;
    }
  }
  return emitted | at;
}

/** What decoding needs at most: the shortest codes have five bits. */
let scratch: Buffer = Buffer.allocUnsafeSlow(4096);

/**
 * Decodes `bytes[start, end)` to a latin1 string. Throws {@link HuffmanError} for EOS inside, padding
 * of more than seven bits or of other bits than ones (RFC 7541 §5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  const capacity = Math.ceil(((end - start) * 8) / 5);
  if (capacity > scratch.length) scratch = Buffer.allocUnsafeSlow(capacity);
  const output = scratch;
  let length = 0;
  let state = 0;
  // Two table look-ups a byte; flags are gathered so that the loop has no exit.
  let flags = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const high = TRANSITIONS[state * 16 + (byte >> 4)] as number;
    flags |= high;
    if ((high & EMITS) !== 0) output[length++] = (high >> 8) & 0xff;
    const low = TRANSITIONS[(high & 0xff) * 16 + (byte & 15)] as number;
    flags |= low;
    if ((low & EMITS) !== 0) output[length++] = (low >> 8) & 0xff;
    state = low & 0xff;
  }
  if ((flags & FAILS) !== 0) throw new HuffmanError('the end-of-string symbol inside a string');
  if (MAY_END[state] !== 1) throw new HuffmanError('invalid padding');
  return output.toString('latin1', 0, length);
}

/** One table file: which bytes of it hold which keys (doc/table_format.md of LevelDB). */
import type { Disk, DiskFile } from '../disk.js';
import { WireError, WireReader } from '../protowire.js';
import { compareKeys, userKeyLength } from './internalkey.js';
import { maskedChecksum } from './leveldbrecords.js';
import { BlockEntries } from './tableblock.js';

const FOOTER_BYTES = 48;
const MAGIC_OFFSET = 40;
const MAGIC = 0xdb4775248b80fb57n;
/** Compression type and checksum behind each block. */
const BLOCK_TRAILER_BYTES = 5;
/** Blocks that lie side by side are read together up to this size: about a millisecond's work. */
const PIECE_BYTES = 256 << 10;

/** Keys from `from` on and below `below`, both with their bucket's prefix. */
export interface KeyBounds {
  readonly from: Uint8Array;
  readonly below: Uint8Array;
}

/** Blocks that are read at once. */
export interface Piece {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Where blocks start and end within the piece: start, end, start, end, … */
  readonly blocks: readonly number[];
}

/** An open table. */
export class OpenTable {
  readonly #file: DiskFile;
  /** In key order. */
  readonly pieces: readonly Piece[];

  private constructor(file: DiskFile, pieces: readonly Piece[]) {
    this.#file = file;
    this.pieces = pieces;
  }

  /** Opens the table for the keys within `bounds`. Throws WireError if it is damaged. */
  static async open(disk: Disk, path: string, bounds: KeyBounds): Promise<OpenTable> {
    const file = await disk.open(path, 'read');
    try {
      const footerOffset = (await file.sizeBytes()) - FOOTER_BYTES;
      if (footerOffset < 0) throw new WireError('shorter than a footer');
      const footer = await readBytes(file, footerOffset, FOOTER_BYTES);
      if (footer.readBigUInt64LE(MAGIC_OFFSET) !== MAGIC) throw new WireError('no table footer');
      const handles = new WireReader(footer, 0, MAGIC_OFFSET);
      readHandle(handles);
      const { offset, sizeBytes } = readHandle(handles);
      const index = await readBytes(file, offset, sizeBytes + BLOCK_TRAILER_BYTES);
      checkBlock(index, 0, sizeBytes);
      return new OpenTable(file, piecesOf(index, sizeBytes, bounds));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads a piece into the beginning of `target`. */
  async read(piece: Piece, target: Buffer): Promise<void> {
    await fill(this.#file, target, piece.offset, piece.sizeBytes);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/**
 * Throws WireError if the block `bytes[start, end)`, which its trailer follows, is not what was written
 * (LevelDB itself checks that only when asked to), or is compressed: the backend's never are.
 */
export function checkBlock(bytes: Buffer, start: number, end: number): void {
  if (maskedChecksum(bytes, start, end + 1) !== bytes.readUInt32LE(end + 1)) {
    throw new WireError('a block with a wrong checksum');
  }
  if (bytes[end] !== 0) throw new WireError(`a block of compression type ${bytes[end]}`);
}

/** The blocks of an index that may hold keys within the bounds, put together to pieces. */
function piecesOf(index: Buffer, sizeBytes: number, bounds: KeyBounds): Piece[] {
  const entries = new BlockEntries();
  const pieces: { offset: number; sizeBytes: number; blocks: number[] }[] = [];
  entries.enter(index, 0, sizeBytes);
  let isBeyond = false;
  while (!isBeyond && entries.step()) {
    // A block is filed under a key that none of its own is above, and all of the next ones are.
    const keyLength = userKeyLength(entries.keyLength);
    if (compareKeys(entries.key, keyLength, bounds.from, bounds.from.length) < 0) continue;
    isBeyond = compareKeys(entries.key, keyLength, bounds.below, bounds.below.length) >= 0;
    const block = readHandle(new WireReader(index, entries.valueStart, entries.valueEnd));
    let piece = pieces.at(-1);
    const end = block.sizeBytes + BLOCK_TRAILER_BYTES;
    const start = piece === undefined ? -1 : block.offset - piece.offset;
    if (piece === undefined || start !== piece.sizeBytes || start + end > PIECE_BYTES) {
      piece = { offset: block.offset, sizeBytes: 0, blocks: [] };
      pieces.push(piece);
    }
    piece.blocks.push(piece.sizeBytes, piece.sizeBytes + block.sizeBytes);
    piece.sizeBytes += end;
  }
  return pieces;
}

function readHandle(reader: WireReader): { offset: number; sizeBytes: number } {
  const offset = reader.varint();
  return { offset, sizeBytes: reader.varint() };
}

async function readBytes(file: DiskFile, offset: number, sizeBytes: number): Promise<Buffer> {
  if (offset + sizeBytes > (await file.sizeBytes())) throw new WireError('a block past the file');
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  await fill(file, bytes, offset, sizeBytes);
  return bytes;
}

async function fill(
  file: DiskFile,
  target: Buffer,
  offset: number,
  sizeBytes: number,
): Promise<void> {
  let filled = 0;
  while (filled < sizeBytes) {
    const count = await file.read(target, filled, sizeBytes - filled, offset + filled);
    if (count === 0) throw new WireError('a block past the file');
    filled += count;
  }
}

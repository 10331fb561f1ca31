import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { compareKeys, userKeyLength } from './internalkey.js';
import type { TableFile } from './manifest.js';
import { BlockEntries } from './tableblock.js';
import { checkBlock, type KeyBounds, OpenTable, type Piece } from './tablefile.js';

/**
 * Walks over tables whose keys ascend from one to the next. The next piece of a table is read from
 * disk while the current one is looked at.
 */
export class TableCursor {
  /** The current entry. Its source is overwritten by a later {@link fill}. */
  readonly entries = new BlockEntries();
  readonly #disk: Disk;
  readonly #path: string;
  readonly #bounds: KeyBounds;
  /** Tables that are not open yet, the next one last. */
  readonly #tables: TableFile[];
  #table: OpenTable | undefined;
  #nextPiece = 0;
  /** The blocks of the piece in hand, and the next one of them. */
  #blocks: readonly number[] = [];
  #nextBlock = 0;
  #chunk: Buffer = Buffer.alloc(0);
  #spareChunk: Buffer = Buffer.alloc(0);
  #reading: Promise<Piece> | undefined;
  #isInside = false;

  /** The tables lie in the folder `path`. */
  constructor(disk: Disk, path: string, tables: readonly TableFile[], bounds: KeyBounds) {
    this.#disk = disk;
    this.#path = path;
    this.#tables = [...tables].reverse();
    this.#bounds = bounds;
  }

  /** Goes to the next entry; false if that is not in memory yet, see {@link fill}. Throws WireError. */
  step(): boolean {
    while (!this.entries.step()) {
      if (this.#nextBlock >= this.#blocks.length) return false;
      const start = this.#blocks[this.#nextBlock++] as number;
      const end = this.#blocks[this.#nextBlock++] as number;
      checkBlock(this.#chunk, start, end);
      this.entries.enter(this.#chunk, start, end);
    }
    return true;
  }

  /** After a {@link step} that said false: reads, and goes to the next entry. False at the end. */
  async fill(): Promise<boolean> {
    while (await this.#nextChunk()) {
      while (this.step()) {
        if (!this.#isInside && this.#isBelow(this.#bounds.from)) continue;
        this.#isInside = true;
        return true;
      }
    }
    return false;
  }

  /** Whether the current entry lies beyond the bounds, and so do all that follow. */
  get isBeyond(): boolean {
    return !this.#isBelow(this.#bounds.below);
  }

  async close(): Promise<void> {
    await this.#reading?.catch(() => {});
    await this.#table?.close();
    this.#table = undefined;
  }

  #isBelow(bound: Uint8Array): boolean {
    const { key, keyLength } = this.entries;
    return compareKeys(key, userKeyLength(keyLength), bound, bound.length) < 0;
  }

  async #nextChunk(): Promise<boolean> {
    while (this.#reading === undefined) {
      if (!(await this.#openNext())) return false;
      this.#readAhead();
    }
    const piece = await this.#reading;
    this.#reading = undefined;
    [this.#chunk, this.#spareChunk] = [this.#spareChunk, this.#chunk];
    this.#blocks = piece.blocks;
    this.#nextBlock = 0;
    this.#readAhead();
    return true;
  }

  async #openNext(): Promise<boolean> {
    await this.#table?.close();
    this.#table = undefined;
    const next = this.#tables.pop();
    if (next === undefined) return false;
    this.#table = await OpenTable.open(this.#disk, tablePath(this.#path, next), this.#bounds);
    this.#nextPiece = 0;
    return true;
  }

  #readAhead(): void {
    const piece = this.#table?.pieces[this.#nextPiece++];
    if (this.#table === undefined || piece === undefined) return;
    if (this.#spareChunk.length < piece.sizeBytes) {
      this.#spareChunk = Buffer.allocUnsafeSlow(piece.sizeBytes);
    }
    const reading = this.#table.read(piece, this.#spareChunk).then(() => piece);
    // It is awaited only when what stands before it is used up.
    reading.catch(() => {});
    this.#reading = reading;
  }
}

/** LevelDB's name of a table. */
function tablePath(folder: string, { number }: TableFile): string {
  return join(folder, `${String(number).padStart(6, '0')}.ldb`);
}

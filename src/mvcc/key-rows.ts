/** A power of two: what a store with few keys pays for, and the most that is allocated at once. */
export const ROWS_PER_CHUNK = 1024;
const CHUNK_SHIFT = 10;

/** The numbers of a row, side by side. */
export const NUMBERS_PER_ROW = 5;
export const MOD_REVISION = 0;
export const CODE = 1;
export const CREATE_REVISION = 2;
export const VERSION = 3;
export const ADDRESS = 4;

/** Revisions in one {@link HistoryChunk}; a key written a million times is never copied as a whole. */
export const HISTORY_CHUNK_REVISIONS = 512;

/**
 * Older revisions of a key in ascending order as pairs (main, code), in a list of chunks from new to
 * old. Most keys have none or one short chunk.
 */
export interface HistoryChunk {
  /** main, code, main, code, … */
  pairs: number[];
  older: HistoryChunk | undefined;
}

/** Some rows. What few keys have exists only from the first of them on. */
export class RowChunk {
  /** The number of its first row. */
  readonly firstRow: number;
  readonly keys: string[] = [];
  readonly numbers = new Float64Array(ROWS_PER_CHUNK * NUMBERS_PER_ROW);
  leases: Map<number, bigint> | undefined = undefined;
  histories: (HistoryChunk | undefined)[] | undefined = undefined;

  constructor(firstRow: number) {
    this.firstRow = firstRow;
  }
}

/**
 * What memory knows of each key, in rows of typed arrays rather than an object a key: half the memory,
 * and nothing that the garbage collector would have to look at a million times. A row is addressed by
 * its number and belongs to its key until it is removed; then another key may get it.
 */
export class KeyRows {
  private readonly chunks: RowChunk[] = [];
  private readonly free: number[] = [];
  private end = 0;

  /** A row for a key that has none, with zeros in it. */
  add(key: string): number {
    const row = this.free.pop() ?? this.end++;
    if (row >>> CHUNK_SHIFT === this.chunks.length) this.chunks.push(new RowChunk(row));
    this.chunkOf(row).keys[row & (ROWS_PER_CHUNK - 1)] = key;
    return row;
  }

  /** Forgets a row, which may be given to another key. */
  remove(row: number): void {
    const chunk = this.chunkOf(row);
    const index = this.indexOf(row);
    chunk.keys[index] = '';
    chunk.numbers.fill(0, index * NUMBERS_PER_ROW, (index + 1) * NUMBERS_PER_ROW);
    chunk.leases?.delete(index);
    if (chunk.histories !== undefined) chunk.histories[index] = undefined;
    this.free.push(row);
  }

  chunkOf(row: number): RowChunk {
    return this.chunks[row >>> CHUNK_SHIFT] as RowChunk;
  }

  /** The place of a row in its chunk. */
  indexOf(row: number): number {
    return row & (ROWS_PER_CHUNK - 1);
  }

  keyOf(row: number): string {
    return this.chunkOf(row).keys[row & (ROWS_PER_CHUNK - 1)] as string;
  }

  /** Whether the row's key is live at the newest revision. */
  isLive(row: number): boolean {
    const at = (row & (ROWS_PER_CHUNK - 1)) * NUMBERS_PER_ROW + VERSION;
    return (this.chunkOf(row).numbers[at] as number) > 0;
  }
}

/** Records on their way to LevelDB, in groups that must become durable together. */

/** Counted for each record beside its bytes: object headers, LevelDB's own. */
const RECORD_OVERHEAD_BYTES = 64;

/** What the store is after a group. */
export interface StorePosition {
  /** Index of the last applied entry. */
  readonly index: number;
  /** Term of that entry. */
  readonly term: number;
  /** Records of the key bucket, and their bytes. */
  readonly liveRecords: number;
  readonly liveBytes: number;
}

/** Handing a record to LevelDB takes 1 to 2 µs, so a slice stays within a few milliseconds. */
export const SLICE_RECORDS = 1000;
const SLICE_BYTES = 1 << 20;

/** Whole groups that are written as one atomic batch. */
export interface Slice {
  /** Position behind its last record. */
  readonly end: number;
  /** What the store is after it. */
  readonly position: StorePosition;
}

/**
 * An append-only list of puts and deletes. Keys and values are kept by reference. Adding is the hot
 * path and only fills arrays; the table for look-ups is built when the first look-up comes.
 */
export class WriteBuffer {
  /** The prefix byte of each record's bucket. */
  readonly prefixes: number[] = [];
  readonly keys: Buffer[] = [];
  /** `undefined` = the key is deleted. */
  readonly values: (Buffer | undefined)[] = [];
  /** Complete ones; what came later is added by {@link seal}. */
  readonly slices: Slice[] = [];
  sizeBytes = 0;
  /** Records in closed groups, and what the store is after the last of these. */
  #closedRecords = 0;
  #index = 0;
  #term = 0;
  #liveRecords = 0;
  #liveBytes = 0;
  /** Groups were closed that are in no slice yet. */
  #hasUnsealed = false;
  #slicesEnd = 0;
  #slicesBytes = 0;
  readonly #positions = new Map<string, number>();
  #lookedUpTo = 0;

  get recordCount(): number {
    return this.keys.length;
  }

  /** Whether records were added behind the last closed group. */
  get hasOpenGroup(): boolean {
    return this.keys.length > this.#closedRecords;
  }

  /** Whether groups were closed since the last slice ended; they may be without records. */
  get hasUnsealed(): boolean {
    return this.#hasUnsealed;
  }

  add(prefix: number, key: Buffer, value: Buffer | undefined): void {
    this.prefixes.push(prefix);
    this.keys.push(key);
    this.values.push(value);
    this.sizeBytes += key.length + (value === undefined ? 0 : value.length) + RECORD_OVERHEAD_BYTES;
  }

  /**
   * Ends an atomic group: what one Raft entry changed. The numbers are those of the store's position
   * after it; only those of the last group of a slice are ever needed. Returns the slices that this ends.
   */
  closeGroup(index: number, term: number, liveRecords: number, liveBytes: number): number {
    this.#closedRecords = this.keys.length;
    this.#index = index;
    this.#term = term;
    this.#liveRecords = liveRecords;
    this.#liveBytes = liveBytes;
    this.#hasUnsealed = true;
    const isLarge =
      this.#closedRecords - this.#slicesEnd >= SLICE_RECORDS ||
      this.sizeBytes - this.#slicesBytes >= SLICE_BYTES;
    return isLarge ? this.seal() : 0;
  }

  /** Makes a slice of the groups closed so far, if there are any. Returns their number, 0 or 1. */
  seal(): number {
    if (!this.#hasUnsealed) return 0;
    this.#hasUnsealed = false;
    this.#slicesEnd = this.#closedRecords;
    this.#slicesBytes = this.sizeBytes;
    this.slices.push({
      end: this.#closedRecords,
      position: {
        index: this.#index,
        term: this.#term,
        liveRecords: this.#liveRecords,
        liveBytes: this.#liveBytes,
      },
    });
    return 1;
  }

  /** Position of the newest record of the key, or -1. */
  find(prefix: number, key: Buffer): number {
    for (; this.#lookedUpTo < this.keys.length; this.#lookedUpTo++) {
      const at = this.#lookedUpTo;
      this.#positions.set(mapKey(this.prefixes[at] ?? 0, this.keys[at] ?? key), at);
    }
    return this.#positions.get(mapKey(prefix, key)) ?? -1;
  }
}

function mapKey(prefix: number, key: Buffer): string {
  return String.fromCharCode(prefix) + key.toString('latin1');
}

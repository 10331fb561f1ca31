/** Records on their way to LevelDB, in the groups that must become durable together. */

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

/** Numbers kept for a group: the end of its records, and the four of its position. */
const GROUP_STRIDE = 5;

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
  /** Flat, because a million small objects a second would keep the collector busy. */
  readonly #groups: number[] = [];
  sizeBytes = 0;
  readonly #positions = new Map<string, number>();
  #lookedUpTo = 0;

  get recordCount(): number {
    return this.keys.length;
  }

  /** Whether records were added behind the last closed group. */
  get hasOpenGroup(): boolean {
    return this.keys.length > this.groupEnd(this.groupCount - 1);
  }

  /** Atomic groups: each is what one Raft entry changed. */
  get groupCount(): number {
    return this.#groups.length / GROUP_STRIDE;
  }

  /** Position behind the last record of a group; 0 for group -1. */
  groupEnd(group: number): number {
    return this.#groups[group * GROUP_STRIDE] ?? 0;
  }

  /** What the store is after a group, which must exist. */
  positionAfter(group: number): StorePosition {
    const [index = 0, term = 0, liveRecords = 0, liveBytes = 0] = this.#groups.slice(
      group * GROUP_STRIDE + 1,
      (group + 1) * GROUP_STRIDE,
    );
    return { index, term, liveRecords, liveBytes };
  }

  add(prefix: number, key: Buffer, value: Buffer | undefined): void {
    this.prefixes.push(prefix);
    this.keys.push(key);
    this.values.push(value);
    this.sizeBytes += key.length + (value === undefined ? 0 : value.length) + RECORD_OVERHEAD_BYTES;
  }

  /** Ends a group; the numbers are those of its {@link StorePosition}. */
  closeGroup(index: number, term: number, liveRecords: number, liveBytes: number): void {
    this.#groups.push(this.keys.length, index, term, liveRecords, liveBytes);
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

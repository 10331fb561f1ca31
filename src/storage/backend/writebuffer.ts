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

/** One atomic group: what one Raft entry changed. */
interface Group extends StorePosition {
  /** Position behind the group's last record. */
  readonly end: number;
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
  readonly groups: Group[] = [];
  sizeBytes = 0;
  readonly #positions = new Map<string, number>();
  #lookedUpTo = 0;

  get recordCount(): number {
    return this.keys.length;
  }

  /** Whether records were added behind the last closed group. */
  get hasOpenGroup(): boolean {
    return this.keys.length > (this.groups.at(-1)?.end ?? 0);
  }

  add(prefix: number, key: Buffer, value: Buffer | undefined): void {
    this.prefixes.push(prefix);
    this.keys.push(key);
    this.values.push(value);
    this.sizeBytes += key.length + (value === undefined ? 0 : value.length) + RECORD_OVERHEAD_BYTES;
  }

  closeGroup(position: StorePosition): void {
    this.groups.push({ ...position, end: this.keys.length });
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

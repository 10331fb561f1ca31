import { fittingCount } from './entry-size.js';
import { CompactedError, RaftInvariantError, SnapshotOutOfDateError } from './errors.js';
import type { InitialState, Storage } from './storage.js';
import {
  type ConfState,
  EMPTY_BYTES,
  EMPTY_HARD_STATE,
  EMPTY_SNAPSHOT,
  type Entry,
  EntryType,
  type HardState,
  type Snapshot,
} from './types.js';

/** Stands in the slots of compacted entries, so that these can be collected before the trim. */
const COMPACTED: Entry = { type: EntryType.normal, term: 0, index: 0, data: EMPTY_BYTES };

/** Compacted slots kept before a trim is considered. */
const MIN_TRIM = 256;

/**
 * The log since the last compaction, in memory. The array keeps compacted slots at its front until
 * they are more than half of it, so compaction is amortised O(1) per entry.
 */
export class MemoryStorage implements Storage {
  #hardState: HardState = EMPTY_HARD_STATE;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  #initialConfState: ConfState | undefined;
  #entries: Entry[] = [];
  /** The position in `#entries` of the entry at `#offset + 1`. */
  #head = 0;
  /** Index and term of the last compacted entry: what the first entry follows. */
  #offset = 0;
  #offsetTerm = 0;

  initialState(): InitialState {
    const confState = this.#initialConfState ?? this.#snapshot.metadata.confState;
    return { hardState: this.#hardState, confState };
  }

  /**
   * The configuration that a core starts with, where its owner knows a newer one than the snapshot's:
   * that after the last entry it has applied (which it must tell the core, see RaftOptions).
   */
  setInitialConfState(confState: ConfState): void {
    this.#initialConfState = confState;
  }

  entries(low: number, high: number, maxSizeBytes: number): readonly Entry[] | undefined {
    if (low <= this.#offset) return undefined;
    if (high > this.lastIndex() + 1) {
      throw new RaftInvariantError(`entries up to ${high} asked, the last is ${this.lastIndex()}`);
    }
    const start = this.#position(low);
    const count = fittingCount(this.#entries, start, this.#position(high), maxSizeBytes);
    return this.#entries.slice(start, start + count);
  }

  term(index: number): number | undefined {
    if (index <= this.#offset) return index === this.#offset ? this.#offsetTerm : undefined;
    return this.#entries[this.#position(index)]?.term;
  }

  firstIndex(): number {
    return this.#offset + 1;
  }

  lastIndex(): number {
    return this.#offset + this.#entries.length - this.#head;
  }

  snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /**
   * Appends entries, replacing what stands at their indexes and after. Entries that are compacted
   * already are skipped. Throws {@link RaftInvariantError} if a gap would arise.
   */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    const skip = Math.max(this.firstIndex() - first.index, 0);
    if (skip >= entries.length) return;
    const position = this.#position(first.index + skip);
    if (position > this.#entries.length) {
      throw new RaftInvariantError(
        `missing log entries: the last is ${this.lastIndex()}, append at ${first.index}`,
      );
    }
    if (position < this.#entries.length) this.#entries.length = position;
    for (let next = skip; next < entries.length; next++) this.#entries.push(entries[next] as Entry);
  }

  /**
   * Drops the entries up to and including `index`. Throws {@link CompactedError} if that was done
   * before, {@link RaftInvariantError} if the log does not reach that far.
   */
  compact(index: number): void {
    if (index <= this.#offset) throw new CompactedError();
    const term = this.term(index);
    if (term === undefined) {
      throw new RaftInvariantError(`compact ${index}: the last index is ${this.lastIndex()}`);
    }
    const head = this.#position(index) + 1;
    for (let position = this.#head; position < head; position++)
      this.#entries[position] = COMPACTED;
    this.#head = head;
    this.#offset = index;
    this.#offsetTerm = term;
    if (head >= MIN_TRIM && 2 * head >= this.#entries.length) {
      this.#entries = this.#entries.slice(head);
      this.#head = 0;
    }
  }

  /**
   * Takes a snapshot of the application at `index` as the newest. `confState` undefined keeps the
   * last one's. Throws {@link SnapshotOutOfDateError} if there is one at `index` or later.
   */
  createSnapshot(index: number, confState: ConfState | undefined, data: Uint8Array): Snapshot {
    const { metadata } = this.#snapshot;
    if (index <= metadata.index) throw new SnapshotOutOfDateError();
    const term = this.term(index);
    if (term === undefined) {
      throw new RaftInvariantError(`snapshot at ${index}: the last index is ${this.lastIndex()}`);
    }
    this.#snapshot = {
      data,
      metadata: { confState: confState ?? metadata.confState, index, term },
    };
    return this.#snapshot;
  }

  /**
   * Replaces everything by a snapshot from the leader or from disk. Throws
   * {@link SnapshotOutOfDateError} if there is one at its index or later.
   */
  applySnapshot(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata;
    // A snapshot at index 0 holds the first configuration only and may be replaced by another.
    const present = this.#snapshot.metadata.index;
    if (present !== 0 && present >= index) throw new SnapshotOutOfDateError();
    this.#snapshot = snapshot;
    this.#entries = [];
    this.#head = 0;
    this.#offset = index;
    this.#offsetTerm = term;
  }

  #position(index: number): number {
    return this.#head + index - this.#offset - 1;
  }
}

import type { ConfState, Entry, HardState, Snapshot } from './types.js';

/** What a restart begins with. */
export interface InitialState {
  readonly hardState: HardState;
  readonly confState: ConfState;
}

/**
 * The stable part of the log as the core reads it. Synchronous: the owner keeps the entries since
 * the last compaction in memory (see {@link MemoryStorage}) and the disk behind it.
 *
 * The core only reads. Its caller writes what a Ready or a `storageAppend` message carries: first
 * to disk, and to this storage no later than the responses of that write are stepped.
 */
export interface Storage {
  initialState(): InitialState;

  /**
   * Entries `[low, high)`, from the front as many as fit into `maxSizeBytes` (of encoded entries),
   * at least one. Undefined if `low` is compacted. `high` is at most `lastIndex() + 1`. The array
   * belongs to the caller, the entries are shared.
   */
  entries(low: number, high: number, maxSizeBytes: number): readonly Entry[] | undefined;

  /**
   * The term of the entry at `index`; known for `[firstIndex() - 1, lastIndex()]`, else undefined.
   */
  term(index: number): number | undefined;

  /** The first index whose entry is there; one more than the last compacted. */
  firstIndex(): number;

  /** The last index; `firstIndex() - 1` if there are no entries. */
  lastIndex(): number;

  /** The newest snapshot, or undefined if it is not available right now. */
  snapshot(): Snapshot | undefined;
}

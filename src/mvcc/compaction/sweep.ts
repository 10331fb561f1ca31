import { type KeepTest, KeyValueHasher } from '../key-value-hasher.js';
import { codeOfRevisionKey, mainOfRevisionKey } from '../revision-key.js';
import type { KeyValueHash } from '../types.js';
import type { KeptRevisions } from './kept-revisions.js';

/** What a compaction has to do on disk. */
export interface SweepBounds {
  /** The revision of the compaction before. */
  readonly previous: number;
  /** The revision up to which is compacted. */
  readonly revision: number;
}

/** What a sweep asks of the compaction it belongs to. */
export interface SweepOwner {
  /** Counts a record that was removed. */
  removed(): void;
  /**
   * Ends a slice: what it removed goes to disk, and others get their turn, `pauseMs` or one turn of the
   * event loop. Throws to end the sweep.
   */
  sliceEnded(pauseMs: number): Promise<void>;
  /** How long others should have their turn after another so many records were looked at. */
  waitMs(records: number): number;
}

/** How a sweep is paced. */
export interface SweepPace {
  /** Records looked at between two pauses. */
  readonly batchLimit: number;
  /** The length of a pause. */
  readonly sleepIntervalMs: number;
}

/**
 * The pass over all records up to the revision of a compaction: which of them go, and the hash of what
 * the compaction found (formats.md §9).
 */
export class Sweep {
  private readonly kept: KeptRevisions;
  private readonly hasher: KeyValueHasher;

  constructor({ previous, revision }: SweepBounds, kept: KeptRevisions) {
    this.kept = kept;
    const isHashed: KeepTest = (main, code) => kept.isEmpty || kept.includes(main, code);
    this.hasher = new KeyValueHasher(previous, revision, isHashed);
  }

  /**
   * Looks at the next record, which is `source[start, end)`; they come in ascending order. Returns
   * whether it is to be removed.
   */
  look(key: Buffer, source: Buffer, start: number, end: number): boolean {
    this.hasher.add(key, source, start, end);
    return !this.kept.includes(mainOfRevisionKey(key), codeOfRevisionKey(key));
  }

  /** The hash of all records looked at. */
  get hash(): KeyValueHash {
    return this.hasher.result();
  }
}

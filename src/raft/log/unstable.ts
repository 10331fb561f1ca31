import type { Logger } from '../../base/logger.js';
import { fittingCount } from '../entry-size.js';
import { RaftInvariantError } from '../errors.js';
import type { Entry, EntryId, Snapshot } from '../types.js';

/** Written slots kept before a trim is considered. */
const MIN_TRIM = 64;

/**
 * The part of the log that is not known to be in stable storage: a snapshot from the leader or
 * nothing, then entries from `offset` on. What was handed out to be written stays here until the
 * write is confirmed, so that reads see it. `offset` may lie below storage's last index: the next
 * write then replaces what storage has from there.
 *
 * Written entries are dropped by moving a head through the array, so that a confirmation costs
 * O(batch) even while a long backlog waits.
 */
export class UnstableLog {
  readonly #logger: Logger;
  #snapshot: Snapshot | undefined;
  #snapshotInProgress = false;
  #entries: Entry[] = [];
  #head = 0;
  #offset: number;
  /** The index after the last entry handed out to be written; at least `#offset`. */
  #offsetInProgress: number;

  /** `offset` is the index after storage's last. */
  constructor(offset: number, logger: Logger) {
    this.#offset = offset;
    this.#offsetInProgress = offset;
    this.#logger = logger;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The index after the last entry handed out to be written. */
  get offsetInProgress(): number {
    return this.#offsetInProgress;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** How many entries are here, handed out or not. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** The last index, or undefined if there is neither entry nor snapshot. */
  lastIndex(): number | undefined {
    if (this.length > 0) return this.#offset + this.length - 1;
    return this.#snapshot?.metadata.index;
  }

  /** The term at `index`, if that is here. */
  term(index: number): number | undefined {
    if (index >= this.#offset) return this.#entries[this.#position(index)]?.term;
    const metadata = this.#snapshot?.metadata;
    return metadata?.index === index ? metadata.term : undefined;
  }

  /** True if there are entries that were not handed out yet. */
  get hasNextEntries(): boolean {
    return this.#offset + this.length > this.#offsetInProgress;
  }

  /** The entries that were not handed out yet. */
  nextEntries(): readonly Entry[] {
    return this.#entries.slice(this.#position(this.#offsetInProgress));
  }

  /** The snapshot, unless it was handed out. */
  nextSnapshot(): Snapshot | undefined {
    return this.#snapshotInProgress ? undefined : this.#snapshot;
  }

  /** Marks everything as handed out. */
  acceptInProgress(): void {
    this.#offsetInProgress = this.#offset + this.length;
    if (this.#snapshot !== undefined) this.#snapshotInProgress = true;
  }

  /**
   * Drops the entries up to `id`, which are stable now. Ignored if the entry there is another one:
   * it was replaced while the old one was being written. The caller attests that no write in
   * progress can still overwrite these entries (see `storageAppendResponse` in ready.ts).
   */
  stableTo(id: EntryId): void {
    const term = id.index < this.#offset ? undefined : this.term(id.index);
    if (term !== id.term) {
      const { index } = id;
      this.#logger.debug('stable entry is not in the unstable log', { index, term: id.term });
      return;
    }
    this.#head += id.index + 1 - this.#offset;
    this.#offset = id.index + 1;
    this.#offsetInProgress = Math.max(this.#offsetInProgress, this.#offset);
    if (this.length === 0) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= MIN_TRIM && 2 * this.#head >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Drops the snapshot if it is the one at `index`: it is stable and applied now. */
  stableSnapshotTo(index: number): void {
    if (this.#snapshot?.metadata.index !== index) return;
    this.#snapshot = undefined;
    this.#snapshotInProgress = false;
  }

  /** Replaces everything by a snapshot. */
  restore(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#snapshotInProgress = false;
    this.#entries = [];
    this.#head = 0;
    this.#offset = snapshot.metadata.index + 1;
    this.#offsetInProgress = this.#offset;
  }

  /** Appends consecutive entries, replacing what stands at their indexes and after. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = (entries[0] as Entry).index;
    const end = this.#offset + this.length;
    if (from > end) throw new RaftInvariantError(`gap in the log: ${end} to ${from}`);
    if (from <= this.#offset && from !== end) {
      this.#logger.info('replace the unstable entries', { from });
      this.#entries = [];
      this.#head = 0;
      this.#offset = from;
      this.#offsetInProgress = from;
    } else if (from < end) {
      this.#logger.info('truncate the unstable entries', { from });
      this.#entries.length = this.#position(from);
      this.#offsetInProgress = Math.min(this.#offsetInProgress, from);
    }
    for (const entry of entries) this.#entries.push(entry);
  }

  /**
   * Entries `[low, high)`, which must all be here: as many as fit into `maxSizeBytes`, at least one.
   */
  slice(low: number, high: number, maxSizeBytes: number): readonly Entry[] {
    if (low > high || low < this.#offset || high > this.#offset + this.length) {
      throw new RaftInvariantError(`unstable entries [${low}, ${high}) are out of bounds`);
    }
    const start = this.#position(low);
    const count = fittingCount(this.#entries, start, this.#position(high), maxSizeBytes);
    return this.#entries.slice(start, start + count);
  }

  #position(index: number): number {
    return this.#head + index - this.#offset;
  }
}

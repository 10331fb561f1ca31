import type { Logger } from '../../base/logger.js';
import { entriesSizeBytes, NO_LIMIT } from '../entry-size.js';
import { RaftInvariantError } from '../errors.js';
import type { Storage } from '../storage.js';
import type { Entry, EntryId, Snapshot } from '../types.js';
import { UnstableLog } from './unstable.js';

const NO_ENTRIES: readonly Entry[] = [];

/** Where two logs may agree; term 0 if it is not known here. */
export interface ConflictHint {
  readonly index: number;
  readonly term: number;
}

/**
 * The whole log: stable storage followed by the unstable part, and how far it is committed and
 * applied. Invariant: `applied <= applying <= committed <= lastIndex()`.
 */
export class RaftLog {
  readonly #storage: Storage;
  readonly #logger: Logger;
  readonly #unstable: UnstableLog;
  #committed: number;
  #applying: number;
  #applied: number;
  /** The limit on entries handed out to be applied and not yet reported as applied. */
  readonly #maxApplyingBytes: number;
  #applyingBytes = 0;
  #applyingPaused = false;

  constructor(storage: Storage, maxApplyingBytes: number, logger: Logger) {
    this.#storage = storage;
    this.#logger = logger;
    this.#maxApplyingBytes = maxApplyingBytes;
    this.#unstable = new UnstableLog(storage.lastIndex() + 1, logger);
    this.#committed = storage.firstIndex() - 1;
    this.#applying = this.#committed;
    this.#applied = this.#committed;
  }

  /** The highest index known to be on a quorum. */
  get committed(): number {
    return this.#committed;
  }

  /** The highest index handed out to be applied. */
  get applying(): number {
    return this.#applying;
  }

  /** The highest index reported as applied. */
  get applied(): number {
    return this.#applied;
  }

  get unstable(): UnstableLog {
    return this.#unstable;
  }

  get storage(): Storage {
    return this.#storage;
  }

  /** The limit of one page of committed entries. */
  get maxApplyingBytes(): number {
    return this.#maxApplyingBytes;
  }

  firstIndex(): number {
    const snapshot = this.#unstable.snapshot;
    return snapshot === undefined ? this.#storage.firstIndex() : snapshot.metadata.index + 1;
  }

  lastIndex(): number {
    return this.#unstable.lastIndex() ?? this.#storage.lastIndex();
  }

  /** The position of the last entry. */
  lastEntryId(): EntryId {
    const index = this.lastIndex();
    return { term: this.#knownTerm(index), index };
  }

  /** The term at `index`, or undefined if that is compacted or not there yet. */
  term(index: number): number | undefined {
    const term = this.#unstable.term(index);
    if (term !== undefined) return term;
    if (index + 1 < this.firstIndex() || index > this.lastIndex()) return undefined;
    return this.#storage.term(index);
  }

  /** True if the entry at this position has this term (log matching, Raft paper §5.3). */
  matchesTerm(index: number, term: number): boolean {
    return this.term(index) === term;
  }

  /** True if a log that ends with `last` is at least as complete as this (Raft paper §5.4.1). */
  isUpToDate(last: EntryId): boolean {
    const own = this.lastEntryId();
    return last.term > own.term || (last.term === own.term && last.index >= own.index);
  }

  /** Appends entries of the leader's own; returns the last index. */
  append(entries: readonly Entry[]): number {
    const first = entries[0];
    if (first === undefined) return this.lastIndex();
    if (first.index <= this.#committed) {
      throw new RaftInvariantError(`append at ${first.index}, committed is ${this.#committed}`);
    }
    this.#unstable.truncateAndAppend(entries);
    return this.lastIndex();
  }

  /**
   * Appends what a leader sent after `previous` and commits up to `committed`; undefined if the
   * logs do not match there (Raft paper §5.3), else the last index that now matches.
   */
  maybeAppend(previous: EntryId, entries: readonly Entry[], committed: number): number | undefined {
    if (!this.matchesTerm(previous.index, previous.term)) return undefined;
    const lastIndex = previous.index + entries.length;
    const conflict = this.#findConflict(entries);
    if (conflict !== 0) {
      if (conflict <= this.#committed) {
        throw new RaftInvariantError(`entry ${conflict} conflicts with a committed entry`);
      }
      const start = conflict - previous.index - 1;
      this.append(start === 0 ? entries : entries.slice(start));
    }
    this.commitTo(Math.min(committed, lastIndex));
    return lastIndex;
  }

  /** The index of the first entry that is not in this log with this term; 0 if all are. */
  #findConflict(entries: readonly Entry[]): number {
    const lastIndex = this.lastIndex();
    for (const { index, term } of entries) {
      if (index > lastIndex) return index;
      if (!this.matchesTerm(index, term)) {
        const existingTerm = this.term(index) ?? 0;
        this.#logger.info('found conflict', { index, existingTerm, conflictingTerm: term });
        return index;
      }
    }
    return 0;
  }

  /**
   * The largest index up to `index` whose term is at most `term`: before it, a log whose entry at
   * `index` has that term may agree with this one (fast backtracking, Raft paper §5.3). Where the
   * term is not known here the index is a guess, with term 0. Terms never fall along a log, so a
   * binary search finds it: a follower far behind must not cost a walk over the whole log.
   */
  findConflictByTerm(index: number, term: number): ConflictHint {
    const termAtIndex = this.term(index);
    if (termAtIndex === undefined || termAtIndex <= term) return { index, term: termAtIndex ?? 0 };
    let low = this.firstIndex() - 1;
    if (this.#knownTerm(low) > term) return { index: Math.max(low - 1, 0), term: 0 };
    let high = index;
    // Invariant: term(low) <= term < term(high).
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#knownTerm(middle) <= term) low = middle;
      else high = middle;
    }
    return { index: low, term: this.#knownTerm(low) };
  }

  #knownTerm(index: number): number {
    const term = this.term(index);
    if (term === undefined) throw new RaftInvariantError(`no term for the index ${index}`);
    return term;
  }

  /** Commits up to `index` if its entry is of this term (Raft paper §5.4.2); true if that is new. */
  maybeCommit(index: number, term: number): boolean {
    if (term === 0 || index <= this.#committed || !this.matchesTerm(index, term)) return false;
    this.commitTo(index);
    return true;
  }

  /** Commits up to `index`; never goes back. */
  commitTo(index: number): void {
    if (index <= this.#committed) return;
    if (index > this.lastIndex()) {
      throw new RaftInvariantError(
        `commit ${index} is beyond the last index ${this.lastIndex()}: ` +
          'was the log corrupted, truncated or lost?',
      );
    }
    this.#committed = index;
  }

  /**
   * Takes the commit index of the last run, and the index applied in it. What is compacted or
   * applied was committed, even if the commit index that said so was not written any more.
   */
  load(committed: number, applied: number): void {
    const index = Math.max(committed, applied, this.#committed);
    if (index > this.lastIndex()) {
      throw new RaftInvariantError(
        `commit ${committed} or applied ${applied} is beyond the last index ${this.lastIndex()}`,
      );
    }
    this.#committed = index;
    this.appliedTo(Math.max(applied, this.#applied), 0);
  }

  /** Notes that everything up to `index` is applied, `sizeBytes` of it handed out by this log. */
  appliedTo(index: number, sizeBytes: number): void {
    if (index > this.#committed || index < this.#applied) {
      throw new RaftInvariantError(
        `applied ${index} is out of range [${this.#applied}, ${this.#committed}]`,
      );
    }
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    this.#applyingBytes = Math.max(this.#applyingBytes - sizeBytes, 0);
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes;
  }

  /** True if there are committed entries to hand out. */
  hasNextCommittedEntries(allowUnstable: boolean): boolean {
    if (this.#applyingPaused || this.#unstable.snapshot !== undefined) return false;
    return this.#applying < this.#maxAppliableIndex(allowUnstable);
  }

  /**
   * Committed entries that were not handed out yet, as many as the limit leaves room for. None
   * while a snapshot waits to be applied. Entries that are not stable here only if `allowUnstable`.
   */
  nextCommittedEntries(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommittedEntries(allowUnstable)) return NO_ENTRIES;
    const low = this.#applying + 1;
    const high = this.#maxAppliableIndex(allowUnstable) + 1;
    const entries = this.slice(low, high, this.#maxApplyingBytes - this.#applyingBytes);
    if (entries === undefined) throw new RaftInvariantError(`entries from ${low} were compacted`);
    return entries;
  }

  /** Marks committed entries as handed out. */
  acceptApplying(entries: readonly Entry[], allowUnstable: boolean): void {
    const last = entries[entries.length - 1];
    if (last === undefined) return;
    this.#applying = last.index;
    // Without a limit the sizes are not asked for: they would cost a pass over every entry.
    if (this.#maxApplyingBytes !== NO_LIMIT) {
      this.#applyingBytes += entriesSizeBytes(entries);
    }
    // Fewer entries than there are mean that the next one did not fit.
    this.#applyingPaused =
      this.#applyingBytes >= this.#maxApplyingBytes ||
      last.index < this.#maxAppliableIndex(allowUnstable);
  }

  #maxAppliableIndex(allowUnstable: boolean): number {
    return allowUnstable ? this.#committed : Math.min(this.#committed, this.#unstable.offset - 1);
  }

  /** The snapshot to send to a follower, or undefined if there is none right now. */
  snapshot(): Snapshot | undefined {
    return this.#unstable.snapshot ?? this.#storage.snapshot();
  }

  /** Replaces the log by a snapshot from the leader. */
  restore(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata;
    this.#logger.info('log starts to restore snapshot', { index, term });
    this.#committed = index;
    this.#unstable.restore(snapshot);
  }

  /** Entries from `index` on, as many as fit; undefined if `index` is compacted. */
  entriesFrom(index: number, maxSizeBytes: number): readonly Entry[] | undefined {
    const lastIndex = this.lastIndex();
    if (index > lastIndex) return NO_ENTRIES;
    return this.slice(index, lastIndex + 1, maxSizeBytes);
  }

  /** Entries `[low, high)`, as many as fit, at least one; undefined if `low` is compacted. */
  slice(low: number, high: number, maxSizeBytes: number): readonly Entry[] | undefined {
    if (low > high || high > this.lastIndex() + 1) {
      throw new RaftInvariantError(`log entries [${low}, ${high}) are out of bounds`);
    }
    if (low < this.firstIndex()) return undefined;
    if (low === high) return NO_ENTRIES;
    const offset = this.#unstable.offset;
    if (low >= offset) return this.#unstable.slice(low, high, maxSizeBytes);

    const cut = Math.min(high, offset);
    const stable = this.#storage.entries(low, cut, maxSizeBytes);
    if (stable === undefined) return undefined;
    // Fewer than asked: the limit was met.
    if (high <= offset || stable.length < cut - low) return stable;
    if (maxSizeBytes === NO_LIMIT) {
      return stable.concat(this.#unstable.slice(offset, high, NO_LIMIT));
    }
    const restBytes = maxSizeBytes - entriesSizeBytes(stable);
    if (restBytes <= 0) return stable;
    const unstable = this.#unstable.slice(offset, high, restBytes);
    // A single entry may exceed the limit only if it comes first of all.
    if (unstable.length === 1 && entriesSizeBytes(unstable) > restBytes) return stable;
    return stable.concat(unstable);
  }
}

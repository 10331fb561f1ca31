import { RaftInvariantError } from '../errors.js';
import type { NodeId } from '../types.js';
import { type InflightLimits, Inflights } from './inflights.js';

/** How the leader feeds a follower. */
export const ProgressState = {
  /** Its last index is unknown: one append per heartbeat until it answers. */
  probe: 'StateProbe',
  /** It is known to keep up: appends are sent ahead of its answers. */
  replicate: 'StateReplicate',
  /** It was sent a snapshot: no appends until that is done. */
  snapshot: 'StateSnapshot',
} as const;
export type ProgressState = (typeof ProgressState)[keyof typeof ProgressState];

/** What a new {@link Progress} starts from. */
export interface ProgressOptions {
  readonly id: NodeId;
  readonly match: number;
  readonly next: number;
  readonly isLearner: boolean;
  readonly recentActive: boolean;
}

/**
 * What the leader knows of one follower. Invariant: `match < next`; the entries between are on
 * their way.
 */
export class Progress {
  readonly id: NodeId;
  /** The highest index where the follower's log is known to equal the leader's. */
  match: number;
  /** The next index to send. While `snapshot`, one more than `pendingSnapshot`. */
  next: number;
  state: ProgressState = ProgressState.probe;
  isLearner: boolean;
  /** Heard from since the last quorum check. Always true for the leader itself. */
  recentActive: boolean;
  /** No more appends until the follower answers or the next heartbeat answer arrives. */
  appendPaused = false;
  /** While `snapshot`: the index of the snapshot sent. */
  pendingSnapshot = 0;
  readonly inflights: Inflights;
  /** The highest commit index on its way to the follower. */
  #sentCommit = 0;

  constructor(options: ProgressOptions, inflights: Inflights) {
    this.id = options.id;
    this.match = options.match;
    this.next = options.next;
    this.isLearner = options.isLearner;
    this.recentActive = options.recentActive;
    this.inflights = inflights;
  }

  /** A copy that shares the inflights: for trying out a configuration. */
  copy(): Progress {
    const copy = new Progress(this, this.inflights);
    copy.state = this.state;
    copy.appendPaused = this.appendPaused;
    copy.pendingSnapshot = this.pendingSnapshot;
    copy.#sentCommit = this.#sentCommit;
    return copy;
  }

  /** A new progress of the same follower that knows nothing yet, for a new term. */
  fresh(match: number, next: number, limits: InflightLimits): Progress {
    const { id, isLearner } = this;
    return new Progress({ id, match, next, isLearner, recentActive: false }, new Inflights(limits));
  }

  /** Back to probing after `match`, or after the snapshot that was sent. */
  becomeProbe(): void {
    const pendingSnapshot = this.state === ProgressState.snapshot ? this.pendingSnapshot : 0;
    this.#resetState(ProgressState.probe);
    this.next = Math.max(this.match, pendingSnapshot) + 1;
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
  }

  /** The follower is known to match: send ahead from there. */
  becomeReplicate(): void {
    this.#resetState(ProgressState.replicate);
    this.next = this.match + 1;
  }

  /** A snapshot at `index` was sent: wait for it. */
  becomeSnapshot(index: number): void {
    this.#resetState(ProgressState.snapshot);
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.#sentCommit = index;
  }

  /** Notes an append of `count` entries from `next` on, `sizeBytes` in all, as sent. */
  sentEntries(count: number, sizeBytes: number): void {
    if (this.state === ProgressState.replicate) {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, sizeBytes);
      }
      // A message that fills the window, or went out although it was full, counts as a probe.
      this.appendPaused = this.inflights.full;
    } else if (this.state === ProgressState.probe) {
      if (count > 0) this.appendPaused = true;
    } else {
      throw new RaftInvariantError(`append sent in ${this.state}`);
    }
  }

  /** Notes that the follower was told `commit`. */
  sentCommit(commit: number): void {
    this.#sentCommit = commit;
  }

  /** True if telling the follower `commit` may let it commit more than what it was told before. */
  canBumpCommit(commit: number): boolean {
    return commit > this.#sentCommit && this.#sentCommit < this.next - 1;
  }

  /** Takes the follower's ack of `index`; false if it is old news. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.appendPaused = false;
    return true;
  }

  /**
   * Takes the follower's refusal of an append after `rejected`, with a hint where the logs may
   * agree; false if it is stale (appends and answers may be reordered), and nothing changes.
   */
  maybeDecreaseTo(rejected: number, matchHint: number): boolean {
    if (this.state === ProgressState.replicate) {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      // Probes go one at a time, so a refusal of anything but the last probe is stale.
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1);
      this.appendPaused = false;
    }
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
    return true;
  }

  /** True if no append may be sent now. */
  get isPaused(): boolean {
    return this.state === ProgressState.snapshot || this.appendPaused;
  }

  #resetState(state: ProgressState): void {
    this.appendPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}

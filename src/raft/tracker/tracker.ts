import { type JointVoters, jointVoteResult } from '../quorum/joint.js';
import { majorityIndex, type VoteResult } from '../quorum/majority.js';
import type { NodeId } from '../types.js';
import { type Configuration, EMPTY_CONFIGURATION } from './configuration.js';
import type { InflightLimits } from './inflights.js';
import type { Progress } from './progress.js';

/** The progress of every node of the configuration, by id. */
export type ProgressMap = ReadonlyMap<NodeId, Progress>;

/** How a vote stands. */
export interface VoteTally {
  readonly granted: number;
  readonly rejected: number;
  readonly result: VoteResult;
}

/**
 * The active configuration, the progress of its nodes, and the votes of the current election. The
 * hot questions (who to visit, what is committed) are answered from arrays prepared when the
 * configuration changes, without a lookup by bigint.
 */
export class ProgressTracker {
  readonly limits: InflightLimits;
  #configuration: Configuration = EMPTY_CONFIGURATION;
  #progress: ProgressMap = new Map();
  #ordered: readonly Progress[] = [];
  #incoming: readonly Progress[] = [];
  #outgoing: readonly Progress[] = [];
  #votes = new Map<NodeId, boolean>();

  constructor(limits: InflightLimits) {
    this.limits = limits;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  get progress(): ProgressMap {
    return this.#progress;
  }

  get voters(): JointVoters {
    return this.#configuration.voters;
  }

  /** Every node's progress, by ascending id. */
  get ordered(): readonly Progress[] {
    return this.#ordered;
  }

  /** The progress of a node, if it is in the configuration. */
  get(id: NodeId): Progress | undefined {
    return this.#progress.get(id);
  }

  /** Switches to another configuration; `progress` must cover it. */
  switchTo(configuration: Configuration, progress: ProgressMap): void {
    this.#configuration = configuration;
    this.#setProgress(progress);
  }

  /** Starts a new term: no votes, and every progress replaced by what `renew` makes of it. */
  reset(renew: (progress: Progress) => Progress): void {
    this.resetVotes();
    const renewed = new Map<NodeId, Progress>();
    for (const [id, progress] of this.#progress) renewed.set(id, renew(progress));
    this.#setProgress(renewed);
  }

  /** The highest index that a quorum has, judged by `match`. */
  committedIndex(): number {
    return Math.min(
      majorityIndex(this.#incoming.map((progress) => progress.match)),
      majorityIndex(this.#outgoing.map((progress) => progress.match)),
    );
  }

  /** True if a quorum was heard from since the last check. */
  quorumActive(): boolean {
    const active = new Map<NodeId, boolean>();
    for (const progress of this.#ordered) {
      if (!progress.isLearner) active.set(progress.id, progress.recentActive);
    }
    return jointVoteResult(this.voters, active) === 'VoteWon';
  }

  /** True if `id` is the only voter. */
  isOnlyVoter(id: NodeId): boolean {
    const { incoming, outgoing } = this.voters;
    return incoming.length === 1 && outgoing.length === 0 && incoming[0] === id;
  }

  resetVotes(): void {
    this.#votes = new Map();
  }

  /** Records a vote; only the first of each node counts. */
  recordVote(id: NodeId, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
  }

  /** How the vote stands. */
  tallyVotes(): VoteTally {
    let granted = 0;
    let rejected = 0;
    for (const progress of this.#ordered) {
      const vote = progress.isLearner ? undefined : this.#votes.get(progress.id);
      if (vote === true) granted++;
      else if (vote === false) rejected++;
    }
    return { granted, rejected, result: jointVoteResult(this.voters, this.#votes) };
  }

  #setProgress(progress: ProgressMap): void {
    const { incoming, outgoing } = this.voters;
    this.#progress = progress;
    this.#ordered = [...progress.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    this.#incoming = this.#ordered.filter(({ id }) => incoming.includes(id));
    this.#outgoing = this.#ordered.filter(({ id }) => outgoing.includes(id));
  }
}

import type { Clock } from '../../base/clock.js';
import { EtcdError, isEtcdError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import {
  type Cluster,
  changedId,
  formatId,
  type Member,
  type MembershipChange,
  memberId,
  parseMemberUrls,
} from '../../membership/index.js';
import { isLocalTarget } from '../../raft/index.js';
import type { ConfChangeOutcome } from './conf-change-applier.js';
import {
  type ConfChangeProposalDependencies,
  ConfChangeProposals,
} from './conf-change-proposals.js';
import {
  type ClusterHealth,
  checkAddition,
  checkPromotion,
  checkRemoval,
} from './strict-reconfig.js';

/** Of the leader's log a learner must have this much to get a vote. */
const READY_SHARE = 0.9;
/** How long a promotion waits for this member to apply what is committed. */
const APPLY_TIMEOUT_MS = 1000;
const APPLY_POLL_MS = 10;
/** Changes that may wait for their turn. */
const MAX_WAITING = 1000;

export interface MembershipChangeOptions {
  readonly localId: bigint;
  /** --strict-reconfig-check */
  readonly strictReconfigCheck: boolean;
  /** How long a change may take: 5 s and two election timeouts. */
  readonly timeoutMs: number;
}

export interface MembershipChangeDependencies extends ConfChangeProposalDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Cluster;
  /** Since when a peer is reached, on the clock's monotonic time; undefined if it is not. */
  readonly activeSinceMs: (id: bigint) => number | undefined;
  readonly isLeader: () => boolean;
  /** The leader's view of how much of its log a member has; undefined for one Raft does not know. */
  readonly matchIndex: (id: bigint) => number | undefined;
  /** Whether all that is known to be committed is applied. */
  readonly isApplied: () => boolean;
  /** Has the leader promote a learner; see PromotionForwarder. */
  readonly forwardPromotion: (id: bigint, deadlineMs: number) => Promise<readonly Member[]>;
  /** Told how a promotion went that this member decided on as the leader. */
  readonly promotionEnded?: (failure: Error | undefined) => void;
}

/** A member that was added, and all members after that. */
export interface Addition {
  readonly member: Member;
  readonly members: readonly Member[];
}

/**
 * Changes of the membership that clients ask for (formats.md §8.3, clients-and-behaviour.md G.44).
 * They are checked and carried out one after another, since Raft takes no second one while one is
 * under way.
 */
export class MembershipChanges {
  readonly #options: MembershipChangeOptions;
  readonly #dependencies: MembershipChangeDependencies;
  readonly #proposals: ConfChangeProposals;
  /** Settles when the last change that was asked for has. */
  #last: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;

  constructor(options: MembershipChangeOptions, dependencies: MembershipChangeDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#proposals = new ConfChangeProposals(dependencies);
  }

  /**
   * Adds a member that is reached at these URLs; it does not run yet.
   * @throws EtcdError MemberBadURLs, PeerURLExist, TooManyLearners, MemberNotEnoughStarted, Unhealthy
   */
  async add(urls: readonly string[], isLearner: boolean): Promise<Addition> {
    const peerUrls = parseMemberUrls(urls);
    const unixSeconds = Math.floor(this.#dependencies.clock.unixMs() / 1000);
    const id = memberId(peerUrls, '', unixSeconds);
    const member: Member = { id, peerUrls, isLearner, name: '', clientUrls: [] };
    const members = await this.#change({ kind: 'add', member }, () => {
      if (this.#options.strictReconfigCheck) checkAddition(this.#health(), isLearner);
    });
    return { member, members };
  }

  /**
   * Removes a member; if it is this one, it stops soon after. Resolves with those that remain.
   * @throws EtcdError MemberNotFound, MemberNotEnoughStarted, Unhealthy
   */
  remove(id: bigint): Promise<readonly Member[]> {
    return this.#change({ kind: 'remove', id }, () => {
      const { cluster } = this.#dependencies;
      if (this.#options.strictReconfigCheck && !cluster.isLearner(id)) {
        checkRemoval(this.#health(), id);
      }
    });
  }

  /**
   * Changes where a member is reached. Resolves with all members. A real member takes any URL here,
   * and all others then die of one they cannot parse; such are refused.
   * @throws EtcdError MemberBadURLs, MemberNotFound, PeerURLExist
   */
  async update(id: bigint, urls: readonly string[]): Promise<readonly Member[]> {
    return await this.#change({ kind: 'update', id, peerUrls: [...urls] }, () => {
      // Of a member that there is not, every member says just that.
      if (this.#dependencies.cluster.member(id) !== undefined) parseMemberUrls(urls);
    });
  }

  /**
   * Gives a learner a vote, if need be through the leader: only that knows whether the learner is
   * ready. Resolves with all members.
   * @throws EtcdError MemberNotFound, MemberNotLearner, LearnerNotReady, MemberNotEnoughStarted,
   *   NoLeader, Timeout
   */
  async promote(id: bigint): Promise<readonly Member[]> {
    const { clock, forwardPromotion, isLeader } = this.#dependencies;
    const deadlineMs = clock.nowMs() + this.#options.timeoutMs;
    // What waits for its turn here is no concern of another leader's.
    if (!isLeader()) return await forwardPromotion(id, deadlineMs);
    try {
      return await this.promoteLocally(id);
    } catch (error) {
      if (!isEtcdError(error, 'NotLeader')) throw error;
      return await forwardPromotion(id, deadlineMs);
    }
  }

  /**
   * As {@link promote}, for this member as the leader: what others forward.
   * @throws EtcdError as {@link promote}, or NotLeader
   */
  async promoteLocally(id: bigint): Promise<readonly Member[]> {
    const { promotionEnded } = this.#dependencies;
    try {
      const members = await this.#promote(id);
      promotionEnded?.(undefined);
      return members;
    } catch (error) {
      const isDecided = error instanceof Error && !isEtcdError(error, 'NotLeader');
      if (isDecided) promotionEnded?.(error);
      throw error;
    }
  }

  #promote(id: bigint): Promise<readonly Member[]> {
    return this.#change({ kind: 'promote', id }, async () => {
      await this.#untilApplied();
      this.#checkReadiness(id);
      if (this.#options.strictReconfigCheck) {
        checkPromotion(this.#dependencies.cluster.votingMembers());
      }
    });
  }

  async #untilApplied(): Promise<void> {
    const { clock, isApplied } = this.#dependencies;
    const deadlineMs = clock.nowMs() + APPLY_TIMEOUT_MS;
    while (!isApplied()) {
      if (clock.nowMs() >= deadlineMs) throw new EtcdError('TimeoutWaitAppliedIndex');
      await new Promise<void>((resolve) => clock.setTimeout(resolve, APPLY_POLL_MS));
    }
  }

  #checkReadiness(id: bigint): void {
    const { isLeader, matchIndex, logger } = this.#dependencies;
    if (!isLeader()) throw new EtcdError('NotLeader');
    const match = matchIndex(id);
    if (match === undefined) throw new EtcdError('MemberNotFound');
    const ownMatch = matchIndex(this.#options.localId) ?? 0;
    if (match >= ownMatch * READY_SHARE) return;
    logger.error('rejecting promote learner: learner is not ready', {
      'member-id': formatId(id),
      'learner-ready-percent': match / ownMatch,
      'ready-percent-threshold': READY_SHARE,
    });
    throw new EtcdError('LearnerNotReady');
  }

  /** Checks and proposes a change when those before it are through. */
  #change(change: MembershipChange, check: () => void | Promise<void>): Promise<readonly Member[]> {
    if (this.#waitingCount >= MAX_WAITING) {
      return Promise.reject(new EtcdError('RequestTooManyRequests'));
    }
    this.#waitingCount++;
    const { clock, timeoutError } = this.#dependencies;
    const startedAtMs = clock.nowMs();
    const deadlineMs = startedAtMs + this.#options.timeoutMs;
    const result = this.#last.then(async () => {
      this.#waitingCount--;
      if (clock.nowMs() >= deadlineMs) throw timeoutError(startedAtMs);
      await check();
      // Raft keeps these ids to itself and would let nothing about them into the log.
      if (isLocalTarget(changedId(change))) throw new EtcdError('MemberNotFound');
      return await this.#proposals.propose(change, deadlineMs);
    });
    this.#last = result.catch(() => {});
    return result;
  }

  #health(): ClusterHealth {
    const { clock, cluster, activeSinceMs } = this.#dependencies;
    const { localId } = this.#options;
    return { localId, nowMs: clock.nowMs(), voters: cluster.votingMembers(), activeSinceMs };
  }

  /** The configuration change at `index` is applied, with this outcome. */
  applied(index: number, outcome: ConfChangeOutcome): void {
    this.#proposals.applied(index, outcome);
  }

  /** Raft knows that entries up to `index` are applied; only now are clients answered. */
  advanced(index: number): void {
    this.#proposals.advanced(index);
  }

  /** Ends the waiting of all with `Stopped`. */
  stop(): void {
    this.#proposals.stop();
  }
}

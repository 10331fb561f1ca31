import type { Clock } from '../../base/clock.js';
import { EtcdError, errorText, GrpcCode, isEtcdError, RpcError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { type Cluster, formatId, type Member } from '../../membership/index.js';
import { type ClusterQueries, parseMembers } from '../../peer/index.js';

/** How long until a leader is looked for, or asked, again. */
const RETRY_MS = 50;

/** The texts by which a promotion's failures go from member to member (formats.md §7.1). */
const NOT_FOUND_TEXT = 'membership: ID not found';
const NOT_LEARNER_TEXT = 'membership: can only promote a learner member';
const NOT_READY_TEXT = 'etcdserver: can only promote a learner member which is in sync with leader';

export interface PromotionForwarderDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Cluster;
  /** The leader as far as this member knows; 0 for none. */
  readonly leaderId: () => bigint;
  readonly queries: Pick<ClusterQueries, 'exchange'>;
}

/** Asks the leader to promote a learner, for the members that do not lead. */
export class PromotionForwarder {
  readonly #dependencies: PromotionForwarderDependencies;
  #isStopped = false;

  constructor(dependencies: PromotionForwarderDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Asks until a leader has decided, or until `deadlineMs`. Resolves with all members.
   * @throws EtcdError MemberNotFound, MemberNotLearner, LearnerNotReady, NoLeader, Timeout, Stopped
   */
  async promote(id: bigint, deadlineMs: number): Promise<readonly Member[]> {
    const { clock, cluster, leaderId } = this.#dependencies;
    let hasLeader = false;
    while (!this.#isStopped && clock.nowMs() < deadlineMs) {
      const leader = cluster.member(leaderId());
      hasLeader = leader !== undefined;
      for (const url of leader?.peerUrls ?? []) {
        const members = await this.#ask(url, id, deadlineMs - clock.nowMs());
        if (members !== undefined) return members;
      }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, RETRY_MS));
    }
    if (this.#isStopped) throw new EtcdError('Stopped');
    throw new EtcdError(hasLeader ? 'Timeout' : 'NoLeader');
  }

  /** Undefined if another attempt may have another end. */
  async #ask(url: string, id: bigint, timeoutMs: number): Promise<readonly Member[] | undefined> {
    const { queries, logger } = this.#dependencies;
    try {
      const path = `/members/promote/${id}`;
      const { status, body } = await queries.exchange(url, {
        method: 'POST',
        path,
        timeoutMs: Math.max(1, timeoutMs),
      });
      const text = body.toString('utf8');
      if (status === 200) return parseMembers(text);
      throw promotionError(status, text);
    } catch (error) {
      const isDecided = DECISIONS.some((name) => isEtcdError(error, name));
      if (isDecided) throw error;
      logger.warn('failed to forward a promotion to the leader', {
        'member-id': formatId(id),
        url,
        error: errorText(error),
      });
      return undefined;
    }
  }

  /** Ends all attempts. */
  stop(): void {
    this.#isStopped = true;
  }
}

const DECISIONS = ['LearnerNotReady', 'MemberNotLearner', 'MemberNotFound'] as const;

/** What a leader's answer to a forwarded promotion means. */
export function promotionError(status: number, text: string): RpcError {
  if (status === 404) return new EtcdError('MemberNotFound');
  if (status === 408) return new EtcdError('Timeout');
  if (status === 412 && text.includes(NOT_READY_TEXT)) return new EtcdError('LearnerNotReady');
  if (status === 412 && text.includes(NOT_LEARNER_TEXT)) return new EtcdError('MemberNotLearner');
  return new RpcError(GrpcCode.unknown, `member promote: unknown error(${text})`);
}

/** How the leader answers a forwarded promotion that failed. */
export interface PromotionFailure {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The answer to `POST /members/promote/<id>` for a promotion that ended with this error. */
export function promotionFailure(error: unknown): PromotionFailure {
  const plain = (status: number, text: string): PromotionFailure => ({
    status,
    contentType: 'text/plain; charset=utf-8',
    body: `${text}\n`,
  });
  if (isEtcdError(error, 'MemberNotFound')) return plain(404, NOT_FOUND_TEXT);
  if (isEtcdError(error, 'MemberNotLearner')) return plain(412, NOT_LEARNER_TEXT);
  if (isEtcdError(error, 'LearnerNotReady')) return plain(412, NOT_READY_TEXT);
  const body = '{"message":"Internal Server Error"}';
  return { status: 500, contentType: 'application/json', body };
}

import type { Clock } from '../../base/clock.js';
import { EtcdError, GrpcCode, RpcError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { type Cluster, formatId } from '../../membership/index.js';

export interface LeadershipOptions {
  readonly localId: bigint;
  readonly tickMs: number;
  /** Raft gives a transfer up after this. */
  readonly electionTimeoutMs: number;
  /** How long a client waits for a transfer. */
  readonly timeoutMs: number;
}

export interface LeadershipDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Cluster;
  /** The leader as far as this member knows; 0 for none. */
  readonly leaderId: () => bigint;
  /** Asks Raft to hand the leadership to this member. */
  readonly transferLeader: (transferee: bigint) => void;
  /** Since when a peer is reached, on the clock's monotonic time; undefined if it is not. */
  readonly activeSinceMs: (id: bigint) => number | undefined;
}

/** A transfer of the leadership that did not come to an end in time. */
export function leaderTransferTimeout(): RpcError {
  // etcd maps this one to no code of its own.
  const text = 'etcdserver: request timed out, leader transfer took too long';
  return new RpcError(GrpcCode.unknown, text);
}

/** Hands the leadership to other members: because a client wants it, or before this one stops. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #dependencies: LeadershipDependencies;

  constructor(options: LeadershipOptions, dependencies: LeadershipDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * Makes `transferee` the leader instead of this member; resolves once it is.
   * @throws EtcdError NotLeader, BadLeaderTransferee; RpcError if it takes too long
   */
  async moveTo(transferee: bigint): Promise<void> {
    const { cluster, leaderId } = this.#dependencies;
    const { localId, timeoutMs } = this.#options;
    if (leaderId() !== localId) throw new EtcdError('NotLeader');
    const member = cluster.member(transferee);
    if (member === undefined || member.isLearner) throw new EtcdError('BadLeaderTransferee');
    await this.#transfer(transferee, timeoutMs);
  }

  /**
   * Hands the leadership to the voter that has been reached longest, if this member leads and there
   * is one; never fails, and takes little more than an election timeout.
   */
  async transferOnStop(): Promise<void> {
    const { cluster, leaderId, logger } = this.#dependencies;
    const { localId, electionTimeoutMs } = this.#options;
    const fields = { 'local-member-id': formatId(localId) };
    if (leaderId() !== localId) {
      logger.info('skipped leadership transfer; local server is not leader', fields);
      return;
    }
    if (cluster.votingMembers().length <= 1) {
      logger.info('skipped leadership transfer for single voting member cluster', fields);
      return;
    }
    try {
      const transferee = this.#longestConnected();
      if (transferee === undefined) throw new EtcdError('Unhealthy');
      await this.#transfer(transferee, 2 * electionTimeoutMs);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      logger.warn('leadership transfer failed', { ...fields, error: text });
    }
  }

  async #transfer(transferee: bigint, timeoutMs: number): Promise<void> {
    const { clock, leaderId, logger, transferLeader } = this.#dependencies;
    const { localId, tickMs } = this.#options;
    const fields = {
      'local-member-id': formatId(localId),
      'transferee-member-id': formatId(transferee),
    };
    logger.info('leadership transfer starting', fields);
    const startMs = clock.nowMs();
    transferLeader(transferee);
    while (leaderId() !== transferee) {
      if (clock.nowMs() - startMs >= timeoutMs) throw leaderTransferTimeout();
      await new Promise<void>((resolve) => clock.setTimeout(resolve, tickMs));
    }
    const took = `${(clock.nowMs() - startMs).toFixed(3)}ms`;
    logger.info('leadership transfer finished', { ...fields, took });
  }

  #longestConnected(): bigint | undefined {
    const { cluster, activeSinceMs } = this.#dependencies;
    let longest: bigint | undefined;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const { id } of cluster.votingMembers()) {
      const sinceMs = activeSinceMs(id);
      if (sinceMs === undefined || sinceMs >= oldestMs) continue;
      oldestMs = sinceMs;
      longest = id;
    }
    return longest;
  }
}

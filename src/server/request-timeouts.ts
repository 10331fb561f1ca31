import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import type { Cluster } from '../membership/index.js';
import { NO_NODE, type NodeId } from '../raft/index.js';

export interface RequestTimeoutOptions {
  readonly memberId: NodeId;
  readonly electionTimeoutMs: number;
}

export interface RequestTimeoutDependencies {
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly activeSinceMs: (id: NodeId) => number | undefined;
}

/** Why a request got no answer in time, as far as this member can tell (errors.md). */
export class RequestTimeouts {
  readonly #options: RequestTimeoutOptions;
  readonly #dependencies: RequestTimeoutDependencies;
  #leader: NodeId = NO_NODE;
  #leaderElectedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RequestTimeoutOptions, dependencies: RequestTimeoutDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Raft says who leads. */
  leaderIs(leader: NodeId): void {
    if (leader !== NO_NODE && leader !== this.#leader) {
      this.#leaderElectedMs = this.#dependencies.clock.nowMs();
    }
    this.#leader = leader;
  }

  /** For a request that was made at `startMs`. */
  error(startMs: number): EtcdError {
    // A request made while the last leader was silent went to that one, and was lost with it.
    const lostMs = this.#leaderElectedMs - 2 * this.#options.electionTimeoutMs;
    if (startMs > lostMs && startMs < this.#leaderElectedMs) {
      return new EtcdError('TimeoutDueToLeaderFail');
    }
    if (this.#leader !== NO_NODE && !this.#isConnectedSince(startMs)) {
      return new EtcdError('TimeoutDueToConnectionLost');
    }
    return new EtcdError('Timeout');
  }

  /** Whether the leader, or the quorum where this member leads, has been reached since then. */
  #isConnectedSince(startMs: number): boolean {
    const { cluster, activeSinceMs } = this.#dependencies;
    const { memberId } = this.#options;
    const isConnected = (id: NodeId): boolean =>
      id === memberId || (activeSinceMs(id) ?? Number.POSITIVE_INFINITY) < startMs;
    if (this.#leader !== memberId) return isConnected(this.#leader);
    const connected = cluster.votingMembers().filter(({ id }) => isConnected(id));
    return connected.length >= cluster.quorumSize();
  }
}

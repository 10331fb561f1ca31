import type { Clock } from '../base/clock.js';
import type { EtcdError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { ClusterQueries } from '../peer/index.js';
import type { RequestKind } from '../proto/internal-request.js';
import type { ReadCallback } from './linearizable-reads.js';
import type { MemberMetrics } from './metrics.js';
import type { ServerOptions } from './options.js';
import type { PeerLink } from './peer-link.js';
import type { Propose } from './proposals.js';
import type { RaftDriver } from './raft-driver.js';
import type { MemberState } from './state.js';

/** What the services of a member (membership, leases, versions, checks) build on. */
export interface MemberCore {
  readonly options: ServerOptions;
  readonly memberId: bigint;
  readonly clusterId: bigint;
  readonly state: MemberState;
  readonly driver: RaftDriver;
  readonly peers: PeerLink;
  /** Asks other members, over their peer ports. */
  readonly queries: ClusterQueries;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MemberMetrics;
  readonly appliedIndex: () => number;
  readonly nextRequestId: () => bigint;
  /** Replicates and applies a request, see KvorumServer.propose. */
  readonly propose: Propose;
  /** Proposes a request of the member's own; its outcome shows in the state. */
  readonly proposeOwn: (kind: RequestKind, body: Uint8Array) => void;
  readonly linearizableRead: (callback: ReadCallback) => void;
  /** What a client is told that has waited in vain since then, on the monotonic clock. */
  readonly timeoutError: (startMs: number) => EtcdError;
}

import type { Clock } from '../../base/clock.js';
import type { Lessor } from '../../lease/index.js';
import { LeaseCheckpointRequest, LeaseRevokeRequest } from '../../proto/generated/etcdserverpb.js';
import { RequestKind } from '../../proto/internal-request.js';
import { ActivityWatch } from './activity-watch.js';
import { AppliedWait } from './applied-wait.js';
import { LeaseCheckpoints } from './lease-checkpoints.js';
import { LeaseExpiry } from './lease-expiry.js';
import { LeaseForwarding, type SendToMember } from './lease-forwarding.js';
import { LeaseRequests } from './lease-requests.js';
import { PeerLeaseAnswers } from './peer-lease-answers.js';
import { PrimaryLeases } from './primary-leases.js';

export interface MemberLeasesOptions {
  readonly tickMs: number;
  /** How long a request may take: 5 s and two election timeouts. */
  readonly requestTimeoutMs: number;
  /** The feature gate LeaseCheckpoint. */
  readonly checkpoints: boolean;
}

export interface MemberLeasesDependencies {
  readonly clock: Clock;
  readonly lessor: Lessor;
  readonly isLeader: () => boolean;
  readonly committedIndex: () => number;
  readonly appliedIndex: () => number;
  readonly linearizableRead: (callback: (error: Error | null) => void) => void;
  /** Peer URLs of the member that leads; undefined if none is known. */
  readonly leaderPeerUrls: () => readonly string[] | undefined;
  /** ClusterQueries.exchange. */
  readonly send: SendToMember;
  /** Proposes a request of the member's own; its outcome shows in the state. */
  readonly proposeOwn: (kind: RequestKind, body: Uint8Array) => void;
  /** Replicates and applies a request. */
  readonly propose: (
    kind: RequestKind,
    body: Uint8Array,
    callback: (error: Error | null) => void,
  ) => void;
}

/** All that a member does about leases beside applying entries. */
export class MemberLeases {
  /** What clients ask of this member. */
  readonly requests: LeaseRequests;
  /** What other members ask of it. */
  readonly peerAnswers: PeerLeaseAnswers;
  readonly #appliedWait: AppliedWait;
  readonly #activity: ActivityWatch;
  readonly #expiry: LeaseExpiry;
  readonly #checkpoints: LeaseCheckpoints | undefined;

  constructor(options: MemberLeasesOptions, dependencies: MemberLeasesDependencies) {
    const { clock, lessor, proposeOwn, propose } = dependencies;
    this.#appliedWait = new AppliedWait(dependencies);
    this.#activity = new ActivityWatch(options, { clock });
    const primary = new PrimaryLeases({
      clock,
      lessor,
      appliedWait: this.#appliedWait,
      clearCheckpoint: (id) =>
        new Promise((resolve, reject) => {
          const body = LeaseCheckpointRequest.encode({ checkpoints: [{ id, remainingTtl: 0 }] });
          propose(RequestKind.leaseCheckpoint, body, (error) =>
            error === null ? resolve() : reject(error),
          );
        }),
    });
    this.requests = new LeaseRequests(
      { timeoutMs: options.requestTimeoutMs },
      {
        ...dependencies,
        primary,
        forwarding: new LeaseForwarding(dependencies),
        isActive: () => this.#activity.isActive,
      },
    );
    this.peerAnswers = new PeerLeaseAnswers({ primary });
    this.#expiry = new LeaseExpiry({
      lessor,
      clock,
      revoke: (id) => proposeOwn(RequestKind.leaseRevoke, LeaseRevokeRequest.encode({ id })),
    });
    if (options.checkpoints) {
      this.#checkpoints = new LeaseCheckpoints(
        {},
        {
          clock,
          lessor,
          propose(checkpoints) {
            const body = LeaseCheckpointRequest.encode({ checkpoints: [...checkpoints] });
            proposeOwn(RequestKind.leaseCheckpoint, body);
          },
        },
      );
    }
  }

  start(): void {
    this.#activity.start();
    this.#expiry.start();
    this.#checkpoints?.start();
  }

  /** Something was applied: called by whoever applies. */
  applied(): void {
    this.#appliedWait.applied();
  }

  stop(): void {
    this.#activity.stop();
    this.#expiry.stop();
    this.#checkpoints?.stop();
    this.requests.stop();
    this.#appliedWait.stop();
  }
}

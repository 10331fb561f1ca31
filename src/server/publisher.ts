import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { formatId, type Member } from '../membership/index.js';
import { ClusterMemberAttrSetRequest } from '../proto/generated/membershippb.js';
import { RequestKind } from '../proto/internal-request.js';
import type { DecodedRequest } from './applier.js';
import type { ProposalCallback } from './proposals.js';

/** A member that could not tell the cluster its name tries again after this. */
const RETRY_MS = 500;

export interface PublisherOptions {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

export interface PublisherDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (body: Uint8Array, decoded: DecodedRequest, callback: ProposalCallback) => void;
}

/** Tells the cluster this member's name and client URLs; only then does it serve (formats.md §8.3). */
export class Publisher {
  /** Resolves once the cluster knows. */
  readonly published: Promise<void>;
  readonly #options: PublisherOptions;
  readonly #dependencies: PublisherDependencies;
  #resolve: () => void = () => {};
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(options: PublisherOptions, dependencies: PublisherDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.published = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Proposes until it is applied: a request waits for a leader, and may be lost with one. */
  start(): void {
    const { memberId, clusterId, name, clientUrls } = this.#options;
    const { clock, logger, propose } = this.#dependencies;
    const request: ClusterMemberAttrSetRequest = {
      memberId,
      memberAttributes: { name, clientUrls: [...clientUrls] },
    };
    const body = ClusterMemberAttrSetRequest.encode(request);
    propose(body, { kind: RequestKind.clusterMemberAttrSet, request }, (error) => {
      if (error === null) {
        logger.info('published local member to cluster through raft', {
          'local-member-id': formatId(memberId),
          'cluster-id': formatId(clusterId),
        });
        this.#resolve();
        return;
      }
      if (this.#isStopped) return;
      logger.warn('failed to publish local member to cluster through raft', {
        error: error.message,
      });
      // Never at once: a refusal comes within the call, and would come again.
      this.#cancelRetry = clock.setTimeout(() => this.start(), RETRY_MS);
    });
  }

  /** What the cluster says of this member: it may know already, and the proposal be lost in a snapshot. */
  found(member: Member | undefined): void {
    const { name, clientUrls } = this.#options;
    const known = [...(member?.clientUrls ?? [])].sort().join();
    if (member?.name === name && known === [...clientUrls].sort().join()) this.#resolve();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }
}

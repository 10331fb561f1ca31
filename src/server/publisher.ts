import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { type Cluster, formatId, type Member } from '../membership/index.js';
import { compareMinor, parseVersion } from '../peer/index.js';
import { ClusterMemberAttrSetRequest } from '../proto/generated/membershippb.js';
import { RequestKind } from '../proto/internal-request.js';
import type { ProposalCallback, Propose } from './proposals.js';
import { FIRST_CLUSTER_REQUESTS } from './version/index.js';

/** A member that could not tell the cluster its name tries again after this. */
const RETRY_MS = 500;
/** A member that does not know yet whom it would tell looks again after this. */
const LOOK_AGAIN_MS = 50;

export interface PublisherOptions {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

export interface PublisherDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly state: { readonly cluster: Cluster };
  /** Asks the member at a peer URL for its versions; rejects if it does not answer. */
  readonly queries: { version(url: string): Promise<{ readonly server: string }> };
  readonly propose: Propose;
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
    void this.#publish();
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

  async #publish(): Promise<void> {
    const isLegacy = await this.#hasOldMembers();
    if (this.#isStopped) return;
    if (isLegacy === undefined) this.#again(LOOK_AGAIN_MS);
    else this.#propose(isLegacy);
  }

  #propose(isLegacy: boolean): void {
    const { memberId, clusterId, name, clientUrls } = this.#options;
    const { logger, propose } = this.#dependencies;
    const body = ClusterMemberAttrSetRequest.encode({
      memberId,
      memberAttributes: { name, clientUrls: [...clientUrls] },
    });
    const answered: ProposalCallback = (error) => {
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
      this.#again(RETRY_MS);
    };
    propose(RequestKind.clusterMemberAttrSet, body, answered, isLegacy);
  }

  #again(delayMs: number): void {
    this.#cancelRetry = this.#dependencies.clock.setTimeout(() => this.start(), delayMs);
  }

  /**
   * Whether some member is of a version before 3.5. The cluster's version tells that there is none;
   * while it does not, the members are asked. Undefined: nobody can tell yet, or this member has still
   * to learn who the others are.
   */
  async #hasOldMembers(): Promise<boolean | undefined> {
    const { state, queries } = this.#dependencies;
    const { cluster } = state;
    if (isOld(cluster.version ?? '') === false) return false;
    const { memberId } = this.#options;
    if (cluster.member(memberId) === undefined) return undefined;
    const others = cluster.members().filter(({ id }) => id !== memberId);
    const urls = others.map(({ peerUrls }) => peerUrls[0] ?? '');
    const answers = await Promise.allSettled(urls.map((url) => queries.version(url)));
    const versions = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value.server] : [],
    );
    if (versions.some((version) => isOld(version) === true)) return true;
    return others.length === 0 || versions.length > 0 ? false : undefined;
  }
}

/** Undefined for what is no version. */
function isOld(version: string): boolean | undefined {
  const parsed = parseVersion(version);
  return parsed === undefined ? undefined : compareMinor(parsed, FIRST_CLUSTER_REQUESTS) < 0;
}

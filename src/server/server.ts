import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Lessor } from '../lease/index.js';
import type { Cluster } from '../membership/index.js';
import type { MvccStore } from '../mvcc/index.js';
import { ClusterQueries, type PeerStatistics } from '../peer/index.js';
import { AlarmRequest } from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import type { Backend } from '../storage/backend/index.js';
import { type Alarms, AlarmType } from './alarms.js';
import { hashBuckets } from './backend-hash.js';
import { BootstrapError } from './bootstrap/errors.js';
import { ClusterServices } from './cluster-services.js';
import { MemberLeases } from './leases/index.js';
import type { ReadCallback } from './linearizable-reads.js';
import type { MemberCore } from './member-core.js';
import { type MemberData, openMemberData } from './member-data.js';
import type { ConfChangeOutcome, Leadership, MembershipChanges } from './membership/index.js';
import type { MemberMetrics } from './metrics.js';
import { requestTimeoutMs, type ServerDependencies, type ServerOptions } from './options.js';
import type { ProposalCallback } from './proposals.js';
import { Publisher } from './publisher.js';
import type { Quota } from './quota.js';
import { Replica } from './replica.js';
import type { SnapshotTraffic } from './snapshots/index.js';
import type { MemberState } from './state.js';
import type { DowngradeInfo, Downgrades } from './version/index.js';

/** How long another member may take to answer a question. */
const QUERY_TIMEOUT_MS = 5000;
const REMOVED_TEXT = 'the member has been permanently removed from the cluster';
/** A member that was removed answers for so long after it has applied that (formats.md §10.14). */
const REMOVED_STOP_DELAY_MS = 1000;

/**
 * One member: the replicated state machine, its log, the Raft node that keeps them in step with the
 * other members, and the link to those. It serves as soon as it is {@link ready}.
 */
export class KvorumServer {
  readonly options: ServerOptions;
  readonly memberId: bigint;
  /** Resolves once there is a leader and this member has published itself. */
  readonly ready: Promise<void>;
  /** Resolves when the member has stopped: by {@link stop}, or with the error that forced it to. */
  readonly stopped: Promise<Error | undefined>;
  readonly #data: MemberData;
  readonly #state: MemberState;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #replica: Replica;
  readonly #queries: ClusterQueries;
  readonly #leases: MemberLeases;
  readonly #services: ClusterServices;
  readonly #publisher: Publisher;
  #resolveStopped: (error: Error | undefined) => void = () => {};
  #stopping: Promise<void> | undefined;
  /**
   * Opens the data directory; the member answers other members' questions, but takes no part yet.
   * Throws if the directory cannot be used, or the cluster it is to join is not as described.
   */
  static async open(
    options: ServerOptions,
    dependencies: ServerDependencies,
  ): Promise<KvorumServer> {
    // The disk may fail before there is a server to stop; then the error waits for it.
    let failedEarly: Error | undefined;
    let failed = (error: Error): void => {
      failedEarly ??= error;
    };
    const data = await openMemberData(options, { ...dependencies, failed: (e) => failed(e) });
    const server = new KvorumServer(options, dependencies, data);
    failed = (error) => server.#fail(error);
    if (failedEarly !== undefined) failed(failedEarly);
    return server;
  }

  private constructor(options: ServerOptions, dependencies: ServerDependencies, data: MemberData) {
    const { clock, logger, connector } = dependencies;
    const { log, state } = data;
    const { cluster, lessor } = state;
    this.options = options;
    this.memberId = log.memberId;
    this.#data = data;
    this.#state = state;
    this.#clock = clock;
    this.#logger = logger.child('server/server');
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    this.#queries = new ClusterQueries({ timeoutMs: QUERY_TIMEOUT_MS }, { clock, connector });
    this.#replica = new Replica(options, dependencies, data, {
      applied: () => {
        this.#leases.applied();
        this.#services.membership.advanced(this.#replica.driver.appliedIndex);
      },
      confChangeDecided: (index, outcome) => this.#confChangeDecided(index, outcome),
      installed: () => this.#publisher.found(cluster.member(this.memberId)),
      tookOver: () => this.#services.tookOver(),
      spaceExceeded: (done) => this.raiseNoSpaceAlarm(done),
      removed: () => this.#stopAsRemoved(0),
      failed: (error) => this.#fail(error),
    });
    const core = this.#core(dependencies);
    this.#leases = new MemberLeases(
      {
        tickMs: options.tickMs,
        requestTimeoutMs: requestTimeoutMs(options),
        checkpoints: options.leaseCheckpoints,
      },
      {
        ...core,
        lessor,
        isLeader: () => this.isLeader,
        committedIndex: () => this.committedIndex,
        leaderPeerUrls: () => cluster.member(this.leaderId)?.peerUrls,
        send: (url, request) => this.#queries.exchange(url, request),
      },
    );
    this.#services = new ClusterServices(core);
    this.#publisher = new Publisher(
      {
        memberId: log.memberId,
        clusterId: log.clusterId,
        name: options.name,
        clientUrls: options.advertiseClientUrls,
      },
      { ...core, logger: this.#logger },
    );
    this.ready = this.#publisher.published;
  }

  #core({ clock, logger }: ServerDependencies): MemberCore {
    return {
      options: this.options,
      memberId: this.memberId,
      clusterId: this.clusterId,
      state: this.#state,
      driver: this.#replica.driver,
      peers: this.#replica.peers,
      queries: this.#queries,
      clock,
      logger,
      metrics: this.#data.metrics,
      appliedIndex: () => this.appliedIndex,
      nextRequestId: () => this.#replica.ids.full(this.#replica.ids.next()),
      propose: (...request) => this.propose(...request),
      proposeOwn: (kind, body) => this.#proposeOwn(kind, body),
      linearizableRead: (callback) => this.linearizableRead(callback),
      timeoutError: (startMs) => this.#replica.timeouts.error(startMs),
    };
  }

  /**
   * Takes part in the cluster from now on. Throws, with the member stopped, DataInconsistencyError if
   * that was to be checked and this member's data is not what the others have, and BootstrapError if it
   * was removed from the cluster.
   */
  async start(): Promise<void> {
    if (this.options.initialCorruptCheck) {
      try {
        await this.#services.corruption.initialCheck();
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
    if (this.#stopping !== undefined) return;
    if (this.cluster.isRemoved(this.memberId)) {
      await this.stop();
      throw new BootstrapError(REMOVED_TEXT);
    }
    this.#leases.start();
    this.#services.start();
    this.#replica.start();
    this.#publisher.start();
  }

  get store(): MvccStore {
    return this.#state.store;
  }

  get lessor(): Lessor {
    return this.#state.lessor;
  }

  get alarms(): Alarms {
    return this.#state.alarms;
  }

  get cluster(): Cluster {
    return this.#state.cluster;
  }

  get quota(): Quota {
    return this.#state.quota;
  }

  get backend(): Backend {
    return this.#state.backend;
  }

  get clusterId(): bigint {
    return this.#data.log.clusterId;
  }

  get term(): number {
    return this.#replica.driver.term;
  }

  get leaderId(): bigint {
    return this.#replica.driver.leader;
  }

  /** Whether this member has no vote. */
  get isLearner(): boolean {
    return this.#state.cluster.isLearner(this.memberId);
  }

  /** Changes of the membership. */
  get membershipChanges(): MembershipChanges {
    return this.#services.membership;
  }

  get leadership(): Leadership {
    return this.#services.leadership;
  }

  get downgrades(): Downgrades {
    return this.#services.downgrades;
  }

  /** Whether the cluster is going down to an older version. */
  get downgrade(): DowngradeInfo {
    return this.#state.downgrade.info;
  }

  get leases(): MemberLeases {
    return this.#leases;
  }

  /** What the member counts of its work. */
  get metrics(): MemberMetrics {
    return this.#data.metrics;
  }

  /** Requests that wait for their entry to be applied. */
  get pendingProposals(): number {
    return this.#replica.pendingProposals;
  }

  /** Whole states that went to other members, and came from them. */
  get snapshotTraffic(): Readonly<Record<'sent' | 'received', SnapshotTraffic>> {
    const { sentSnapshots, receivedSnapshots } = this.#replica.peers;
    return { sent: sentSnapshots, received: receivedSnapshots };
  }

  /** What is known of the ways to the other members. */
  get peerStatistics(): ReadonlyMap<bigint, PeerStatistics> {
    return this.#replica.peers.statistics;
  }

  get isLeader(): boolean {
    return this.#replica.driver.isLeader;
  }

  get committedIndex(): number {
    return this.#replica.driver.committedIndex;
  }

  get appliedIndex(): number {
    return this.#replica.appliedIndex;
  }

  /** An id for a lease whose client leaves the choice to the server: positive, never 0. */
  newLeaseId(): bigint {
    for (;;) {
      const id = this.#replica.ids.full(this.#replica.ids.next()) & 0x7fff_ffff_ffff_ffffn;
      if (id !== 0n) return id;
    }
  }

  /** The checksum over all buckets (Maintenance.Hash, formats.md §9). */
  async hashBackend(): Promise<number> {
    const startMs = this.#clock.nowMs();
    const hash = await hashBuckets(this.#state.backend);
    this.metrics.hashes.observe((this.#clock.nowMs() - startMs) / 1000);
    return hash;
  }

  /**
   * Replicates and applies a request; `body` is its encoded form. The callback gets an EtcdError if it
   * was refused or nobody knows its fate. `isLegacy`: it goes into the log as members before 3.5 read it.
   */
  propose(kind: RequestKind, body: Uint8Array, callback: ProposalCallback, isLegacy = false): void {
    this.#replica.propose(kind, body, callback, isLegacy);
  }

  /** Calls back once this member's state holds every write acknowledged before the call. */
  linearizableRead(callback: ReadCallback): void {
    this.#replica.linearizableRead(callback);
  }

  /** Answers a request of another member; false if its path is none of the Raft protocol's. */
  handlePeerRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#replica.peers.handle(request, response);
  }

  /** Raises the NOSPACE alarm for this member and calls back when that is decided. */
  raiseNoSpaceAlarm(done: () => void): void {
    if (this.alarms.isRaised(AlarmType.noSpace)) {
      done();
      return;
    }
    const request = { action: 1, memberId: this.memberId, alarm: AlarmType.noSpace } as const;
    const body = AlarmRequest.encode(request);
    this.propose(RequestKind.alarm, body, () => done());
  }

  /** Proposes a request of the member's own; its outcome shows in the state. */
  #proposeOwn(kind: RequestKind, body: Uint8Array): void {
    this.propose(kind, body, (error) => {
      if (error === null) return;
      const fields = { kind, error: error.message };
      this.#logger.warn('a request of the member itself failed', fields);
    });
  }

  #confChangeDecided(index: number, outcome: ConfChangeOutcome): void {
    this.#services.membership.applied(index, outcome);
    if (outcome.removedSelf) this.#stopAsRemoved(REMOVED_STOP_DELAY_MS);
  }

  #stopAsRemoved(delayMs: number): void {
    this.#logger.warn('server error', { error: REMOVED_TEXT });
    this.#clock.setTimeout(() => void this.#stop(undefined).catch(() => {}), delayMs);
  }

  #fail(error: Error): void {
    this.#logger.error('fatal failure, the member stops', { error: error.message });
    this.#stop(error).catch(() => {});
  }

  /** Hands the leadership to another member, if this one has it and there is one that can take it. */
  handOver(): Promise<void> {
    return this.#services.leadership.transferOnStop();
  }

  /** Stops the member: nothing more is acknowledged, what is acknowledged is on disk. */
  stop(): Promise<void> {
    return this.#stop(undefined);
  }

  #stop(cause: Error | undefined): Promise<void> {
    this.#stopping ??= this.#shutDown(cause);
    return this.#stopping;
  }

  async #shutDown(cause: Error | undefined): Promise<void> {
    this.#publisher.stop();
    this.#leases.stop();
    this.#services.stop();
    this.#queries.close();
    let failure = cause;
    const steps = [
      () => this.#replica.stop(),
      () => this.#state.store.close(),
      () => this.#data.log.wal.close(),
      () => this.#state.backend.close(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    this.#resolveStopped(failure);
  }
}

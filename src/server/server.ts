import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Lessor } from '../lease/index.js';
import { type Cluster, formatId } from '../membership/index.js';
import type { MvccStore } from '../mvcc/index.js';
import { ClusterQueries, type PeerStatistics } from '../peer/index.js';
import { AlarmRequest } from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import { NO_NODE, type Snapshot, type SoftState } from '../raft/index.js';
import type { Backend } from '../storage/backend/index.js';
import { type Alarms, AlarmType } from './alarms.js';
import { Applier, type DecodedRequest } from './applier.js';
import { ApplyLoop } from './apply-loop.js';
import { hashBuckets } from './backend-hash.js';
import { BootstrapError } from './bootstrap/errors.js';
import { ClusterServices } from './cluster-services.js';
import { LeaderLoss } from './leader-loss.js';
import { MemberLeases } from './leases/index.js';
import { LinearizableReads, type ReadCallback } from './linearizable-reads.js';
import type { MemberCore } from './member-core.js';
import { type MemberData, openMemberData } from './member-data.js';
import { MemberSnapshots } from './member-snapshots.js';
import {
  ConfChangeApplier,
  type ConfChangeOutcome,
  type Leadership,
  type MembershipChanges,
} from './membership/index.js';
import type { MemberMetrics } from './metrics.js';
import { requestTimeoutMs, type ServerDependencies, type ServerOptions } from './options.js';
import { PeerLink } from './peer-link.js';
import { type ProposalCallback, Proposals } from './proposals.js';
import { Publisher } from './publisher.js';
import type { Quota } from './quota.js';
import { RaftDriver } from './raft-driver.js';
import { appliedPosition, createRaftNode, saveConfState } from './raft-node.js';
import { RequestIds } from './request-id.js';
import { RequestTimeouts } from './request-timeouts.js';
import type { SnapshotTraffic } from './snapshots/index.js';
import type { MemberState } from './state.js';
import type { DowngradeInfo, Downgrades } from './version/index.js';

/** Requests, and bytes of them, that may be on their way through Raft at once. */
const MAX_WAITING_REQUESTS = 100_000;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const MAX_WAITING_READS = 1_000_000;
/** How long another member may take to answer a question. */
const QUERY_TIMEOUT_MS = 5000;
const REMOVED_TEXT = 'the member has been permanently removed from the cluster';
/** For how long after a start, and how often, it is looked whether others are reached: 5 s as etcd. */
const TICK_ADVANCE_ATTEMPTS = 100;
const TICK_ADVANCE_INTERVAL_MS = 50;
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
  readonly #ids: RequestIds;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #driver: RaftDriver;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #applyLoop: ApplyLoop;
  readonly #snapshots: MemberSnapshots;
  readonly #peers: PeerLink;
  readonly #queries: ClusterQueries;
  readonly #timeouts: RequestTimeouts;
  readonly #leaderLoss: LeaderLoss;
  readonly #leases: MemberLeases;
  readonly #services: ClusterServices;
  readonly #publisher: Publisher;
  #resolveStopped: (error: Error | undefined) => void = () => {};
  #stopping: Promise<void> | undefined;
  /** The last term in which this member took over. */
  #ledTerm = 0;

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
    const { backend, cluster, lessor } = state;
    this.options = options;
    this.memberId = log.memberId;
    this.#data = data;
    this.#state = state;
    this.#clock = clock;
    this.#logger = logger.child('server/server');
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const applied = appliedPosition(backend);
    const node = createRaftNode(options, log, applied, dependencies);
    const electionTimeoutMs = options.electionTicks * options.tickMs;
    const timeoutMs = requestTimeoutMs(options);
    this.#snapshots = new MemberSnapshots(options, data, {
      clock,
      logger,
      installed: (snapshot) => this.#installed(snapshot),
      failed: (error) => this.#fail(error),
    });
    this.#peers = new PeerLink(
      {
        memberId: log.memberId,
        clusterId: log.clusterId,
        peerUrls: options.advertisePeerUrls,
        electionTimeoutMs,
        ioTimeoutMs: options.peerTimeoutMs,
      },
      {
        clock,
        logger,
        connector,
        cluster,
        backend,
        incoming: this.#snapshots.incoming,
        holds: this.#snapshots.holds,
        connectionRefused: (id) => this.#leaderLoss.refused(id),
        removedFromCluster: () => this.#stopAsRemoved(0),
      },
    );
    this.#queries = new ClusterQueries({ timeoutMs: QUERY_TIMEOUT_MS }, { clock, connector });
    this.#driver = new RaftDriver(
      { tickMs: options.tickMs },
      {
        node,
        storage: log.storage,
        wal: log.wal,
        clock,
        logger,
        events: {
          apply: (entry) => {
            this.#applyLoop.apply(entry);
            this.#snapshots.entryApplied(entry.data.length);
          },
          applied: (index) => this.#applied(index),
          install: (snapshot, persist) => this.#install(snapshot, persist),
          readStates: (states) => this.#reads.readStates(states),
          softState: (soft) => this.#roleChanged(soft),
          pause: () => (backend.isFull ? backend.whenNotFull() : undefined),
          send: (messages) => this.#peers.send(messages),
          failed: (error) => this.#fail(error),
        },
      },
    );
    this.#leaderLoss = new LeaderLoss(
      { heartbeatIntervalMs: options.tickMs },
      {
        clock,
        random: dependencies.random,
        logger: this.#logger,
        leader: () => this.#driver.leader,
        lastHeardMs: () => this.#driver.leaderHeardMs,
        forgetLeader: () => this.#driver.forgetLeader(),
        campaign: () => this.#driver.campaign(),
      },
    );
    this.#timeouts = new RequestTimeouts(
      { memberId: log.memberId, electionTimeoutMs },
      { clock, cluster, activeSinceMs: (id) => this.#peers.activeSinceMs(id) },
    );
    this.#ids = new RequestIds(log.memberId, clock.unixMs());
    this.#proposals = new Proposals(
      {
        maxRequestBytes: options.maxRequestBytes,
        timeoutMs,
        maxWaiting: MAX_WAITING_REQUESTS,
        maxWaitingBytes: MAX_WAITING_BYTES,
      },
      {
        ids: this.#ids,
        clock,
        propose: (batch) => this.#driver.propose(batch),
        unappliedEntries: () => this.#driver.committedIndex - this.#applyLoop.appliedIndex,
        timeoutError: (startMs) => this.#timeouts.error(startMs),
        metrics: data.metrics,
      },
    );
    this.#reads = new LinearizableReads(
      { timeoutMs, maxWaiting: MAX_WAITING_READS },
      {
        clock,
        ids: this.#ids,
        readIndex: (context) => this.#driver.readIndex(context),
        appliedIndex: () => this.#applyLoop.appliedIndex,
        isReadable: () => state.store.isReadable,
        hasLeader: () => this.#driver.leader !== NO_NODE,
        metrics: data.metrics,
      },
    );
    this.#applyLoop = new ApplyLoop(
      {
        idPrefix: this.#ids.prefix,
        appliedIndex: applied.index,
        warningApplyDurationMs: options.warningApplyDurationMs,
      },
      {
        applier: new Applier({ ...state, logger, flushBackend: () => backend.flush() }),
        proposals: this.#proposals,
        confChanges: new ConfChangeApplier(
          { localId: log.memberId },
          {
            node,
            cluster,
            connections: this.#peers,
            logger: logger.child('server/membership'),
            saveConfState: (confState) => saveConfState(backend, confState),
          },
          applied.confState ?? log.confState,
        ),
        clock,
        logger: logger.child('server/apply'),
        metrics: data.metrics,
        setConsistentIndex: (index, term) => backend.setConsistentIndex(index, term),
        confChangeDecided: (index, outcome) => this.#confChangeDecided(index, outcome),
        leaderReady: (term) => this.#leaderReady(term),
        spaceExceeded: (done) => this.raiseNoSpaceAlarm(done),
      },
    );
    const core = this.#core(dependencies);
    this.#leases = new MemberLeases(
      {
        tickMs: options.tickMs,
        requestTimeoutMs: timeoutMs,
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
      driver: this.#driver,
      peers: this.#peers,
      queries: this.#queries,
      clock,
      logger,
      metrics: this.#data.metrics,
      appliedIndex: () => this.appliedIndex,
      nextRequestId: () => this.#ids.full(this.#ids.next()),
      propose: (body, decoded, callback) => this.propose(body, decoded, callback),
      proposeOwn: (body, decoded) => this.#proposeOwn(body, decoded),
      linearizableRead: (callback) => this.linearizableRead(callback),
      timeoutError: (startMs) => this.#timeouts.error(startMs),
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
    this.#peers.attach(this.#driver);
    this.#peers.addRemotes(this.#data.log.remotes);
    this.#peers.setPeers(this.#state.cluster.members());
    this.#proposals.start();
    this.#reads.start();
    this.#snapshots.start();
    this.#leases.start();
    this.#services.start();
    this.#driver.start();
    this.#campaignIfAlone();
    if (this.options.initialElectionTickAdvance) this.#advanceTicks();
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
    return this.#driver.term;
  }

  get leaderId(): bigint {
    return this.#driver.leader;
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
    return this.#proposals.waitingCount;
  }

  /** Whole states that went to other members, and came from them. */
  get snapshotTraffic(): Readonly<Record<'sent' | 'received', SnapshotTraffic>> {
    return { sent: this.#peers.sentSnapshots, received: this.#peers.receivedSnapshots };
  }

  /** What is known of the ways to the other members. */
  get peerStatistics(): ReadonlyMap<bigint, PeerStatistics> {
    return this.#peers.statistics;
  }

  get isLeader(): boolean {
    return this.#driver.isLeader;
  }

  get committedIndex(): number {
    return this.#driver.committedIndex;
  }

  get appliedIndex(): number {
    return this.#applyLoop.appliedIndex;
  }

  /** An id for a lease whose client leaves the choice to the server: positive, never 0. */
  newLeaseId(): bigint {
    for (;;) {
      const id = this.#ids.full(this.#ids.next()) & 0x7fff_ffff_ffff_ffffn;
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
   * Replicates and applies a request; `body` is its encoded form, `decoded` the same in decoded
   * form. The callback gets an EtcdError if it was refused or nobody knows its fate.
   */
  propose(body: Uint8Array, decoded: DecodedRequest, callback: ProposalCallback): void {
    this.#proposals.submit(body, decoded, callback);
  }

  /** Calls back once this member's state holds every write acknowledged before the call. */
  linearizableRead(callback: ReadCallback): void {
    this.#reads.wait(callback);
  }

  /** Answers a request of another member; false if its path is none of the Raft protocol's. */
  handlePeerRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#peers.handle(request, response);
  }

  /** Raises the NOSPACE alarm for this member and calls back when that is decided. */
  raiseNoSpaceAlarm(done: () => void): void {
    if (this.alarms.isRaised(AlarmType.noSpace)) {
      done();
      return;
    }
    const request = { action: 1, memberId: this.memberId, alarm: AlarmType.noSpace } as const;
    const body = AlarmRequest.encode(request);
    this.propose(body, { kind: RequestKind.alarm, request }, () => done());
  }

  /** Proposes a request of the member's own; its outcome shows in the state. */
  #proposeOwn(body: Uint8Array, decoded: DecodedRequest): void {
    this.propose(body, decoded, (error) => {
      if (error === null) return;
      const fields = { kind: decoded.kind, error: error.message };
      this.#logger.warn('a request of the member itself failed', fields);
    });
  }

  #applied(index: number): void {
    this.#proposals.flush();
    this.#reads.applied();
    this.#leases.applied();
    this.#services.membership.advanced(this.#driver.appliedIndex);
    this.#snapshots.maybeCut(index, this.#applyLoop.confState);
    this.#campaignIfAlone();
  }

  #roleChanged({ leader }: SoftState): void {
    if (leader !== this.memberId) this.#state.lessor.demote();
    this.#timeouts.leaderIs(leader);
    this.#data.metrics.leaderIs(leader);
    if (leader === NO_NODE) return;
    this.#reads.leaderChanged();
    // What waited for a leader goes to this one; never from within Raft's own step.
    this.#clock.setImmediate(() => this.#proposals.flush());
  }

  /** A single voter need not wait for an election timeout to find that nobody else leads. */
  #campaignIfAlone(): void {
    const { voters } = this.#applyLoop.confState;
    const isAlone = voters.length === 1 && voters[0] === this.memberId;
    const isApplied = this.#applyLoop.appliedIndex >= this.#driver.committedIndex;
    if (isAlone && isApplied && this.#driver.leader === NO_NODE) {
      this.#clock.setImmediate(() => {
        if (this.#driver.leader === NO_NODE && this.#stopping === undefined) {
          this.#driver.campaign();
        }
      });
    }
  }

  /**
   * Once others are reached, a leader would have been heard of within a heartbeat or two: most of the
   * first election timeout need not be waited for.
   */
  #advanceTicks(attemptsLeft = TICK_ADVANCE_ATTEMPTS): void {
    if (attemptsLeft === 0 || this.#stopping !== undefined || this.leaderId !== NO_NODE) return;
    if (this.#peers.activePeerCount > 1) this.#driver.advanceTicks(this.options.electionTicks - 2);
    else {
      const again = (): void => this.#advanceTicks(attemptsLeft - 1);
      this.#clock.setTimeout(again, TICK_ADVANCE_INTERVAL_MS);
    }
  }

  #confChangeDecided(index: number, outcome: ConfChangeOutcome): void {
    if (outcome.error === null) this.#snapshots.configurationChanged(index, outcome.confState);
    this.#services.membership.applied(index, outcome);
    if (outcome.removedSelf) this.#stopAsRemoved(REMOVED_STOP_DELAY_MS);
  }

  async #install(snapshot: Snapshot, persist: () => Promise<void>): Promise<void> {
    const { metrics } = this.#data;
    metrics.snapshotsBeingApplied++;
    await this.#snapshots.install(snapshot, persist).finally(() => metrics.snapshotsBeingApplied--);
  }

  /** The state of a snapshot has taken the place of this member's. */
  #installed({ metadata }: Snapshot): void {
    this.#applyLoop.restored(metadata);
    this.#peers.setPeers(this.#state.cluster.members());
    this.#publisher.found(this.#state.cluster.member(this.memberId));
    // What waits looks again once the new state can be read.
    this.#clock.setImmediate(() => {
      this.#reads.applied();
      this.#leases.applied();
    });
  }

  /** The first entry of a term is applied: if it is this member's own, it has taken over. */
  #leaderReady(term: number): void {
    if (!this.#driver.isLeader || term !== this.#driver.term || term === this.#ledTerm) return;
    // Only once: leases would get their time anew with every entry without content.
    this.#ledTerm = term;
    this.#state.lessor.promote(this.options.electionTicks * this.options.tickMs);
    this.#logger.info('became leader', { term, 'local-member-id': formatId(this.memberId) });
    this.#services.tookOver();
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
    this.#leaderLoss.stop();
    this.#leases.stop();
    this.#services.stop();
    this.#proposals.stop();
    this.#reads.stop();
    this.#queries.close();
    let failure = cause;
    const steps = [
      () => this.#peers.stop(),
      () => this.#driver.stop(),
      () => this.#snapshots.stop(),
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

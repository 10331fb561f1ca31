import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { SERVER_VERSION } from '../base/version.js';
import type { Lessor } from '../lease/index.js';
import type { Cluster } from '../membership/index.js';
import type { MvccStore } from '../mvcc/index.js';
import { AlarmRequest, LeaseRevokeRequest } from '../proto/generated/etcdserverpb.js';
import {
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
} from '../proto/generated/membershippb.js';
import { RequestKind } from '../proto/internal-request.js';
import { NO_NODE, RawNode } from '../raft/index.js';
import { type Backend, Bucket } from '../storage/backend/index.js';
import { type Alarms, AlarmType } from './alarms.js';
import { Applier, type DecodedRequest } from './applier.js';
import { ApplyLoop } from './apply-loop.js';
import { hashBuckets } from './backend-hash.js';
import { LeaseExpiry } from './lease-expiry.js';
import { LinearizableReads, type ReadCallback } from './linearizable-reads.js';
import { type MemberData, openMemberData } from './member-data.js';
import { requestTimeoutMs, type ServerDependencies, type ServerOptions } from './options.js';
import { type ProposalCallback, Proposals } from './proposals.js';
import type { Quota } from './quota.js';
import { RaftDriver } from './raft-driver.js';
import type { RaftLog } from './raft-log.js';
import { RaftSnapshots } from './raft-snapshots.js';
import { RequestIds } from './request-id.js';
import { encodeConfState } from './snapshot-file.js';
import type { MemberState } from './state.js';

/** Requests, and bytes of them, that may be on their way through Raft at once. */
const MAX_WAITING_REQUESTS = 100_000;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/**
 * Bytes in the log that are not applied yet: with one more batch on top they stay below what the
 * write-ahead log queues (128 MiB). More waits in {@link Proposals}.
 */
const MAX_UNCOMMITTED_BYTES = 48 * 1024 * 1024;
const MAX_WAITING_READS = 1_000_000;
/** A member that could not tell the cluster its name tries again after this. */
const PUBLISH_RETRY_MS = 500;
const CONF_STATE_KEY = Buffer.from('confState');
/** What this member speaks, as a cluster version: the patch number is always 0. */
const OWN_CLUSTER_VERSION = SERVER_VERSION.replace(/\.\d+$/, '.0');

/**
 * One member: the replicated state machine, its log and the Raft node that keeps them in step with
 * the other members. It serves as soon as it is {@link ready}.
 */
export class KvorumServer {
  readonly options: ServerOptions;
  readonly memberId: bigint;
  /** Resolves once there is a leader and this member has published itself. */
  readonly ready: Promise<void>;
  /** Resolves when the member has stopped: by {@link stop}, or with the error that forced it to. */
  readonly stopped: Promise<Error | undefined>;
  readonly #state: MemberState;
  readonly #ids: RequestIds;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: RaftLog;
  readonly #driver: RaftDriver;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #applyLoop: ApplyLoop;
  readonly #snapshots: RaftSnapshots;
  readonly #leaseExpiry: LeaseExpiry;
  #resolveReady: () => void = () => {};
  #resolveStopped: (error: Error | undefined) => void = () => {};
  #stopping: Promise<void> | undefined;
  #isPublished = false;
  #cancelPublish: (() => void) | undefined;

  /** Opens the data directory and starts the member. Throws if it cannot be used. */
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
    server.#start();
    return server;
  }

  private constructor(options: ServerOptions, dependencies: ServerDependencies, data: MemberData) {
    const { clock, logger, random } = dependencies;
    const { log, state, snapshotter } = data;
    const { backend } = state;
    this.options = options;
    this.memberId = log.memberId;
    this.#state = state;
    this.#clock = clock;
    this.#logger = logger.child('server/server');
    this.#log = log;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const node = new RawNode(
      {
        id: log.memberId,
        electionTicks: options.electionTicks,
        heartbeatTicks: 1,
        asyncStorageWrites: true,
        checkQuorum: true,
        preVote: options.preVote,
        maxUncommittedSizeBytes: MAX_UNCOMMITTED_BYTES,
      },
      { storage: log.storage, random, logger: logger.child('raft') },
    );
    if (log.bootstrapPeers.length > 0) node.bootstrap(log.bootstrapPeers);
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
          readStates: (states) => this.#reads.readStates(states),
          softState: (soft) => {
            if (soft.leader !== log.memberId) state.lessor.demote();
            if (soft.leader !== NO_NODE) this.#reads.leaderChanged();
          },
          pause: () => (backend.isFull ? backend.whenNotFull() : undefined),
          send: () => {},
          failed: (error) => this.#fail(error),
        },
      },
    );
    this.#ids = new RequestIds(log.memberId, clock.unixMs());
    const timeoutMs = requestTimeoutMs(options);
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
      },
    );
    this.#reads = new LinearizableReads(
      { timeoutMs, maxWaiting: MAX_WAITING_READS },
      {
        clock,
        readIndex: (context) => this.#driver.readIndex(context),
        appliedIndex: () => this.#applyLoop.appliedIndex,
        hasLeader: () => this.#driver.leader !== NO_NODE,
      },
    );
    this.#applyLoop = new ApplyLoop(
      {
        idPrefix: this.#ids.prefix,
        consistentIndex: backend.consistentIndex,
        snapshotIndex: log.snapshotIndex,
        warningApplyDurationMs: options.warningApplyDurationMs,
      },
      {
        applier: new Applier({ ...state, logger, flushBackend: () => backend.flush() }),
        proposals: this.#proposals,
        cluster: state.cluster,
        node,
        clock,
        logger: logger.child('server/apply'),
        setConsistentIndex: (index, term) => backend.setConsistentIndex(index, term),
        saveConfState: (confState) =>
          backend.put(Bucket.meta, CONF_STATE_KEY, encodeConfState(confState)),
        leaderReady: (term) => this.#leaderReady(term),
        spaceExceeded: (done) => this.raiseNoSpaceAlarm(done),
      },
      log.confState,
    );
    this.#snapshots = new RaftSnapshots(
      {
        snapshotCount: options.snapshotCount,
        catchupEntries: options.snapshotCatchupEntries,
        maxWals: options.maxWals,
      },
      {
        wal: log.wal,
        storage: log.storage,
        clock,
        logger: this.#logger,
        syncBackend: () => backend.sync(),
        snapshotter,
        membership: () => ({
          members: state.cluster.members(),
          removedIds: state.cluster.removedIds(),
          clusterVersion: state.cluster.version,
        }),
        failed: (error) => this.#fail(error),
      },
      log.snapshotIndex,
    );
    this.#leaseExpiry = new LeaseExpiry({
      lessor: state.lessor,
      clock,
      revoke: (id) => {
        const request = { id };
        const body = LeaseRevokeRequest.encode(request);
        this.#proposeOwn(body, { kind: RequestKind.leaseRevoke, request });
      },
    });
  }

  #start(): void {
    this.#proposals.start();
    this.#reads.start();
    this.#snapshots.start();
    this.#leaseExpiry.start();
    this.#driver.start();
    this.#campaignIfAlone();
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
    return this.#log.clusterId;
  }

  get term(): number {
    return this.#driver.term;
  }

  get leaderId(): bigint {
    return this.#driver.leader;
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
  hashBackend(): Promise<number> {
    return hashBuckets(this.#state.backend);
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
  #proposeOwn(body: Buffer, decoded: DecodedRequest): void {
    this.propose(body, decoded, (error) => {
      if (error === null) return;
      const fields = { kind: decoded.kind, error: error.message };
      this.#logger.warn('a request of the member itself failed', fields);
    });
  }

  #applied(index: number): void {
    this.#proposals.flush();
    this.#reads.applied();
    this.#snapshots.maybeCut(index, this.#applyLoop.confState);
    this.#campaignIfAlone();
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

  /** The first entry of a term is applied: if it is this member's own, it has taken over. */
  #leaderReady(term: number): void {
    if (!this.#driver.isLeader || term !== this.#driver.term) return;
    const { lessor, cluster } = this.#state;
    lessor.promote(this.options.electionTicks * this.options.tickMs);
    this.#logger.info('became leader', { term, 'local-member-id': this.memberId.toString(16) });
    if (cluster.version !== OWN_CLUSTER_VERSION) {
      const request = { ver: OWN_CLUSTER_VERSION };
      const body = ClusterVersionSetRequest.encode(request);
      this.#proposeOwn(body, { kind: RequestKind.clusterVersionSet, request });
    }
    if (!this.#isPublished) this.#publish();
  }

  /** Tells the cluster this member's name and client URLs; only then does it serve. */
  #publish(): void {
    this.#isPublished = true;
    const request: ClusterMemberAttrSetRequest = {
      memberId: this.memberId,
      memberAttributes: {
        name: this.options.name,
        clientUrls: [...this.options.advertiseClientUrls],
      },
    };
    const body = ClusterMemberAttrSetRequest.encode(request);
    this.propose(body, { kind: RequestKind.clusterMemberAttrSet, request }, (error) => {
      if (error === null) {
        this.#logger.info('published local member to cluster', {
          'local-member-id': this.memberId.toString(16),
          'cluster-id': this.clusterId.toString(16),
        });
        this.#resolveReady();
        return;
      }
      this.#logger.warn('failed to publish local member to cluster', { error: error.message });
      if (this.#stopping !== undefined) return;
      // Never at once: a refusal comes within the call, and would come again.
      this.#cancelPublish = this.#clock.setTimeout(() => this.#publish(), PUBLISH_RETRY_MS);
    });
  }

  #fail(error: Error): void {
    this.#logger.error('fatal failure, the member stops', { error: error.message });
    this.#stop(error).catch(() => {});
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
    this.#cancelPublish?.();
    this.#leaseExpiry.stop();
    this.#driver.stop();
    this.#proposals.stop();
    this.#reads.stop();
    let failure = cause;
    const steps = [
      () => this.#snapshots.stop(),
      () => this.#state.store.close(),
      () => this.#log.wal.close(),
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

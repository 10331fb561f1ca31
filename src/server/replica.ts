import type { Logger } from '../base/logger.js';
import { formatId } from '../membership/index.js';
import type { RequestKind } from '../proto/internal-request.js';
import { NO_NODE, type RawNode, type Snapshot, type SoftState } from '../raft/index.js';
import { Applier } from './applier.js';
import { ApplyLoop } from './apply-loop.js';
import { LeaderLoss } from './leader-loss.js';
import { LinearizableReads, type ReadCallback } from './linearizable-reads.js';
import type { MemberData } from './member-data.js';
import { MemberSnapshots } from './member-snapshots.js';
import { ConfChangeApplier, type ConfChangeOutcome } from './membership/index.js';
import { requestTimeoutMs, type ServerDependencies, type ServerOptions } from './options.js';
import { PeerLink } from './peer-link.js';
import { type ProposalCallback, Proposals } from './proposals.js';
import { RaftDriver } from './raft-driver.js';
import {
  type AppliedPosition,
  appliedPosition,
  createRaftNode,
  saveConfState,
} from './raft-node.js';
import { RequestIds } from './request-id.js';
import { RequestTimeouts } from './request-timeouts.js';

/** Requests, and bytes of them, that may be on their way through Raft at once. */
const MAX_WAITING_REQUESTS = 100_000;
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const MAX_WAITING_READS = 1_000_000;
/** For how long after a start, and how often, it is looked whether others are reached: 5 s as etcd. */
const TICK_ADVANCE_ATTEMPTS = 100;
const TICK_ADVANCE_INTERVAL_MS = 50;

/** What a replica tells its owner. */
export interface ReplicaEvents {
  /** Something was applied. */
  applied(): void;
  /** A change of the membership was applied, or refused, with the entry at `index`. */
  confChangeDecided(index: number, outcome: ConfChangeOutcome): void;
  /** The state of a snapshot takes the place of this member's, in this very step. */
  installed(): void;
  /** This member leads, and has applied all that was decided before. Once a term. */
  tookOver(): void;
  /** A request found the backend full; `done` answers its client once the alarm is on its way. */
  spaceExceeded(done: () => void): void;
  /** Another member says that this one was removed from the cluster. */
  removed(): void;
  /** The member must not go on. */
  failed(error: Error): void;
}

/**
 * The replicated state machine of one member: its log and its Raft node, what is proposed, read and
 * applied, and the link to the other members.
 */
export class Replica {
  readonly ids: RequestIds;
  readonly driver: RaftDriver;
  readonly peers: PeerLink;
  readonly timeouts: RequestTimeouts;
  readonly #options: ServerOptions;
  readonly #dependencies: ServerDependencies;
  readonly #data: MemberData;
  readonly #events: ReplicaEvents;
  readonly #logger: Logger;
  readonly #snapshots: MemberSnapshots;
  readonly #leaderLoss: LeaderLoss;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #applyLoop: ApplyLoop;
  /** The last term in which this member took over. */
  #ledTerm = 0;
  #isStopped = false;

  constructor(
    options: ServerOptions,
    dependencies: ServerDependencies,
    data: MemberData,
    events: ReplicaEvents,
  ) {
    const { clock, logger } = dependencies;
    const { log, state } = data;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#data = data;
    this.#events = events;
    this.#logger = logger.child('server/replica');
    const applied = appliedPosition(state.backend);
    const node = createRaftNode(options, log, applied, dependencies);
    this.ids = new RequestIds(log.memberId, clock.unixMs());
    this.#snapshots = new MemberSnapshots(options, data, {
      clock,
      logger,
      installed: (snapshot) => this.#installed(snapshot),
      failed: (error) => events.failed(error),
    });
    this.peers = this.#createPeers();
    this.driver = this.#createDriver(node);
    this.#leaderLoss = this.#createLeaderLoss();
    this.timeouts = new RequestTimeouts(
      { memberId: log.memberId, electionTimeoutMs: this.#electionTimeoutMs },
      {
        clock,
        cluster: state.cluster,
        activeSinceMs: (id) => this.peers.activeSinceMs(id),
      },
    );
    this.#proposals = this.#createProposals();
    this.#reads = this.#createReads();
    this.#applyLoop = this.#createApplyLoop(node, applied);
  }

  get #electionTimeoutMs(): number {
    return this.#options.electionTicks * this.#options.tickMs;
  }

  get appliedIndex(): number {
    return this.#applyLoop.appliedIndex;
  }

  /** Requests that wait for their entry to be applied. */
  get pendingProposals(): number {
    return this.#proposals.waitingCount;
  }

  /** Replicates and applies a request; see KvorumServer.propose. */
  propose(kind: RequestKind, body: Uint8Array, callback: ProposalCallback, isLegacy = false): void {
    this.#proposals.submit(kind, body, callback, isLegacy);
  }

  /** Calls back once this member's state holds every write acknowledged before the call. */
  linearizableRead(callback: ReadCallback): void {
    this.#reads.wait(callback);
  }

  /** Takes part in the cluster from now on. */
  start(): void {
    const { log, state } = this.#data;
    this.peers.attach(this.driver);
    this.peers.addRemotes(log.remotes);
    this.peers.setPeers(state.cluster.members());
    this.#proposals.start();
    this.#reads.start();
    this.#snapshots.start();
    this.driver.start();
    this.#campaignIfAlone();
    if (this.#options.initialElectionTickAdvance) this.#advanceTicks();
  }

  /** Ends the waiting of all requests and reads; resolves when nothing touches log and state any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#leaderLoss.stop();
    this.#proposals.stop();
    this.#reads.stop();
    const steps = [this.peers, this.driver, this.#snapshots];
    const failures: unknown[] = [];
    for (const part of steps) await part.stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  #createPeers(): PeerLink {
    const { clock, logger, connector } = this.#dependencies;
    const { log, state } = this.#data;
    return new PeerLink(
      {
        memberId: log.memberId,
        clusterId: log.clusterId,
        peerUrls: this.#options.advertisePeerUrls,
        electionTimeoutMs: this.#electionTimeoutMs,
        ioTimeoutMs: this.#options.peerTimeoutMs,
      },
      {
        clock,
        logger,
        connector,
        cluster: state.cluster,
        backend: state.backend,
        incoming: this.#snapshots.incoming,
        holds: this.#snapshots.holds,
        connectionRefused: (id) => this.#leaderLoss.refused(id),
        removedFromCluster: () => this.#events.removed(),
      },
    );
  }

  #createDriver(node: RawNode): RaftDriver {
    const { clock, logger } = this.#dependencies;
    const { log, state } = this.#data;
    const { backend } = state;
    return new RaftDriver(
      { tickMs: this.#options.tickMs },
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
          send: (messages) => this.peers.send(messages),
          failed: (error) => this.#events.failed(error),
        },
      },
    );
  }

  #createLeaderLoss(): LeaderLoss {
    const { clock, random } = this.#dependencies;
    return new LeaderLoss(
      { heartbeatIntervalMs: this.#options.tickMs },
      {
        clock,
        random,
        logger: this.#logger,
        leader: () => this.driver.leader,
        lastHeardMs: () => this.driver.leaderHeardMs,
        forgetLeader: () => this.driver.forgetLeader(),
        campaign: () => this.driver.campaign(),
      },
    );
  }

  #createProposals(): Proposals {
    return new Proposals(
      {
        maxRequestBytes: this.#options.maxRequestBytes,
        timeoutMs: requestTimeoutMs(this.#options),
        maxWaiting: MAX_WAITING_REQUESTS,
        maxWaitingBytes: MAX_WAITING_BYTES,
      },
      {
        ids: this.ids,
        clock: this.#dependencies.clock,
        propose: (batch) => this.driver.propose(batch),
        unappliedEntries: () => this.driver.committedIndex - this.#applyLoop.appliedIndex,
        timeoutError: (startMs) => this.timeouts.error(startMs),
        metrics: this.#data.metrics,
      },
    );
  }

  #createReads(): LinearizableReads {
    return new LinearizableReads(
      { timeoutMs: requestTimeoutMs(this.#options), maxWaiting: MAX_WAITING_READS },
      {
        clock: this.#dependencies.clock,
        ids: this.ids,
        readIndex: (context) => this.driver.readIndex(context),
        appliedIndex: () => this.#applyLoop.appliedIndex,
        isReadable: () => this.#data.state.store.isReadable,
        hasLeader: () => this.driver.leader !== NO_NODE,
        metrics: this.#data.metrics,
      },
    );
  }

  #createApplyLoop(node: RawNode, applied: AppliedPosition): ApplyLoop {
    const { clock, logger } = this.#dependencies;
    const { log, state, metrics } = this.#data;
    const { backend, cluster } = state;
    const confChanges = new ConfChangeApplier(
      { localId: log.memberId },
      {
        node,
        cluster,
        connections: this.peers,
        logger: logger.child('server/membership'),
        saveConfState: (confState) => saveConfState(backend, confState),
      },
      applied.confState ?? log.confState,
    );
    return new ApplyLoop(
      {
        idPrefix: this.ids.prefix,
        appliedIndex: applied.index,
        warningApplyDurationMs: this.#options.warningApplyDurationMs,
      },
      {
        applier: new Applier({ ...state, logger, flushBackend: () => backend.flush() }),
        proposals: this.#proposals,
        confChanges,
        clock,
        logger: logger.child('server/apply'),
        metrics,
        setConsistentIndex: (index, term) => backend.setConsistentIndex(index, term),
        confChangeDecided: (index, outcome) => this.#confChangeDecided(index, outcome),
        leaderReady: (term) => this.#leaderReady(term),
        spaceExceeded: (done) => this.#events.spaceExceeded(done),
      },
    );
  }

  #applied(index: number): void {
    this.#applyLoop.endRun();
    this.#proposals.flush();
    this.#reads.applied();
    this.#events.applied();
    this.#snapshots.maybeCut(index, this.#applyLoop.confState);
    this.#campaignIfAlone();
  }

  #roleChanged({ leader }: SoftState): void {
    const { log, state, metrics } = this.#data;
    if (leader !== log.memberId) state.lessor.demote();
    this.timeouts.leaderIs(leader);
    metrics.leaderIs(leader);
    if (leader === NO_NODE) return;
    this.#reads.leaderChanged();
    // What waited for a leader goes to this one; never from within Raft's own step.
    this.#dependencies.clock.setImmediate(() => this.#proposals.flush());
  }

  /** A single voter need not wait for an election timeout to find that nobody else leads. */
  #campaignIfAlone(): void {
    const { voters } = this.#applyLoop.confState;
    const isAlone = voters.length === 1 && voters[0] === this.#data.log.memberId;
    const isApplied = this.#applyLoop.appliedIndex >= this.driver.committedIndex;
    if (isAlone && isApplied && this.driver.leader === NO_NODE) {
      this.#dependencies.clock.setImmediate(() => {
        if (this.driver.leader === NO_NODE && !this.#isStopped) this.driver.campaign();
      });
    }
  }

  /**
   * Once others are reached, a leader would have been heard of within a heartbeat or two: most of the
   * first election timeout need not be waited for.
   */
  #advanceTicks(attemptsLeft = TICK_ADVANCE_ATTEMPTS): void {
    if (attemptsLeft === 0 || this.#isStopped || this.driver.leader !== NO_NODE) return;
    if (this.peers.activePeerCount > 1) this.driver.advanceTicks(this.#options.electionTicks - 2);
    else {
      const again = (): void => this.#advanceTicks(attemptsLeft - 1);
      this.#dependencies.clock.setTimeout(again, TICK_ADVANCE_INTERVAL_MS);
    }
  }

  #confChangeDecided(index: number, outcome: ConfChangeOutcome): void {
    if (outcome.error === null) this.#snapshots.configurationChanged(index, outcome.confState);
    this.#events.confChangeDecided(index, outcome);
  }

  async #install(snapshot: Snapshot, persist: () => Promise<void>): Promise<void> {
    const { metrics } = this.#data;
    metrics.snapshotsBeingApplied++;
    await this.#snapshots.install(snapshot, persist).finally(() => metrics.snapshotsBeingApplied--);
  }

  /** The state of a snapshot has taken the place of this member's. */
  #installed({ metadata }: Snapshot): void {
    this.#applyLoop.restored(metadata);
    this.peers.setPeers(this.#data.state.cluster.members());
    this.#events.installed();
    // What waits looks again once the new state can be read.
    this.#dependencies.clock.setImmediate(() => {
      this.#reads.applied();
      this.#events.applied();
    });
  }

  /** The first entry of a term is applied: if it is this member's own, it has taken over. */
  #leaderReady(term: number): void {
    if (!this.driver.isLeader || term !== this.driver.term || term === this.#ledTerm) return;
    // Only once: leases would get their time anew with every entry without content.
    this.#ledTerm = term;
    const { log, state } = this.#data;
    state.lessor.promote(this.#electionTimeoutMs);
    this.#logger.info('became leader', { term, 'local-member-id': formatId(log.memberId) });
    this.#events.tookOver();
  }
}

import { AlarmRequest, CompactionRequest } from '../proto/generated/etcdserverpb.js';
import {
  ClusterVersionSetRequest,
  DowngradeInfoSetRequest,
} from '../proto/generated/membershippb.js';
import { RequestKind } from '../proto/internal-request.js';
import { AlarmType } from './alarms.js';
import { type AutoCompactor, createAutoCompactor } from './auto-compaction/index.js';
import { CorruptionChecker, CorruptionMonitor, createPeerHashes } from './corruption/index.js';
import type { MemberCore } from './member-core.js';
import { Leadership, MembershipChanges, PromotionForwarder } from './membership/index.js';
import { requestTimeoutMs } from './options.js';
import { Downgrades, VersionMonitor } from './version/index.js';

/**
 * What a member does about the cluster as a whole: who belongs to it, who leads, what version all speak,
 * whether all hold the same.
 */
export class ClusterServices {
  readonly membership: MembershipChanges;
  readonly leadership: Leadership;
  readonly downgrades: Downgrades;
  readonly corruption: CorruptionChecker;
  readonly #corruptionMonitor: CorruptionMonitor;
  readonly #forwarder: PromotionForwarder;
  readonly #versions: VersionMonitor;
  readonly #autoCompactor: AutoCompactor | undefined;

  constructor(core: MemberCore) {
    const { clock, logger, driver, peers, options, memberId: localId } = core;
    const { cluster } = core.state;
    const timeoutMs = requestTimeoutMs(options);
    const leaderId = (): bigint => driver.leader;
    const activeSinceMs = (id: bigint): number | undefined => peers.activeSinceMs(id);
    this.#forwarder = new PromotionForwarder({
      clock,
      logger: logger.child('server/membership'),
      cluster,
      leaderId,
      queries: core.queries,
    });
    this.membership = new MembershipChanges(
      { localId, strictReconfigCheck: options.strictReconfigCheck, timeoutMs },
      {
        clock,
        logger: logger.child('server/membership'),
        cluster,
        nextId: core.nextRequestId,
        proposeConfChange: (change) => driver.proposeConfChange(change),
        timeoutError: core.timeoutError,
        activeSinceMs,
        isLeader: () => driver.isLeader,
        matchIndex: (id) => driver.progress.get(id)?.match,
        isApplied: () => core.appliedIndex() >= driver.committedIndex,
        forwardPromotion: (id, deadlineMs) => this.#forwarder.promote(id, deadlineMs),
        promotionEnded: (failure) => core.metrics.promotionEnded(failure),
      },
    );
    this.leadership = new Leadership(
      {
        localId,
        tickMs: options.tickMs,
        electionTimeoutMs: options.electionTicks * options.tickMs,
        timeoutMs,
      },
      {
        clock,
        logger: logger.child('server/leadership'),
        cluster,
        leaderId,
        transferLeader: (transferee) => driver.transferLeader(transferee),
        activeSinceMs,
      },
    );
    this.#versions = createVersionMonitor(core);
    this.downgrades = new Downgrades({
      clusterVersion: () => cluster.version,
      downgrade: () => core.state.downgrade.info,
      linearizableRead: core.linearizableRead,
      propose: (request) => proposeDowngradeInfo(core, request),
    });
    this.#autoCompactor = createAutoCompactor(options.autoCompaction, {
      clock,
      logger: logger.child('server/auto-compaction'),
      isLeader: () => driver.isLeader,
      revision: () => core.state.store.revision,
      compact: (revision) => proposeCompaction(core, revision),
    });
    this.corruption = createCorruptionChecker(core);
    this.#corruptionMonitor = new CorruptionMonitor(options, {
      checker: this.corruption,
      clock,
      logger,
      isLeader: () => driver.isLeader,
    });
  }

  start(): void {
    this.#versions.start();
    this.#autoCompactor?.start();
    this.#corruptionMonitor.start();
  }

  /** This member has taken over: it decides on the cluster's version now. */
  tookOver(): void {
    this.#versions.check();
  }

  stop(): void {
    this.#versions.stop();
    this.#autoCompactor?.stop();
    this.#corruptionMonitor.stop();
    this.membership.stop();
    this.#forwarder.stop();
  }
}

/** All members but this one, with their peer URLs. */
function others({ memberId, state }: MemberCore): { id: bigint; urls: readonly string[] }[] {
  const members = state.cluster.members().filter(({ id }) => id !== memberId);
  return members.map(({ id, peerUrls }) => ({ id, urls: peerUrls }));
}

function createVersionMonitor(core: MemberCore): VersionMonitor {
  const { clock, logger, driver, options, state } = core;
  return new VersionMonitor(options, {
    clock,
    logger,
    isLeader: () => driver.isLeader,
    clusterVersion: () => state.cluster.version,
    downgrade: () => state.downgrade.info,
    peers: () => others(core),
    serverVersion: async (url) => (await core.queries.version(url)).server,
    proposeVersion: (ver) =>
      proposed(core, RequestKind.clusterVersionSet, ClusterVersionSetRequest.encode({ ver })),
    proposeDowngradeEnd: () => proposeDowngradeInfo(core, { enabled: false, ver: '' }),
  });
}

function createCorruptionChecker(core: MemberCore): CorruptionChecker {
  const { logger, memberId, clusterId, queries } = core;
  const { store } = core.state;
  return new CorruptionChecker(
    { memberId },
    {
      hashByRevision: (revision) => store.hashByRevision(revision),
      currentRevision: () => store.revision,
      compactionHashes: () => store.compactionHashes,
      askPeers: createPeerHashes({
        peers: () => others(core),
        hashKv: (url, revision) => queries.hashKv(url, clusterId, revision),
        logger: logger.child('server/corruption'),
      }),
      linearizableRead: core.linearizableRead,
      raiseAlarm: (suspect) => {
        const request = { action: 1, memberId: suspect, alarm: AlarmType.corrupt } as const;
        core.proposeOwn(RequestKind.alarm, AlarmRequest.encode(request));
      },
      logger,
    },
  );
}

function proposeCompaction(core: MemberCore, revision: number): Promise<void> {
  const body = CompactionRequest.encode({ revision, physical: false });
  return proposed(core, RequestKind.compaction, body);
}

function proposeDowngradeInfo(core: MemberCore, request: DowngradeInfoSetRequest): Promise<void> {
  return proposed(core, RequestKind.downgradeInfoSet, DowngradeInfoSetRequest.encode(request));
}

/** Resolves when the request is applied. */
function proposed(core: MemberCore, kind: RequestKind, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    core.propose(kind, body, (error) => (error === null ? resolve() : reject(error)));
  });
}

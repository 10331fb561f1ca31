import { type Config, describeFeatures, parseInitialCluster } from '../config/index.js';
import type { MemberHttpOptions } from '../http/index.js';
import type { ServerOptions } from '../server/index.js';

/** What of the configuration the server room needs. */
export function serverOptions(config: Config): ServerOptions {
  const initialMembers = [...parseInitialCluster(config.initialCluster)].map(
    ([name, peerUrls]) => ({ name, peerUrls }),
  );
  return {
    name: config.name,
    dataDir: config.dataDir,
    walDir: config.walDir,
    initialMembers,
    initialClusterState: config.initialClusterState,
    initialClusterToken: config.initialClusterToken,
    advertisePeerUrls: config.initialAdvertisePeerUrls,
    strictReconfigCheck: config.strictReconfigCheck,
    maxLearners: config.maxLearners,
    forceNewCluster: config.forceNewCluster,
    advertiseClientUrls: config.advertiseClientUrls,
    tickMs: config.heartbeatIntervalMs,
    electionTicks: Math.floor(config.electionTimeoutMs / config.heartbeatIntervalMs),
    preVote: config.preVote,
    initialElectionTickAdvance: config.initialElectionTickAdvance,
    peerTimeoutMs: Math.max(config.raftReadTimeoutMs, config.raftWriteTimeoutMs),
    snapshotCount: config.snapshotCount,
    snapshotCatchupEntries: config.snapshotCatchupEntries,
    maxWals: config.maxWals,
    unsafeNoFsync: config.unsafeNoFsync,
    quotaBackendBytes: config.quotaBackendBytes,
    backendCacheBytes: config.backendCacheBytes,
    backendBatchIntervalMs: config.backendBatchIntervalMs,
    backendBatchLimit: config.backendBatchLimit,
    compactionBatchLimit: config.compactionBatchLimit,
    compactionSleepIntervalMs: config.compactionSleepIntervalMs,
    autoCompaction: config.autoCompaction,
    maxRequestBytes: config.maxRequestBytes,
    maxTxnOps: config.maxTxnOps,
    watchProgressNotifyIntervalMs: config.watchProgressNotifyIntervalMs,
    warningApplyDurationMs: config.warningApplyDurationMs,
    downgradeCheckTimeMs: config.downgradeCheckTimeMs,
    initialCorruptCheck: config.featureGates.InitialCorruptCheck,
    corruptCheckTimeMs: config.corruptCheckTimeMs,
    compactHashCheckTimeMs: config.featureGates.CompactHashCheck
      ? config.compactHashCheckTimeMs
      : 0,
    leaseCheckpoints: config.featureGates.LeaseCheckpoint,
  };
}

/** What of the configuration the http room needs. */
export function httpOptions(config: Config): MemberHttpOptions {
  return {
    measuresLatency: config.extensiveMetrics,
    warningDurationMs: config.warningUnaryRequestDurationMs,
    corsOrigins: config.corsOrigins,
    hostWhitelist: config.hostWhitelist,
    features: describeFeatures(config.featureGates),
  };
}

import { type Config, parseInitialCluster, type StartError, startFailed } from '../config/index.js';
import type { ServerOptions } from '../server/index.js';

/** What of the configuration the server room needs. Throws StartError for what it cannot do yet. */
export function serverOptions(config: Config): ServerOptions {
  const initialMembers = [...parseInitialCluster(config.initialCluster)].map(
    ([name, peerUrls]) => ({ name, peerUrls }),
  );
  if (initialMembers.length > 1 || config.initialClusterState === 'existing') {
    throw notYet('a cluster of several members');
  }
  if (config.forceNewCluster) throw notYet('--force-new-cluster');
  return {
    name: config.name,
    dataDir: config.dataDir,
    walDir: config.walDir,
    initialMembers,
    initialClusterToken: config.initialClusterToken,
    advertiseClientUrls: config.advertiseClientUrls,
    tickMs: config.heartbeatIntervalMs,
    electionTicks: Math.floor(config.electionTimeoutMs / config.heartbeatIntervalMs),
    preVote: config.preVote,
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
    maxRequestBytes: config.maxRequestBytes,
    maxTxnOps: config.maxTxnOps,
    watchProgressNotifyIntervalMs: config.watchProgressNotifyIntervalMs,
    warningApplyDurationMs: config.warningApplyDurationMs,
  };
}

function notYet(feature: string): StartError {
  return startFailed(`${feature} is not supported yet`);
}

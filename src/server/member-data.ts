import { join } from 'node:path';
import type { Backend } from '../storage/backend/index.js';
import { Snapshotter } from '../storage/snap/index.js';
import { nodeDisk } from '../storage/wal/index.js';
import { forceNewCluster } from './bootstrap/force-new-cluster.js';
import { DataDirectoryError, prepareDataDirectory } from './data-directory.js';
import { MemberMetrics } from './metrics.js';
import type { ServerDependencies, ServerOptions } from './options.js';
import { openRaftLog, type RaftLog } from './raft-log.js';
import { appliedPosition } from './raft-node.js';
import { recoverStagedBackend, StagingFolder } from './snapshots/index.js';
import { backendFolder, type MemberState, openBackend, restoreState } from './state.js';

/** Everything a member has on disk, opened. */
export interface MemberData {
  readonly log: RaftLog;
  readonly state: MemberState;
  readonly snapshotter: Snapshotter;
  readonly metrics: MemberMetrics;
  /** For snapshots on their way in. */
  readonly staging: StagingFolder;
  readonly snapFolder: string;
}

/**
 * Opens the data directory: backend, log, and the state that the backend holds. `failed` is told
 * when a later write fails. Throws, with everything closed, if the data cannot be used.
 */
export async function openMemberData(
  options: ServerOptions,
  dependencies: ServerDependencies & { readonly failed: (error: Error) => void },
): Promise<MemberData> {
  const { clock, logger } = dependencies;
  const { dataDir, walDir } = options;
  const { walFolder, snapFolder } = await prepareDataDirectory(dataDir, walDir, logger);
  const metrics = new MemberMetrics();
  const snapshotter = new Snapshotter(
    { directory: snapFolder },
    {
      disk: nodeDisk,
      clock,
      logger: logger.child('storage/snap'),
      onSaved: ({ encode, sync, total }) => {
        metrics.snapEncodes.observe(encode);
        metrics.snapSyncs.observe(sync);
        metrics.snapSaves.observe(total);
      },
    },
  );
  const staging = new StagingFolder(join(dataDir, 'member'), nodeDisk);
  await recoverStagedBackend(
    { walFolder, backendPath: backendFolder(dataDir) },
    { staging, snapshotter, disk: nodeDisk, clock, logger },
  );
  const backend = await openBackend(options, {
    ...dependencies,
    onCommitted: (seconds) => metrics.backendCommits.observe(seconds),
    onDefragmented: (seconds) => metrics.defragments.observe(seconds),
    onExported: (seconds) => metrics.databaseSnapshots.observe(seconds),
  });
  let log: RaftLog | undefined;
  try {
    log = await openRaftLog({ ...options, walFolder }, { ...dependencies, metrics });
    checkConsistency(log, backend, { dataDir, walFolder });
    await snapshotter.prepare();
    const state = await restoreState(options, dependencies, backend, log.clusterId);
    if (options.forceNewCluster) await forceNewCluster(log, appliedPosition(backend), logger);
    return { log, state, snapshotter, metrics, staging, snapFolder };
  } catch (error) {
    await log?.wal.close();
    await backend.close();
    throw error;
  }
}

/**
 * The backend must begin where the log does, or later, and must not be ahead of it: nothing is
 * applied before it is durable in the log. Anything else means that a part of the data is missing,
 * and serving the rest would show a state that never was. Throws DataDirectoryError.
 */
function checkConsistency(
  log: RaftLog,
  backend: Backend,
  { dataDir, walFolder }: { readonly dataDir: string; readonly walFolder: string },
): void {
  const folder = backendFolder(dataDir);
  const { consistentIndex } = backend;
  if (consistentIndex < log.snapshotIndex) {
    throw new DataDirectoryError(
      `the backend ${folder} has applied the log up to entry ${consistentIndex}, but the log ` +
        `${walFolder} begins after entry ${log.snapshotIndex}: a part of the data is missing`,
    );
  }
  const lastIndex = log.storage.lastIndex();
  if (consistentIndex > lastIndex) {
    throw new DataDirectoryError(
      `the backend ${folder} has applied the log up to entry ${consistentIndex}, but the log ` +
        `${walFolder} ends at entry ${lastIndex}: a part of the log is missing`,
    );
  }
}

import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import {
  Backend,
  hasReplaced,
  moveIntoPlace,
  type ReplaceStep,
  removeReplaced,
} from '../../storage/backend/index.js';
import type { Disk } from '../../storage/disk.js';
import type { Snapshotter } from '../../storage/snap/index.js';
import {
  NO_SNAPSHOT,
  newestSnapshotEntry,
  type WalSnapshot,
  walExists,
} from '../../storage/wal/index.js';
import { convertDatabase } from './convert.js';
import type { StagingFolder } from './staging.js';

export interface RecoveryOptions {
  readonly walFolder: string;
  /** Where the live backend lies; it must not be open. */
  readonly backendPath: string;
}

export interface RecoveryDependencies {
  readonly staging: StagingFolder;
  readonly snapshotter: Snapshotter;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly step?: (name: ReplaceStep) => void;
}

/**
 * Completes, at a start, the installation of a snapshot that a crash interrupted: if the log begins at
 * a snapshot that the backend has not reached, and the backend of just that snapshot is staged, or its
 * database lies in the snap folder as etcd leaves it, that is swapped in. What interrupted work has left
 * goes; if there is nothing to complete, nothing else changes. Throws what opening or converting throws.
 */
export async function recoverStagedBackend(
  options: RecoveryOptions,
  dependencies: RecoveryDependencies,
): Promise<void> {
  const { staging, snapshotter, disk, logger, step } = dependencies;
  const { walFolder, backendPath } = options;
  const staged = await staging.indexes();
  const received = await snapshotter.databaseIndexes();
  const hasLeftovers = (await staging.hasParts()) || (await hasReplaced(disk, backendPath));
  // The usual start neither opens the backend nor reads the log twice.
  if (staged.length + received.length === 0 && !hasLeftovers) return;
  // Throws before anything is touched if the data belongs to a process that runs.
  const consistentIndex = await indexOf(backendPath, dependencies);
  await staging.removeParts();
  const newest = await newestSnapshot(disk, walFolder);
  const { index } = newest;
  const isAvailable = staged.includes(index) || received.includes(index);
  if (isAvailable && consistentIndex < index) {
    if (!staged.includes(index)) await stageReceived(newest, dependencies);
    await moveIntoPlace(disk, backendPath, staging.finishedPath(index), step);
    logger.info('completed the installation of a snapshot', { 'snapshot-index': index });
  }
  await staging.clean();
  // Without a live store the old one stays for whoever finds out what happened.
  if (await disk.exists(backendPath)) await removeReplaced(disk, backendPath);
}

/** Where a start reads the log from. */
async function newestSnapshot(disk: Disk, walFolder: string): Promise<WalSnapshot> {
  if (!(await walExists(disk, walFolder))) return NO_SNAPSHOT;
  return newestSnapshotEntry(disk, walFolder);
}

/** The consistent index of the backend at `path`; 0 if there is none. */
async function indexOf(path: string, dependencies: RecoveryDependencies): Promise<number> {
  const { disk, clock, logger } = dependencies;
  if (!(await disk.exists(path))) return 0;
  const backend = await Backend.open({ path }, { clock, logger, disk });
  try {
    return backend.consistentIndex;
  } finally {
    await backend.close();
  }
}

async function stageReceived(
  snapshot: WalSnapshot,
  dependencies: RecoveryDependencies,
): Promise<void> {
  const { index } = snapshot;
  const { staging, snapshotter, disk, clock, logger } = dependencies;
  const { signal } = new AbortController();
  await convertDatabase(snapshotter.databasePath(index), staging.partPath(index), snapshot, {
    disk,
    clock,
    logger,
    signal,
  });
  await staging.finish(index);
}

/**
 * Snapshot files without a server: looking into them, and making a member's data directory out of one
 * (formats.md §6).
 *
 * ```ts
 * const { revision, totalKey } = await snapshotStatus('backup.db');
 * await restoreSnapshot({ snapshotPath: 'backup.db', dataDir, … }, { clock, logger });
 * ```
 */
export { defragmentOffline, type OfflineDefragmentOptions } from './defragment.js';
export { RestoreError } from './errors.js';
export { hashKvOfFile } from './file-hash.js';
export type { RestoreDependencies, RestoreOptions } from './restore-snapshot.js';
export { restoreSnapshot } from './restore-snapshot.js';
export { type SnapshotStatus, snapshotStatus } from './status.js';

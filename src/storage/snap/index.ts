/**
 * Raft snapshots on disk (formats.md §3): `.snap` files, and the membership in the form that members
 * before 3.7 read from them.
 *
 * ```ts
 * const snapshotter = new Snapshotter({ directory }, { disk: nodeDisk, logger });
 * await snapshotter.prepare();
 * await snapshotter.save({ index, term, confState, data: encodeV2Store({ members, removedIds }) });
 * const newest = await snapshotter.loadNewest(await validSnapshotEntries(disk, walDirectory));
 * ```
 */
export { SnapFileError } from './errors.js';
export type { RaftSnapshot } from './snapfile.js';
export {
  decodeRaftSnapshot,
  decodeSnapFile,
  encodeRaftSnapshot,
  encodeSnapFile,
} from './snapfile.js';
export type { SnapshotId, SnapshotterDependencies, SnapshotterOptions } from './snapshotter.js';
export { Snapshotter } from './snapshotter.js';
export type { V2Member, V2Membership } from './v2store.js';
export { encodeV2Store } from './v2store.js';

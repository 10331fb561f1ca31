/**
 * etcd's write-ahead log, byte for byte (formats.md §2): segments of checksummed records, group
 * commit, repair of a torn tail.
 *
 * ```ts
 * const wal = await createWal({ directory }, { disk: nodeDisk, clock, logger }, metadata);
 * wal.append(hardState, entries, (error) => { ... });          // durable, or the log is dead
 * const newest = await newestSnapshotEntry(disk, directory);
 * const { wal, metadata, hardState, entries } = await openWal({ directory }, dependencies, newest);
 * ```
 */
export type { Disk, DiskCallback, DiskFile, OpenMode } from '../disk.js';
export { nodeDisk } from '../disk.js';
export type { ConfState, HardState, LogEntry } from '../raftcodec.js';
export {
  EMPTY_HARD_STATE,
  ENTRY_CONF_CHANGE,
  ENTRY_CONF_CHANGE_V2,
  ENTRY_NORMAL,
  simpleConfState,
} from '../raftcodec.js';
export type { AppendCallback } from './appendbuffer.js';
export {
  WalClosedError,
  WalCorruptError,
  WalDirectoryError,
  WalError,
  WalFailedError,
  WalQueueFullError,
  WalSnapshotError,
  WalTornError,
} from './errors.js';
export type { OpenedWal } from './open.js';
export { createWal, openWal } from './open.js';
export type { LogContent } from './readlog.js';
export { NO_SNAPSHOT, newestSnapshotEntry, readLog, validSnapshotEntries } from './readlog.js';
export {
  RECORD_CRC,
  RECORD_ENTRY,
  RECORD_METADATA,
  RECORD_SNAPSHOT,
  RECORD_STATE,
  RecordEncoder,
} from './recordencoder.js';
export type { LogEnd, RecordVisitor } from './recordreader.js';
export { readRecords } from './recordreader.js';
export { repairWal } from './repair.js';
export type { Segment } from './segments.js';
export { listSegments, walExists } from './segments.js';
export type { WalDependencies, WalMetrics, WalOptions } from './wal.js';
export { SEGMENT_SIZE_BYTES, Wal } from './wal.js';
export type { WalSnapshot } from './walsnapshot.js';
export { decodeWalSnapshot, encodeWalSnapshot } from './walsnapshot.js';

/**
 * The store of a member: etcd's buckets on LevelDB (formats.md §4, §10.2).
 *
 * ```ts
 * const backend = await Backend.open({ path }, { clock, logger, onFailure });
 * backend.put('key', revisionBytes, keyValueBytes);     // what one entry changes …
 * backend.setConsistentIndex(entry.index, entry.term);  // … becomes durable together
 * if (backend.isFull) await backend.whenNotFull();      // before the next entry
 * for await (const batch of backend.scan('key', { gte, lt })) for (const [key, value] of batch) …
 * await backend.sync();                                 // before the log is cut
 * ```
 */
export type { BackendDependencies, BackendOptions } from './backend.js';
export { Backend } from './backend.js';
export type { BucketName } from './buckets.js';
export { BUCKET_NAMES, Bucket, CONSISTENT_INDEX_KEY, TERM_KEY } from './buckets.js';
export {
  BackendClosedError,
  BackendCorruptError,
  BackendError,
  BackendFailedError,
  BackendLockedError,
  BackendReplacedError,
} from './errors.js';
export { type FrozenState, recordsOf } from './frozenstate.js';
export { hasReplaced, moveIntoPlace, type ReplaceStep, removeReplaced } from './replace.js';
export type { BackendSnapshot, ScanRange, SnapshotPosition } from './scan.js';
export type { RecordVisitor } from './tablescan.js';

/**
 * MVCC: revisions, the key index, reads at a revision, watches, compaction and hashing over a record
 * store. See {@link MvccStore}.
 */
export * from './errors.js';
export { readRecordMeta, stripRecordValue } from './record.js';
export { MvccStore } from './store.js';
export * from './types.js';

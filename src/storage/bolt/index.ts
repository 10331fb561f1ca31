/**
 * Database files of etcd: bbolt's format, read and written as streams (formats.md §5).
 *
 * ```ts
 * const bolt = await BoltFile.open(file);
 * for (const bucket of await bolt.buckets()) {
 *   for await (const batch of bucket.scan()) for (const [key, value] of batch) …
 * }
 *
 * const layout = await measureBoltFile(buckets); // layout.sizeBytes is known before the first byte
 * for await (const block of writeBoltFile(buckets, layout)) …
 * ```
 */
export type { BoltBucket, BoltFileOptions } from './bolt-file.js';
export { BoltFile } from './bolt-file.js';
export { BoltCorruptError, BoltWriteError } from './errors.js';
export type { BoltLayout, BoltRecords, PairVisitor } from './write-file.js';
export { measureBoltFile, writeBoltFile } from './write-file.js';

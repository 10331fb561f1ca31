/**
 * Database files of etcd: bbolt's format, read and written as streams (formats.md §5).
 *
 * ```ts
 * const bolt = await BoltFile.open(file);
 * for (const { name, scan } of await bolt.buckets()) {
 *   for await (const batch of scan()) for (const [key, value] of batch) …
 * }
 * ```
 */
export type { BoltBucket, BoltFileOptions } from './bolt-file.js';
export { BoltFile } from './bolt-file.js';
export { BoltCorruptError, BoltWriteError } from './errors.js';

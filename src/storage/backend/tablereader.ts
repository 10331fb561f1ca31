/** Reading a bucket in another thread than the backend's: from its tables, without LevelDB. */
import { nodeDisk } from '../disk.js';
import type { BucketName } from './buckets.js';
import { prefixedRange, type ScanRange } from './scan.js';
import { type RecordVisitor, visitTables } from './tablescan.js';

/**
 * Visits the records of a range that are in the tables of `folder`, ascending: everything that was put
 * before `Backend.writeTables` gave that folder, unless it is deleted meanwhile. Between two pieces of a
 * quarter of a megabyte `rest` is awaited; an error of it ends the walk. Throws
 * BackendCorruptError.
 */
export async function visitFolder(
  folder: string,
  bucket: BucketName,
  range: ScanRange,
  visit: RecordVisitor,
  rest: () => Promise<void>,
): Promise<void> {
  const { gte, lt } = prefixedRange(bucket, range);
  await visitTables(nodeDisk, folder, { from: gte, below: lt }, visit, rest);
}

/** Giving back the space of deleted records. */
import { BUCKET_PREFIXES } from './buckets.js';
import type { Database } from './database.js';
import { BEYOND_LAST_KEY, FIRST_KEY } from './database.js';

/**
 * LevelDB has one compaction at a time, and writes wait once twelve memtables queue behind it; this
 * much is rewritten in about a second.
 */
const SLICE_BYTES = 64 << 20;
/** Behind a boundary it makes a key that no bucket has: revisions are 17 or 18 bytes long. */
const MARKER_SUFFIX = Buffer.from([0xff, 0xff]);

/**
 * Rewrites all tables without what is deleted, slice by slice; reads and writes go on meanwhile.
 *
 * LevelDB's manual compaction moves tables down level by level, but does not touch those that lie on
 * the lowest. So deletions of keys that do not exist are put on both ends of each slice: they make a
 * new table over it that has to be merged through all levels, down to the lowest.
 */
export async function rewriteTables(database: Database): Promise<void> {
  await writeMemtable(database);
  const boundaries = await sliceBoundaries(database);
  for (const [position, end] of boundaries.entries()) {
    const start = boundaries[position - 1];
    if (start === undefined) continue;
    const markers = database.batch();
    for (const boundary of [start, end]) markers.del(Buffer.concat([boundary, MARKER_SUFFIX]));
    await markers.write();
    await database.compactRange(start, Buffer.concat([end, MARKER_SUFFIX, MARKER_SUFFIX]));
  }
}

/** Makes a table of the memtable, so that everything written is in tables. */
export function writeMemtable(database: Database): Promise<void> {
  // That is what LevelDB begins each manual compaction with; this one has nothing else to do.
  return database.compactRange(FIRST_KEY, FIRST_KEY);
}

/** Keys that cut the store into slices; the key bucket by revision, where the bytes are. */
async function sliceBoundaries(database: Database): Promise<Buffer[]> {
  const bucketStart = Buffer.from([BUCKET_PREFIXES.key]);
  const bucketEnd = Buffer.from([BUCKET_PREFIXES.key + 1]);
  const sizeBytes = await database.approximateSize(bucketStart, bucketEnd);
  const slices = Math.ceil(sizeBytes / SLICE_BYTES);
  const range = { gte: bucketStart, lt: bucketEnd, limit: 1 };
  const [first] = await database.keys(range).all();
  const [last] = await database.keys({ ...range, reverse: true }).all();
  const boundaries = [FIRST_KEY, bucketStart];
  if (first !== undefined && last !== undefined && first.length >= 9 && last.length >= 9) {
    const firstRevision = first.readBigUInt64BE(1);
    const span = last.readBigUInt64BE(1) - firstRevision;
    for (let slice = 1; slice < slices; slice++) {
      const boundary = Buffer.alloc(9, BUCKET_PREFIXES.key);
      boundary.writeBigUInt64BE(firstRevision + (span * BigInt(slice)) / BigInt(slices), 1);
      boundaries.push(boundary);
    }
  }
  boundaries.push(bucketEnd, BEYOND_LAST_KEY);
  return boundaries;
}

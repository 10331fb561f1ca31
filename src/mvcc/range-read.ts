import { CompactedError, FutureRevisionError } from './errors.js';
import type { KeyEntry, LocatedRevision } from './key-entry.js';
import { type KeyRange, keyRange } from './key-range.js';
import type { KeySpace } from './key-space.js';
import type { LeafNode } from './key-tree-nodes.js';
import { encodeRecord, keepOnlyMeta } from './record.js';
import { isTombstoneCode } from './revision-key.js';
import type { RangeOptions, RangeResult } from './types.js';

/** A read with everything it leaves open decided. */
export interface ResolvedRead {
  readonly range: KeyRange;
  readonly revision: number;
  /** Infinity = none. */
  readonly limit: number;
  readonly countOnly: boolean;
  readonly keysOnly: boolean;
}

/**
 * Checks the revision of a read and fills in defaults. `newest` is the revision that reads may go up
 * to. Throws {@link CompactedError} and {@link FutureRevisionError}.
 */
export function resolveRead(space: KeySpace, options: RangeOptions, newest: number): ResolvedRead {
  const asked = options.revision ?? 0;
  if (asked > newest) throw new FutureRevisionError(newest);
  if (asked > 0 && asked < space.compactedRevision) {
    throw new CompactedError(space.compactedRevision);
  }
  const limit = options.limit ?? 0;
  return {
    range: keyRange(options.start, options.end),
    revision: asked > 0 ? asked : newest,
    limit: limit > 0 ? limit : Number.POSITIVE_INFINITY,
    countOnly: options.countOnly === true,
    keysOnly: options.keysOnly === true,
  };
}

/** Carries out a read at once. `newest` as in {@link resolveRead}. */
export function readRange(space: KeySpace, options: RangeOptions, newest: number): RangeResult {
  const read = resolveRead(space, options, newest);
  const result: RangeResult = {
    records: [],
    sizeBytes: 0,
    count: 0,
    more: false,
    revision: newest,
  };
  if (read.range.single) readSingle(space, read, result);
  else if (read.revision === newest) readNewest(space, read, result);
  else readOlder(space, read, result);
  return result;
}

function readSingle(space: KeySpace, read: ResolvedRead, result: RangeResult): void {
  const entry = space.tree.get(read.range.start);
  if (entry === undefined || !entry.isLiveAt(read.revision)) return;
  result.count = 1;
  if (!read.countOnly) addRecord(space, entry, read, result);
}

/** Counts by the tree, so that a page of a long list costs as much as the page. */
function readNewest(space: KeySpace, read: ResolvedRead, result: RangeResult): void {
  result.count = countLive(space, read.range);
  if (read.countOnly || result.count === 0) return;
  const wanted = Math.min(result.count, read.limit);
  result.more = wanted < result.count;
  let { leaf, index } = space.tree.seek(read.range.start) as { leaf: LeafNode; index: number };
  for (let found = 0; found < wanted; index++) {
    if (index >= leaf.length || leaf.live === 0) {
      // The count says that there is a next leaf.
      leaf = leaf.next as LeafNode;
      index = -1;
      continue;
    }
    if (!leaf.isLiveAt(index)) continue;
    addRecord(space, leaf.entryAt(index), read, result);
    found++;
  }
}

/**
 * Walks the range, since the tree counts only what is live now. (The place to make a continued list
 * cheaper: its count is that of its first page, or today's corrected by the changes since.)
 */
function readOlder(space: KeySpace, read: ResolvedRead, result: RangeResult): void {
  walkRange(space, read.range, (entry) => {
    if (!entry.isLiveAt(read.revision)) return;
    result.count++;
    if (!read.countOnly && result.records.length < read.limit) {
      addRecord(space, entry, read, result);
    }
  });
  result.more = !read.countOnly && result.records.length < result.count;
}

function walkRange(space: KeySpace, range: KeyRange, visit: (entry: KeyEntry) => void): void {
  const { end } = range;
  let { leaf, index } = space.tree.seek(range.start) as {
    leaf: LeafNode | undefined;
    index: number;
  };
  for (; leaf !== undefined; leaf = leaf.next, index = 0) {
    const stop = end === undefined ? leaf.length : leaf.lowerBound(end);
    for (; index < stop; index++) visit(leaf.entryAt(index));
    if (stop < leaf.length) return;
  }
}

/** Keys of the range that are live now; O(log n). */
export function countLive(space: KeySpace, range: KeyRange): number {
  const { start, end, single } = range;
  if (single) return space.tree.get(start)?.isLive === true ? 1 : 0;
  if (end !== undefined && start >= end) return 0;
  return space.tree.liveBelow(end) - space.tree.liveBelow(start);
}

/** Adds the record of an entry that is live at the read's revision. */
export function addRecord(
  space: KeySpace,
  entry: KeyEntry,
  read: ResolvedRead,
  result: { records: Buffer[]; sizeBytes: number },
): void {
  const record = recordAt(space, entry, read.revision, read.keysOnly);
  result.records.push(record);
  result.sizeBytes += record.length;
}

const located: LocatedRevision = { main: 0, code: 0 };
const NO_VALUE = Buffer.alloc(0);

function recordAt(space: KeySpace, entry: KeyEntry, revision: number, keysOnly: boolean): Buffer {
  if (entry.modRevision <= revision) {
    if (!keysOnly) return space.records.newest(entry);
    const { key, createRevision, modRevision, version } = entry;
    return encodeRecord({ key, createRevision, modRevision, version, value: NO_VALUE, lease: 0n });
  }
  entry.locate(revision, located);
  const record = space.records.at(located.main, located.code);
  return keysOnly ? keepOnlyMeta(record) : record;
}

/** The record of a key as it was at `revision`, or undefined if it did not exist then. */
export function recordOf(space: KeySpace, entry: KeyEntry, revision: number): Buffer | undefined {
  if (!entry.locate(revision, located) || isTombstoneCode(located.code)) return undefined;
  if (entry.modRevision <= revision) return space.records.newest(entry);
  return space.records.at(located.main, located.code);
}

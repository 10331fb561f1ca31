import { CompactedError, StoreClosedError } from './errors.js';
import type { KeyEntry } from './key-entry.js';
import type { KeySpace } from './key-space.js';
import type { LeafNode } from './key-tree-nodes.js';
import { addRecord, countLive, type ResolvedRead } from './range-read.js';
import type { RangeChunk, RangeReader } from './types.js';

/** The work of fetching a record from disk, in entries looked at. */
const FETCH_COST = 24;

/** See {@link RangeReader}. Between two pieces the tree may change, so the place is kept as a key. */
export class SlicedReader implements RangeReader {
  private readonly space: KeySpace;
  private readonly read: ResolvedRead;
  private readonly sliceWork: number;
  private readonly newest: number;
  private readonly epoch: number;
  private readonly release: (() => void) | undefined;
  /** The last key looked at. */
  private lastKey: string | undefined;
  private count: number;
  /** The count is known from the start when the read is of the newest revision. */
  private readonly countKnown: boolean;
  private found = 0;
  private done = false;

  /**
   * `sliceWork` is the work of one piece, in entries looked at. With `release` the revision is pinned; without, a compaction beyond it ends the
   * reading.
   */
  constructor(space: KeySpace, read: ResolvedRead, sliceWork: number, release?: () => void) {
    this.space = space;
    this.sliceWork = sliceWork;
    this.read = read;
    this.newest = space.revision;
    this.epoch = space.epoch;
    this.release = release;
    this.countKnown = read.revision === space.revision;
    this.count = this.countKnown ? countLive(space, read.range) : 0;
  }

  next(maxBytes: number): RangeChunk {
    const { read, space } = this;
    if (space.epoch !== this.epoch) throw new StoreClosedError();
    if (this.release === undefined && read.revision < space.compactedRevision) {
      throw new CompactedError(space.compactedRevision);
    }
    const chunk: RangeChunk = { records: [], sizeBytes: 0, end: undefined };
    if (read.range.single) this.readSingle(chunk);
    else if (!this.isComplete()) this.readMore(chunk, maxBytes);
    if (this.done || this.isComplete()) this.finish(chunk);
    return chunk;
  }

  close(): void {
    this.done = true;
    this.release?.();
  }

  /** Whether what is still in the range is of no interest. */
  private isComplete(): boolean {
    if (!this.countKnown) return false;
    return this.read.countOnly || this.found >= Math.min(this.count, this.read.limit);
  }

  private finish(chunk: RangeChunk): void {
    const { count, found, newest } = this;
    chunk.end = { count, more: !this.read.countOnly && found < count, revision: newest };
    this.close();
  }

  private readSingle(chunk: RangeChunk): void {
    const { read, space } = this;
    const entry = space.tree.get(read.range.start);
    if (entry?.isLiveAt(read.revision) === true) {
      this.count = 1;
      this.found = 1;
      if (!read.countOnly) addRecord(space, entry, read, chunk);
    } else {
      this.count = 0;
    }
    this.done = true;
  }

  private readMore(chunk: RangeChunk, maxBytes: number): void {
    const { space } = this;
    const { end } = this.read.range;
    const workEnd = space.records.fetches * FETCH_COST + this.sliceWork;
    let work = 0;
    const position = space.tree.seek(this.lastKey ?? this.read.range.start);
    let leaf: LeafNode | undefined = position.leaf;
    let index = position.index;
    if (leaf.keys[index] === this.lastKey) index++;
    for (; leaf !== undefined; leaf = leaf.next, index = 0) {
      const stop: number = end === undefined ? leaf.length : leaf.lowerBound(end);
      for (; index < stop; index++) {
        const entry = leaf.entryAt(index);
        this.visit(entry, chunk);
        work++;
        if (
          chunk.sizeBytes >= maxBytes ||
          work + space.records.fetches * FETCH_COST >= workEnd ||
          this.isComplete()
        ) {
          this.lastKey = entry.key;
          return;
        }
      }
      if (stop < leaf.length) break;
    }
    this.done = true;
  }

  private visit(entry: KeyEntry, chunk: RangeChunk): void {
    const { read } = this;
    if (!entry.isLiveAt(read.revision)) return;
    if (!this.countKnown) this.count++;
    if (read.countOnly || this.found >= read.limit) return;
    addRecord(this.space, entry, read, chunk);
    this.found++;
  }
}

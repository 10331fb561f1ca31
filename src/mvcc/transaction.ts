import type { KeyEntry } from './key-entry.js';
import { keyRange } from './key-range.js';
import type { Change, KeySpace } from './key-space.js';
import type { LeafNode } from './key-tree-nodes.js';
import { readRange } from './range-read.js';
import type { RangeOptions, RangeResult, WriteTransaction } from './types.js';

/** Told of the changes of a transaction in the step that makes them current. */
export type ChangeListener = (revision: number, changes: readonly Change[]) => void;

/** See {@link WriteTransaction}. Changes go into the index at once; nobody else runs in between. */
export class Transaction implements WriteTransaction {
  private readonly space: KeySpace;
  private readonly onEnd: (transaction: Transaction) => void;
  private readonly base: number;
  readonly log: Change[] = [];
  /** Operations so far, whether they found anything or not. */
  ranges = 0;
  puts = 0;
  deletes = 0;
  /** Bytes of keys and values put. */
  putBytes = 0;

  constructor(space: KeySpace, onEnd: (transaction: Transaction) => void) {
    this.space = space;
    this.onEnd = onEnd;
    this.base = space.revision;
  }

  get revision(): number {
    return this.log.length > 0 ? this.base + 1 : this.base;
  }

  get changes(): number {
    return this.log.length;
  }

  put(key: string, value: Uint8Array, lease: bigint): void {
    this.puts++;
    this.putBytes += key.length + value.length;
    this.log.push(this.space.put(this.base + 1, this.log.length, key, value, lease));
  }

  deleteRange(start: string, end: string): number {
    this.deletes++;
    if (end === '') return this.deleteKey(start);
    const range = keyRange(start, end);
    const position = this.space.tree.seek(start);
    let leaf: LeafNode | undefined = position.leaf;
    let index = position.index;
    const before = this.log.length;
    // Deleting marks entries and leaves the tree's shape alone, so the walk can go on.
    for (; leaf !== undefined; leaf = leaf.next, index = 0) {
      const stop: number = range.end === undefined ? leaf.length : leaf.lowerBound(range.end);
      for (; index < stop; index++) this.deleteEntry(leaf.entryAt(index));
      if (stop < leaf.length) break;
    }
    return this.log.length - before;
  }

  private deleteKey(key: string): number {
    const entry = this.space.tree.get(key);
    if (entry?.isLive !== true) return 0;
    this.deleteEntry(entry);
    return 1;
  }

  private deleteEntry(entry: KeyEntry): void {
    if (!entry.isLive) return;
    this.log.push(this.space.delete(this.base + 1, this.log.length, entry));
  }

  range(options: RangeOptions): RangeResult {
    this.ranges++;
    return readRange(this.space, options, this.revision);
  }

  end(): number {
    this.onEnd(this);
    return this.revision;
  }
}

import { KeyEntry } from './key-entry.js';
import type { KeyRows } from './key-rows.js';

/** Entries of a leaf, children of an inner node, at most. */
export const NODE_CAPACITY = 64;
/** Below this a node is joined or evened out with a neighbour. */
export const NODE_MINIMUM = 16;

export type TreeNode = LeafNode | InnerNode;

/** The entries of a part of the key space, in key order. Leaves form a list. */
export class LeafNode {
  /** Beside the rows, because a search that looks keys up by row misses the cache twice a step. */
  readonly keys: string[];
  /** The row of each key in {@link all}. */
  readonly rows: number[];
  private readonly all: KeyRows;
  next: LeafNode | undefined;
  /** Entries whose key is live at the newest revision. */
  live: number;

  constructor(all: KeyRows, keys: string[], rows: number[], next: LeafNode | undefined) {
    this.all = all;
    this.keys = keys;
    this.rows = rows;
    this.next = next;
    this.live = 0;
    this.recount();
  }

  /** The entry at `index`. */
  entryAt(index: number): KeyEntry {
    return new KeyEntry(this.all, this.rows[index] as number);
  }

  isLiveAt(index: number): boolean {
    return this.all.isLive(this.rows[index] as number);
  }

  get length(): number {
    return this.keys.length;
  }

  recount(): void {
    this.live = this.liveBefore(this.rows.length);
  }

  /** The index of the first key that is not below `key`. */
  lowerBound(key: string): number {
    const { keys } = this;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Live entries before `index`. */
  liveBefore(index: number): number {
    let live = 0;
    for (let at = 0; at < index; at++) if (this.isLiveAt(at)) live++;
    return live;
  }

  insertAt(index: number, entry: KeyEntry): void {
    insertInto(this.keys, index, entry.key);
    insertInto(this.rows, index, entry.row);
    if (entry.isLive) this.live++;
  }

  removeAt(index: number): void {
    if (this.isLiveAt(index)) this.live--;
    this.keys.splice(index, 1);
    this.rows.splice(index, 1);
  }

  /** Moves what is at `index` and behind it to a new leaf, which becomes the next one. */
  splitAt(index: number): LeafNode {
    const { keys, rows } = this;
    const right = new LeafNode(this.all, keys.slice(index), rows.slice(index), this.next);
    keys.length = index;
    rows.length = index;
    this.live -= right.live;
    this.next = right;
    return right;
  }

  /** Takes over all of the next leaf. */
  absorb(right: LeafNode): void {
    this.keys.push(...right.keys);
    this.rows.push(...right.rows);
    this.live += right.live;
    this.next = right.next;
  }

  /** Evens out with the next leaf. */
  balance(right: LeafNode): void {
    evenOut(this.keys, right.keys);
    evenOut(this.rows, right.rows);
    this.recount();
    right.recount();
  }
}

/** Children in key order, with the number of live keys below each. */
export class InnerNode {
  readonly children: TreeNode[];
  /** `separators[i]` is above all keys of child i and not above any key of child i + 1. */
  readonly separators: string[];
  /** A copy of what the children know, so that counting reads one array instead of 64 objects. */
  readonly liveCounts: number[];

  constructor(children: TreeNode[], separators: string[]) {
    this.children = children;
    this.separators = separators;
    this.liveCounts = children.map((child) => child.live);
  }

  get live(): number {
    let live = 0;
    for (const count of this.liveCounts) live += count;
    return live;
  }

  get length(): number {
    return this.children.length;
  }

  /** The index of the child that has, or would have, `key`. */
  childIndex(key: string): number {
    const { separators } = this;
    let low = 0;
    let high = separators.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((separators[middle] as string) <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insertChild(index: number, separator: string, child: TreeNode): void {
    this.children.splice(index, 0, child);
    this.separators.splice(index - 1, 0, separator);
    this.liveCounts.splice(index, 0, child.live);
  }

  /** Removes the child at `index` (not the first) and the separator before it. */
  removeChild(index: number): void {
    this.children.splice(index, 1);
    this.separators.splice(index - 1, 1);
    this.liveCounts.splice(index, 1);
  }

  recount(index: number): void {
    this.liveCounts[index] = (this.children[index] as TreeNode).live;
  }

  /** Moves the upper half to a new node; returns it with the separator between the two. */
  split(index: number): { separator: string; right: InnerNode } {
    const separator = this.separators[index - 1] as string;
    const right = new InnerNode(this.children.slice(index), this.separators.slice(index));
    this.children.length = index;
    this.separators.length = index - 1;
    this.liveCounts.length = index;
    return { separator, right };
  }

  /** Takes over all of the next node; `separator` stood between the two. */
  absorb(separator: string, right: InnerNode): void {
    this.children.push(...right.children);
    this.separators.push(separator, ...right.separators);
    this.liveCounts.push(...right.liveCounts);
  }
}

/** `splice` makes an array of what it removes; this does not, and leaves are written to all the time. */
function insertInto<T>(target: T[], index: number, item: T): void {
  target.push(item);
  for (let at = target.length - 1; at > index; at--) target[at] = target[at - 1] as T;
  target[index] = item;
}

function evenOut<T>(left: T[], right: T[]): void {
  const half = (left.length + right.length) >>> 1;
  if (left.length > half) right.unshift(...left.splice(half));
  else left.push(...right.splice(0, half - left.length));
}

import { KeyEntry } from './key-entry.js';
import { KeyRows } from './key-rows.js';
import { KeyTable } from './key-table.js';
import { KeyTreeLoader } from './key-tree-loader.js';
import {
  InnerNode,
  LeafNode,
  NODE_CAPACITY,
  NODE_MINIMUM,
  type TreeNode,
} from './key-tree-nodes.js';

/** A node that split: what its parent has to take in. */
interface Split {
  separator: string;
  right: TreeNode;
}

/** A place in the tree: valid until the tree is changed. */
export interface TreePosition {
  leaf: LeafNode;
  index: number;
}

/**
 * The ordered index: a B+tree from key to {@link KeyEntry} whose nodes know how many of their keys are
 * live at the newest revision, so that counting a range costs O(log n) (etcd walks it).
 *
 * Beside the tree stands a table for finding one key.
 *
 * Whoever makes an entry live or dead tells the tree ({@link adjustLive}).
 */
export class KeyTree {
  private root: TreeNode;
  private readonly rows = new KeyRows();
  private readonly table = new KeyTable(this.rows);
  private entryCount = 0;
  /** The leaf of the last insertion: a run of ascending keys fills its leaves to the brim. */
  private lastLeaf: LeafNode | undefined;
  private loader: KeyTreeLoader | undefined;

  constructor() {
    this.root = new LeafNode(this.rows, [], [], undefined);
  }

  /** Entries, those of deleted keys included. */
  get size(): number {
    return this.entryCount;
  }

  /** Keys that are live at the newest revision. */
  get live(): number {
    return this.root.live;
  }

  get(key: string): KeyEntry | undefined {
    const row = this.table.find(key);
    return row === undefined ? undefined : new KeyEntry(this.rows, row);
  }

  /** An entry for a key that has none; it is to be filled and then to be inserted or loaded. */
  create(key: string): KeyEntry {
    return new KeyEntry(this.rows, this.rows.add(key));
  }

  /** The position of the first entry whose key is not below `key`. */
  seek(key: string): TreePosition {
    const leaf = this.leafFor(key);
    return { leaf, index: leaf.lowerBound(key) };
  }

  /** Live keys below `key`; undefined = all. */
  liveBelow(key: string | undefined): number {
    if (key === undefined) return this.live;
    let live = 0;
    let node = this.root;
    while (node instanceof InnerNode) {
      const index = node.childIndex(key);
      for (let before = 0; before < index; before++) live += node.liveCounts[before] as number;
      node = node.children[index] as TreeNode;
    }
    return live + node.liveBefore(node.lowerBound(key));
  }

  /** Adds an entry of {@link create}. */
  insert(entry: KeyEntry): void {
    this.entryCount++;
    this.table.add(entry.key, entry.row);
    const split = this.insertBelow(this.root, entry);
    if (split !== undefined) this.root = new InnerNode([this.root, split.right], [split.separator]);
  }

  /**
   * Adds an entry of {@link create}, one of a large number that come in any order. Until
   * {@link finishLoad} only {@link get} knows of them.
   */
  load(entry: KeyEntry): void {
    if (this.loader === undefined && this.entryCount > 0) throw new Error('the tree is not empty');
    this.loader ??= new KeyTreeLoader(this.rows);
    this.loader.add(entry.key, entry.row);
    this.entryCount++;
    this.table.add(entry.key, entry.row);
  }

  /** Builds the tree of what was loaded; to be drained with turns in between. */
  *finishLoad(): Generator<void, void> {
    if (this.loader === undefined) return;
    this.root = yield* this.loader.build();
    this.loader = undefined;
  }

  /** Tells the tree that the entry of `key` came to life (+1) or died (-1). */
  adjustLive(key: string, change: 1 | -1): void {
    let node = this.root;
    while (node instanceof InnerNode) {
      const index = node.childIndex(key);
      node.liveCounts[index] = (node.liveCounts[index] as number) + change;
      node = node.children[index] as TreeNode;
    }
    node.live += change;
  }

  /** Removes the entry of `key`; false if there is none. */
  remove(key: string): boolean {
    const row = this.table.delete(key);
    if (row === undefined) return false;
    this.removeBelow(this.root, key);
    this.rows.remove(row);
    this.entryCount--;
    this.lastLeaf = undefined;
    if (this.root instanceof InnerNode && this.root.length === 1) {
      this.root = this.root.children[0] as TreeNode;
    }
    return true;
  }

  /** The root, for the test of the tree's rules. */
  inspect(): TreeNode {
    return this.root;
  }

  private leafFor(key: string): LeafNode {
    let node = this.root;
    while (node instanceof InnerNode) node = node.children[node.childIndex(key)] as TreeNode;
    return node;
  }

  private insertBelow(node: TreeNode, entry: KeyEntry): Split | undefined {
    if (node instanceof LeafNode) return this.insertIntoLeaf(node, entry);
    const index = node.childIndex(entry.key);
    const split = this.insertBelow(node.children[index] as TreeNode, entry);
    if (split === undefined) {
      if (entry.isLive) node.liveCounts[index] = (node.liveCounts[index] as number) + 1;
      return undefined;
    }
    node.recount(index);
    node.insertChild(index + 1, split.separator, split.right);
    if (node.length <= NODE_CAPACITY) return undefined;
    // A run of ascending keys splits the last child; the full half then never grows again.
    const atEnd = index + 2 === node.length;
    return node.split(atEnd ? node.length - NODE_MINIMUM : node.length >>> 1);
  }

  private insertIntoLeaf(leaf: LeafNode, entry: KeyEntry): Split | undefined {
    const index = leaf.lowerBound(entry.key);
    const continuesRun = leaf === this.lastLeaf && index === leaf.length;
    leaf.insertAt(index, entry);
    this.lastLeaf = leaf;
    if (leaf.length <= NODE_CAPACITY) return undefined;
    const right = leaf.splitAt(continuesRun ? leaf.length - 1 : leaf.length >>> 1);
    if (continuesRun) this.lastLeaf = right;
    return { separator: right.keys[0] as string, right };
  }

  private removeBelow(node: TreeNode, key: string): void {
    if (node instanceof LeafNode) {
      node.removeAt(node.lowerBound(key));
      return;
    }
    const index = node.childIndex(key);
    const child = node.children[index] as TreeNode;
    this.removeBelow(child, key);
    node.recount(index);
    if (child.length < NODE_MINIMUM && node.length > 1) repair(node, index === 0 ? 0 : index - 1);
  }
}

/** Joins the children at `index` and `index + 1`, or evens them out if that is too much for one. */
function repair(parent: InnerNode, index: number): void {
  const left = parent.children[index] as TreeNode;
  const right = parent.children[index + 1] as TreeNode;
  const joins = left.length + right.length <= NODE_CAPACITY;
  if (left instanceof LeafNode && right instanceof LeafNode) {
    if (joins) left.absorb(right);
    else {
      left.balance(right);
      parent.separators[index] = right.keys[0] as string;
    }
  } else if (left instanceof InnerNode && right instanceof InnerNode) {
    left.absorb(parent.separators[index] as string, right);
    if (!joins) {
      const half = left.split(left.length >>> 1);
      parent.children[index + 1] = half.right;
      parent.separators[index] = half.separator;
    }
  }
  parent.recount(index);
  if (joins) parent.removeChild(index + 1);
  else parent.recount(index + 1);
}

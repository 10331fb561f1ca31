import type { KeyRows } from './key-rows.js';
import { type Run, RunMerge, sortedRun } from './key-runs.js';
import { InnerNode, LeafNode, type TreeNode } from './key-tree-nodes.js';

/** Keys sorted at once: some milliseconds. */
const RUN_KEYS = 8192;
/** Entries or children of a new node: room is left for what comes later. */
const FILL = 48;
/** Leaves built between two turns. */
const LEAVES_PER_SLICE = 128;

/**
 * Builds a tree of keys that come in any order: sorted runs, one merge, full nodes from the leaves up.
 * Inserting them one by one took two thirds of a start on a large store, most of it in comparing keys
 * on the way down through nodes that were in no cache.
 */
export class KeyTreeLoader {
  private readonly all: KeyRows;
  private readonly runs: Run[] = [];
  private keys: string[] = [];
  private rows: number[] = [];

  constructor(all: KeyRows) {
    this.all = all;
  }

  /** Takes a key that was not added before. */
  add(key: string, row: number): void {
    this.keys.push(key);
    this.rows.push(row);
    if (this.keys.length === RUN_KEYS) this.closeRun();
  }

  /** Builds the tree, yielding between slices of some milliseconds; returns its root. */
  *build(): Generator<void, TreeNode> {
    if (this.keys.length > 0) this.closeRun();
    const count = this.runs.reduce((sum, run) => sum + run.keys.length, 0);
    let nodes: TreeNode[] = yield* this.leaves(count);
    while (nodes.length > 1) {
      nodes = innerNodes(nodes);
      yield;
    }
    return nodes[0] ?? new LeafNode(this.all, [], [], undefined);
  }

  private closeRun(): void {
    this.runs.push(sortedRun(this.keys, this.rows));
    this.keys = [];
    this.rows = [];
  }

  private *leaves(count: number): Generator<void, LeafNode[]> {
    const merge = new RunMerge(this.runs);
    const leaves: LeafNode[] = [];
    for (const size of evenSizes(count)) {
      const keys: string[] = [];
      const rows: number[] = [];
      for (let taken = 0; taken < size; taken++) {
        keys.push(merge.key);
        rows.push(merge.row);
        merge.advance();
      }
      const leaf = new LeafNode(this.all, keys, rows, undefined);
      const previous = leaves.at(-1);
      if (previous !== undefined) previous.next = leaf;
      leaves.push(leaf);
      if (leaves.length % LEAVES_PER_SLICE === 0) yield;
    }
    return leaves;
  }
}

/** `count` items over as few nodes as {@link FILL} allows, as evenly as can be. */
function evenSizes(count: number): number[] {
  const nodes = Math.ceil(count / FILL);
  const larger = count % nodes;
  const size = Math.floor(count / nodes);
  return Array.from({ length: nodes }, (_, index) => size + (index < larger ? 1 : 0));
}

/** The level above `children`, which are at least two. */
function innerNodes(children: readonly TreeNode[]): InnerNode[] {
  const nodes: InnerNode[] = [];
  let start = 0;
  for (const size of evenSizes(children.length)) {
    const own = children.slice(start, start + size);
    nodes.push(new InnerNode(own, own.slice(1).map(lowestKey)));
    start += size;
  }
  return nodes;
}

function lowestKey(node: TreeNode): string {
  let lowest = node;
  while (lowest instanceof InnerNode) lowest = lowest.children[0] as TreeNode;
  return lowest.keys[0] as string;
}

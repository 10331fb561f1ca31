import type { KeyEntry } from './key-entry.js';
import { InnerNode, LeafNode, type TreeNode } from './key-tree-nodes.js';

/** Entries sorted at once: some milliseconds. */
const RUN_ENTRIES = 8192;
/** Entries or children of a new node: room is left for what comes later. */
const FILL = 48;
/** Leaves built between two turns. */
const LEAVES_PER_SLICE = 128;

/** A sorted run that is being merged. */
interface Cursor {
  readonly run: readonly KeyEntry[];
  index: number;
}

/**
 * Builds a tree of entries that come in any order: sorted runs, one merge, full nodes from the leaves
 * up. Inserting them one by one took two thirds of a start on a large store, most of it in comparing
 * keys on the way down through nodes that were in no cache.
 */
export class KeyTreeLoader {
  private readonly runs: KeyEntry[][] = [];
  private run: KeyEntry[] = [];

  /** Takes an entry whose key was not added before. */
  add(entry: KeyEntry): void {
    this.run.push(entry);
    if (this.run.length === RUN_ENTRIES) this.closeRun();
  }

  /** Builds the tree, yielding between slices of some milliseconds; returns its root. */
  *build(): Generator<void, TreeNode> {
    if (this.run.length > 0) this.closeRun();
    const count = this.runs.reduce((sum, run) => sum + run.length, 0);
    let nodes: TreeNode[] = yield* this.leaves(count);
    while (nodes.length > 1) {
      nodes = innerNodes(nodes);
      yield;
    }
    return nodes[0] ?? new LeafNode([], [], undefined);
  }

  private closeRun(): void {
    this.run.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.runs.push(this.run);
    this.run = [];
  }

  private *leaves(count: number): Generator<void, LeafNode[]> {
    const next = merge(this.runs);
    const leaves: LeafNode[] = [];
    for (const size of evenSizes(count)) {
      const entries: KeyEntry[] = [];
      while (entries.length < size) entries.push(next());
      const leaf = new LeafNode(
        entries.map((entry) => entry.key),
        entries,
        undefined,
      );
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

/** Gives the entries of all runs in key order, one a call; a binary heap of the runs' heads. */
function merge(runs: readonly KeyEntry[][]): () => KeyEntry {
  const heap: Cursor[] = runs.map((run) => ({ run, index: 0 }));
  for (let at = (heap.length >>> 1) - 1; at >= 0; at--) siftDown(heap, at);
  return () => {
    const top = heap[0] as Cursor;
    const entry = top.run[top.index++] as KeyEntry;
    if (top.index === top.run.length) {
      const last = heap.pop() as Cursor;
      if (last !== top) heap[0] = last;
    }
    siftDown(heap, 0);
    return entry;
  };
}

function siftDown(heap: Cursor[], start: number): void {
  let at = start;
  for (;;) {
    let least = at;
    for (let child = at * 2 + 1; child <= at * 2 + 2 && child < heap.length; child++) {
      if (headKey(heap, child) < headKey(heap, least)) least = child;
    }
    if (least === at) return;
    const moved = heap[at] as Cursor;
    heap[at] = heap[least] as Cursor;
    heap[least] = moved;
    at = least;
  }
}

function headKey(heap: readonly Cursor[], at: number): string {
  const cursor = heap[at] as Cursor;
  return (cursor.run[cursor.index] as KeyEntry).key;
}

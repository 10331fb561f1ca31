import assert from 'node:assert/strict';
import type { KeyTree } from '../../src/mvcc/key-tree.js';
import {
  InnerNode,
  LeafNode,
  NODE_CAPACITY,
  type TreeNode,
} from '../../src/mvcc/key-tree-nodes.js';

/** Fails unless the tree is in order, balanced, linked and counted right. */
export function assertTreeRules(tree: KeyTree): void {
  const leaves: LeafNode[] = [];
  checkBelow(tree.inspect(), undefined, undefined, leaves);
  const keys = leaves.flatMap((leaf) => leaf.keys);
  assert.deepEqual(keys, [...keys].sort(), 'keys ascend');
  assert.equal(new Set(keys).size, keys.length, 'keys are unique');
  assert.equal(tree.size, keys.length);
  for (const [index, leaf] of leaves.entries()) assert.equal(leaf.next, leaves[index + 1]);
}

/** Returns the node's height. */
function checkBelow(
  node: TreeNode,
  low: string | undefined,
  high: string | undefined,
  leaves: LeafNode[],
): number {
  assert.ok(node.length <= NODE_CAPACITY, 'no node is too full');
  if (node instanceof LeafNode) {
    leaves.push(node);
    assert.deepEqual(
      node.keys,
      node.keys.map((_, index) => node.entryAt(index).key),
    );
    assert.equal(node.live, node.keys.filter((_, index) => node.entryAt(index).isLive).length);
    for (const key of node.keys) {
      assert.ok(low === undefined || key >= low, 'not below the separator');
      assert.ok(high === undefined || key < high, 'below the next separator');
    }
    return 0;
  }
  assert.ok(node.length >= 2, 'an inner node has two children at least');
  assert.equal(node.separators.length, node.length - 1);
  const heights = node.children.map((child, index) => {
    assert.ok(child instanceof InnerNode || child.length > 0, 'no leaf is empty');
    assert.equal(node.liveCounts[index], child.live, 'live counts are right');
    return checkBelow(
      child,
      node.separators[index - 1] ?? low,
      node.separators[index] ?? high,
      leaves,
    );
  });
  assert.equal(new Set(heights).size, 1, 'all leaves are equally deep');
  return (heights[0] ?? 0) + 1;
}

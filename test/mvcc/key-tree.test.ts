import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../src/base/random.js';
import type { KeyEntry } from '../../src/mvcc/key-entry.js';
import { KeyTree } from '../../src/mvcc/key-tree.js';
import { assertTreeRules } from './tree-rules.js';

const ADDRESS = 2 ** 32;

function liveEntry(tree: KeyTree, key: string): KeyEntry {
  const entry = tree.create(key);
  entry.change(2, 0, 2, 1, 0n, ADDRESS);
  return entry;
}

function kill(tree: KeyTree, key: string): void {
  tree.get(key)?.change(3, 1, 0, 0, 0n, ADDRESS);
  tree.adjustLive(key, -1);
}

test('ascending keys fill their leaves, so that sorted loads waste no memory', () => {
  const tree = new KeyTree();
  for (let number = 0; number < 64 * 64; number++) {
    tree.insert(liveEntry(tree, String(number).padStart(8, '0')));
  }
  assertTreeRules(tree);
  let leaves = 0;
  for (let leaf = tree.seek('').leaf; ; leaf = leaf.next) {
    leaves++;
    if (leaf.next === undefined) break;
  }
  assert.ok(leaves <= 65, `${leaves} leaves of 64 for 4096 keys`);
});

test('descending runs do not make leaves of one key', () => {
  const tree = new KeyTree();
  for (let number = 0; number < 70; number++) tree.insert(liveEntry(tree, `a${100 + number}`));
  for (let number = 4000; number > 0; number--) {
    tree.insert(liveEntry(tree, `b${String(number).padStart(4, '0')}`));
  }
  assertTreeRules(tree);
  let smallest = Number.POSITIVE_INFINITY;
  for (let leaf = tree.seek('b').leaf; leaf.next !== undefined; leaf = leaf.next) {
    smallest = Math.min(smallest, leaf.length);
  }
  assert.ok(smallest > 5, `a leaf has only ${smallest} keys`);
});

test('insert, delete and remove in any order keep the rules and the counts', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 50, max: 2000 }), (seed, steps) => {
      const random = seededRandom(seed);
      const tree = new KeyTree();
      const live = new Set<string>();
      const dead = new Set<string>();
      for (let step = 0; step < steps; step++) {
        const key = `key/${random.below(steps)}`;
        if (live.has(key)) {
          kill(tree, key);
          live.delete(key);
          dead.add(key);
        } else if (dead.has(key)) {
          assert.ok(tree.remove(key));
          dead.delete(key);
        } else {
          assert.ok(!tree.remove(key));
          tree.insert(liveEntry(tree, key));
          live.add(key);
        }
      }
      assertTreeRules(tree);
      assert.equal(tree.live, live.size);
      assert.equal(tree.size, live.size + dead.size);
      const border = `key/${random.below(steps)}`;
      assert.equal(tree.liveBelow(border), [...live].filter((key) => key < border).length);
      for (const key of [...dead, ...live]) assert.equal(tree.get(key)?.key, key);
    }),
    { numRuns: 60 },
  );
});

test('a tree that is emptied is an empty tree', () => {
  const tree = new KeyTree();
  const random = seededRandom(1);
  const keys = Array.from({ length: 5000 }, (_, number) => `k${number}`);
  for (const key of keys) tree.insert(liveEntry(tree, key));
  while (keys.length > 0) {
    const [key] = keys.splice(random.below(keys.length), 1);
    assert.ok(tree.remove(key ?? ''));
    if (keys.length % 500 === 0) assertTreeRules(tree);
  }
  assert.equal(tree.size, 0);
  assert.equal(tree.live, 0);
});

test('a tree that was loaded at once is one that insertion could have made', () => {
  const keys = fc.uniqueArray(fc.nat(1_000_000), { maxLength: 5000, minLength: 0 });
  const check = (numbers: readonly number[], later: number): void => {
    const names = numbers.map((number) => `key/${number.toString(36)}`);
    const tree = new KeyTree();
    for (const name of names) {
      const entry = liveEntry(tree, name);
      if (name.endsWith('1')) entry.change(3, 1, 0, 0, 0n, ADDRESS);
      tree.load(entry);
    }
    for (const _ of tree.finishLoad());
    assertTreeRules(tree);
    assert.equal(tree.size, names.length);
    assert.equal(tree.live, names.filter((name) => !name.endsWith('1')).length);
    const found: string[] = [];
    let leaf: ReturnType<KeyTree['seek']>['leaf'] | undefined = tree.seek('').leaf;
    for (; leaf !== undefined; leaf = leaf.next) found.push(...leaf.keys);
    assert.deepEqual(found, [...names].sort());
    for (let number = 0; number < later; number++) tree.insert(liveEntry(tree, `new/${number}`));
    for (const name of names.slice(0, 200)) assert.ok(tree.remove(name));
    assertTreeRules(tree);
  };
  fc.assert(
    fc.property(keys, fc.nat(300), (numbers, later) => check(numbers, later)),
    { numRuns: 40 },
  );
  // Several sorted runs, and three levels.
  const random = seededRandom(1);
  check([...new Set(Array.from({ length: 30_000 }, () => random.below(2 ** 30)))], 300);
});

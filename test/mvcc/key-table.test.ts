import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../src/base/random.js';
import { KeyRows } from '../../src/mvcc/key-rows.js';
import { RunMerge, sortedRun } from '../../src/mvcc/key-runs.js';
import { KeyTable } from '../../src/mvcc/key-table.js';

test('a table finds what a Map would find, after any additions and removals', () => {
  const property = fc.property(fc.nat(), fc.integer({ min: 10, max: 5000 }), (seed, steps) => {
    const random = seededRandom(seed);
    const rows = new KeyRows();
    const table = new KeyTable(rows);
    const map = new Map<string, number>();
    for (let step = 0; step < steps * 4; step++) {
      const key = `key/${random.below(steps)}`;
      assert.equal(table.find(key), map.get(key));
      if (map.has(key)) {
        const row = table.delete(key);
        assert.equal(row, map.get(key));
        map.delete(key);
        rows.remove(row ?? 0);
        assert.equal(table.find(key), undefined);
      } else {
        const row = rows.add(key);
        table.add(key, row);
        map.set(key, row);
      }
    }
    for (const [key, row] of map) {
      assert.equal(table.find(key), row);
      assert.equal(rows.keyOf(row), key);
    }
    assert.equal(table.find(''), undefined);
    assert.equal(table.delete('no such key'), undefined);
  });
  fc.assert(property, { numRuns: 30 });
});

test('a table holds many keys that differ in one place only', () => {
  const rows = new KeyRows();
  const table = new KeyTable(rows);
  const keys = Array.from({ length: 100_000 }, (_, number) => `/registry/pods/${number}/same-end`);
  for (const key of keys) table.add(key, rows.add(key));
  for (const [row, key] of keys.entries()) assert.equal(table.find(key), row);
});

test('runs are sorted and merged to one order, each key with its row', () => {
  const lists = fc.array(fc.array(fc.string({ unit: 'binary-ascii' }), { maxLength: 50 }), {
    maxLength: 20,
  });
  const property = fc.property(lists, (all) => {
    let row = 0;
    const pairs: [string, number][] = [];
    const runs = all.map((keys) => {
      const rows = keys.map(() => row++);
      for (const [at, key] of keys.entries()) pairs.push([key, rows[at] ?? -1]);
      return sortedRun(keys, rows);
    });
    const merge = new RunMerge(runs);
    const merged = pairs.map((): [string, number] => {
      const next: [string, number] = [merge.key, merge.row];
      merge.advance();
      return next;
    });
    const byKey = ([a, aRow]: [string, number], [b, bRow]: [string, number]): number =>
      a === b ? aRow - bRow : a < b ? -1 : 1;
    assert.deepEqual(
      merged.map(([key]) => key),
      pairs.map(([key]) => key).sort(),
    );
    assert.deepEqual(merged.sort(byKey), pairs.sort(byKey));
  });
  fc.assert(property);
});

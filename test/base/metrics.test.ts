import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exponentialBounds, Histogram, OutcomeHistograms } from '../../src/base/metrics.js';

test('bounds grow by a factor', () => {
  assert.deepEqual(exponentialBounds(0.001, 2, 4), [0.001, 0.002, 0.004, 0.008]);
});

test('a value belongs to the first range whose bound it does not exceed', () => {
  const histogram = new Histogram([1, 2, 4]);
  for (const value of [0, 1, 1.5, 2, 4, 4.1, 100]) histogram.observe(value);
  assert.deepEqual(histogram.counts, [2, 2, 1, 2]);
  assert.equal(histogram.sum, 112.6);
});

test('every value is in one range, whatever it is', () => {
  const bounds = exponentialBounds(0.0001, 2, 20);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1000, noNaN: true })), (values) => {
      const histogram = new Histogram(bounds);
      for (const value of values) histogram.observe(value);
      let below = 0;
      histogram.counts.forEach((count, range) => {
        below += count;
        const bound = bounds[range] ?? Number.POSITIVE_INFINITY;
        assert.equal(below, values.filter((value) => value <= bound).length);
      });
    }),
  );
});

test('successes and failures of a kind are told apart', () => {
  const histograms = new OutcomeHistograms<string>([1]);
  histograms.observe('put', true, 0.5);
  histograms.observe('put', false, 3);
  histograms.observe('txn', true, 0.5);
  const found = [...histograms.entries()].map(([kind, { succeeded, failed }]) => [
    kind,
    succeeded.counts,
    failed.counts,
  ]);
  assert.deepEqual(found, [
    ['put', [1, 0], [0, 1]],
    ['txn', [1, 0], [0, 0]],
  ]);
});

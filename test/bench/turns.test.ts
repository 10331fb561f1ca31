import assert from 'node:assert/strict';
import test from 'node:test';
import { Turns } from '../../bench/event-loop/turns.js';

function turnsOf(...durationsMs: number[]): Turns {
  const turns = new Turns();
  for (const durationMs of durationsMs) turns.add(durationMs);
  return turns;
}

test('whoever comes within the only turn waits for the rest of it', () => {
  // 100 ms of 1,000: one in ten comes within the turn, half of those wait for more than 50 ms.
  const turns = turnsOf(100);
  assert.equal(turns.waitMs(0.95, 1000).toFixed(9), '50.000000000');
  assert.equal(turns.waitMs(0.99, 1000).toFixed(9), '90.000000000');
  assert.equal(turns.waitMs(0.8, 1000), 0);
});

test('turns of different length add up', () => {
  // Longer than 8 ms wait 2 ms of the first turn and 12 of the second: 14 ms of 1,000.
  assert.equal(
    turnsOf(10, 20)
      .waitMs(1 - 14 / 1000, 1000)
      .toFixed(9),
    '8.000000000',
  );
});

test('the wait is what a count of moments says', () => {
  const durationsMs = Array.from({ length: 50 }, (_, index) => 1 + ((index * 37) % 50));
  const totalMs = 5000;
  const waitMs = turnsOf(...durationsMs).waitMs(0.9, totalMs);
  const stepMs = 0.01;
  let longer = 0;
  for (const turnMs of durationsMs) {
    for (let atMs = stepMs / 2; atMs < turnMs; atMs += stepMs) {
      if (turnMs - atMs > waitMs) longer++;
    }
  }
  assert.ok(Math.abs((longer * stepMs) / totalMs - 0.1) < 0.001);
});

test('short turns are counted, long ones told in descending order', () => {
  const turns = turnsOf(0.01, 5, 0.02, 9, 7);
  assert.equal(turns.count, 5);
  assert.deepEqual(turns.longestMs(2), [9, 7]);
});

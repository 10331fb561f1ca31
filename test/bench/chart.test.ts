import assert from 'node:assert/strict';
import test from 'node:test';
import { linearTicks, tickLabel } from '../../bench/chart/axis.js';
import { renderLineChart } from '../../bench/chart/line-chart.js';

test('ticks are round numbers from zero to above the highest value', () => {
  assert.deepEqual(linearTicks(7510, 6), [0, 2000, 4000, 6000, 8000]);
  assert.deepEqual(linearTicks(250_000, 6), [0, 50_000, 100_000, 150_000, 200_000, 250_000]);
  assert.equal(tickLabel(250_000), '250k');
  assert.equal(tickLabel(1_500_000), '1.5M');
  assert.equal(tickLabel(64), '64');
});

test('a chart shows each line with its title and all its points', () => {
  const svg = renderLineChart({
    title: 'a & b',
    subtitle: '',
    xTitle: 'connections',
    yTitle: 'requests',
    lines: [
      { title: 'one', colour: '#111111', points: [1, 2, 4].map((x) => ({ x, y: x * 100 })) },
      { title: 'two', colour: '#222222', points: [1, 2, 4].map((x) => ({ x, y: 400 })) },
    ],
  });
  assert.match(svg, /a &amp; b/);
  assert.equal(svg.match(/<circle/g)?.length, 6);
  // Both lines end at the same value: their titles stand apart.
  const titleYs = [...svg.matchAll(/y="([\d.]+)" font-size="14"/g)].map(([, y]) => Number(y));
  assert.equal(titleYs.length, 2);
  assert.ok(Math.abs((titleYs[0] ?? 0) - (titleYs[1] ?? 0)) >= 30);
});

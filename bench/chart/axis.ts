/** Steps between ticks that people read easily, times a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10];

/** Evenly spaced ticks from zero to the first one that is not below `highest`. */
export function linearTicks(highest: number, wantedCount: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / wantedCount;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((candidate) => candidate * power >= rough) ?? 10) * power;
  const count = Math.ceil(highest / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** A number as short as a tick needs it: 250,000 is 250k. */
export function tickLabel(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

/** What can be measured of a row: how it is written, and which direction is better. */
export const MEASURES = {
  requestsPerSecond: { title: 'requests/s', better: 'higher' },
  eventsPerSecond: { title: 'events/s', better: 'higher' },
  pagesPerSecond: { title: 'pages/s', better: 'higher' },
  megabytesPerSecond: { title: 'MB/s', better: 'higher' },
  meanUs: { title: 'mean latency, µs', better: 'lower' },
  p50Us: { title: 'p50 latency, µs', better: 'lower' },
  p99Us: { title: 'p99 latency, µs', better: 'lower' },
  cpuSecondsPer1000: { title: 'server CPU s per 1,000', better: 'lower' },
  cpuSeconds: { title: 'server CPU s', better: 'lower' },
  peakMegabytes: { title: 'peak memory, MB', better: 'lower' },
  residentMegabytes: { title: 'memory held, MB', better: 'lower' },
  restartSeconds: { title: 'kill -9 to first answer, s', better: 'lower' },
  restartPeakMegabytes: { title: 'peak memory of the restart, MB', better: 'lower' },
  restartResidentMegabytes: { title: 'memory held after the restart, MB', better: 'lower' },
  failoverMedianMs: { title: 'to the next acknowledged write, median, ms', better: 'lower' },
  failoverWorstMs: { title: 'to the next acknowledged write, worst, ms', better: 'lower' },
  wallSeconds: { title: 'wall time, s', better: 'lower' },
  peakOverIdleMegabytes: { title: 'peak memory over idle, MB', better: 'lower' },
  generatorBusyPercent: { title: 'load generator busy, % of a core', better: 'none' },
  othersBusyPercent: { title: 'other processes busy, % of a core', better: 'none' },
} as const satisfies Record<string, { title: string; better: 'higher' | 'lower' | 'none' }>;

export type MeasureName = keyof typeof MEASURES;

/** What one round of one row measured. */
export type Measures = { [Name in MeasureName]?: number };

export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

/** The middle value; of an even number of values the mean of the middle two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The median of every measure over the rounds. */
export function medians(rounds: readonly Measures[]): Measures {
  const result: Measures = {};
  for (const name of MEASURE_NAMES) {
    const values = rounds.flatMap((round) => round[name] ?? []);
    if (values.length > 0) result[name] = median(values);
  }
  return result;
}

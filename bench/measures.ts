/** What can be measured of a row: how it is written, and which direction is better. */
export const MEASURES = {
  requestsPerSecond: { title: 'requests/s', better: 'higher' },
  eventsPerSecond: { title: 'events/s', better: 'higher' },
  pagesPerSecond: { title: 'pages/s', better: 'higher' },
  megabytesPerSecond: { title: 'MB/s', better: 'higher' },
  meanUs: { title: 'mean latency, µs', better: 'lower' },
  p50Us: { title: 'p50 latency, µs', better: 'lower' },
  p99Us: { title: 'p99 latency, µs', better: 'lower' },
  maxUs: { title: 'longest latency, µs', better: 'lower' },
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
  peakAnonymousOverIdleMegabytes: {
    title: 'peak memory over idle without mapped files, MB',
    better: 'lower',
  },
  beforePerSecond: { title: 'puts/s before', better: 'higher' },
  duringPerSecond: { title: 'puts/s meanwhile', better: 'higher' },
  throughputShare: { title: 'puts/s meanwhile ÷ before', better: 'none' },
  afterShare: { title: 'puts/s afterwards ÷ before', better: 'none' },
  beforeP99Us: { title: 'p99 latency before, µs', better: 'lower' },
  duringP99Us: { title: 'p99 latency meanwhile, µs', better: 'lower' },
  p99Growth: { title: 'p99 meanwhile ÷ before', better: 'none' },
  beforeMaxUs: { title: 'longest latency before, µs', better: 'lower' },
  duringMaxUs: { title: 'longest latency meanwhile, µs', better: 'lower' },
  compactionSeconds: { title: 'the compaction took, s', better: 'lower' },
  deliveryMedianMs: { title: 'put to the last watcher’s event, median, ms', better: 'lower' },
  deliveryWorstMs: { title: 'put to the last watcher’s event, worst, ms', better: 'lower' },
  deliveries: { title: 'deliveries', better: 'none' },
  caughtUpSeconds: { title: 'until all have caught up, s', better: 'lower' },
  scenarioSeconds: { title: 'the scenario took, s', better: 'lower' },
  delayP50Ms: { title: 'event-loop delay, p50, ms', better: 'lower' },
  delayP99Ms: { title: 'event-loop delay, p99, ms', better: 'lower' },
  delayP999Ms: { title: 'event-loop delay, p99.9, ms', better: 'lower' },
  delayMaxMs: { title: 'event-loop delay, longest, ms', better: 'lower' },
  delayMeanMs: { title: 'event-loop delay, mean, ms', better: 'lower' },
  delaySamples: { title: 'samples of the delay', better: 'none' },
  wait999Ms: { title: 'wait of who comes at any moment, p99.9, ms', better: 'lower' },
  turnMaxMs: { title: 'longest turn, ms', better: 'lower' },
  turnFifthMs: { title: 'fifth longest turn, ms', better: 'lower' },
  turnTenthMs: { title: 'tenth longest turn, ms', better: 'lower' },
  turnCpuMs: { title: 'most CPU time within a turn, ms', better: 'lower' },
  turns: { title: 'turns', better: 'none' },
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

import type { JobResult } from '../load/jobs.js';
import { revisionOf } from './history.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const VALUE_BYTES = 64;
const FAN_OUT_KEY = '/watched/one';
/** A delivery a second: more than the usual seconds are needed to see some of them. */
const FAN_OUT_INTERVAL_MS = 1000;
const FAN_OUT_DURATIONS = 3;

function putOnes(bench: RowBench, profile: boolean): Promise<JobResult> {
  const { warmupMs, durationMs } = bench.settings;
  const job = {
    kind: 'unary' as const,
    connections: 1,
    streams: 1,
    workload: { kind: 'put' as const, prefix: '/bench/', keys: 1000, valueBytes: 256 },
    limit: { warmupMs, durationMs: durationMs * FAN_OUT_DURATIONS },
  };
  return bench.load(job, profile);
}

const fanOutRow: Row = {
  name: 'watch-fan-out',
  title: 'Put, 1×1, beside 10,000 watchers of one other key',
  description:
    'Puts one after the other, without watchers, and with 10,000 watchers (10 connections × 10 streams × 100) of another key that is put once a second by another process.',
  maxRounds: 3,
  async run(bench) {
    const server = await bench.startServer();
    const before = await putOnes(bench, false);
    const fanOut = await bench.startBackground({
      kind: 'fan-out',
      connections: 10,
      streamsPerConnection: 10,
      watchersPerStream: bench.size(100, 10),
      key: FAN_OUT_KEY,
      valueBytes: VALUE_BYTES,
      intervalMs: bench.size(FAN_OUT_INTERVAL_MS, 200),
    });
    const during = await putOnes(bench, bench.profile);
    const delivered = await fanOut.stop();
    const beforePerSecond = before.count / before.seconds;
    const duringPerSecond = during.count / during.seconds;
    return {
      beforePerSecond,
      duringPerSecond,
      throughputShare: duringPerSecond / beforePerSecond,
      beforeP99Us: before.p99Us,
      duringP99Us: during.p99Us,
      p99Growth: during.p99Us / before.p99Us,
      beforeMaxUs: before.maxUs,
      duringMaxUs: during.maxUs,
      deliveries: delivered.count,
      deliveryMedianMs: delivered.p50Us / 1000,
      deliveryWorstMs: delivered.maxUs / 1000,
      peakMegabytes: server.memory.peakMegabytes,
      generatorBusyPercent: (delivered.generatorCpuSeconds * 100) / delivered.seconds,
    };
  },
};

const RESUME_PREFIX = '/bench/';
const RESUME_PREFIX_END = '/bench0';
const RESUME_KEYS = 1000;
const RESUME_HISTORY = 100_000;
const RESUME_EVENTS = 200;

const resumeRow: Row = {
  name: 'watch-resume',
  title: '5,000 watchers resume 200 revisions back, all at once',
  description:
    'After 100,000 puts of 64 B over 1,000 keys, 5,000 watchers of all of them (10 connections × 10 streams × 50) are created 200 revisions back; measured until all 1,000,000 events have come.',
  async run(bench) {
    const server = await bench.startServer();
    const history = bench.size(RESUME_HISTORY, 5_000);
    await bench.fill(RESUME_PREFIX, RESUME_KEYS, VALUE_BYTES, history);
    const result = await bench.load({
      kind: 'resume',
      connections: 10,
      streamsPerConnection: 10,
      watchersPerStream: bench.size(50, 5),
      prefix: RESUME_PREFIX,
      prefixEnd: RESUME_PREFIX_END,
      startRevision: (await revisionOf(bench)) - RESUME_EVENTS + 1,
      eventsPerWatcher: RESUME_EVENTS,
    });
    return {
      ...measuresOf(result, 'eventsPerSecond'),
      caughtUpSeconds: result.seconds,
      peakMegabytes: server.memory.peakMegabytes,
    };
  },
};

/** Many watchers at once: what they cost writers, and how they come back. */
export const WATCHER_ROWS: Row[] = [fanOutRow, resumeRow];

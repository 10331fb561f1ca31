import { setTimeout } from 'node:timers/promises';
import { KV, Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { EventLoopProbe } from '../event-loop/probe.js';
import type { EventLoopReport } from '../event-loop/report.js';
import type { Measures } from '../measures.js';
import { revisionOf } from './history.js';
import type { Row, RowBench } from './row.js';

const PREFIX = '/bench/';
const PREFIX_END = '/bench0';
/** A quantile of 99.9 % needs thousands of samples: lists are repeated for this many durations. */
const LIST_DURATIONS = 3;
/** What runs behind the preparation gets this long to settle. */
const SETTLE_MS = 3000;
const COMPACTION_TIMEOUT_MS = 300_000;

/** Something that keeps the server busy, after a part that is not looked at. */
interface Scenario {
  name: string;
  title: string;
  description: string;
  prepare(bench: RowBench): Promise<void>;
  run(bench: RowBench): Promise<void>;
}

/** One client that makes the same call again and again. */
async function repeat(
  bench: RowBench,
  call: { path: string; body: Buffer; minResponseBytes: number },
  limit: { requests: number } | { warmupMs: number; durationMs: number },
): Promise<void> {
  const { path, body, minResponseBytes } = call;
  await bench.load({
    kind: 'unary',
    connections: 1,
    streams: 1,
    workload: { kind: 'fixed', path, bodies: [body.toString('base64')], minResponseBytes },
    limit,
    givesWay: true,
  });
}

const LISTED_BYTES = 2000;
const listedKeys = (bench: RowBench): number => bench.size(50_000, 2_000);

function listScenario(name: string, title: string, call: 'range' | 'rangeStream'): Scenario {
  return {
    name,
    title,
    description: `One client lists 50,000 objects of 2 KB again and again, by ${call === 'range' ? 'Range' : 'RangeStream'}.`,
    async prepare(bench) {
      await bench.fill(PREFIX, listedKeys(bench), LISTED_BYTES);
    },
    run(bench) {
      const { path, request } = KV.methods[call];
      const body = request.encode({ key: Buffer.from(PREFIX), rangeEnd: Buffer.from(PREFIX_END) });
      const minResponseBytes = listedKeys(bench) * LISTED_BYTES;
      const durationMs = bench.settings.durationMs * LIST_DURATIONS;
      return repeat(bench, { path, body, minResponseBytes }, { warmupMs: 0, durationMs });
    },
  };
}

const SNAPSHOT_VALUE_BYTES = 10_000;
const snapshotKeys = (bench: RowBench): number => bench.size(100_000, 2_000);

const CATCH_UP_KEYS = 100;
/** Half a second is too short for a quantile of 99.9 %. */
const CATCH_UP_TIMES = 10;
const catchUpEvents = (bench: RowBench): number => bench.size(2_000, 100);

const SCENARIOS: readonly Scenario[] = [
  listScenario('list', 'a list of 100 MB', 'range'),
  listScenario('list-stream', 'a list of 100 MB by RangeStream', 'rangeStream'),
  {
    name: 'compaction',
    title: 'a compaction of 1,000,000 revisions',
    description:
      'A compaction (physical) of 1,000,000 puts of 256 B over 100,000 keys, awaited until all is gone from disk.',
    async prepare(bench) {
      const revisions = bench.size(1_000_000, 50_000);
      await bench.fill(PREFIX, bench.size(100_000, 5_000), 256, revisions);
    },
    async run(bench) {
      const request = { revision: await revisionOf(bench), physical: true };
      const { clientPort } = bench.server;
      const timeoutMs = COMPACTION_TIMEOUT_MS;
      await callOnce(clientPort, KV.methods.compact, request, { timeoutMs });
    },
  },
  {
    name: 'snapshot',
    title: 'a snapshot of 1 GB',
    description: 'Maintenance.Snapshot of 100,000 values of 10 KB, read as fast as it comes.',
    async prepare(bench) {
      await bench.fill(PREFIX, snapshotKeys(bench), SNAPSHOT_VALUE_BYTES);
    },
    run(bench) {
      const { path, request } = Maintenance.methods.snapshot;
      const minResponseBytes = snapshotKeys(bench) * SNAPSHOT_VALUE_BYTES;
      return repeat(bench, { path, body: request.encode({}), minResponseBytes }, { requests: 1 });
    },
  },
  {
    name: 'catch-up',
    title: '1,000 watchers catching up',
    description:
      '1,000 watchers (10 connections × 10 streams × 10) of 100 keys, all created at once 2,000 revisions back: 2,000,000 events of 64 B; ten times, one after the other.',
    async prepare(bench) {
      await bench.fill(PREFIX, CATCH_UP_KEYS, 64, catchUpEvents(bench) * 10);
    },
    async run(bench) {
      const eventsPerWatcher = catchUpEvents(bench);
      const startRevision = (await revisionOf(bench)) - eventsPerWatcher + 1;
      for (let time = 0; time < CATCH_UP_TIMES; time++) {
        await bench.load({
          kind: 'resume',
          givesWay: true,
          connections: 10,
          streamsPerConnection: 10,
          watchersPerStream: bench.size(10, 1),
          prefix: PREFIX,
          prefixEnd: PREFIX_END,
          startRevision,
          eventsPerWatcher,
        });
      }
    },
  },
];

function measuresFrom({ seconds, delay, ...turns }: EventLoopReport): Measures {
  const [longest = 0, , , , fifth = 0, , , , , tenth = 0] = turns.longestTurnsMs;
  return {
    scenarioSeconds: seconds,
    delayP50Ms: delay.p50Ms,
    delayP99Ms: delay.p99Ms,
    delayP999Ms: delay.p999Ms,
    delayMaxMs: delay.maxMs,
    delayMeanMs: delay.meanMs,
    delaySamples: delay.samples,
    wait999Ms: turns.wait999Ms,
    turnMaxMs: longest,
    turnFifthMs: fifth,
    turnTenthMs: tenth,
    turnCpuMs: turns.longestTurnCpuMs,
    turns: turns.turns,
  };
}

/** How long kvorum's event loop is held up; the process of a real etcd has none. */
export const EVENT_LOOP_ROWS: Row[] = SCENARIOS.map((scenario) => ({
  name: `event-loop-${scenario.name}`,
  title: `event loop: ${scenario.title}`,
  description: `Delay of the event loop; clients give way to the server. ${scenario.description}`,
  only: 'kvorum',
  maxRounds: 3,
  async run(bench) {
    const probe = new EventLoopProbe();
    try {
      const server = await bench.startServer(probe.serverOptions);
      await scenario.prepare(bench);
      await setTimeout(bench.size(SETTLE_MS, 200));
      const report = await probe.observe(server, () => scenario.run(bench));
      return { ...measuresFrom(report), peakMegabytes: server.memory.peakMegabytes };
    } finally {
      probe.remove();
    }
  },
}));

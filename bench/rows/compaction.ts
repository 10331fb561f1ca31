import { setTimeout } from 'node:timers/promises';
import { compactionCall, revisionOf } from './history.js';
import type { Row } from './row.js';

const PREFIX = '/bench/';
const KEYS = 100_000;
const VALUE_BYTES = 256;
const REVISIONS = 1_000_000;
/** What runs behind the last answer (flushes, merges of files) gets this long to settle. */
const SETTLE_MS = 3000;
/** Merges come and go within seconds: with a window of one of them, rounds are a tenth apart. */
const WINDOWS_BESIDE = 4;

/** What a compaction of a million revisions does to those who write meanwhile. */
export const COMPACTION_ROWS: Row[] = [
  {
    name: 'compaction',
    title: 'Put, 16×4, while 1,000,000 revisions are compacted',
    description:
      '1,000,000 puts of 256 B over 100,000 keys; then puts on 16×4 without a pause: for a time, until a compaction of all those revisions is gone from disk (physical), and for a time after it.',
    maxRounds: 3,
    async run(bench) {
      const server = await bench.startServer();
      const revisions = bench.size(REVISIONS, 50_000);
      await bench.fill(PREFIX, bench.size(KEYS, 5_000), VALUE_BYTES, revisions);
      await setTimeout(bench.size(SETTLE_MS, 200));
      const { before, during, after } = await bench.loadAroundCall({
        kind: 'around-call',
        connections: 16,
        streams: 4,
        workload: { kind: 'put', prefix: PREFIX, keys: KEYS, valueBytes: VALUE_BYTES },
        call: compactionCall(await revisionOf(bench)),
        warmupMs: bench.settings.warmupMs,
        besideMs: bench.settings.durationMs * WINDOWS_BESIDE,
      });
      const beforePerSecond = before.count / before.seconds;
      const duringPerSecond = during.count / during.seconds;
      return {
        beforePerSecond,
        duringPerSecond,
        throughputShare: duringPerSecond / beforePerSecond,
        afterShare: after.count / after.seconds / beforePerSecond,
        beforeP99Us: before.p99Us,
        duringP99Us: during.p99Us,
        p99Growth: during.p99Us / before.p99Us,
        beforeMaxUs: before.maxUs,
        duringMaxUs: during.maxUs,
        compactionSeconds: during.seconds,
        peakMegabytes: server.memory.peakMegabytes,
        generatorBusyPercent: (during.generatorCpuSeconds * 100) / during.seconds,
      };
    },
  },
];

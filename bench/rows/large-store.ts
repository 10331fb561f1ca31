import { setTimeout } from 'node:timers/promises';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { keyName } from '../load/workloads.js';
import type { Measures } from '../measures.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const PREFIX = '/large/';
const PREFIX_END = Buffer.from('/large0');
const VALUE_BYTES = 256;
const PAGE = 500;
const CLIENTS = 20;
/** Pages are taken from the first tenth, so that counting the rest of the range is what it costs. */
const PAGE_REGION = 0.1;
/** What runs behind the last answer (flushes, garbage collection) gets this long to settle. */
const SETTLE_MS = 3000;

const keysOf = (bench: RowBench): number => bench.size(1_000_000, 50_000);

async function checkCount(bench: RowBench): Promise<void> {
  const wanted = keysOf(bench);
  const { count } = await callOnce(bench.server.clientPort, KV.methods.range, {
    key: Buffer.from(PREFIX),
    rangeEnd: PREFIX_END,
    countOnly: true,
  });
  if (count !== wanted) throw new Error(`${count} keys instead of ${wanted}`);
}

async function fillStore(bench: RowBench): Promise<Measures> {
  const server = await bench.startServer();
  const result = await bench.fill(PREFIX, keysOf(bench), VALUE_BYTES);
  await setTimeout(SETTLE_MS);
  const { residentMegabytes, peakMegabytes } = server.memory;
  return { ...measuresOf(result), residentMegabytes, peakMegabytes };
}

/** A store of 1,000,000 small keys: what it holds, how it starts again, how it answers a page. */
export const LARGE_STORE_ROWS: Row[] = [
  {
    name: 'large-store',
    title: '1,000,000 keys × 256 B: put, held, started again',
    description:
      '1,000,000 keys of 256 B are put on 16×16; memory then and at its peak; kill -9, and the time from the start to the first answer, with the memory of that process.',
    async run(bench) {
      const filled = await fillStore(bench);
      const { server } = bench;
      await server.kill();
      const restartSeconds = await server.start();
      await checkCount(bench);
      await setTimeout(SETTLE_MS);
      const { residentMegabytes, peakMegabytes } = server.memory;
      return {
        ...filled,
        restartSeconds,
        restartResidentMegabytes: residentMegabytes,
        restartPeakMegabytes: peakMegabytes,
      };
    },
  },
  {
    name: 'large-page',
    title: 'a page of 500 out of 1,000,000 keys, 20 clients',
    description:
      '20 clients read pages of 500 of 1,000,000 keys of 256 B to the end of the range, as an API server does (the answer counts the rest).',
    async run(bench) {
      await fillStore(bench);
      const pages = Math.floor((keysOf(bench) * PAGE_REGION) / PAGE);
      const bodies = Array.from({ length: pages }, (_, page) => {
        const key = Buffer.from(keyName(PREFIX, page * PAGE));
        const request = { key, rangeEnd: PREFIX_END, limit: PAGE };
        return KV.methods.range.request.encode(request).toString('base64');
      });
      const { path } = KV.methods.range;
      const { warmupMs, durationMs } = bench.settings;
      const result = await bench.load({
        kind: 'unary',
        connections: CLIENTS,
        streams: 1,
        workload: { kind: 'fixed', path, bodies, minResponseBytes: PAGE * VALUE_BYTES },
        limit: { warmupMs, durationMs },
      });
      return {
        ...measuresOf(result, 'pagesPerSecond'),
        peakMegabytes: bench.server.memory.peakMegabytes,
      };
    },
  },
];

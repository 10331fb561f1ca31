import { setTimeout } from 'node:timers/promises';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { keyName } from '../load/workloads.js';
import { withMemoryPeak } from '../memory-peak.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const PREFIX = '/registry/objects/';
const PREFIX_END = Buffer.from('/registry/objects0');
const VALUE_BYTES = 2048;
const PAGE = 500;
const CLIENTS = 4;

/** Fills the store and gives the requests that list it, `limit` objects at a time (0: all at once). */
async function listRequests(bench: RowBench, objects: number, limit: number): Promise<string[]> {
  await bench.fill(PREFIX, objects, VALUE_BYTES);
  const first = await callOnce(bench.server.clientPort, KV.methods.range, {
    key: Buffer.from(PREFIX),
    rangeEnd: PREFIX_END,
    limit: 1,
  });
  const revision = first.header?.revision ?? 0;
  if (first.count !== objects) throw new Error(`${first.count} objects instead of ${objects}`);
  const bodies: string[] = [];
  for (let start = 0; start < objects; start += limit === 0 ? objects : limit) {
    // As an API server pages: the first request has no revision, the others that of its answer.
    const after = start === 0 ? PREFIX : `${keyName(PREFIX, start - 1)}\0`;
    const request = {
      key: Buffer.from(after),
      rangeEnd: PREFIX_END,
      limit,
      revision: start === 0 ? 0 : revision,
    };
    bodies.push(KV.methods.range.request.encode(request).toString('base64'));
  }
  return bodies;
}

function listRow(name: string, title: string, description: string, limit: number): Row {
  return {
    name,
    title,
    description,
    async run(bench) {
      const server = await bench.startServer();
      const objects = bench.size(10_000, 2_000);
      const bodies = await listRequests(bench, objects, limit);
      const { path } = KV.methods.range;
      const perResponse = limit === 0 ? objects : limit;
      const minResponseBytes = perResponse * VALUE_BYTES;
      const { warmupMs, durationMs } = bench.settings;
      const result = await bench.load({
        kind: 'unary',
        connections: CLIENTS,
        streams: 1,
        workload: { kind: 'fixed', path, bodies, minResponseBytes },
        limit: { warmupMs, durationMs },
      });
      return {
        ...measuresOf(result),
        megabytesPerSecond: (result.count * minResponseBytes) / result.seconds / 1e6,
        peakMegabytes: server.memory.peakMegabytes,
      };
    },
  };
}

const STREAM_VALUE_BYTES = 100;
/** What the start left behind gets this long to settle. */
const SETTLE_MS = 3000;

const rangeStreamRow: Row = {
  name: 'range-stream',
  title: 'RangeStream of 500,000 × 100 B',
  description:
    'One client streams 500,000 objects of 100 B, again and again: the time of a stream and the memory it takes above that of a server which was just started on them.',
  async run(bench) {
    const server = await bench.startServer();
    const objects = bench.size(500_000, 20_000);
    await bench.fill(PREFIX, objects, STREAM_VALUE_BYTES);
    // What is left in the heap by filling the store would be taken again, and not be seen in the peak;
    // and starting has read the whole database file, whose mapped pages count as resident.
    await server.stop();
    await server.start();
    await setTimeout(bench.size(SETTLE_MS, 500));
    const { path, request } = KV.methods.rangeStream;
    const body = request.encode({ key: Buffer.from(PREFIX), rangeEnd: PREFIX_END });
    const { warmupMs, durationMs } = bench.settings;
    const [result, peak] = await withMemoryPeak(server.pid, () =>
      bench.load({
        kind: 'unary',
        connections: 1,
        streams: 1,
        workload: {
          kind: 'fixed',
          path,
          bodies: [body.toString('base64')],
          minResponseBytes: objects * STREAM_VALUE_BYTES,
        },
        limit: { warmupMs, durationMs: durationMs * 2 },
      }),
    );
    return {
      ...measuresOf(result),
      peakMegabytes: server.memory.peakMegabytes,
      peakOverIdleMegabytes: peak.overIdleMegabytes,
      peakAnonymousOverIdleMegabytes: peak.anonymousOverIdleMegabytes,
    };
  },
};

/** Lists of 10,000 objects of 2 KB. */
export const LIST_ROWS: Row[] = [
  listRow(
    'list-paged',
    'list of 10,000 × 2 KB, pages of 500',
    `${CLIENTS} clients page through 10,000 objects of 2 KB, 500 a page, later pages at the revision of the first.`,
    PAGE,
  ),
  listRow(
    'list-whole',
    'list of 10,000 × 2 KB, whole',
    `${CLIENTS} clients get all 10,000 objects of 2 KB in one response.`,
    0,
  ),
  rangeStreamRow,
];

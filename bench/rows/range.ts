import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { measuresOf, type Row } from './row.js';
import { SHAPES, warmupOf } from './shapes.js';

const VALUE_BYTES = 256;

/** Linearizable reads of one key. */
export const RANGE_ROWS: Row[] = SHAPES.map(({ name, connections, streams }) => ({
  name: `range-${name}`,
  title: `linearizable Range, ${connections}×${streams}`,
  description: `One key of ${VALUE_BYTES} B read linearizably on ${connections} connections × ${streams} streams by h2load.`,
  async run(bench) {
    const server = await bench.startServer();
    const key = Buffer.from('/bench/one');
    const value = Buffer.alloc(VALUE_BYTES, 'v');
    await callOnce(server.clientPort, KV.methods.put, { key, value });
    const response = await callOnce(server.clientPort, KV.methods.range, { key });
    const result = await bench.h2load({
      path: KV.methods.range.path,
      message: KV.methods.range.request.encode({ key }),
      responseBytes: KV.methods.range.response.encode(response).length + 5,
      connections,
      streams,
      warmupMs: warmupOf({ connections, streams }, bench.settings.warmupMs),
      durationMs: bench.settings.durationMs,
    });
    return { ...measuresOf(result), peakMegabytes: server.memory.peakMegabytes };
  },
}));

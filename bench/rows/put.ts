import { measuresOf, type Row } from './row.js';
import { SHAPES, warmupOf } from './shapes.js';

const VALUE_BYTES = 256;
const KEYS = 100_000;

/** Puts over many keys. */
export const PUT_ROWS: Row[] = SHAPES.map(({ name, connections, streams }) => ({
  name: `put-${name}`,
  title: `Put, ${connections}×${streams}`,
  description: `Values of ${VALUE_BYTES} B put over ${KEYS} keys on ${connections} connections × ${streams} streams.`,
  async run(bench) {
    const server = await bench.startServer();
    const result = await bench.load({
      kind: 'unary',
      connections,
      streams,
      workload: { kind: 'put', prefix: '/bench/', keys: KEYS, valueBytes: VALUE_BYTES },
      limit: {
        warmupMs: warmupOf({ connections, streams }, bench.settings.warmupMs),
        durationMs: bench.settings.durationMs,
      },
    });
    return { ...measuresOf(result), peakMegabytes: server.memory.peakMegabytes };
  },
}));

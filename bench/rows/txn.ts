import { measuresOf, type Row } from './row.js';

const VALUE_BYTES = 1024;

/** The transactions an API server writes with. */
export const TXN_ROWS: Row[] = [
  {
    name: 'txn-16x4',
    title: 'Txn in the API server’s shapes, 16×4',
    description: `Each stream creates an object of ${VALUE_BYTES} B, updates it four times and deletes it, as transactions that compare mod_revision, on 16 connections × 4 streams.`,
    async run(bench) {
      const server = await bench.startServer();
      const result = await bench.load({
        kind: 'unary',
        connections: 16,
        streams: 4,
        workload: { kind: 'transactions', prefix: '/registry/pods/', valueBytes: VALUE_BYTES },
        limit: { warmupMs: bench.settings.warmupMs, durationMs: bench.settings.durationMs },
      });
      return { ...measuresOf(result), peakMegabytes: server.memory.peakMegabytes };
    },
  },
];

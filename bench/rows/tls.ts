import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import type { Workload } from '../load/jobs.js';
import type { Measures } from '../measures.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const VALUE_BYTES = 256;
const KEYS = 100_000;
const SHAPE = { connections: 16, streams: 4 };

async function measure(bench: RowBench, workload: Workload): Promise<Measures> {
  const { warmupMs, durationMs } = bench.settings;
  const limit = { warmupMs, durationMs };
  const result = await bench.load({ kind: 'unary', ...SHAPE, workload, limit });
  return { ...measuresOf(result), peakMegabytes: bench.server.memory.peakMegabytes };
}

/** Clients with certificates. Not by h2load, which cannot show a server one. */
export const TLS_ROWS: Row[] = [
  {
    name: 'tls-range-16x4',
    title: 'mutual TLS: linearizable Range, 16×4',
    description: `One key of ${VALUE_BYTES} B read linearizably over mutual TLS (1.3, P-256, AES-128-GCM) on 16 connections × 4 streams.`,
    async run(bench) {
      const { clientPort, tls } = await bench.startServer({ mutualTls: true });
      const key = Buffer.from('/bench/one');
      const value = Buffer.alloc(VALUE_BYTES, 'v');
      await callOnce(clientPort, KV.methods.put, { key, value }, { tls });
      const { path, request } = KV.methods.range;
      const bodies = [request.encode({ key }).toString('base64')];
      return measure(bench, { kind: 'fixed', path, bodies, minResponseBytes: VALUE_BYTES });
    },
  },
  {
    name: 'tls-put-16x4',
    title: 'mutual TLS: Put, 16×4',
    description: `Values of ${VALUE_BYTES} B put over ${KEYS} keys over mutual TLS on 16 connections × 4 streams.`,
    async run(bench) {
      await bench.startServer({ mutualTls: true });
      return measure(bench, {
        kind: 'put',
        prefix: '/bench/',
        keys: KEYS,
        valueBytes: VALUE_BYTES,
      });
    },
  },
];

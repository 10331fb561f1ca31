import { Lease } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const CONNECTIONS = 10;
const CLIENTS = 100;
const TTL_SECONDS = 3600n;

async function grantLeases(bench: RowBench): Promise<bigint[]> {
  const ids = Array.from({ length: CLIENTS }, (_, index) => BigInt(1000 + index));
  for (const id of ids) {
    const request = { id, ttl: Number(TTL_SECONDS) };
    await callOnce(bench.server.clientPort, Lease.methods.leaseGrant, request);
  }
  return ids;
}

export const LEASE_ROWS: Row[] = [
  {
    name: 'keep-alive-once',
    title: 'lease keep-alives, 10 connections, 100 clients, a stream each time',
    description:
      '100 clients on 10 connections, each with its own lease, open a stream for every keep-alive (KeepAliveOnce of the Go client).',
    async run(bench) {
      const server = await bench.startServer();
      const leases = await grantLeases(bench);
      const bodies = leases.map((id) =>
        Lease.methods.leaseKeepAlive.request.encode({ id }).toString('base64'),
      );
      const { path } = Lease.methods.leaseKeepAlive;
      const { warmupMs, durationMs } = bench.settings;
      const result = await bench.load({
        kind: 'unary',
        connections: CONNECTIONS,
        streams: CLIENTS / CONNECTIONS,
        workload: { kind: 'fixed', path, bodies, minResponseBytes: 1 },
        limit: { warmupMs, durationMs },
      });
      return { ...measuresOf(result), peakMegabytes: server.memory.peakMegabytes };
    },
  },
  {
    name: 'keep-alive-stream',
    title: 'lease keep-alives, 10 connections, 100 clients, open streams',
    description: 'The same on 100 streams that stay open.',
    async run(bench) {
      const server = await bench.startServer();
      const leases = (await grantLeases(bench)).map(String);
      const { warmupMs, durationMs } = bench.settings;
      const result = await bench.load({
        kind: 'keep-alive',
        connections: CONNECTIONS,
        leases,
        warmupMs,
        durationMs,
      });
      return { ...measuresOf(result), peakMegabytes: server.memory.peakMegabytes };
    },
  },
];

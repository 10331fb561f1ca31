import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { measureFailovers } from '../../test/cluster/support/failover.js';
import { callOnce } from '../call.js';
import { median } from '../measures.js';
import { measuresOf, type Row } from './row.js';
import { warmupOf } from './shapes.js';

const VALUE_BYTES = 256;
const KEYS = 100_000;
const KILLS = 20;

const PUT_SHAPES = [
  { name: '64x16', connections: 64, streams: 16 },
  { name: '1x1', connections: 1, streams: 1 },
];

/** Three members on one machine; the CPU time and the memory are those of all three. */
export const CLUSTER_ROWS: Row[] = [
  ...PUT_SHAPES.map(
    ({ name, connections, streams }): Row => ({
      name: `cluster-put-${name}`,
      title: `three members: Put through the leader, ${connections}×${streams}`,
      description: `Values of ${VALUE_BYTES} B put over ${KEYS} keys through the leader of three members.`,
      async run(bench) {
        const servers = await bench.startCluster();
        bench.aimAt(await servers.cluster.waitForLeader());
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
        return { ...measuresOf(result), peakMegabytes: servers.peakMegabytes };
      },
    }),
  ),
  {
    name: 'cluster-range-follower-64x16',
    title: 'three members: linearizable Range through a follower, 64×16',
    description: `One key of ${VALUE_BYTES} B read linearizably through a follower of three members by h2load.`,
    async run(bench) {
      const servers = await bench.startCluster();
      const follower = await servers.cluster.follower();
      bench.aimAt(follower);
      const key = Buffer.from('/bench/one');
      const value = Buffer.alloc(VALUE_BYTES, 'v');
      await callOnce(follower.clientPort, KV.methods.put, { key, value });
      const response = await callOnce(follower.clientPort, KV.methods.range, { key });
      const result = await bench.h2load({
        path: KV.methods.range.path,
        message: KV.methods.range.request.encode({ key }),
        responseBytes: KV.methods.range.response.encode(response).length + 5,
        connections: 64,
        streams: 16,
        warmupMs: bench.settings.warmupMs,
        durationMs: bench.settings.durationMs,
      });
      return { ...measuresOf(result), peakMegabytes: servers.peakMegabytes };
    },
  },
  {
    name: 'failover',
    title: 'three members: kill -9 of the leader',
    description: `${KILLS} times: the time from the kill to the next acknowledged write of a client that keeps trying all members with deadlines of 100 ms; default timeouts.`,
    maxRounds: 1,
    async run(bench) {
      const { cluster } = await bench.startCluster();
      const timesMs = await measureFailovers(cluster, bench.size(KILLS, 2));
      return { failoverMedianMs: median(timesMs), failoverWorstMs: Math.max(...timesMs) };
    },
  },
];

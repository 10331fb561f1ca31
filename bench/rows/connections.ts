import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import { measuresOf, type Row, type RowBench } from './row.js';

const CONNECTIONS = [1, 2, 4, 8, 16, 32, 64, 128];
const STREAMS = 4;
const VALUE_BYTES = 256;
const KEYS = 100_000;
/** A point of a curve is measured for a shorter time than a row of its own. */
const POINT_SHARE = 0.5;
const MAX_ROUNDS = 3;

interface Kind {
  name: string;
  title: string;
  run(bench: RowBench, connections: number): ReturnType<Row['run']>;
}

const timesOf = ({ settings }: RowBench) => ({
  warmupMs: settings.warmupMs * POINT_SHARE,
  durationMs: settings.durationMs * POINT_SHARE,
});

const KINDS: readonly Kind[] = [
  {
    name: 'range',
    title: 'linearizable Range of one key of 256 B',
    async run(bench, connections) {
      const { clientPort } = await bench.startServer();
      const key = Buffer.from('/bench/one');
      const value = Buffer.alloc(VALUE_BYTES, 'v');
      await callOnce(clientPort, KV.methods.put, { key, value });
      const response = await callOnce(clientPort, KV.methods.range, { key });
      const result = await bench.h2load({
        path: KV.methods.range.path,
        message: KV.methods.range.request.encode({ key }),
        responseBytes: KV.methods.range.response.encode(response).length + 5,
        connections,
        streams: STREAMS,
        ...timesOf(bench),
      });
      return measuresOf(result);
    },
  },
  {
    name: 'put',
    title: 'Put of 256 B over 100,000 keys, fsync on',
    async run(bench, connections) {
      await bench.startServer();
      const result = await bench.load({
        kind: 'unary',
        connections,
        streams: STREAMS,
        workload: { kind: 'put', prefix: '/bench/', keys: KEYS, valueBytes: VALUE_BYTES },
        limit: timesOf(bench),
      });
      return measuresOf(result);
    },
  },
];

/** Throughput against the number of connections; each kind makes a chart. */
export const CONNECTION_ROWS: Row[] = KINDS.flatMap((kind) =>
  CONNECTIONS.map(
    (connections): Row => ({
      name: `connections-${kind.name}-${connections}`,
      title: `${kind.title}, ${connections}×${STREAMS}`,
      description: `A point of the chart: ${kind.title}, on ${connections} connections × ${STREAMS} streams.`,
      maxRounds: MAX_ROUNDS,
      curve: {
        name: `connections-${kind.name}`,
        title: `Throughput against connections: ${kind.title}`,
        xTitle: `connections, each with ${STREAMS} calls under way`,
        x: connections,
      },
      run: (bench) => kind.run(bench, connections),
    }),
  ),
);

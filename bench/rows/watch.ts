import { measuresOf, type Row } from './row.js';

const VALUE_BYTES = 64;

interface WatchShape {
  name: string;
  title: string;
  description: string;
  connections: number;
  streamsPerConnection: number;
  watchersPerStream: number;
  keys: number;
  burst: number;
  writeConnections: number;
  writeStreams: number;
}

const WATCH_SHAPES: readonly WatchShape[] = [
  {
    name: 'watch-1',
    title: 'watch delivery, 1 watcher',
    description:
      'One watcher of 100 keys; bursts of 1,000 puts of 64 B on 16×4, each awaited to its last event. The latency is from sending the put to receiving its event.',
    connections: 1,
    streamsPerConnection: 1,
    watchersPerStream: 1,
    keys: 100,
    burst: 1000,
    writeConnections: 16,
    writeStreams: 4,
  },
  {
    name: 'watch-1-alone',
    title: 'watch delivery, 1 watcher, one put at a time',
    description: 'The same with a single put under way: the latency of a quiet server.',
    connections: 1,
    streamsPerConnection: 1,
    watchersPerStream: 1,
    keys: 100,
    burst: 1,
    writeConnections: 1,
    writeStreams: 1,
  },
  {
    name: 'watch-1000',
    title: 'watch delivery, 1,000 watchers × 100 keys',
    description:
      '1,000 watchers (10 connections × 10 streams × 10) of 100 keys; each burst puts every key once, which makes 100,000 events, all awaited.',
    connections: 10,
    streamsPerConnection: 10,
    watchersPerStream: 10,
    keys: 100,
    burst: 100,
    writeConnections: 4,
    writeStreams: 4,
  },
  {
    name: 'watch-10000',
    title: 'watch delivery, one put to 10,000 watchers',
    description:
      '10,000 watchers (10 connections × 10 streams × 100), one put at a time, each awaited to its last event.',
    connections: 10,
    streamsPerConnection: 10,
    watchersPerStream: 100,
    keys: 100,
    burst: 1,
    writeConnections: 1,
    writeStreams: 1,
  },
];

export const WATCH_ROWS: Row[] = WATCH_SHAPES.map(({ name, title, description, ...shape }) => ({
  name,
  title,
  description,
  async run(bench) {
    const server = await bench.startServer();
    const { warmupMs, durationMs } = bench.settings;
    const result = await bench.load({
      kind: 'watch',
      ...shape,
      valueBytes: VALUE_BYTES,
      warmupMs,
      durationMs,
    });
    return {
      ...measuresOf(result, 'eventsPerSecond'),
      peakMegabytes: server.memory.peakMegabytes,
    };
  },
}));

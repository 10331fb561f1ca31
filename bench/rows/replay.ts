import { setTimeout } from 'node:timers/promises';
import { readTrace, splitHeader, type TraceCall } from '../../test/compat/apiserver-trace.js';
import { ReplayedWatch } from '../../test/compat/trace-watch.js';
import { GrpcClient, GrpcError } from '../../test/support/grpc.js';
import { testDataPath } from '../../test/support/repository.js';
import { MeasuringWindow } from '../window.js';
import type { Row } from './row.js';

const EVENT_TIMEOUT_MS = 10_000;
/** A compaction would cancel watches that still read older revisions. */
const CATCH_UP_MS = 500;
const COMPACTION = 'etcdserverpb.KV/Compact';
const QUICK_LINES = 1500;

/** Makes a recorded call and compares the answer. Returns the store's revision after it. */
async function replayCall(client: GrpcClient, call: TraceCall): Promise<number> {
  try {
    const { revision, rest } = splitHeader(await client.unary(call.method, call.request));
    const isSame = 'response' in call.expected && rest.equals(call.expected.response);
    if (!isSame || revision !== call.revision) throw new Error(`another answer to ${call.method}`);
  } catch (error) {
    const { expected } = call;
    const isExpected =
      error instanceof GrpcError && 'code' in expected && error.code === expected.code;
    if (!isExpected) throw error;
  }
  return call.revision;
}

/** The recorded traffic of a Kubernetes API server, one call after the other. */
export const REPLAY_ROWS: Row[] = [
  {
    name: 'replay',
    title: 'replay of an API server’s recorded traffic',
    description:
      '7,203 calls and 115 watches with 4,194 events, recorded from a Kubernetes API server, each call awaited and its answer compared.',
    async run(bench) {
      const server = await bench.startServer();
      const trace = readTrace(testDataPath('apiserver', 'apiserver-1.jsonl.br'));
      const lines = bench.settings.quick ? trace.slice(0, QUICK_LINES) : trace;
      const client = new GrpcClient(`127.0.0.1:${server.clientPort}`);
      const watches: ReplayedWatch[] = [];
      let revision = 1;
      const awaitEvents = async (): Promise<void> => {
        for (const watch of watches) await watch.waitForEvents(revision, EVENT_TIMEOUT_MS);
      };
      const window = new MeasuringWindow(server.pid, bench.profile);
      const beganMs = performance.now();
      try {
        for (const line of lines) {
          if (line.kind === 'watch') {
            const watch = new ReplayedWatch(line);
            watches.push(watch);
            await watch.open(client, EVENT_TIMEOUT_MS);
            continue;
          }
          if (line.method === COMPACTION) {
            await awaitEvents();
            await setTimeout(CATCH_UP_MS);
          }
          revision = await replayCall(client, line);
        }
        await awaitEvents();
        const wallSeconds = (performance.now() - beganMs) / 1000;
        const { cpuSeconds } = window.close();
        return { cpuSeconds, wallSeconds, peakMegabytes: server.memory.peakMegabytes };
      } finally {
        for (const watch of watches) watch.close();
        client.close();
      }
    },
  },
];

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './children.js';
import { runH2load } from './h2load.js';
import { runJob } from './load/run-job.js';

const SINK = fileURLToPath(new URL('./load/sink.js', import.meta.url));
const CONNECTIONS = 64;
const STREAMS = 16;
const RESPONSE_BYTES = 305;

/** What the load generators reach on a server that does nothing. */
export interface Ceiling {
  generator: string;
  requestsPerSecond: number;
  /** What they would reach with a core of their own and a server without limits. */
  requestsPerCpuSecond: number;
}

/** Measures both generators at 64×16 against a sink. */
export async function measureCeilings(durationMs: number): Promise<Ceiling[]> {
  const sink = fork(SINK, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithUs(sink);
  try {
    const [{ port }] = (await once(sink, 'message')) as [{ port: number }];
    const target = { port, serverPid: sink.pid ?? 0, profile: false };
    const shape = { connections: CONNECTIONS, streams: STREAMS };
    const own = await runJob(
      {
        kind: 'unary',
        ...target,
        ...shape,
        workload: { kind: 'put', prefix: '/bench/', keys: 100_000, valueBytes: 256 },
        limit: { warmupMs: durationMs / 4, durationMs },
      },
      durationMs * 4 + 30_000,
    );
    const h2load = await runH2load({
      ...target,
      ...shape,
      path: '/sink',
      message: Buffer.alloc(16),
      responseBytes: RESPONSE_BYTES,
      warmupMs: durationMs / 4,
      durationMs,
    });
    return [
      { generator: 'own (Put 256 B)', result: own },
      { generator: 'h2load', result: h2load },
    ].map(({ generator, result }) => ({
      generator,
      requestsPerSecond: result.count / result.seconds,
      requestsPerCpuSecond: result.count / result.generatorCpuSeconds,
    }));
  } finally {
    sink.kill();
  }
}

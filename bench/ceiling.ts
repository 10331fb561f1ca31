import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { benchCertificates } from './certificates.js';
import { endWithUs } from './children.js';
import { runH2load } from './h2load.js';
import type { JobBase, JobResult } from './load/jobs.js';
import { runJob } from './load/run-job.js';

const SINK = fileURLToPath(new URL('./load/sink.js', import.meta.url));
const RESPONSE_BYTES = 305;
const SATURATED = { connections: 64, streams: 16 };
const WATCHERS = { connections: 10, streamsPerConnection: 10, watchersPerStream: 10 };
const BUSY = { connections: 16, streams: 4 };

/** What a load generator reaches on a server that does nothing. */
export interface Ceiling {
  generator: string;
  requestsPerSecond: number;
  /** What it would reach with a core of its own and a server without limits. */
  requestsPerCpuSecond: number;
}

/** Measures the generators on a sink, in the shapes of the rows that need them most. */
export async function measureCeilings(durationMs: number): Promise<Ceiling[]> {
  const plain = await withSink([], async (target) => [
    ceiling('own (Put 256 B), 64×16', await ownPuts(target, SATURATED, durationMs)),
    ceiling('h2load, 64×16', await h2loadCalls(target, durationMs)),
    ceiling('own, events of 1,000 watchers', await watchEvents(target, durationMs)),
    ceiling('own, keep-alives on 100 open streams', await keepAlives(target, durationMs)),
  ]);
  const { server, client } = benchCertificates();
  const files = [server.certFile, server.keyFile, client.caFile];
  const secure = await withSink(files, async (target) => {
    const result = await ownPuts({ ...target, tls: client }, BUSY, durationMs);
    return [ceiling('own over mutual TLS (Put 256 B), 16×4', result)];
  });
  return [...plain, ...secure];
}

function ceiling(generator: string, result: JobResult): Ceiling {
  return {
    generator,
    requestsPerSecond: result.count / result.seconds,
    requestsPerCpuSecond: result.count / result.generatorCpuSeconds,
  };
}

async function withSink<T>(
  files: readonly string[],
  measure: (target: JobBase) => Promise<T>,
): Promise<T> {
  const sink = fork(SINK, files, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithUs(sink);
  try {
    const [{ port }] = (await once(sink, 'message')) as [{ port: number }];
    return await measure({ port, serverPid: sink.pid ?? 0, profile: false });
  } finally {
    sink.kill();
  }
}

function ownPuts(
  target: JobBase,
  shape: { connections: number; streams: number },
  durationMs: number,
): Promise<JobResult> {
  return runJob(
    {
      kind: 'unary',
      ...target,
      ...shape,
      workload: { kind: 'put', prefix: '/bench/', keys: 100_000, valueBytes: 256 },
      limit: { warmupMs: durationMs / 4, durationMs },
    },
    durationMs * 4 + 30_000,
  );
}

function watchEvents(target: JobBase, durationMs: number): Promise<JobResult> {
  return runJob(
    {
      kind: 'watch',
      ...target,
      ...WATCHERS,
      keys: 100,
      valueBytes: 64,
      burst: 100,
      writeConnections: 4,
      writeStreams: 4,
      warmupMs: durationMs / 4,
      durationMs,
    },
    durationMs * 4 + 30_000,
  );
}

function keepAlives(target: JobBase, durationMs: number): Promise<JobResult> {
  const leases = Array.from({ length: 100 }, (_, index) => String(1000 + index));
  return runJob(
    {
      kind: 'keep-alive',
      ...target,
      connections: 10,
      leases,
      warmupMs: durationMs / 4,
      durationMs,
    },
    durationMs * 4 + 30_000,
  );
}

function h2loadCalls(target: JobBase, durationMs: number): Promise<JobResult> {
  return runH2load({
    ...target,
    ...SATURATED,
    path: '/sink',
    message: Buffer.alloc(16),
    responseBytes: RESPONSE_BYTES,
    warmupMs: durationMs / 4,
    durationMs,
  });
}

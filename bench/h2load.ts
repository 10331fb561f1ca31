import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../test/support/programs.js';
import { endWithUs } from './children.js';
import { benchFolder, removeBenchFolder } from './folders.js';
import { Histogram } from './load/histogram.js';
import type { JobBase, JobResult } from './load/jobs.js';
import { cpuSecondsOf } from './processes.js';
import { MeasuringWindow } from './window.js';

/** One request, sent by h2load (Debian package nghttp2-client) on connections × streams. */
export interface H2loadJob extends JobBase {
  path: string;
  /** The request message, without gRPC's prefix. */
  message: Buffer;
  /** The size of the right response with its prefix: h2load cannot see gRPC's errors. */
  responseBytes: number;
  connections: number;
  streams: number;
  warmupMs: number;
  durationMs: number;
}

/** Latencies are taken in a shorter run of their own: writing them down costs h2load time. */
const LATENCY_SHARE = 0.4;
const SAMPLE_INTERVAL_MS = 50;
const TIMEOUT_MARGIN_MS = 30_000;

/** Runs h2load three times: to warm up, to count, and to look at every single latency. */
export async function runH2load(job: H2loadJob): Promise<JobResult> {
  const program = findOnPath('h2load');
  if (program === undefined) {
    throw new Error('h2load is not on PATH (Debian package nghttp2-client)');
  }
  const folder = benchFolder();
  try {
    const body = join(folder, 'body');
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(job.message.length, 1);
    writeFileSync(body, Buffer.concat([prefix, job.message]));
    if (job.warmupMs > 0) await run(program, job, body, job.warmupMs, []);
    const window = new MeasuringWindow(job.serverPid, job.profile, job.otherServerPids);
    const main = await run(program, job, body, job.durationMs, []);
    const server = window.close();
    const log = join(folder, 'latencies');
    await run(program, job, body, job.durationMs * LATENCY_SHARE, [`--log-file=${log}`]);
    const latencies = readLatencies(log);
    rmSync(log);
    return {
      ...main,
      server,
      p50Us: latencies.quantileUs(0.5),
      p99Us: latencies.quantileUs(0.99),
      maxUs: latencies.maxUs,
    };
  } finally {
    removeBenchFolder(folder);
  }
}

type MainResult = Omit<JobResult, 'server' | 'p50Us' | 'p99Us' | 'maxUs'>;

async function run(
  program: string,
  job: H2loadJob,
  body: string,
  durationMs: number,
  more: readonly string[],
): Promise<MainResult> {
  const child = spawn(
    program,
    [
      `--duration=${Math.round(durationMs)}ms`,
      `--clients=${job.connections}`,
      `--max-concurrent-streams=${job.streams}`,
      '--header=content-type: application/grpc',
      '--header=te: trailers',
      `--data=${body}`,
      ...more,
      `http://127.0.0.1:${job.port}${job.path}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  endWithUs(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  let generatorCpuSeconds = 0;
  // Its use so far is gone with the process: the last sample stands for it.
  const sampler = setInterval(() => {
    try {
      if (child.pid !== undefined) generatorCpuSeconds = cpuSecondsOf(child.pid);
    } catch {
      // It has ended.
    }
  }, SAMPLE_INTERVAL_MS);
  const timer = setTimeout(() => child.kill('SIGKILL'), durationMs + TIMEOUT_MARGIN_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  }).finally(() => {
    clearInterval(sampler);
    clearTimeout(timer);
  });
  if (code !== 0) throw new Error(`h2load ended with ${code}: ${output.slice(-500)}`);
  return { ...readOutput(output, job.responseBytes), generatorCpuSeconds };
}

const TIME_UNITS_US: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 };

function readOutput(output: string, responseBytes: number) {
  const seconds = timeUs(/finished in ([\d.]+)(us|ms|s)/.exec(output)) / 1e6;
  const counts = /requests: .* (\d+) done, (\d+) succeeded, (\d+) failed/.exec(output);
  const dataBytes = Number(/\((\d+)\) data/.exec(output)?.[1]);
  const mean = /time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/.exec(output);
  const count = Number(counts?.[2]);
  const failed = Number(counts?.[3]);
  if (!Number.isFinite(seconds + count + dataBytes)) {
    throw new Error(`h2load wrote: ${output.slice(-1000)}`);
  }
  // Answers that were under way at the end count as data only, errors have none: a margin of each.
  const wantedBytes = count * responseBytes;
  const failures = dataBytes < wantedBytes * 0.98 ? Math.max(1, failed) : failed;
  return { count, failures, seconds, meanUs: timeUs(mean) };
}

/** A number and its unit, as the first two groups of a match. */
function timeUs(match: RegExpExecArray | null): number {
  return Number(match?.[1]) * (TIME_UNITS_US[match?.[2] ?? ''] ?? Number.NaN);
}

/** The log has a line per request: start in µs since the epoch, status, µs until the end. */
function readLatencies(path: string): Histogram {
  const latencies = new Histogram();
  const bytes = readFileSync(path);
  let column = 0;
  let value = 0;
  for (const byte of bytes) {
    if (byte === 0x09) {
      column++;
      value = 0;
    } else if (byte === 0x0a) {
      if (column === 2) latencies.add(value);
      column = 0;
      value = 0;
    } else {
      value = value * 10 + byte - 48;
    }
  }
  return latencies;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BenchOptions } from '../command-line.js';
import { kvorumContender } from '../contenders.js';
import { benchFolder } from '../folders.js';
import { formatNumber } from '../format.js';
import { type Row, RowBench } from '../rows/row.js';
import { renderProfile } from './render.js';
import { type CpuProfile, summarise } from './summary.js';

const WRITE_TIMEOUT_MS = 30_000;
/** Threads that used less than this are left out. */
const MIN_THREAD_SECONDS = 0.05;

/** Runs the chosen rows on kvorum under the profiler and prints where its main thread was. */
export async function profileRows(options: BenchOptions): Promise<void> {
  for (const row of options.rows) await profileRow(row, options);
}

async function profileRow(row: Row, options: BenchOptions): Promise<void> {
  const profilePath = join(benchFolder(), 'profile');
  const preload = new URL('./preload.js', import.meta.url).href;
  const bench = new RowBench(
    kvorumContender(),
    options.settings,
    {
      flags: options.kvorumFlags,
      nodeArguments: ['--import', preload],
      environment: { KVORUM_BENCH_PROFILE: profilePath },
    },
    true,
  );
  try {
    const measures = await row.run(bench);
    const profile = await readProfile(`${profilePath}-1.cpuprofile`);
    console.log(`## ${row.title}\n`);
    const numbers = Object.entries(measures).map(
      ([name, value]) => `${name} ${formatNumber(value)}`,
    );
    console.log(`Under the profiler: ${numbers.join(', ')}.\n`);
    console.log(renderThreads(bench));
    console.log(renderProfile(summarise(profile)));
  } finally {
    await bench.remove();
  }
}

async function readProfile(path: string): Promise<CpuProfile> {
  const deadlineMs = performance.now() + WRITE_TIMEOUT_MS;
  while (!existsSync(path)) {
    if (performance.now() > deadlineMs) throw new Error('the server wrote no profile');
    await setTimeout(50);
  }
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

function renderThreads({ lastResult }: RowBench): string {
  const threads = (lastResult?.server.threads ?? [])
    .filter(({ cpuSeconds }) => cpuSeconds >= MIN_THREAD_SECONDS)
    .sort((a, b) => b.cpuSeconds - a.cpuSeconds)
    .map(({ name, cpuSeconds }) => `| ${name} | ${formatNumber(cpuSeconds)} |`);
  const seconds = formatNumber(lastResult?.seconds);
  return [`| thread | CPU s of ${seconds} |`, '|---|---:|', ...threads, ''].join('\n');
}

/**
 * How soon the programs that people type answer: from the start of the process to its first output, and
 * the CPU time of the whole run, beside that of Node alone.
 *
 *   npm run build && node dist/bench/programs.js [rounds]
 *
 * `KVORUM_BENCH_ETCDCTL` names another etcdctl to be shown beside ours.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CleanupList } from '../test/support/cleanup.js';
import { EtcdClient } from '../test/support/etcd-client.js';
import { startMember } from '../test/support/member.js';
import { repositoryRoot } from '../test/support/repository.js';

const DEFAULT_ROUNDS = 20;

/** The time to the first byte on standard output; to the end, if there is none. */
async function firstOutputMs([command = '', ...args]: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let firstMs: number | undefined;
  child.stdout.on('data', () => {
    firstMs ??= performance.now() - startMs;
  });
  await once(child, 'close');
  return firstMs ?? performance.now() - startMs;
}

/** User and system time of one run, as a mean: a shell adds up what its children took. */
function meanCpuMs(words: readonly string[], rounds: number): number {
  const script = 'n=$1; shift; while [ $n -gt 0 ]; do "$@" >/dev/null; n=$((n-1)); done; times';
  const text = execFileSync('/bin/sh', ['-c', script, 'sh', `${rounds}`, ...words], {
    encoding: 'utf8',
  });
  const [, ofChildren = ''] = text.trim().split('\n');
  let seconds = 0;
  for (const [, minutes, rest] of ofChildren.matchAll(/(\d+)m([\d.]+)s/g)) {
    seconds += Number(minutes) * 60 + Number(rest);
  }
  return (seconds * 1000) / rounds;
}

async function measure(label: string, words: readonly string[], rounds: number): Promise<void> {
  const firsts: number[] = [];
  for (let round = 0; round < rounds; round++) firsts.push(await firstOutputMs(words));
  firsts.sort((a, b) => a - b);
  const median = firsts[Math.floor(rounds / 2)] ?? Number.NaN;
  const figures = [median, firsts[0] ?? Number.NaN, meanCpuMs(words, rounds)];
  const cells = figures.map((ms) => `${Math.round(ms)}`.padStart(5));
  console.log(`| ${label.padEnd(32)} | ${cells.join(' | ')} |`);
}

const cleanup = new CleanupList();
try {
  const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
  const member = await startMember(cleanup);
  const client = new EtcdClient(member.clientAddress);
  await client.put('a', 'b');
  client.close();
  const programs = [['bin/etcdctl', join(repositoryRoot, 'bin', 'etcdctl')]];
  const other = process.env.KVORUM_BENCH_ETCDCTL;
  if (other !== undefined) programs.push(['KVORUM_BENCH_ETCDCTL', other]);
  console.log(`| ${rounds} runs, ms`.padEnd(35), '| first output: median | best | CPU |');
  console.log('|---|---|---|---|');
  await measure('node -e 0', [process.execPath, '-e', '0'], rounds);
  for (const [label = '', path = ''] of programs) {
    await measure(`${label} version`, [path, 'version'], rounds);
    const get = [path, `--endpoints=${member.clientUrl}`, 'get', 'a'];
    await measure(`${label} get a`, get, rounds);
  }
} finally {
  await cleanup.run();
}

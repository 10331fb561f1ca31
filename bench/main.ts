import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../test/support/repository.js';
import { type Ceiling, measureCeilings } from './ceiling.js';
import { writeCharts } from './chart/curves.js';
import { watchChildren } from './children.js';
import { type BenchOptions, readCommandLine, USAGE } from './command-line.js';
import { compareRow, type RowResult } from './compare.js';
import { etcdContender, kvorumContender } from './contenders.js';
import { describeMachine } from './machine.js';
import { profileCore } from './profile/core.js';
import { profileRows } from './profile/profile-rows.js';
import { type BenchReport, CHART_FOLDER, renderReport } from './report.js';
import { SERVER_FLAGS } from './server.js';

const progress = (text: string): void => console.error(text);

/** The charts beside the README; those of quick runs go where their results go. */
const CHARTS = join(repositoryRoot, 'bench', CHART_FOLDER);

function listRows({ rows }: BenchOptions): void {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  for (const { name, description } of rows) console.log(name.padEnd(width) + description);
}

async function ceilings(options: BenchOptions): Promise<Ceiling[]> {
  progress('the load generators alone');
  try {
    return await measureCeilings(options.settings.durationMs);
  } catch (error) {
    progress(`the ceilings were not measured: ${String(error)}`);
    return [];
  }
}

async function compare(options: BenchOptions, argv: readonly string[]): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const etcd = etcdContender();
  if (etcd === undefined) progress('no etcd on PATH and no KVORUM_BENCH_ETCD: kvorum alone');
  const kvorum = kvorumContender();
  const contenders = etcd === undefined ? [kvorum] : [etcd, kvorum];
  const report: BenchReport = {
    startedAt,
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
    machine: describeMachine(),
    titles: { etcd: etcd?.title, kvorum: kvorum.title },
    serverFlags: SERVER_FLAGS,
    rounds: options.rounds,
    secondsPerRound: options.settings.durationMs / 1000,
    ceilings: await ceilings(options),
    rows: [],
  };
  const path =
    options.output ??
    join(repositoryRoot, 'bench', 'results', `${startedAt.replaceAll(':', '-')}.json`);
  mkdirSync(dirname(path), { recursive: true });
  for (const row of options.rows) {
    const result: RowResult = await compareRow(row, contenders, options, progress);
    report.rows.push(result);
    for (const [name, failure] of Object.entries(result.failures)) {
      progress(`${row.name} failed on ${name}: ${failure}`);
    }
    // After each row: an interrupted run keeps what it has.
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  }
  const charts = writeCharts(report, options.settings.quick ? dirname(path) : CHARTS);
  console.log(renderReport(report));
  for (const written of [path, ...charts]) progress(`written to ${written}`);
  return report.rows.every(({ failures }) => Object.keys(failures).length === 0);
}

async function main(argv: readonly string[]): Promise<void> {
  watchChildren();
  let options: BenchOptions;
  try {
    options = readCommandLine(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.list) listRows(options);
  else if (options.core) await profileCore(options);
  else if (options.cpuProfile) await profileRows(options);
  else if (!(await compare(options, argv))) process.exitCode = 1;
}

await main(process.argv.slice(2));

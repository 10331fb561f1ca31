import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
import { writeIntoReadme } from './readme.js';
import { type BenchReport, CHART_FOLDER, renderReport } from './report.js';
import { SERVER_FLAGS } from './server.js';

const progress = (text: string): void => console.error(text);

/** The charts beside the README; those of quick runs go where their results go. */
const CHARTS = join(repositoryRoot, 'bench', CHART_FOLDER);

function listRows({ rows }: BenchOptions): void {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  for (const { name, description } of rows) console.log(name.padEnd(width) + description);
}

/** A report and the file it is kept in. */
interface KeptReport {
  path: string;
  report: BenchReport;
}

/** Prints the tables, draws the charts, and puts both into the README if that is asked for. */
function show(kept: readonly KeptReport[], intoReadme: boolean): void {
  if (intoReadme && kept.some(({ report }) => report.quick)) {
    throw new Error('quick runs do not go into the README');
  }
  const markdown = kept.map(({ report }) => renderReport(report)).join('\n');
  console.log(markdown);
  const charts = kept.flatMap(({ path, report }) =>
    writeCharts(report, report.quick ? dirname(path) : CHARTS),
  );
  const readme = intoReadme ? [writeIntoReadme(markdown)] : [];
  for (const written of [...charts, ...readme]) progress(`written to ${written}`);
}

function readReport(path: string): KeptReport {
  return { path, report: JSON.parse(readFileSync(path, 'utf8')) as BenchReport };
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
    quick: options.settings.quick,
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
  progress(`written to ${path}`);
  show([{ path, report }], options.readme);
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
  if (options.help) console.log(USAGE);
  else if (options.list) listRows(options);
  else if (options.render.length > 0) show(options.render.map(readReport), options.readme);
  else if (options.core) await profileCore(options);
  else if (options.cpuProfile) await profileRows(options);
  else if (!(await compare(options, argv))) process.exitCode = 1;
}

await main(process.argv.slice(2));

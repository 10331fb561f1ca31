import type { Ceiling } from './ceiling.js';
import type { RowResult } from './compare.js';
import type { Machine } from './machine.js';
import { MEASURE_NAMES, MEASURES, type MeasureName } from './measures.js';

/** All of a run, as it is kept in JSON. */
export interface BenchReport {
  startedAt: string;
  command: string;
  machine: Machine;
  /** As the columns are titled; etcd's is missing if there was none. */
  titles: { etcd: string | undefined; kvorum: string };
  serverFlags: readonly string[];
  rounds: number;
  secondsPerRound: number;
  ceilings: Ceiling[];
  rows: RowResult[];
}

/** The columns of the short table, kvorum ÷ etcd. */
const RATIO_COLUMNS: readonly { title: string; names: readonly MeasureName[] }[] = [
  {
    title: 'throughput',
    names: ['requestsPerSecond', 'eventsPerSecond', 'pagesPerSecond'],
  },
  { title: 'mean', names: ['meanUs'] },
  { title: 'p50', names: ['p50Us'] },
  { title: 'p99', names: ['p99Us'] },
  { title: 'server CPU', names: ['cpuSecondsPer1000', 'cpuSeconds'] },
  { title: 'peak memory', names: ['peakMegabytes'] },
];

/** The whole report in Markdown. */
export function renderReport(report: BenchReport): string {
  const { machine } = report;
  return [
    `Machine: ${machine.cores} × ${machine.cpu}, ${machine.memoryGigabytes} GB; Linux ${machine.kernel}; data on ${machine.disk}.`,
    `Versions: kvorum ${machine.commit} on Node ${machine.node}; ${report.titles.etcd ?? 'no etcd'}.`,
    `Run: ${report.startedAt}, \`${report.command}\`; up to ${report.rounds} rounds of ${report.secondsPerRound} s; medians.`,
    `Both servers: \`${report.serverFlags.join(' ')}\`.`,
    '',
    ...renderCeilings(report.ceilings),
    ...(report.titles.etcd === undefined ? [] : renderRatios(report)),
    ...renderMeasures(report),
    ...renderFailures(report),
  ].join('\n');
}

function renderCeilings(ceilings: readonly Ceiling[]): string[] {
  if (ceilings.length === 0) return [];
  return [
    'The load generators on a server that does nothing:',
    '',
    '| generator | requests/s | requests per CPU second of its own |',
    '|---|---:|---:|',
    ...ceilings.map(
      ({ generator, requestsPerSecond, requestsPerCpuSecond }) =>
        `| ${generator} | ${formatNumber(requestsPerSecond)} | ${formatNumber(requestsPerCpuSecond)} |`,
    ),
    '',
  ];
}

function renderRatios({ rows, titles }: BenchReport): string[] {
  const columns = RATIO_COLUMNS.map(({ title }) => title).join(' | ');
  return [
    `kvorum ÷ ${titles.etcd} (throughput: more is better; all others: less is better):`,
    '',
    `| row | ${columns} |`,
    `|---|${RATIO_COLUMNS.map(() => '---:|').join('')}`,
    ...rows.map((row) => {
      const cells = RATIO_COLUMNS.map(({ names }) =>
        formatRatio(
          ratioOf(
            row,
            names.find((name) => row.medians.kvorum[name] !== undefined),
          ),
        ),
      );
      return `| ${row.title} | ${cells.join(' | ')} |`;
    }),
    '',
  ];
}

function renderMeasures({ rows, titles }: BenchReport): string[] {
  const lines = [
    `| row | measure | ${titles.etcd ?? 'etcd'} | kvorum | kvorum ÷ etcd |`,
    '|---|---|---:|---:|---:|',
  ];
  for (const row of rows) {
    const { etcd, kvorum } = row.medians;
    const names = MEASURE_NAMES.filter(
      (name) => etcd[name] !== undefined || kvorum[name] !== undefined,
    );
    for (const [index, name] of names.entries()) {
      const ratio = MEASURES[name].better === 'none' ? '' : formatRatio(ratioOf(row, name));
      const title = index === 0 ? row.title : '';
      lines.push(
        `| ${title} | ${MEASURES[name].title} | ${formatNumber(etcd[name])} | ${formatNumber(kvorum[name])} | ${ratio} |`,
      );
    }
  }
  return [...lines, ''];
}

function renderFailures({ rows }: BenchReport): string[] {
  return rows.flatMap(({ name, failures }) =>
    Object.entries(failures).map(
      ([contender, failure]) => `${name} FAILED on ${contender}: ${failure}`,
    ),
  );
}

function ratioOf(row: RowResult, name: MeasureName | undefined): number | undefined {
  if (name === undefined) return undefined;
  const etcd = row.medians.etcd[name];
  const kvorum = row.medians.kvorum[name];
  return etcd === undefined || kvorum === undefined ? undefined : kvorum / etcd;
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined || !Number.isFinite(ratio) ? '–' : `×${formatNumber(ratio)}`;
}

/** Three significant digits, or whole numbers with separators. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

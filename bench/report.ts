import type { Ceiling } from './ceiling.js';
import { renderCurves } from './chart/curves.js';
import type { RowResult } from './compare.js';
import { formatNumber, formatRatio } from './format.js';
import type { Machine } from './machine.js';
import { MEASURE_NAMES, MEASURES, type MeasureName } from './measures.js';

/** All of a run, as it is kept in JSON. */
export interface BenchReport {
  startedAt: string;
  /** Small and short: its numbers mean little. */
  quick: boolean;
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

/** Where the charts lie, seen from the report. */
export const CHART_FOLDER = 'charts';

/** The columns of the short table, kvorum ÷ etcd. */
const RATIO_COLUMNS: readonly { title: string; names: readonly MeasureName[] }[] = [
  {
    title: 'throughput',
    names: ['requestsPerSecond', 'eventsPerSecond', 'pagesPerSecond', 'duringPerSecond'],
  },
  { title: 'mean', names: ['meanUs'] },
  { title: 'p50', names: ['p50Us'] },
  { title: 'p99', names: ['p99Us', 'duringP99Us'] },
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
    ...renderCurves(report, CHART_FOLDER),
    ...renderFailures(report),
  ].join('\n');
}

function renderCeilings(ceilings: readonly Ceiling[]): string[] {
  if (ceilings.length === 0) return [];
  return [
    'The load generators on a server that does nothing:',
    '',
    '| generator | requests or events/s | per CPU second of its own |',
    '|---|---:|---:|',
    ...ceilings.map(
      ({ generator, requestsPerSecond, requestsPerCpuSecond }) =>
        `| ${generator} | ${formatNumber(requestsPerSecond)} | ${formatNumber(requestsPerCpuSecond)} |`,
    ),
    '',
  ];
}

/** Rows of curves have tables of their own. */
const ownRows = ({ rows }: BenchReport): RowResult[] =>
  rows.filter(({ curve }) => curve === undefined);

/** Only what was measured of both, by a measure that has a column. */
function renderRatios(report: BenchReport): string[] {
  const { titles } = report;
  const rows = ownRows(report).filter((row) =>
    RATIO_COLUMNS.some(({ names }) => names.some((name) => ratioOf(row, name) !== undefined)),
  );
  if (rows.length === 0) return [];
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

function renderMeasures(report: BenchReport): string[] {
  const { titles } = report;
  const rows = ownRows(report);
  if (rows.length === 0) return [];
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

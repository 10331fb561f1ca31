import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowResult } from '../compare.js';
import type { ContenderName } from '../contenders.js';
import { formatNumber, formatRatio } from '../format.js';
import type { BenchReport } from '../report.js';
import type { CurvePoint } from '../rows/row.js';
import { type ChartLine, renderLineChart } from './line-chart.js';

/** Rows that differ in one number only, in its order. */
interface Curve extends Omit<CurvePoint, 'x'> {
  readonly points: readonly { x: number; row: RowResult }[];
}

/** Told apart also by people who do not see all colours. */
const COLOURS: Readonly<Record<ContenderName, string>> = { kvorum: '#c2410c', etcd: '#1d5fa8' };

function curvesOf(rows: readonly RowResult[]): Curve[] {
  const names = new Set(rows.flatMap(({ curve }) => curve?.name ?? []));
  return [...names].flatMap((name) => {
    const points = rows
      .flatMap((row) => (row.curve?.name === name ? { x: row.curve.x, row } : []))
      .sort((a, b) => a.x - b.x);
    const about = points[0]?.row.curve;
    return about === undefined ? [] : { name, title: about.title, xTitle: about.xTitle, points };
  });
}

/** A table per curve, with its picture where `chartFolder` holds them. */
export function renderCurves(report: BenchReport, chartFolder: string): string[] {
  return curvesOf(report.rows).flatMap((curve) => [
    `${curve.title}:`,
    '',
    `![${curve.title}](${chartFolder}/${curve.name}.svg)`,
    '',
    `| ${curve.xTitle} | ${report.titles.etcd ?? 'etcd'}, requests/s | kvorum, requests/s | kvorum ÷ etcd | p99, ÷ | server CPU, ÷ |`,
    '|---:|---:|---:|---:|---:|---:|',
    ...curve.points.map(renderPoint),
    '',
  ]);
}

function renderPoint({ x, row }: Curve['points'][number]): string {
  const { etcd, kvorum } = row.medians;
  const ratio = (name: 'requestsPerSecond' | 'p99Us' | 'cpuSecondsPer1000'): string =>
    formatRatio((kvorum[name] ?? Number.NaN) / (etcd[name] ?? Number.NaN));
  const cells = [
    formatNumber(etcd.requestsPerSecond),
    formatNumber(kvorum.requestsPerSecond),
    ratio('requestsPerSecond'),
    ratio('p99Us'),
    ratio('cpuSecondsPer1000'),
  ];
  return `| ${x} | ${cells.join(' | ')} |`;
}

/** Draws every curve of the report into `folder`. Returns the paths. */
export function writeCharts(report: BenchReport, folder: string): string[] {
  const curves = curvesOf(report.rows);
  if (curves.length > 0) mkdirSync(folder, { recursive: true });
  return curves.map((curve) => {
    const path = join(folder, `${curve.name}.svg`);
    writeFileSync(path, drawCurve(curve, report));
    return path;
  });
}

function drawCurve(curve: Curve, { machine, titles }: BenchReport): string {
  const rounds = Math.max(...curve.points.map(({ row }) => row.rounds.kvorum.length));
  const middle = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  const lines = (['kvorum', 'etcd'] as const)
    .map((name) => lineOf(curve, name, titles[name] ?? name))
    .filter(({ points }) => points.length > 0);
  return renderLineChart({
    title: curve.title,
    subtitle: `kvorum ${machine.commit}, Node ${machine.node}; ${machine.cores} × ${machine.cpu}; ${middle}`,
    xTitle: curve.xTitle,
    yTitle: 'requests per second',
    lines,
  });
}

function lineOf(curve: Curve, name: ContenderName, title: string): ChartLine {
  const points = curve.points.flatMap(({ x, row }) => {
    const y = row.medians[name].requestsPerSecond;
    return y === undefined ? [] : { x, y };
  });
  return { title, colour: COLOURS[name], points };
}

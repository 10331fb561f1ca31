import { linearTicks, tickLabel } from './axis.js';

export interface ChartLine {
  readonly title: string;
  readonly colour: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly ChartLine[];
}

const WIDTH = 760;
const HEIGHT = 440;
const PLOT = { left: 76, right: 640, top: 74, bottom: 372 };
const TICKS = 6;
/** Line titles at the right end keep this distance, so that close ends stay readable. */
const TITLE_DISTANCE = 36;
const INK = '#1f2328';
const QUIET_INK = '#59636e';
const GRID = '#d9dee3';

/** Draws the chart as an SVG of its own, dark on white. The x axis is logarithmic, y starts at zero. */
export function renderLineChart(chart: LineChart): string {
  const xs = [...new Set(chart.lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const yTicks = linearTicks(Math.max(0, ...chart.lines.flatMap(valuesOf)), TICKS);
  const scale = scaleOf(xs, yTicks);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="${QUIET_INK}">`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="20" y="30" font-size="18" font-weight="bold" fill="${INK}">${escaped(chart.title)}</text>`,
    `<text x="20" y="50">${escaped(chart.subtitle)}</text>`,
    ...yAxis(yTicks, scale),
    ...xAxis(xs, scale),
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 46}" text-anchor="middle">${escaped(chart.xTitle)}</text>`,
    `<text transform="translate(22 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(chart.yTitle)}</text>`,
    ...chart.lines.flatMap((line) => drawLine(line, scale)),
    ...lineTitles(chart.lines, scale),
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  x(value: number): number;
  y(value: number): number;
}

function scaleOf(xs: readonly number[], yTicks: readonly number[]): Scale {
  const first = Math.log(xs[0] ?? 1);
  const last = Math.log(xs.at(-1) ?? 1);
  const highest = yTicks.at(-1) ?? 1;
  const width = PLOT.right - PLOT.left;
  return {
    x: (value) =>
      last === first
        ? PLOT.left + width / 2
        : PLOT.left + ((Math.log(value) - first) / (last - first)) * width,
    y: (value) => PLOT.bottom - (value / highest) * (PLOT.bottom - PLOT.top),
  };
}

function yAxis(ticks: readonly number[], scale: Scale): string[] {
  return ticks.flatMap((tick) => {
    const y = rounded(scale.y(tick));
    const colour = tick === 0 ? INK : GRID;
    return [
      `<line x1="${PLOT.left}" y1="${y}" x2="${PLOT.right}" y2="${y}" stroke="${colour}"/>`,
      `<text x="${PLOT.left - 10}" y="${y + 4}" text-anchor="end">${tickLabel(tick)}</text>`,
    ];
  });
}

function xAxis(values: readonly number[], scale: Scale): string[] {
  return values.flatMap((value) => {
    const x = rounded(scale.x(value));
    return [
      `<line x1="${x}" y1="${PLOT.bottom}" x2="${x}" y2="${PLOT.bottom + 5}" stroke="${INK}"/>`,
      `<text x="${x}" y="${PLOT.bottom + 22}" text-anchor="middle">${tickLabel(value)}</text>`,
    ];
  });
}

function drawLine({ points, colour }: ChartLine, scale: Scale): string[] {
  const places = points.map(({ x, y }) => ({ x: rounded(scale.x(x)), y: rounded(scale.y(y)) }));
  const path = places.map(({ x, y }) => `${x},${y}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-linejoin="round"/>`,
    ...places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`),
  ];
}

/** The legend: each line's title stands at its right end, with its last value below. */
function lineTitles(lines: readonly ChartLine[], scale: Scale): string[] {
  const ends = lines
    .map((line) => ({ line, y: scale.y(line.points.at(-1)?.y ?? 0) }))
    .sort((a, b) => a.y - b.y);
  let lowest = Number.NEGATIVE_INFINITY;
  return ends.flatMap(({ line, y }) => {
    lowest = Math.max(y, lowest + TITLE_DISTANCE);
    const x = PLOT.right + 14;
    const value = tickLabel(line.points.at(-1)?.y ?? 0);
    return [
      `<text x="${x}" y="${rounded(lowest)}" font-size="14" font-weight="bold" fill="${line.colour}">${escaped(line.title)}</text>`,
      `<text x="${x}" y="${rounded(lowest + 16)}">${value}/s</text>`,
    ];
  });
}

const valuesOf = ({ points }: ChartLine): number[] => points.map(({ y }) => y);
const rounded = (value: number): number => Math.round(value * 10) / 10;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

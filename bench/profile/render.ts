import { formatNumber } from '../format.js';
import type { ProfileSummary, SelfTime } from './summary.js';

const TOP = 25;
const TOP_OWNERS = 12;

/** A profile as Markdown tables. */
export function renderProfile(summary: ProfileSummary): string {
  const { seconds, idleShare, functions, rooms, charged } = summary;
  return [
    `Main thread: ${formatNumber(seconds)} s, idle ${percent(idleShare)}. What follows are shares of the rest.`,
    '',
    ...table('room, with what it calls of the runtime', rooms.slice(0, TOP_OWNERS)),
    ...table('function, self time', functions.slice(0, TOP)),
    ...table('function of src/, with what it calls of the runtime', charged.slice(0, TOP)),
  ].join('\n');
}

function table(title: string, lines: readonly SelfTime[]): string[] {
  return [
    `| share | ${title} |`,
    '|---:|---|',
    ...lines.map(({ name, share }) => `| ${percent(share)} | ${name} |`),
    '',
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

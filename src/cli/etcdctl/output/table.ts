import { CommandError, EXIT } from '../exit.js';
import type { Result } from './result.js';
import { hashRows, healthRows, memberRows, type Rows, statusRows } from './rows.js';

/** `--write-out=table`: lists of members and endpoints in a box. */
export function toTable(result: Result): string {
  switch (result.kind) {
    case 'memberList':
      return draw(memberRows(result.response));
    case 'endpointHealth':
      return draw(healthRows(result.endpoints));
    case 'endpointStatus':
      return draw(statusRows(result.endpoints));
    case 'endpointHash':
      return draw(hashRows(result.endpoints));
    default:
      throw new CommandError(EXIT.badFeature, 'table not supported as output format');
  }
}

function center(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return ' '.repeat(left) + text.padEnd(width - left);
}

/** A box around rows, the numbers at the right. */
export function draw({ header, rows }: Rows): string {
  const titles = header.map((title) => title.replaceAll('_', ' ').toUpperCase());
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}\n`;
  const line = (cells: readonly string[]): string => `│ ${cells.join(' │ ')} │\n`;
  return [
    rule('┌', '┬', '┐'),
    line(titles.map((title, column) => center(title, widths[column] ?? 0))),
    rows.length === 0 ? '' : rule('├', '┼', '┤'),
    ...rows.map((row) => line(row.map((cell, column) => cell.padStart(widths[column] ?? 0)))),
    rule('└', '┴', '┘'),
  ].join('');
}

import { CommandError, EXIT } from '../etcdctl/exit.js';
import { encodeGoJson } from '../etcdctl/output/go-json.js';
import { formatBytes } from '../etcdctl/output/rows.js';
import { draw } from '../etcdctl/output/table.js';

/** One value of an answer, by the names it has in each format. */
interface Cell {
  readonly json: string;
  readonly field: string;
  readonly column: string;
  readonly value: string | number;
  /** As `simple` and `table` show it. */
  readonly shown: string;
}

/** An answer that is a row of values. */
export type Row = readonly Cell[];

/** `snapshot status`. */
export function statusRow(status: {
  readonly hash: number;
  readonly revision: number;
  readonly totalKey: number;
  readonly totalSizeBytes: number;
  readonly version: string;
}): Row {
  const { hash, revision, totalKey, totalSizeBytes, version } = status;
  const cell = (
    [json, field, column]: readonly [string, string, string],
    value: string | number,
    shown = String(value),
  ): Cell => ({ json, field, column, value, shown });
  return [
    cell(['hash', 'Hash', 'hash'], hash, hash.toString(16)),
    cell(['revision', 'Revision', 'revision'], revision),
    cell(['totalKey', 'Keys', 'total keys'], totalKey),
    cell(['totalSize', 'Size', 'total size'], totalSizeBytes, formatBytes(totalSizeBytes)),
    cell(['version', 'Version', 'version'], version),
  ];
}

/** `hashkv`. */
export function hashRow(hash: {
  readonly hash: number;
  readonly hashRevision: number;
  readonly compactRevision: number;
}): Row {
  const cell = (json: string, field: string, value: number): Cell => ({
    ...{ json, field, value },
    column: field.toLowerCase(),
    shown: String(value),
  });
  return [
    cell('hash', 'Hash', hash.hash),
    cell('hashRevision', 'Hash revision', hash.hashRevision),
    cell('compactRevision', 'Compact revision', hash.compactRevision),
  ];
}

/** Turns an answer into text. */
export type RowPrinter = (row: Row) => string;

const PRINTERS: Readonly<Record<string, RowPrinter>> = {
  simple: (row) => `${row.map(({ shown }) => shown).join(', ')}\n`,
  json: (row) =>
    `${encodeGoJson(Object.fromEntries(row.map(({ json, value }) => [json, value])))}\n`,
  fields: (row) => row.map(({ field, value }) => `"${field}" : ${value}\n`).join(''),
  table: (row) =>
    draw({
      header: row.map(({ column }) => column),
      rows: [row.map(({ shown }) => shown)],
    }),
  protobuf: () => {
    throw new CommandError(EXIT.badFeature, 'protobuf not supported as output format');
  },
};

/**
 * The output format of `--write-out`.
 * @throws CommandError for an unknown one
 */
export function rowPrinter(format: string): RowPrinter {
  const printer = Object.hasOwn(PRINTERS, format) ? PRINTERS[format] : undefined;
  if (printer === undefined) throw new CommandError(EXIT.badFeature, 'unsupported output format');
  return printer;
}

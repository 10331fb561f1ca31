import { CommandError, EXIT } from '../exit.js';
import { toFields } from './fields.js';
import { toJson } from './json.js';
import { toProtobuf } from './protobuf.js';
import type { Result } from './result.js';
import { toSimple } from './simple.js';
import { toTable } from './table.js';

/** Turns a result into what goes to stdout. */
export type Printer = (result: Result) => Uint8Array | string;

/**
 * The output format of `--write-out`.
 * @throws CommandError for an unknown one
 */
export function createPrinter(format: string, hex: boolean): Printer {
  switch (format) {
    case 'simple':
      return (result) => toSimple(result, hex);
    case 'json':
      return (result) => toJson(result, hex);
    case 'fields':
      return (result) => toFields(result, hex);
    case 'protobuf':
      return toProtobuf;
    case 'table':
      return toTable;
    default:
      throw new CommandError(EXIT.badFeature, 'unsupported output format');
  }
}

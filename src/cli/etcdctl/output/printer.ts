import { CommandError, EXIT } from '../exit.js';
import type { Result } from './result.js';

/** Turns a result into what goes to stdout. */
export type Printer = (result: Result) => Uint8Array | string;

/**
 * The output format of `--write-out`; only that one is loaded.
 * @throws CommandError for an unknown one
 */
export async function createPrinter(format: string, hex: boolean): Promise<Printer> {
  switch (format) {
    case 'simple': {
      const { toSimple } = await import('./simple.js');
      return (result) => toSimple(result, hex);
    }
    case 'json': {
      const { toJson } = await import('./json.js');
      return (result) => toJson(result, hex);
    }
    case 'fields': {
      const { toFields } = await import('./fields.js');
      return (result) => toFields(result, hex);
    }
    case 'protobuf':
      return (await import('./protobuf.js')).toProtobuf;
    case 'table':
      return (await import('./table.js')).toTable;
    default:
      throw new CommandError(EXIT.badFeature, 'unsupported output format');
  }
}

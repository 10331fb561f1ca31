import { invalidConfig } from './errors.js';

/** When a log file is put aside, and what becomes of those that were. */
export interface LogRotation {
  /** A file does not grow beyond this. */
  readonly maxSizeBytes: number;
  /** Files put aside longer ago are removed; 0: never. */
  readonly maxAgeDays: number;
  /** So many are kept; 0: all. */
  readonly maxBackups: number;
  /** The time in their names is the local one, else UTC. */
  readonly usesLocalTime: boolean;
  readonly compress: boolean;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULT_SIZE_MEBIBYTES = 100;

/**
 * Reads `--log-rotation-config-json`.
 * @throws StartError
 */
export function parseLogRotation(json: string): LogRotation {
  const fields = parseObject(json);
  const megabytes = numberOf(fields, 'maxsize') || DEFAULT_SIZE_MEBIBYTES;
  return {
    maxSizeBytes: megabytes * MEBIBYTE,
    maxAgeDays: numberOf(fields, 'maxage'),
    maxBackups: numberOf(fields, 'maxbackups'),
    usesLocalTime: booleanOf(fields, 'localtime'),
    compress: booleanOf(fields, 'compress'),
  };
}

function parseObject(json: string): ReadonlyMap<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw invalidConfig(`improperly formatted log rotation config: ${cause}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    if (parsed === null) return new Map();
    throw invalidConfig(`invalid log rotation config: json: cannot unmarshal ${kindOf(parsed)}`);
  }
  // Go's decoder does not look at the case of names.
  return new Map(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value]));
}

function numberOf(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = fields.get(name) ?? 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw wrongType(value, name, 'int');
  return Math.max(0, value);
}

function booleanOf(fields: ReadonlyMap<string, unknown>, name: string): boolean {
  const value = fields.get(name) ?? false;
  if (typeof value !== 'boolean') throw wrongType(value, name, 'bool');
  return value;
}

function wrongType(value: unknown, name: string, type: string): Error {
  const problem = `cannot unmarshal ${kindOf(value)} into field ${name} of type ${type}`;
  return invalidConfig(`invalid log rotation config: json: ${problem}`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

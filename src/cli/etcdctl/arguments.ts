import { type CommanderError, Command as Parser } from 'commander';
import { parseDurationNanoseconds } from '../../config/duration.js';
import { goQuote, INT64, parseGoBoolean, parseGoInteger } from '../../config/go-text.js';
import type { Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import type { OptionSpec, OptionValues } from './options.js';

/** The command line does not parse: the message, then usage, on stderr. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(EXIT.error, message);
    this.name = 'UsageError';
  }
}

interface Flag {
  readonly spec: OptionSpec | undefined;
  /** The value behind `=`. */
  readonly attached: string | undefined;
  readonly isShort: boolean;
}

/** Reads `--name`, `--name=value`, `-name`, `-n`, `-n=value`; undefined for a positional argument. */
function readFlag(token: string, specs: readonly OptionSpec[]): Flag | undefined {
  if (!token.startsWith('-') || token === '-' || token === '--') return undefined;
  const body = token.slice(token.startsWith('--') ? 2 : 1);
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  const attached = equals < 0 ? undefined : body.slice(equals + 1);
  const byName = specs.find((spec) => spec.name === name);
  if (byName !== undefined || token.startsWith('--')) {
    return { spec: byName, attached, isShort: false };
  }
  const byShort = specs.find((spec) => spec.short !== undefined && name.startsWith(spec.short));
  // `-wjson`: the rest of the word is the value.
  const glued = byShort !== undefined && name.length > 1 ? name.slice(1) : undefined;
  return { spec: byShort, attached: attached ?? glued, isShort: true };
}

/** The index of the first positional argument at or after `from`; -1 if there is none. */
export function findPositional(
  argv: readonly string[],
  from: number,
  specs: readonly OptionSpec[],
): number {
  for (let index = from; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === '--') return -1;
    const flag = readFlag(token, specs);
    if (flag === undefined) return index;
    // A flag nobody knows is taken to have a value, as pflag's users are used to.
    const isBoolean = flag.spec === undefined ? flag.isShort : flag.spec.kind === 'boolean';
    if (!isBoolean && flag.attached === undefined) index++;
  }
  return -1;
}

const invalid = (value: string, name: string, reason: string): UsageError =>
  new UsageError(`invalid argument ${goQuote(value)} for "--${name}" flag: ${reason}`);

/** Go's number texts: `strconv.ParseInt: parsing "x": invalid syntax`. */
export function strconvReason(parser: string, text: string, error: unknown): string {
  const isRange = error instanceof Error && error.message === 'value out of range';
  return `strconv.${parser}: parsing ${goQuote(text)}: ${isRange ? 'value out of range' : 'invalid syntax'}`;
}

function checkValue(spec: OptionSpec, value: string): void {
  if (spec.kind === 'boolean' && parseGoBoolean(value) === undefined) {
    throw invalid(value, spec.name, strconvReason('ParseBool', value, undefined));
  }
  try {
    if (spec.kind === 'integer') parseGoInteger(value, INT64);
  } catch (error) {
    throw invalid(value, spec.name, strconvReason('ParseInt', value, error));
  }
  if (spec.kind === 'unsigned') {
    try {
      if (parseGoInteger(value, INT64) < 0n) throw new Error('invalid syntax');
    } catch (error) {
      throw invalid(value, spec.name, strconvReason('ParseUint', value, error));
    }
  }
  try {
    if (spec.kind === 'duration') parseDurationNanoseconds(value);
  } catch (error) {
    throw invalid(value, spec.name, error instanceof Error ? error.message : String(error));
  }
}

/** How the parser library knows an option: its own rules for names like `--no-x` must not apply. */
const parserFlag = (name: string): string => `--option-${name}`;

/**
 * Rewrites what the parser library has no notion of: long names behind one dash become `--name`,
 * and every value is attached by `=`, those of booleans included.
 */
function normalize(argv: readonly string[], specs: readonly OptionSpec[]): string[] {
  const normal: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === '--') return [...normal, ...argv.slice(index)];
    const flag = readFlag(token, specs);
    if (flag === undefined) {
      normal.push(token);
      continue;
    }
    if (flag.spec === undefined) throw unknownFlag(token);
    let value = flag.attached ?? (flag.spec.kind === 'boolean' ? 'true' : undefined);
    if (value === undefined) {
      index++;
      value = argv[index];
    }
    if (value === undefined) {
      throw new UsageError(`flag needs an argument: ${token}`);
    }
    checkValue(flag.spec, value);
    if (flag.spec.kind === 'list') value = [...previousValues(normal, flag.spec), value].join(',');
    normal.push(`${parserFlag(flag.spec.name)}=${value}`);
  }
  return normal;
}

/** A list option that is repeated grows. */
function previousValues(normal: readonly string[], spec: OptionSpec): string[] {
  const prefix = `${parserFlag(spec.name)}=`;
  const previous = normal.findLast((token) => token.startsWith(prefix));
  return previous === undefined ? [] : [previous.slice(prefix.length)];
}

function unknownFlag(token: string): UsageError {
  const name = token.split('=')[0] as string;
  if (name.startsWith('--')) return new UsageError(`unknown flag: ${name}`);
  return new UsageError(`unknown shorthand flag: '${name[1]}' in ${name}`);
}

/**
 * Parses what follows the command's words.
 * @throws UsageError
 */
export function parseArguments(
  argv: readonly string[],
  specs: readonly OptionSpec[],
  fromEnvironment: ReadonlyMap<string, string> = new Map(),
): Invocation {
  const parser = new Parser()
    .exitOverride()
    .helpOption(false)
    .allowExcessArguments()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const { name, help } of specs) parser.option(`${parserFlag(name)} <value>`, help);
  const normal = normalize(argv, specs);
  try {
    parser.parse(normal, { from: 'user' });
  } catch (error) {
    throw new UsageError((error as CommanderError).message);
  }
  const separator = normal.indexOf('--');
  const given = parsedValues(parser, specs);
  const texts = new Map(specs.map((spec) => [spec.name, spec.defaultText]));
  for (const [name, value] of [...fromEnvironment, ...given]) texts.set(name, value);
  return {
    arguments: parser.args,
    afterSeparator: separator < 0 ? undefined : normal.slice(separator + 1),
    options: optionValues(texts, given),
  };
}

function parsedValues(parser: Parser, specs: readonly OptionSpec[]): Map<string, string> {
  const given = new Map<string, string>();
  for (const { name } of specs) {
    const attribute = `option-${name}`.replace(/-(.)/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    const value: unknown = parser.getOptionValue(attribute);
    if (typeof value === 'string') given.set(name, value);
  }
  return given;
}

/** Checks a variable's value by its option's kind; undefined where it does not fit. */
export function acceptVariable(spec: OptionSpec, value: string): boolean {
  try {
    checkValue(spec, value);
    return true;
  } catch {
    return false;
  }
}

function optionValues(
  texts: ReadonlyMap<string, string>,
  given: ReadonlyMap<string, string>,
): OptionValues {
  const find = (name: string): string => {
    const value = texts.get(name);
    if (value === undefined) throw new TypeError(`no option ${name}`);
    return value;
  };
  return {
    text: find,
    boolean: (name) => parseGoBoolean(find(name)) === true,
    integer: (name) => Number(parseGoInteger(find(name), INT64)),
    duration: (name) => Number(parseDurationNanoseconds(find(name))) / 1e6,
    isGiven: (name) => given.has(name),
  };
}

import { FlagValueError, usageError } from './errors.js';
import type { FlagSet } from './flag-set.js';
import { goQuote } from './go-text.js';
import { USAGE } from './help.js';

/** What the command line asks for beside its flag values. */
export interface CommandLine {
  readonly helpWanted: boolean;
  /** The first argument that is no flag; parsing stops there, as Go's flag package does. */
  readonly positional: string | undefined;
}

/**
 * Reads the arguments into `flags` with the rules of Go's flag package: one dash or two, `-f v`,
 * `-f=v`, booleans alone or with `=`, `--` ends the flags, the last of several wins.
 * @throws StartError exit code 2, reason and usage on stderr
 */
export function parseCommandLine(argv: readonly string[], flags: FlagSet): CommandLine {
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] as string;
    if (argument.length < 2 || !argument.startsWith('-')) {
      return { helpWanted: false, positional: argument };
    }
    if (argument === '--') return { helpWanted: false, positional: argv[index + 1] };
    const body = argument.slice(argument.startsWith('--') ? 2 : 1);
    if (/^[-=]/.test(body)) throw usageError(`bad flag syntax: ${argument}`, USAGE);
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    let value = equals < 0 ? undefined : body.slice(equals + 1);
    const flag = flags.lookup(name);
    if (flag === undefined) {
      if (name === 'help' || name === 'h') return { helpWanted: true, positional: undefined };
      throw usageError(`flag provided but not defined: -${name}`, USAGE);
    }
    if (flag.isBoolean) value ??= 'true';
    if (value === undefined) {
      index++;
      value = argv[index];
    }
    if (value === undefined) throw usageError(`flag needs an argument: -${name}`, USAGE);
    setFlag(flags, name, value, flag.isBoolean);
  }
  return { helpWanted: false, positional: undefined };
}

function setFlag(flags: FlagSet, name: string, value: string, isBoolean: boolean): void {
  try {
    flags.set(name, value);
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    const what = isBoolean ? 'invalid boolean value' : 'invalid value';
    const where = isBoolean ? `-${name}` : `flag -${name}`;
    throw usageError(`${what} ${goQuote(value)} for ${where}: ${error.message}`, USAGE);
  }
}

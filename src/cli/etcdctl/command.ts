import type { Session } from './session.js';

/** Exit codes of etcdctl. */
export const EXIT = {
  ok: 0,
  error: 1,
  badConnection: 2,
  invalidInput: 3,
  badFeature: 4,
  interrupted: 5,
  badArguments: 128,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the program with `exitCode` after `Error: message` on stderr (nothing, if it is empty). */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** An option of a command. All have a value, given or default. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: 'boolean' | 'text' | 'list' | 'integer' | 'duration';
  /** As on the command line: `false`, `0`, `5s`. */
  readonly defaultText: string;
  readonly help: string;
}

export const booleanOption = (name: string, help: string, short?: string): OptionSpec => ({
  name,
  kind: 'boolean',
  defaultText: 'false',
  help,
  ...(short === undefined ? {} : { short }),
});

export const textOption = (name: string, defaultText: string, help: string): OptionSpec => ({
  name,
  kind: 'text',
  defaultText,
  help,
});

export const integerOption = (name: string, help: string): OptionSpec => ({
  name,
  kind: 'integer',
  defaultText: '0',
  help,
});

/** Option values by name; asking for an unknown one or by a wrong type is a programming error. */
export interface OptionValues {
  boolean(name: string): boolean;
  text(name: string): string;
  integer(name: string): number;
  /** Milliseconds. */
  duration(name: string): number;
  /** Whether the option was given on the command line. */
  isGiven(name: string): boolean;
}

export interface Invocation {
  /** Positional arguments; those behind `--` are in `afterSeparator`, too. */
  readonly arguments: readonly string[];
  /** What follows `--`; undefined without one. */
  readonly afterSeparator: readonly string[] | undefined;
  readonly options: OptionValues;
}

/** One command, for example `get` or `lease grant`. */
export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  run(session: Session, invocation: Invocation): Promise<void>;
}

/** Commands that share a first word, for example `lease`. */
export interface CommandGroup {
  readonly summary: string;
  /** Options that all of its commands have. */
  readonly options: readonly OptionSpec[];
  readonly commands: Readonly<Record<string, Command>>;
}

export function isGroup(entry: Command | CommandGroup): entry is CommandGroup {
  return 'commands' in entry;
}

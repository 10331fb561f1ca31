import type { OptionSpec, OptionValues } from './options.js';
import type { Session } from './session.js';

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

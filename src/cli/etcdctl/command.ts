import type { OptionSpec, OptionValues } from './options.js';
import type { Session } from './session.js';

export interface Invocation {
  /** Positional arguments; those behind `--` are in `afterSeparator`, too. */
  readonly arguments: readonly string[];
  /** What follows `--`; undefined without one. */
  readonly afterSeparator: readonly string[] | undefined;
  readonly options: OptionValues;
}

/** One command, for example `get` or `lease grant`. `Context` is what its program gives it. */
export interface Command<Context = Session> {
  /** Its words and arguments, as its help shows them behind the program's name. */
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Lines of examples or explanations, shown by its help. */
  readonly examples?: string;
  run(context: Context, invocation: Invocation): Promise<void>;
}

/** Commands that share a first word, for example `lease`. */
export interface CommandGroup<Context = Session> {
  readonly summary: string;
  /** Options that all of its commands have. */
  readonly options: readonly OptionSpec[];
  readonly examples?: string;
  readonly commands: Readonly<Record<string, Command<Context>>>;
}

export function isGroup<Context>(
  entry: Command<Context> | CommandGroup<Context>,
): entry is CommandGroup<Context> {
  return 'commands' in entry;
}

/** A command by its first word. It is loaded only when it is called: start-up time counts. */
export interface CommandEntry<Context = Session> {
  readonly summary: string;
  load(): Promise<Command<Context> | CommandGroup<Context>>;
}

/** What makes one of the programs: its commands in titled groups, its options. */
export interface Program<Context = Session> {
  readonly name: string;
  readonly summary: string;
  readonly groups: readonly {
    readonly title: string;
    readonly commands: Readonly<Record<string, CommandEntry<Context>>>;
  }[];
  /** Options that every command has. */
  readonly globalOptions: readonly OptionSpec[];
  /** Told behind every help instead of the global options themselves. */
  readonly optionsHint: string | undefined;
  /** Whether a command's help begins with what it does; if not, with its usage. */
  readonly describes: boolean;
}

/** All commands of a program by their first words. */
export function commandsOf<Context>(
  program: Program<Context>,
): Readonly<Record<string, CommandEntry<Context>>> {
  return Object.assign({}, ...program.groups.map(({ commands }) => commands));
}

/** The command with exactly this name, or the only one that starts with it. */
export function resolveName(names: readonly string[], word: string): string | undefined {
  if (names.includes(word)) return word;
  const matches = names.filter((name) => name.startsWith(word));
  return matches.length === 1 ? matches[0] : undefined;
}

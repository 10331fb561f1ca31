import { goQuote } from '../../config/go-text.js';
import { findPositional, parseArguments, UsageError } from './arguments.js';
import {
  type Command,
  commandsOf,
  type Invocation,
  isGroup,
  type Program,
  resolveName,
} from './command.js';
import { CommandError, EXIT } from './exit.js';
import { booleanOption, type OptionSpec } from './options.js';
import type { Terminal } from './terminal.js';

const HELP_OPTION = booleanOption('help', 'show this help', 'h');
const VERSION_OPTION = booleanOption('version', 'show the version');

/** The command that the words of a command line name, and the rest of them. */
export interface Selection<Context> {
  readonly command: Command<Context>;
  /** Options that it shares with the other commands of its group. */
  readonly shared: readonly OptionSpec[];
  readonly options: readonly OptionSpec[];
  readonly rest: readonly string[];
}

function without(argv: readonly string[], index: number): string[] {
  return argv.filter((_, position) => position !== index);
}

/** A word that could be any of the commands of a program, at the place where they stand. */
export class ProgramRun<Context> {
  readonly #program: Program<Context>;
  readonly #terminal: Pick<Terminal, 'write' | 'writeError'>;
  readonly #baseOptions: readonly OptionSpec[];

  constructor(program: Program<Context>, terminal: Pick<Terminal, 'write' | 'writeError'>) {
    this.#program = program;
    this.#terminal = terminal;
    this.#baseOptions = [HELP_OPTION, ...program.globalOptions];
  }

  /**
   * Finds the command; undefined if help or the version was all that was wanted (and has been
   * written).
   * @throws CommandError
   */
  async select(argv: readonly string[]): Promise<Selection<Context> | undefined> {
    const base = this.#baseOptions;
    const index = findPositional(argv, 0, base);
    const word = argv[index];
    if (index < 0 || word === undefined) return this.#withoutCommand(argv);
    if (word === 'help') return this.#help(without(argv, index));
    const commands = commandsOf(this.#program);
    const name = resolveName([...Object.keys(commands), 'help'], word);
    if (name === 'help') return this.#help(without(argv, index));
    const entry = name === undefined ? undefined : commands[name];
    if (name === undefined || entry === undefined) throw await this.#unknownCommand(word);
    const loaded = await entry.load();
    const rest = without(argv, index);
    if (!isGroup(loaded)) {
      return { command: loaded, shared: [], options: [...base, ...loaded.options], rest };
    }
    const shared = [...base, ...loaded.options];
    const next = findPositional(rest, index, shared);
    const inner =
      next < 0 ? undefined : resolveName(Object.keys(loaded.commands), rest[next] ?? '');
    const command = inner === undefined ? undefined : loaded.commands[inner];
    if (command === undefined) {
      const { groupHelp } = await import('./help.js');
      this.#terminal.write(groupHelp(this.#program, name, loaded));
      return undefined;
    }
    const options = [...shared, ...command.options];
    return { command, shared: loaded.options, options, rest: without(rest, next) };
  }

  /** Runs what was selected, or shows its help. */
  async run(
    { command, shared, options, rest }: Selection<Context>,
    fromEnvironment: ReadonlyMap<string, string>,
    createContext: (invocation: Invocation) => Context,
  ): Promise<void> {
    const invocation = parseArguments(rest, options, fromEnvironment);
    if (invocation.options.boolean('help')) {
      const { commandHelp } = await import('./help.js');
      this.#terminal.write(commandHelp(this.#program, command, shared));
      return;
    }
    await command.run(createContext(invocation), invocation);
  }

  /** Tells an error, and for a wrong command line the usage; returns the exit code. */
  async explain(error: unknown, selection: Selection<Context> | undefined): Promise<number> {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== '') this.#terminal.writeError(`Error: ${message}\n`);
    if (error instanceof UsageError) {
      const { commandUsage, programUsage } = await import('./help.js');
      const usage =
        selection === undefined
          ? programUsage(this.#program)
          : commandUsage(this.#program, selection.command, selection.shared);
      this.#terminal.writeError(`${usage}\n`);
    }
    return error instanceof CommandError ? error.exitCode : EXIT.error;
  }

  async #withoutCommand(argv: readonly string[]): Promise<Selection<Context> | undefined> {
    const { options } = parseArguments(argv, [VERSION_OPTION, ...this.#baseOptions]);
    if (!options.boolean('version')) return this.#help([]);
    const loaded = await commandsOf(this.#program).version?.load();
    if (loaded === undefined || isGroup(loaded)) return undefined;
    return { command: loaded, shared: [], options: this.#baseOptions, rest: [] };
  }

  /** Help about the program or the command that `words` name. */
  async #help(words: readonly string[]): Promise<undefined> {
    const { programHelp, programUsage } = await import('./help.js');
    if (words.every((word) => word.startsWith('-'))) {
      this.#terminal.write(programHelp(this.#program));
      return undefined;
    }
    try {
      const selection = await this.select(words);
      if (selection === undefined) return undefined;
      const { commandHelp } = await import('./help.js');
      this.#terminal.write(commandHelp(this.#program, selection.command, selection.shared));
    } catch {
      const topic = words.map((word) => `\`${word}\``).join(' ');
      this.#terminal.writeError(`Unknown help topic [${topic}]\n${programUsage(this.#program)}`);
    }
    return undefined;
  }

  async #unknownCommand(word: string): Promise<CommandError> {
    const { suggestions } = await import('./help.js');
    const { name } = this.#program;
    const similar = suggestions(this.#program, word).map((found) => `\t${found}\n`);
    const hint = similar.length === 0 ? '' : `\nDid you mean this?\n${similar.join('')}\n`;
    const message = `unknown command ${goQuote(word)} for "${name}"\n`;
    return new CommandError(EXIT.error, `${message}${hint}Run '${name} --help' for usage.`);
  }
}

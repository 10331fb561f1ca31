import { goQuote } from '../config/go-text.js';
import { findPositional, parseArguments, UsageError } from './etcdctl/arguments.js';
import { type Command, isGroup } from './etcdctl/command.js';
import { checkEnvironment, optionsFromEnvironment } from './etcdctl/environment.js';
import { CommandError, EXIT } from './etcdctl/exit.js';
import { GLOBAL_OPTIONS } from './etcdctl/global-options.js';
import { booleanOption, type OptionSpec } from './etcdctl/options.js';
import { COMMANDS, MISSING_COMMANDS, resolveName } from './etcdctl/registry.js';
import { Session, type Terminal } from './etcdctl/session.js';

const HELP_OPTION = booleanOption('help', 'show this help', 'h');
const BASE_OPTIONS: readonly OptionSpec[] = [HELP_OPTION, ...GLOBAL_OPTIONS];

/** The command that the words of `argv` name, and the rest of `argv`. */
interface Selection {
  readonly command: Command;
  readonly options: readonly OptionSpec[];
  readonly rest: readonly string[];
}

function without(argv: readonly string[], index: number): string[] {
  return argv.filter((_, position) => position !== index);
}

function unknownCommand(word: string): CommandError {
  const message = `unknown command ${goQuote(word)} for "etcdctl"`;
  return new CommandError(EXIT.error, `${message}\nRun 'etcdctl --help' for usage.`);
}

/**
 * Finds the command; undefined if help was all that was wanted (and has been written).
 * @throws CommandError
 */
async function select(argv: readonly string[], terminal: Terminal): Promise<Selection | undefined> {
  const index = findPositional(argv, 0, BASE_OPTIONS);
  const word = argv[index];
  if (index < 0 || word === undefined || word === 'help') {
    const unknown = argv.find((token) => token.startsWith('-'));
    if (unknown !== undefined) parseArguments(argv, BASE_OPTIONS);
    terminal.write((await import('./etcdctl/help.js')).programHelp());
    return undefined;
  }
  if (word === 'options') {
    terminal.write((await import('./etcdctl/help.js')).globalOptionsHelp());
    return undefined;
  }
  const name = resolveName([...Object.keys(COMMANDS), ...MISSING_COMMANDS], word);
  if (name !== undefined && MISSING_COMMANDS.includes(name)) {
    throw new CommandError(EXIT.error, `the command ${goQuote(name)} is not available yet`);
  }
  const entry = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || entry === undefined) throw unknownCommand(word);
  const loaded = await entry.load();
  const rest = without(argv, index);
  if (!isGroup(loaded)) {
    return { command: loaded, options: [...BASE_OPTIONS, ...loaded.options], rest };
  }
  const shared = [...BASE_OPTIONS, ...loaded.options];
  const next = findPositional(rest, index, shared);
  const inner = next < 0 ? undefined : resolveName(Object.keys(loaded.commands), rest[next] ?? '');
  const command = inner === undefined ? undefined : loaded.commands[inner];
  if (command === undefined) {
    terminal.write((await import('./etcdctl/help.js')).groupHelp(name, loaded));
    return undefined;
  }
  return { command, options: [...shared, ...command.options], rest: without(rest, next) };
}

/**
 * The `etcdctl` program.
 * @returns the exit code
 */
export async function runEtcdctl(argv: readonly string[], terminal: Terminal): Promise<number> {
  let selection: Selection | undefined;
  let session: Session | undefined;
  try {
    selection = await select(argv, terminal);
    if (selection === undefined) return EXIT.ok;
    const { command, options, rest } = selection;
    const variables = optionsFromEnvironment(terminal.environment);
    const invocation = parseArguments(rest, options, variables);
    if (invocation.options.boolean('help')) {
      terminal.write((await import('./etcdctl/help.js')).commandHelp(command));
      return EXIT.ok;
    }
    session = new Session(invocation.options, terminal, () => {
      const isGiven = (name: string): boolean => invocation.options.isGiven(name);
      checkEnvironment(terminal.environment, isGiven, (level, message, variable) => {
        const ts = new Date().toISOString();
        const line = { level, ts, msg: message, 'environment-variable': variable };
        terminal.writeError(`${JSON.stringify(line)}\n`);
      });
    });
    await command.run(session, invocation);
    return EXIT.ok;
  } catch (error) {
    return explain(error, selection?.command, terminal);
  } finally {
    session?.close();
  }
}

async function explain(
  error: unknown,
  command: Command | undefined,
  terminal: Terminal,
): Promise<number> {
  const message = error instanceof Error ? error.message : String(error);
  if (message !== '') terminal.writeError(`Error: ${message}\n`);
  if (error instanceof UsageError && command !== undefined) {
    terminal.writeError((await import('./etcdctl/help.js')).commandUsage(command));
  }
  return error instanceof CommandError ? error.exitCode : EXIT.error;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // Node deprecates how grpc-js names a server with an IP address; that is nothing for users.
  process.noDeprecation = true;
  return {
    stdin: process.stdin,
    write: (bytes) => void process.stdout.write(bytes),
    writeError: (text) => void process.stderr.write(text),
    environment: process.env,
  };
}

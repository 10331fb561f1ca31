/**
 * The words of etcdctl before version 3 (ETCDCTL_API=2): `set`, `get`, `ls`, `rm`, `mk`, `update`. They
 * work on the same keys as all others; a directory is whatever has keys below it.
 */
import {
  Compare_CompareResult,
  Compare_CompareTarget,
} from '../../proto/generated/etcdserverpb.js';
import { findPositional } from './arguments.js';
import type { Command, Invocation, Program } from './command.js';
import type { Connection } from './connection.js';
import { optionsFromEnvironment } from './environment.js';
import { CommandError, EXIT } from './exit.js';
import { GLOBAL_OPTIONS } from './global-options.js';
import { DELETE_RANGE, LEASE_GRANT, RANGE, TXN } from './methods.js';
import { booleanOption, integerOption } from './options.js';
import { ProgramRun, type Selection } from './program.js';
import { prefixEnd } from './ranges.js';
import { Session } from './session.js';
import type { Terminal } from './terminal.js';

/** Errors of the old API by its numbers; programs end with 4 for all of them. */
const KEY_NOT_FOUND = 100;
const NOT_A_FILE = 102;
const NODE_EXISTS = 105;
const EXIT_API_ERROR = 4;

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  [KEY_NOT_FOUND]: 'Key not found',
  [NOT_A_FILE]: 'Not a file',
  [NODE_EXISTS]: 'Key already exists',
};

function apiError(number: number, key: string, revision: number): CommandError {
  const text = `${number}: ${ERROR_TEXTS[number]} (${key}) [${revision}]`;
  return new CommandError(EXIT_API_ERROR, ` ${text}`);
}

/** Keys of the old API are paths. */
const pathOf = (key: string): string => `/${key.split('/').filter(Boolean).join('/')}`;

function keyOf(invocation: Invocation): string {
  const [key] = invocation.arguments;
  if (key === undefined) throw new CommandError(EXIT.error, 'Key required');
  return pathOf(key);
}

function newValue(invocation: Invocation): Buffer {
  const [, value] = invocation.arguments;
  if (value === undefined) throw new CommandError(EXIT.error, 'Value required');
  return Buffer.from(value);
}

const TTL = integerOption('ttl', 'seconds until the key is removed');

/** Writes a key if it exists (or not); tells what was there. */
async function write(
  connection: Connection,
  invocation: Invocation,
  wanted: 'any' | 'missing' | 'existing',
): Promise<void> {
  const [key, value] = [keyOf(invocation), newValue(invocation)];
  const name = Buffer.from(key);
  const ttl = invocation.options.integer('ttl');
  const lease = ttl > 0 ? (await connection.unary(LEASE_GRANT, { ttl })).id : 0n;
  const { EQUAL, GREATER } = Compare_CompareResult;
  const result = wanted === 'missing' ? EQUAL : GREATER;
  const condition = { key: name, target: Compare_CompareTarget.CREATE, createRevision: 0, result };
  const answer = await connection.unary(TXN, {
    compare: wanted === 'any' ? [] : [condition],
    success: [{ requestPut: { key: name, value, lease } }],
  });
  if (answer.succeeded) return;
  const number = wanted === 'missing' ? NODE_EXISTS : KEY_NOT_FOUND;
  throw apiError(number, key, answer.header?.revision ?? 0);
}

function writeCommand(
  name: string,
  summary: string,
  wanted: 'any' | 'missing' | 'existing',
): Command {
  return {
    usage: `${name} <key> <value>`,
    summary,
    options: [TTL],
    async run(session, invocation) {
      newValue(invocation);
      await write(await session.connect(), invocation, wanted);
      session.terminal.write(`${newValue(invocation)}\n`);
    },
  };
}

const get: Command = {
  usage: 'get <key>',
  summary: 'Shows the value of a key',
  options: [booleanOption('quorum', 'read through consensus, as always')],
  async run(session, invocation) {
    const key = keyOf(invocation);
    const connection = await session.connect();
    const { kvs, header } = await connection.unary(RANGE, { key: Buffer.from(key) });
    const revision = header?.revision ?? 0;
    if (kvs[0] === undefined) {
      const below = await children(connection, key);
      if (below.length > 0) throw new CommandError(EXIT.error, `${key}: is a directory`);
      throw apiError(KEY_NOT_FOUND, key, revision);
    }
    session.terminal.write(`${kvs[0].value}\n`);
  },
};

/** All keys below a directory, ascending. */
async function children(connection: Connection, directory: string): Promise<string[]> {
  const prefix = Buffer.from(directory === '/' ? '/' : `${directory}/`);
  const range = { key: prefix, rangeEnd: prefixEnd(prefix), keysOnly: true };
  const { kvs } = await connection.unary(RANGE, range);
  return kvs.map(({ key }) => key.toString());
}

/** The names directly in `directory` that lead to `keys`; those of directories may get a slash. */
function entriesOf(directory: string, keys: readonly string[], slash: boolean): string[] {
  const base = directory === '/' ? '/' : `${directory}/`;
  const entries = new Set<string>();
  for (const key of keys) {
    const end = key.indexOf('/', base.length);
    entries.add(end < 0 ? key : `${key.slice(0, end)}${slash ? '/' : ''}`);
  }
  return [...entries];
}

/** Directories before what is in them, at every depth. */
function treeOf(directory: string, keys: readonly string[], slash: boolean): string[] {
  return entriesOf(directory, keys, true).flatMap((entry) => {
    if (!entry.endsWith('/')) return [entry];
    const inner = keys.filter((key) => key.startsWith(entry));
    return [slash ? entry : entry.slice(0, -1), ...treeOf(entry.slice(0, -1), inner, slash)];
  });
}

const ls: Command = {
  usage: 'ls [directory]',
  summary: 'Lists what is in a directory',
  options: [
    booleanOption('recursive', 'list what is in its directories, too'),
    booleanOption('p', 'mark directories by a slash'),
    booleanOption('sort', 'in ascending order, as always'),
  ],
  async run(session, invocation) {
    const directory = pathOf(invocation.arguments[0] ?? '/');
    const connection = await session.connect();
    const keys = await children(connection, directory);
    const slash = invocation.options.boolean('p');
    if (keys.length === 0 && directory !== '/') {
      const { kvs, header } = await connection.unary(RANGE, { key: Buffer.from(directory) });
      if (kvs.length === 0) throw apiError(KEY_NOT_FOUND, directory, header?.revision ?? 0);
      session.terminal.write(`${directory}\n`);
      return;
    }
    const list = invocation.options.boolean('recursive') ? treeOf : entriesOf;
    const lines = list(directory, keys, slash).map((entry) => `${entry}\n`);
    session.terminal.write(lines.join(''));
  },
};

const rm: Command = {
  usage: 'rm <key>',
  summary: 'Removes a key, or a directory with --recursive',
  options: [booleanOption('recursive', 'remove all that is below, too')],
  async run(session, invocation) {
    const key = keyOf(invocation);
    const connection = await session.connect();
    const name = Buffer.from(key);
    const answer = await connection.unary(DELETE_RANGE, { key: name, prevKv: true });
    const below = await children(connection, key);
    const revision = answer.header?.revision ?? 0;
    if (invocation.options.boolean('recursive') && below.length > 0) {
      const prefix = Buffer.from(key === '/' ? '/' : `${key}/`);
      await connection.unary(DELETE_RANGE, { key: prefix, rangeEnd: prefixEnd(prefix) });
      return;
    }
    const previous = answer.prevKvs[0];
    if (previous !== undefined) {
      session.terminal.write(`PrevNode.Value: ${previous.value}\n`);
      return;
    }
    throw apiError(below.length > 0 ? NOT_A_FILE : KEY_NOT_FOUND, key, revision);
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  set: writeCommand('set', 'Writes a key', 'any'),
  mk: writeCommand('mk', 'Writes a key that does not exist', 'missing'),
  update: writeCommand('update', 'Writes a key that exists', 'existing'),
  get,
  ls,
  rm,
};

const OLD_ETCDCTL: Program = {
  name: 'etcdctl',
  summary: 'The commands of etcdctl with ETCDCTL_API=2, on the keys of version 3.',
  groups: [
    {
      title: 'Commands',
      commands: Object.fromEntries(
        Object.entries(COMMANDS).map(([name, command]) => [
          name,
          { summary: command.summary, load: async () => command },
        ]),
      ),
    },
  ],
  globalOptions: GLOBAL_OPTIONS,
  optionsHint: 'Without ETCDCTL_API=2 there are many more commands.\n',
  describes: true,
};

/** Whether the first word is one of the old commands. */
export function isOldCommand(argv: readonly string[]): boolean {
  const word = argv[findPositional(argv, 0, GLOBAL_OPTIONS)];
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}

/** Runs one of the old commands; returns the exit code. */
export async function runOldCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new ProgramRun(OLD_ETCDCTL, terminal);
  let selection: Selection<Session> | undefined;
  let session: Session | undefined;
  try {
    selection = await program.select(argv);
    if (selection === undefined) return EXIT.ok;
    const variables = optionsFromEnvironment(terminal.environment);
    await program.run(selection, variables, ({ options }) => {
      session = new Session(options, terminal, () => {});
      return session;
    });
    return EXIT.ok;
  } catch (error) {
    return program.explain(error, selection);
  } finally {
    session?.close();
  }
}

import { goQuote } from '../../config/go-text.js';
import {
  type Compare,
  Compare_CompareResult,
  Compare_CompareTarget,
  type RequestOp,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import { parseArguments, UsageError } from './arguments.js';
import type { Command, Invocation } from './command.js';
import { del, deleteRequest } from './del.js';
import { CommandError, EXIT } from './exit.js';
import { get, rangeRequest } from './get.js';
import { scanQuoted, splitWords } from './go-syntax.js';
import { LineReader } from './lines.js';
import { TXN } from './methods.js';
import { booleanOption } from './options.js';
import { put, putRequest } from './put.js';
import type { Session } from './session.js';

const invalidInput = (message: string): CommandError =>
  new CommandError(EXIT.invalidInput, message);

const RESULTS: Readonly<Record<string, Compare_CompareResult>> = {
  '=': Compare_CompareResult.EQUAL,
  '!=': Compare_CompareResult.NOT_EQUAL,
  '>': Compare_CompareResult.GREATER,
  '<': Compare_CompareResult.LESS,
};

/** The words between `target(` and the line's end: `"key") > "value"`. */
function scanComparison(
  text: string,
): { key: Buffer; operator: string; value: Buffer } | undefined {
  const key = scanQuoted(text);
  const operator = key && /^\)\s+(\S+)\s+/.exec(key.rest);
  if (!key || !operator) return undefined;
  const value = scanQuoted(key.rest.slice(operator[0].length));
  return value && { key: key.value, operator: operator[1] ?? '', value: value.value };
}

/** A 64-bit number: decimal, or hex for a lease as everywhere else. */
function parseNumber(line: string, value: Buffer, base: 'decimal' | 'hex'): bigint {
  const text = value.toString();
  const pattern = base === 'hex' ? /^-?[0-9a-fA-F]+$/ : /^[+-]?\d+$/;
  if (!pattern.test(text)) throw invalidInput(`invalid txn compare request: ${line}`);
  const digits = text.replace(/^[+-]/, '');
  const magnitude = BigInt(base === 'hex' ? `0x${digits}` : digits);
  return text.startsWith('-') ? -magnitude : magnitude;
}

/**
 * One condition, for example `mod("key") > "0"`.
 * @throws CommandError
 */
export function parseCompare(line: string): Init<Compare> {
  const open = line.indexOf('(');
  if (open < 0) throw invalidInput(`malformed comparison: ${line}`);
  const target = line.slice(0, open);
  const scanned = scanComparison(line.slice(open + 1));
  if (scanned === undefined) {
    throw invalidInput(
      `malformed comparison: ${line}; got ${target}(${goQuote('')})  ${goQuote('')}`,
    );
  }
  const { key, operator, value } = scanned;
  const result = RESULTS[operator];
  if (result === undefined) throw invalidInput(`malformed comparison: ${line} (unknown operator)`);
  const number = (base: 'decimal' | 'hex' = 'decimal'): bigint => parseNumber(line, value, base);
  switch (target) {
    case 'ver':
    case 'version':
      return { key, result, target: Compare_CompareTarget.VERSION, version: Number(number()) };
    case 'c':
    case 'create':
      return {
        key,
        result,
        target: Compare_CompareTarget.CREATE,
        createRevision: Number(number()),
      };
    case 'm':
    case 'mod':
      return { key, result, target: Compare_CompareTarget.MOD, modRevision: Number(number()) };
    case 'val':
    case 'value':
      return { key, result, target: Compare_CompareTarget.VALUE, value };
    case 'lease':
      return { key, result, target: Compare_CompareTarget.LEASE, lease: number('hex') };
    default:
      throw invalidInput(`malformed comparison: ${line} (unknown target ${target})`);
  }
}

/**
 * One operation: `get`, `put` or `del` with their usual arguments and options.
 * @throws CommandError
 */
export async function parseOperation(line: string): Promise<Init<RequestOp>> {
  const [name = '', ...rest] = splitWords(line);
  if (rest.length === 0) throw invalidInput(`invalid txn compare request: ${line}`);
  const parse = (command: Command): Invocation => {
    try {
      return parseArguments(rest, command.options);
    } catch (error) {
      if (error instanceof UsageError) throw invalidInput(`invalid txn request: ${line}`);
      throw error;
    }
  };
  switch (name) {
    case 'get':
      return { requestRange: rangeRequest(parse(get)) };
    case 'put':
      return { requestPut: await putRequest(parse(put), async () => Buffer.alloc(0)) };
    case 'del':
      return { requestDeleteRange: deleteRequest(parse(del)) };
    default:
      throw invalidInput(`invalid txn request: ${line}`);
  }
}

/** The lines up to an empty one. */
async function readSection<Item>(
  reader: LineReader,
  parse: (line: string) => Item | Promise<Item>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (;;) {
    const line = await reader.next();
    if (line === undefined) throw invalidInput('EOF');
    const trimmed = line.trim();
    if (trimmed === '') return items;
    items.push(await parse(trimmed));
  }
}

async function runTxn(session: Session, invocation: Invocation): Promise<void> {
  if (invocation.arguments.length > 0) {
    throw new CommandError(EXIT.badArguments, 'txn command does not accept argument');
  }
  await session.prepare();
  const prompt = (text: string): void => {
    if (invocation.options.boolean('interactive')) session.terminal.write(`${text}\n`);
  };
  const reader = new LineReader(session.terminal.stdin);
  prompt('compares:');
  const compare = await readSection(reader, parseCompare);
  prompt('success requests (get, put, del):');
  const success = await readSection(reader, parseOperation);
  prompt('failure requests (get, put, del):');
  const failure = await readSection(reader, parseOperation);
  const connection = await session.connect();
  const response = await connection.unary(TXN, { compare, success, failure });
  session.print({ kind: 'txn', response });
}

export const txn: Command = {
  usage: 'txn [options]',
  summary: 'reads conditions and operations from stdin and runs them as one transaction',
  options: [booleanOption('interactive', 'prompt for each part', 'i')],
  run: runTxn,
};

import { INT64, parseGoInteger } from '../../config/go-text.js';
import type { PutRequest } from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import { strconvReason } from './arguments.js';
import type { Command, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { PUT } from './methods.js';
import { booleanOption, textOption } from './options.js';
import type { Session } from './session.js';

/**
 * An id or number in hex, as `lease` and `member` commands take it; a sign is allowed for leases.
 * @throws CommandError `describe` puts Go's reason into a sentence
 */
export function parseHex(
  text: string,
  signed: boolean,
  describe: (reason: string) => string,
): bigint {
  const parser = signed ? 'ParseInt' : 'ParseUint';
  const pattern = signed ? /^[+-]?[0-9a-fA-F]+$/ : /^[0-9a-fA-F]+$/;
  const fail = (error?: unknown): CommandError =>
    new CommandError(EXIT.badArguments, describe(strconvReason(parser, text, error)));
  if (!pattern.test(text)) throw fail();
  const magnitude = BigInt(`0x${text.replace(/^[+-]/, '')}`);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  const maximum = signed ? INT64.maximum : 2n ** 64n - 1n;
  if (value > maximum || value < INT64.minimum) throw fail(new Error('value out of range'));
  return value;
}

/**
 * A decimal number argument.
 * @throws CommandError
 */
export function parseDecimal(
  text: string,
  exitCode: typeof EXIT.error | typeof EXIT.badArguments,
  describe: (reason: string) => string = (reason) => reason,
): number {
  try {
    if (!/^[+-]?\d+$/.test(text)) throw new Error('parse error');
    const digits = text.replace(/^([+-]?)0+(?=\d)/, '$1');
    return Number(parseGoInteger(digits, INT64));
  } catch (error) {
    throw new CommandError(exitCode, describe(strconvReason('ParseInt', text, error)));
  }
}

export const PUT_NEEDS_VALUE = 'put command needs 1 argument and input from stdin or 2 arguments';

/**
 * The request of `put key [value]` with its options; `readValue` supplies a value not given as an
 * argument (empty: none).
 * @throws CommandError
 */
export async function putRequest(
  invocation: Invocation,
  readValue: () => Promise<Buffer>,
): Promise<Init<PutRequest>> {
  const { options } = invocation;
  const [key, given] = invocation.arguments;
  if (key === undefined) throw new CommandError(EXIT.badArguments, PUT_NEEDS_VALUE);
  const ignoreValue = options.boolean('ignore-value');
  if (ignoreValue && given !== undefined) {
    const message = "put command needs only 1 argument when 'ignore-value' is set";
    throw new CommandError(EXIT.badArguments, message);
  }
  let value: Buffer = Buffer.alloc(0);
  if (!ignoreValue) {
    value = given === undefined ? await readValue() : Buffer.from(given);
    if (given === undefined && value.length === 0) {
      throw new CommandError(EXIT.badArguments, PUT_NEEDS_VALUE);
    }
  }
  const lease = parseHex(
    options.text('lease'),
    true,
    (reason) => `bad lease ID (${reason}), expecting ID in Hex`,
  );
  return {
    key: Buffer.from(key),
    value,
    lease,
    prevKv: options.boolean('prev-kv'),
    ignoreValue,
    ignoreLease: options.boolean('ignore-lease'),
  };
}

async function readAll(input: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function runPut(session: Session, invocation: Invocation): Promise<void> {
  const request = await putRequest(invocation, () => readAll(session.terminal.stdin));
  const connection = await session.connect();
  const response = await connection.unary(PUT, request, session.commandTimeoutMs);
  session.print({ kind: 'put', response });
}

export const put: Command = {
  usage: 'put [options] <key> [value]',
  summary: 'writes a key; without a value argument, the value is read from stdin',
  options: [
    textOption('lease', '0', 'id of the lease to attach, in hex'),
    booleanOption('prev-kv', 'return what was there before'),
    booleanOption('ignore-value', 'keep the value there is'),
    booleanOption('ignore-lease', 'keep the lease there is'),
  ],
  run: runPut,
};

import { goQuote } from '../../config/go-text.js';
import type { DeleteRangeRequest } from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import type { Command, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { tooManyArguments } from './get.js';
import { DELETE_RANGE } from './methods.js';
import { booleanOption } from './options.js';
import { keyRange } from './ranges.js';
import type { Session } from './session.js';

/** Time to change one's mind about deleting a range. */
const RANGE_DELAY_MS = 2000;

/**
 * The request of `del key [end]` with its options; `txn` uses it too.
 * @throws CommandError
 */
export function deleteRequest(invocation: Invocation): Init<DeleteRangeRequest> {
  const { options } = invocation;
  const [key, end] = invocation.arguments;
  if (key === undefined || invocation.arguments.length > 2) {
    const rule = 'one argument as key and an optional argument as range_end';
    throw new CommandError(EXIT.badArguments, `del command needs ${rule}`);
  }
  const prefix = options.boolean('prefix');
  const fromKey = options.boolean('from-key');
  if (prefix && fromKey) {
    const message = '`--prefix` and `--from-key` cannot be set at the same time, choose one';
    throw new CommandError(EXIT.badArguments, message);
  }
  if (end !== undefined && (prefix || fromKey)) throw tooManyArguments();
  const range = keyRange(key, { prefix, fromKey, ...(end === undefined ? {} : { end }) });
  return { ...range, prevKv: options.boolean('prev-kv') };
}

async function runDelete(session: Session, invocation: Invocation): Promise<void> {
  const request = deleteRequest(invocation);
  const [key = '', end] = invocation.arguments;
  if (end !== undefined && !invocation.options.boolean('range')) {
    session.terminal.writeError(
      `Warning: Keys between ${goQuote(key)} and ${goQuote(end)} will be deleted. ` +
        'Please interrupt the command within next 2 seconds to cancel. ' +
        'You can provide `--range` flag to avoid the delay.\n',
    );
    await new Promise((resolve) => setTimeout(resolve, RANGE_DELAY_MS));
  }
  const connection = await session.connect();
  const response = await connection.unary(DELETE_RANGE, request, session.commandTimeoutMs);
  session.print({ kind: 'del', response });
}

export const del: Command = {
  usage: 'del [options] <key> [range_end]',
  summary: 'deletes a key or the keys of a range',
  options: [
    booleanOption('prefix', 'all keys with this prefix'),
    booleanOption('prev-kv', 'return what was deleted'),
    booleanOption('from-key', 'all keys from this one on'),
    booleanOption('range', 'delete a range without the delay'),
  ],
  run: runDelete,
};

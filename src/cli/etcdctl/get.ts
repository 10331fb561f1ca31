import {
  type RangeRequest,
  RangeRequest_SortOrder,
  RangeRequest_SortTarget,
  RangeResponse,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import type { Command, Invocation } from './command.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { RANGE, RANGE_STREAM } from './methods.js';
import { booleanOption, integerOption, textOption } from './options.js';
import { keyRange } from './ranges.js';
import type { Session } from './session.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

/** `l` for linearizable, `s` for serializable. */
export function isSerializable(consistency: string): boolean {
  if (consistency === 's' || consistency === 'l') return consistency === 's';
  throw new CommandError(EXIT.badFeature, `unknown consistency flag "${consistency}"`);
}

const SORT_ORDERS: Readonly<Record<string, RangeRequest_SortOrder>> = {
  '': RangeRequest_SortOrder.NONE,
  ASCEND: RangeRequest_SortOrder.ASCEND,
  DESCEND: RangeRequest_SortOrder.DESCEND,
};

const SORT_TARGETS: Readonly<Record<string, RangeRequest_SortTarget>> = {
  '': RangeRequest_SortTarget.KEY,
  CREATE: RangeRequest_SortTarget.CREATE,
  KEY: RangeRequest_SortTarget.KEY,
  MODIFY: RangeRequest_SortTarget.MOD,
  VALUE: RangeRequest_SortTarget.VALUE,
  VERSION: RangeRequest_SortTarget.VERSION,
};

function lookUp<Value>(table: Readonly<Record<string, Value>>, word: string, what: string): Value {
  const value = table[word.toUpperCase()];
  if (value === undefined) throw new CommandError(EXIT.badFeature, `bad sort ${what} ${word}`);
  return value;
}

/** The lower and upper bound of a revision filter, checked. */
function revisionBounds(invocation: Invocation, name: 'Create' | 'Mod'): [number, number] {
  const word = name.toLowerCase();
  const minimum = invocation.options.integer(`min-${word}-rev`);
  const maximum = invocation.options.integer(`max-${word}-rev`);
  if (maximum > 0 && minimum > maximum) {
    const bounds = `getMin${name}Rev(=${minimum}) > getMax${name}Rev(=${maximum})`;
    throw new CommandError(EXIT.badFeature, bounds);
  }
  return [Math.max(minimum, 0), Math.max(maximum, 0)];
}

/**
 * The request of `get key [end]` with its options; `txn` uses it too.
 * @throws CommandError
 */
export function rangeRequest(invocation: Invocation): Init<RangeRequest> {
  const { options } = invocation;
  const [key, end] = invocation.arguments;
  if (key === undefined) {
    const rule = 'one argument as key and an optional argument as range_end';
    throw badArguments(`get command needs ${rule}`);
  }
  const prefix = options.boolean('prefix');
  const fromKey = options.boolean('from-key');
  const exclusive = (first: string, second: string): CommandError =>
    badArguments(`\`--${first}\` and \`--${second}\` cannot be set at the same time, choose one`);
  if (prefix && fromKey) throw exclusive('prefix', 'from-key');
  const keysOnly = options.boolean('keys-only');
  const countOnly = options.boolean('count-only');
  if (keysOnly && countOnly) throw exclusive('keys-only', 'count-only');
  const serializable = isSerializable(options.text('consistency'));
  if (end !== undefined && (prefix || fromKey)) throw tooManyArguments();
  const sortOrder = lookUp(SORT_ORDERS, options.text('order'), 'order');
  const sortTarget = lookUp(SORT_TARGETS, options.text('sort-by'), 'target');
  const [minCreateRevision, maxCreateRevision] = revisionBounds(invocation, 'Create');
  const [minModRevision, maxModRevision] = revisionBounds(invocation, 'Mod');
  // Ascending by key is the order of the store anyway: the server need not sort.
  const isNatural =
    sortTarget === RangeRequest_SortTarget.KEY && sortOrder === RangeRequest_SortOrder.ASCEND;
  return {
    ...keyRange(key, { prefix, fromKey, ...(end === undefined ? {} : { end }) }),
    limit: options.integer('limit'),
    revision: Math.max(options.integer('rev'), 0),
    sortOrder: isNatural ? RangeRequest_SortOrder.NONE : sortOrder,
    sortTarget,
    serializable,
    keysOnly,
    countOnly,
    minCreateRevision,
    maxCreateRevision,
    minModRevision,
    maxModRevision,
  };
}

export function tooManyArguments(): CommandError {
  const rule = 'only accept one argument when `--prefix` or `--from-key` is set';
  return badArguments(`too many arguments, ${rule}`);
}

async function runGet(session: Session, invocation: Invocation): Promise<void> {
  const { options } = invocation;
  const request = rangeRequest(invocation);
  const connection = await session.connect();
  const response = options.boolean('stream')
    ? await rangeByStream(connection, request, session.commandTimeoutMs)
    : await connection.unary(RANGE, request, session.commandTimeoutMs);
  if (options.boolean('count-only') && options.text('write-out') !== 'fields') {
    throw badArguments('--count-only is only for `--write-out=fields`');
  }
  const valueOnly = options.boolean('print-value-only');
  if (valueOnly && !session.isSimple) {
    throw badArguments('print-value-only is only for `--write-out=simple`');
  }
  session.print({ kind: 'get', response, valueOnly });
}

/** The answer in parts, put together: the fields outside `kvs` come with the last ones. */
async function rangeByStream(
  connection: Connection,
  request: Init<RangeRequest>,
  timeoutMs: number,
): Promise<RangeResponse> {
  const whole = RangeResponse.decode(Buffer.alloc(0));
  const parts = connection.serverStream(RANGE_STREAM, request, timeoutMs);
  for await (const { rangeResponse: part } of parts) {
    if (part === undefined) continue;
    whole.header = part.header ?? whole.header;
    whole.kvs.push(...part.kvs);
    whole.more = whole.more || part.more;
    whole.count = part.count || whole.count;
  }
  return whole;
}

export const get: Command = {
  usage: 'get [options] <key> [range_end]',
  summary: 'reads a key or a range of keys',
  options: [
    textOption('consistency', 'l', 'l for linearizable, s for serializable'),
    textOption('order', '', 'ASCEND or DESCEND'),
    textOption('sort-by', '', 'CREATE, KEY, MODIFY, VALUE or VERSION'),
    integerOption('limit', 'most keys to return, 0 for all'),
    booleanOption('prefix', 'all keys with this prefix'),
    booleanOption('from-key', 'all keys from this one on'),
    integerOption('rev', 'revision to read at, 0 for the latest'),
    booleanOption('keys-only', 'keys without values'),
    booleanOption('count-only', 'the number of keys only'),
    booleanOption('print-value-only', 'print values without keys (simple output)'),
    integerOption('min-create-rev', 'keys created at this revision or later'),
    integerOption('max-create-rev', 'keys created at this revision or earlier'),
    integerOption('min-mod-rev', 'keys changed last at this revision or later'),
    integerOption('max-mod-rev', 'keys changed last at this revision or earlier'),
    booleanOption('stream', 'read by the RangeStream RPC'),
  ],
  run: runGet,
};

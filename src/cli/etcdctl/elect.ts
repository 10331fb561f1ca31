import type { RangeResponse, ResponseHeader } from '../../proto/generated/etcdserverpb.js';
import { Event_EventType, type KeyValue } from '../../proto/generated/mvccpb.js';
import type { Command, Invocation } from './command.js';
import {
  Contender,
  interruption,
  oldestKey,
  openLeaseSession,
  whenAborted,
} from './concurrency.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { RANGE } from './methods.js';
import { booleanOption } from './options.js';
import { prefixEnd } from './ranges.js';
import type { Session } from './session.js';
import { WatchStream } from './watch-stream.js';

/** Seconds; as long as a candidate that died counts. */
const SESSION_TTL = 60;

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

async function runElect(session: Session, invocation: Invocation): Promise<void> {
  const [election, proposal, ...others] = invocation.arguments;
  if (election === undefined || others.length > 0) {
    const what = 'one election name argument and an optional proposal argument';
    throw badArguments(`elect takes ${what}`);
  }
  const connection = await session.connect();
  const listens = invocation.options.boolean('listen');
  if (proposal === undefined) {
    if (!listens) throw badArguments('no proposal argument but -l not set');
    await observe(session, connection, election);
  } else {
    if (listens) throw badArguments('proposal given but -l is set');
    await campaign(session, connection, election, proposal);
  }
}

async function campaign(
  session: Session,
  connection: Connection,
  election: string,
  proposal: string,
): Promise<void> {
  const interrupted = interruption(session);
  const leased = await openLeaseSession(connection, SESSION_TTL);
  const contender = new Contender(connection, election, leased.lease);
  await contender.win(proposal, interrupted);
  const response = await connection.unary(RANGE, { key: contender.key });
  session.print({ kind: 'get', response, valueOnly: false });
  const end = await Promise.race([
    whenAborted(interrupted).then(() => 'interrupted' as const),
    leased.expired.then(() => 'expired' as const),
  ]);
  if (end === 'expired') throw new CommandError(EXIT.error, 'elect: session expired');
  await contender.leave();
}

/** Shows the leader, and whoever becomes it, until interrupted. */
async function observe(session: Session, connection: Connection, election: string): Promise<void> {
  const interrupted = interruption(session);
  const follow = async (): Promise<never> => {
    for (;;) await followLeader(session, connection, Buffer.from(`${election}/`));
  };
  await Promise.race([follow(), whenAborted(interrupted)]);
}

/** Shows one leader and its proposals, until it is none any more. */
async function followLeader(
  session: Session,
  connection: Connection,
  prefix: Buffer,
): Promise<void> {
  const { header, kvs } = await connection.unary(RANGE, oldestKey(prefix));
  const revision = header?.revision ?? 0;
  const show = (leaderHeader: ResponseHeader | undefined, pair: KeyValue): void => {
    const response: RangeResponse = { header: leaderHeader, kvs: [pair], more: false, count: 0 };
    session.print({ kind: 'get', response, valueOnly: false });
  };
  const leader = kvs[0] ?? (await firstLeader(connection, prefix, revision));
  const from = kvs[0] === undefined ? leader.modRevision + 1 : revision + 1;
  show(header === undefined ? header : { ...header, revision: from - 1 }, leader);
  await untilEvent(connection, { key: leader.key, startRevision: from }, (event, eventHeader) => {
    if (event.type === Event_EventType.DELETE) return true;
    if (event.kv !== undefined) show(eventHeader, event.kv);
    return false;
  });
}

/** Waits for the first key under a prefix. */
async function firstLeader(
  connection: Connection,
  prefix: Buffer,
  startRevision: number,
): Promise<KeyValue> {
  const found: KeyValue[] = [];
  const range = { key: prefix, rangeEnd: prefixEnd(prefix), startRevision };
  await untilEvent(connection, range, ({ type, kv }) => {
    if (type !== Event_EventType.PUT || kv === undefined) return false;
    found.push(kv);
    return true;
  });
  const [leader] = found;
  if (leader === undefined) throw new CommandError(EXIT.error, 'elect: observer lost');
  return leader;
}

/** Watches until `isLast` says so of an event. */
async function untilEvent(
  connection: Connection,
  request: Parameters<WatchStream['watch']>[0],
  isLast: (
    event: { readonly type: number; readonly kv: KeyValue | undefined },
    header: ResponseHeader | undefined,
  ) => boolean,
): Promise<void> {
  const stream = new WatchStream(connection);
  try {
    await new Promise<void>((resolve, reject) => {
      const lost = new CommandError(EXIT.error, 'elect: observer lost');
      stream
        .watch(request, {
          async onResponse({ events, header }) {
            if (events.some((event) => isLast(event, header))) resolve();
          },
        })
        .then(() => reject(lost), reject);
    });
  } finally {
    stream.close();
  }
}

export const elect: Command = {
  usage: 'elect <election-name> [proposal]',
  summary: 'Takes part in an election with a proposal, or watches it with -l',
  options: [booleanOption('listen', 'only show who leads', 'l')],
  run: runElect,
};

import { FlagValueError } from '../../config/errors.js';
import { goQuote } from '../../config/go-text.js';
import { parseUrls } from '../../config/urls.js';
import type { Member, MemberListResponse } from '../../proto/generated/etcdserverpb.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { isSerializable } from './get.js';
import {
  MEMBER_ADD,
  MEMBER_LIST,
  MEMBER_PROMOTE,
  MEMBER_REMOVE,
  MEMBER_UPDATE,
} from './methods.js';
import { booleanOption, textOption } from './options.js';
import { parseHex } from './put.js';
import type { Session } from './session.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

const PEER_URLS = textOption('peer-urls', '', 'peer URLs of the member, comma-separated');

function peerUrls(invocation: Invocation): string[] {
  const list = invocation.options.text('peer-urls');
  if (list === '') throw badArguments('member peer urls not provided');
  return list.split(',');
}

/** etcd's client checks the URLs before it asks the server. */
function checkUrls(urls: readonly string[]): void {
  try {
    parseUrls(urls.join(','));
  } catch (error) {
    if (error instanceof FlagValueError) throw new CommandError(EXIT.error, error.message);
    throw error;
  }
}

const list: Command = {
  usage: 'member list [options]',
  summary: 'lists the members',
  options: [textOption('consistency', 'l', 'l for linearizable, s for serializable')],
  async run(session, invocation) {
    const linearizable = !isSerializable(invocation.options.text('consistency'));
    const connection = await session.connect();
    const timeoutMs = session.commandTimeoutMs;
    const response = await connection.unary(MEMBER_LIST, { linearizable }, timeoutMs);
    session.print({ kind: 'memberList', response });
  },
};

function newMemberName(invocation: Invocation): string {
  const [name, ...others] = invocation.arguments;
  if (name === undefined) throw badArguments('member name not provided');
  if (others.length === 0) return name;
  const hints = invocation.arguments
    .filter((word) => word.toLowerCase().startsWith('http'))
    .map((word) => `, did you mean --peer-urls=${word}`);
  throw badArguments(`too many arguments${hints.join('')}`);
}

/** What the new member has to be started with. */
function startSettings(name: string, urls: string, id: bigint, members: readonly Member[]): string {
  const pairs = members.flatMap((item) =>
    item.peerUrls.map((url) => `${item.id === id ? name : item.name}=${url}`),
  );
  return [
    '',
    `ETCD_NAME=${goQuote(name)}`,
    `ETCD_INITIAL_CLUSTER=${goQuote(pairs.join(','))}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=${goQuote(urls)}`,
    'ETCD_INITIAL_CLUSTER_STATE="existing"',
    '',
  ].join('\n');
}

const add: Command = {
  usage: 'member add <name> --peer-urls=<urls> [options]',
  summary: 'announces a new member',
  options: [PEER_URLS, booleanOption('learner', 'add it without a vote')],
  async run(session, invocation) {
    const name = newMemberName(invocation);
    const urls = peerUrls(invocation);
    const isLearner = invocation.options.boolean('learner');
    const connection = await session.connect();
    checkUrls(urls);
    const request = { peerUrls: urls, isLearner };
    const response = await connection.unary(MEMBER_ADD, request, session.commandTimeoutMs);
    session.print({ kind: 'memberAdd', response });
    if (!session.isSimple) return;
    const id = response.member?.id ?? 0n;
    const { members } = response;
    session.terminal.write(startSettings(name, urls.join(','), id, members));
  },
};

/** A command on the one member whose id is its argument. */
function changeOf(
  name: 'remove' | 'update' | 'promote',
  details: Pick<Command, 'usage' | 'summary' | 'options'>,
  change: 'removed from' | 'updated in' | 'promoted in',
  call: (
    connection: Connection,
    id: bigint,
    invocation: Invocation,
    timeoutMs: number,
  ) => Promise<MemberListResponse>,
): Command {
  return {
    ...details,
    async run(session: Session, invocation: Invocation): Promise<void> {
      const [text] = invocation.arguments;
      if (text === undefined || invocation.arguments.length > 1) {
        throw badArguments('member ID is not provided');
      }
      const describe = (reason: string): string =>
        `bad member ID arg (${reason}), expecting ID in Hex`;
      const id = parseHex(text, false, describe);
      if (name === 'update') peerUrls(invocation);
      const connection = await session.connect();
      const response = await call(connection, id, invocation, session.commandTimeoutMs);
      session.print({ kind: 'memberChange', change, id, response });
    },
  };
}

const remove = changeOf(
  'remove',
  { usage: 'member remove <memberID>', summary: 'removes a member', options: [] },
  'removed from',
  (connection, id, _, timeoutMs) => connection.unary(MEMBER_REMOVE, { id }, timeoutMs),
);

const update = changeOf(
  'update',
  {
    usage: 'member update <memberID> --peer-urls=<urls>',
    summary: 'changes the peer URLs of a member',
    options: [PEER_URLS],
  },
  'updated in',
  (connection, id, invocation, timeoutMs) => {
    const urls = peerUrls(invocation);
    checkUrls(urls);
    return connection.unary(MEMBER_UPDATE, { id, peerUrls: urls }, timeoutMs);
  },
);

const promote = changeOf(
  'promote',
  { usage: 'member promote <memberID>', summary: 'gives a learner a vote', options: [] },
  'promoted in',
  (connection, id, _, timeoutMs) => connection.unary(MEMBER_PROMOTE, { id }, timeoutMs),
);

export const member: CommandGroup = {
  summary: 'commands about the members of the cluster',
  options: [],
  commands: { list, add, remove, update, promote },
};

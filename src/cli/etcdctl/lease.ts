import type { LeaseKeepAliveResponse } from '../../proto/generated/etcdserverpb.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import { type Connection, RpcError } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { RPC_CODE } from './grpc/status.js';
import {
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_LEASES,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
} from './methods.js';
import { booleanOption } from './options.js';
import { parseDecimal, parseHex } from './put.js';
import type { Session } from './session.js';

function onlyArgument(invocation: Invocation, complaint: string): string {
  const [argument] = invocation.arguments;
  if (argument === undefined || invocation.arguments.length > 1) {
    throw new CommandError(EXIT.badArguments, complaint);
  }
  return argument;
}

const parseLeaseId = (text: string): bigint =>
  parseHex(text, true, (reason) => `bad lease ID arg (${reason}), expecting ID in Hex`);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const grant: Command = {
  usage: 'lease grant <ttl>',
  summary: 'creates a lease of so many seconds',
  options: [],
  async run(session, invocation) {
    const text = onlyArgument(invocation, 'lease grant command needs TTL argument');
    const ttl = parseDecimal(text, EXIT.badArguments, (reason) => `bad TTL (${reason})`);
    const connection = await session.connect();
    try {
      const response = await connection.unary(LEASE_GRANT, { ttl }, session.commandTimeoutMs);
      session.print({ kind: 'leaseGrant', response });
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(EXIT.error, `failed to grant lease (${messageOf(error)})`);
    }
  },
};

const revoke: Command = {
  usage: 'lease revoke <leaseID>',
  summary: 'ends a lease and deletes its keys',
  options: [],
  async run(session, invocation) {
    const id = parseLeaseId(onlyArgument(invocation, 'lease revoke command needs 1 argument'));
    const connection = await session.connect();
    try {
      const response = await connection.unary(LEASE_REVOKE, { id }, session.commandTimeoutMs);
      session.print({ kind: 'leaseRevoke', response, id });
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(EXIT.error, `failed to revoke lease (${messageOf(error)})`);
    }
  },
};

/** Calls without a deadline that fail with "bad connection", whatever the reason. */
async function orBadConnection<Response>(call: Promise<Response>): Promise<Response> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(EXIT.badConnection, messageOf(error));
  }
}

const timeToLive: Command = {
  usage: 'lease timetolive [options] <leaseID>',
  summary: 'shows how long a lease has left',
  options: [booleanOption('keys', 'show its keys, too')],
  async run(session, invocation) {
    const complaint = 'lease timetolive command needs lease ID as argument';
    const text = onlyArgument(invocation, complaint);
    const connection = await session.connect();
    const keys = invocation.options.boolean('keys');
    const request = { id: parseLeaseId(text), keys };
    const response = await orBadConnection(connection.unary(LEASE_TIME_TO_LIVE, request));
    session.print({ kind: 'leaseTimeToLive', response, withKeys: keys });
  },
};

const list: Command = {
  usage: 'lease list',
  summary: 'lists all leases',
  options: [],
  async run(session) {
    const connection = await session.connect();
    const response = await orBadConnection(connection.unary(LEASE_LEASES, {}));
    session.print({ kind: 'leaseList', response });
  },
};

const LEASE_NOT_FOUND = 'etcdserver: requested lease not found';

const RECONNECT_PAUSE_MS = 500;

/**
 * Renews until the lease is gone, a third of its time apart; `once` asks for one renewal only. A lost
 * stream is opened again as long as the lease can still be alive.
 */
export async function renew(
  connection: Connection,
  id: bigint,
  once: boolean,
  onAlive: (response: LeaseKeepAliveResponse) => void,
): Promise<void> {
  let deadlineMs = Number.POSITIVE_INFINITY;
  const onRenewed = (response: LeaseKeepAliveResponse): void => {
    deadlineMs = Date.now() + response.ttl * 1000;
    onAlive(response);
  };
  for (;;) {
    try {
      return await renewOnStream(connection, id, once, onRenewed);
    } catch (error) {
      const isLost = error instanceof RpcError && error.code === RPC_CODE.unavailable;
      if (once || !isLost) throw error;
    }
    if (Date.now() >= deadlineMs) return;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
  }
}

async function renewOnStream(
  connection: Connection,
  id: bigint,
  once: boolean,
  onAlive: (response: LeaseKeepAliveResponse) => void,
): Promise<void> {
  const stream = await connection.duplexStream(LEASE_KEEP_ALIVE, !once);
  stream.write({ id });
  for await (const response of stream) {
    if (response.ttl <= 0) {
      if (once) throw new Error(LEASE_NOT_FOUND);
      return;
    }
    onAlive(response);
    if (once) return;
    setTimeout(() => stream.write({ id }), (response.ttl * 1000) / 3);
  }
}

async function runKeepAlive(session: Session, invocation: Invocation): Promise<void> {
  const complaint = 'lease keep-alive command needs lease ID as argument';
  const id = parseLeaseId(onlyArgument(invocation, complaint));
  const once = invocation.options.boolean('once');
  const connection = await session.connect();
  const show = (response: LeaseKeepAliveResponse): void =>
    session.print({ kind: 'leaseKeepAlive', response });
  await orBadConnection(renew(connection, id, once, show));
  if (!once && session.isSimple) {
    const shown = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
    session.terminal.write(`lease ${shown} expired or revoked.\n`);
  }
}

const keepAlive: Command = {
  usage: 'lease keep-alive [options] <leaseID>',
  summary: 'renews a lease again and again',
  options: [booleanOption('once', 'renew it once')],
  run: runKeepAlive,
};

export const lease: CommandGroup = {
  summary: 'commands about leases',
  options: [],
  commands: { grant, revoke, timetolive: timeToLive, list, 'keep-alive': keepAlive },
};

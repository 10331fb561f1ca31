import { formatDuration } from '../../config/duration.js';
import { AlarmRequest_AlarmAction, AlarmType } from '../../proto/generated/etcdserverpb.js';
import type { Command, CommandGroup } from './command.js';
import { type Connection, RpcError } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { ALARM, HASH_KV, MEMBER_LIST, RANGE, STATUS } from './methods.js';
import { booleanOption, integerOption, type OptionSpec } from './options.js';
import type { EndpointHash, EndpointHealth, EndpointStatus } from './output/result.js';
import type { Session } from './session.js';

export const CLUSTER_OPTION: OptionSpec = booleanOption(
  'cluster',
  'ask all members instead of --endpoints',
);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * The endpoints to ask: those of --endpoints or, with --cluster, of all members.
 * @throws CommandError
 */
export async function selectEndpoints(session: Session): Promise<string[]> {
  await session.prepare();
  if (!session.options.boolean('cluster')) return session.endpoints();
  const connection = await session.connect();
  try {
    const request = { linearizable: true };
    const { members } = await connection.unary(MEMBER_LIST, request, session.commandTimeoutMs);
    return members.flatMap((member) => member.clientUrls);
  } catch (error) {
    const what = 'failed to fetch endpoints from etcd cluster member list';
    throw new CommandError(EXIT.error, `${what}: ${messageOf(error)}`);
  }
}

const PERMISSION_DENIED = 'etcdserver: permission denied';

const ALARM_NAMES: Readonly<Record<number, string>> = {
  [AlarmType.NOSPACE]: 'NOSPACE',
  [AlarmType.CORRUPT]: 'CORRUPT',
};

/** Why an answering endpoint is not healthy after all; empty if it is. */
async function alarmComplaint(connection: Connection, timeoutMs: number): Promise<string> {
  try {
    const request = { action: AlarmRequest_AlarmAction.GET };
    const { alarms } = await connection.unary(ALARM, request, timeoutMs);
    if (alarms.length === 0) return '';
    const names = alarms.map(({ alarm }) => `${ALARM_NAMES[alarm] ?? 'UNKNOWN'} `);
    return `Active Alarm(s): ${names.join('')}`;
  } catch {
    return 'Unable to fetch the alarm list';
  }
}

/** Healthy means: a read went through consensus (or was refused only for lack of permission). */
async function checkHealth(session: Session, endpoint: string): Promise<EndpointHealth> {
  const startMs = performance.now();
  const took = (): string => formatDuration(performance.now() - startMs);
  let time = '';
  let error = '';
  try {
    const connection = await session.connect([endpoint]);
    try {
      await connection.unary(RANGE, { key: Buffer.from('health') }, session.commandTimeoutMs);
    } catch (failure) {
      const isDenied = failure instanceof RpcError && failure.details === PERMISSION_DENIED;
      if (!isDenied) error = messageOf(failure);
    }
    time = took();
    error ||= await alarmComplaint(connection, session.commandTimeoutMs);
  } catch (failure) {
    error = messageOf(failure);
  }
  return { endpoint, healthy: error === '', took: time, error };
}

const health: Command = {
  usage: 'endpoint health',
  summary: 'asks each endpoint whether it can serve',
  options: [],
  async run(session) {
    const selected = await selectEndpoints(session);
    const endpoints = await Promise.all(selected.map((item) => checkHealth(session, item)));
    if (session.isSimple) {
      for (const { endpoint, error } of endpoints.filter((item) => item.error !== '')) {
        const what = 'is unhealthy: failed to commit proposal:';
        session.terminal.writeError(`${endpoint} ${what} ${error}\n`);
      }
    }
    session.print({ kind: 'endpointHealth', endpoints });
    if (endpoints.some(({ error }) => error !== '')) {
      throw new CommandError(EXIT.error, 'unhealthy cluster');
    }
  },
};

/** Asks one endpoint after another and tells about those that fail; returns the last failure. */
async function askEach<Answer>(
  session: Session,
  what: string,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<{ answers: { endpoint: string; answer: Answer }[]; failure: string | undefined }> {
  const answers: { endpoint: string; answer: Answer }[] = [];
  let failure: string | undefined;
  for (const endpoint of await selectEndpoints(session)) {
    const connection = await session.connect([endpoint]);
    try {
      answers.push({ endpoint, answer: await ask(connection) });
    } catch (error) {
      failure = messageOf(error);
      const complaint = `Failed to get the ${what} of endpoint ${endpoint} (${failure})`;
      session.terminal.writeError(`${complaint}\n`);
    }
  }
  return { answers, failure };
}

const status: Command = {
  usage: 'endpoint status',
  summary: 'shows version, size and raft state of each endpoint',
  options: [],
  async run(session) {
    const timeoutMs = session.commandTimeoutMs;
    const { answers, failure } = await askEach(session, 'status', (connection) =>
      connection.unary(STATUS, {}, timeoutMs),
    );
    const endpoints: EndpointStatus[] = answers.map(({ endpoint, answer }) => ({
      endpoint,
      status: answer,
    }));
    session.print({ kind: 'endpointStatus', endpoints });
    if (failure !== undefined) throw new CommandError(EXIT.error, '');
  },
};

const hashKv: Command = {
  usage: 'endpoint hashkv [options]',
  summary: 'shows a hash over the history of each endpoint',
  options: [integerOption('rev', 'revision up to which to hash, 0 for the latest')],
  async run(session, invocation) {
    const timeoutMs = session.commandTimeoutMs;
    const revision = invocation.options.integer('rev');
    const { answers, failure } = await askEach(session, 'hash', (connection) =>
      connection.unary(HASH_KV, { revision: BigInt(revision) }, timeoutMs),
    );
    const endpoints: EndpointHash[] = answers.map(({ endpoint, answer }) => ({
      endpoint,
      hash: answer,
    }));
    session.print({ kind: 'endpointHash', endpoints });
    if (failure !== undefined) throw new CommandError(EXIT.error, failure);
  },
};

export const endpoint: CommandGroup = {
  summary: 'commands about the servers behind --endpoints',
  options: [CLUSTER_OPTION],
  commands: { health, status, hashkv: hashKv },
};

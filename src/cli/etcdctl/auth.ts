import {
  AUTH_DISABLE,
  AUTH_ENABLE,
  AUTH_STATUS,
  ROLE_ADD,
  USER_GRANT_ROLE,
} from './auth-methods.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import { RpcError } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { omitEmpty } from './output/go-json.js';
import { plainResult } from './output/plain.js';

const ROOT = 'root';
const NO_ROOT_ROLE = 'etcdserver: root user does not have root role';

function noArguments(invocation: Invocation, name: string): void {
  if (invocation.arguments.length === 0) return;
  const message = `auth ${name} command does not accept any arguments`;
  throw new CommandError(EXIT.badArguments, message);
}

const enable: Command = {
  usage: 'auth enable',
  summary: 'Turns authentication on; the user root gets the role root if it lacks it',
  options: [],
  async run(session, invocation) {
    noArguments(invocation, 'enable');
    const connection = await session.connect();
    const timeoutMs = session.commandTimeoutMs;
    try {
      await connection.unary(AUTH_ENABLE, {}, timeoutMs);
    } catch (error) {
      const lacksRole = error instanceof RpcError && error.details === NO_ROOT_ROLE;
      if (!lacksRole) throw error;
      await connection.unary(ROLE_ADD, { name: ROOT }, timeoutMs);
      await connection.unary(USER_GRANT_ROLE, { user: ROOT, role: ROOT }, timeoutMs);
      await connection.unary(AUTH_ENABLE, {}, timeoutMs);
    }
    session.terminal.write('Authentication Enabled\n');
  },
};

const disable: Command = {
  usage: 'auth disable',
  summary: 'Turns authentication off',
  options: [],
  async run(session, invocation) {
    noArguments(invocation, 'disable');
    const connection = await session.connect();
    await connection.unary(AUTH_DISABLE, {}, session.commandTimeoutMs);
    session.terminal.write('Authentication Disabled\n');
  },
};

const status: Command = {
  usage: 'auth status',
  summary: 'Tells whether authentication is on',
  options: [],
  async run(session, invocation) {
    noArguments(invocation, 'status');
    const connection = await session.connect();
    const response = await connection.unary(AUTH_STATUS, {}, session.commandTimeoutMs);
    const { enabled, authRevision } = response;
    const text = `Authentication Status: ${enabled}\nAuthRevision: ${authRevision}\n`;
    const json = { enabled: omitEmpty(enabled), authRevision: omitEmpty(authRevision) };
    session.print(plainResult(response, AUTH_STATUS, text, { json }));
  },
};

export const auth: CommandGroup = {
  summary: 'Turns authentication on and off',
  options: [],
  commands: { enable, disable, status },
};

import {
  ROLE_GET,
  USER_ADD,
  USER_CHANGE_PASSWORD,
  USER_DELETE,
  USER_GET,
  USER_GRANT_ROLE,
  USER_LIST,
  USER_REVOKE_ROLE,
} from './auth-methods.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { booleanOption, type OptionSpec, textOption } from './options.js';
import { omitEmpty } from './output/go-json.js';
import { plainResult } from './output/plain.js';
import { askPassword, readPasswordWord } from './passwords.js';
import { roleResult } from './role.js';
import type { Session } from './session.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

const INTERACTIVE: OptionSpec = {
  ...booleanOption('interactive', 'ask for the password; if false, read it from stdin'),
  defaultText: 'true',
};

function onlyName(invocation: Invocation, name: string): string {
  const [user] = invocation.arguments;
  if (user === undefined || invocation.arguments.length > 1) {
    throw badArguments(`user ${name} command requires user name as its argument`);
  }
  return user;
}

function userAndRole(invocation: Invocation, complaint: string): { user: string; role: string } {
  const [user, role] = invocation.arguments;
  if (user === undefined || role === undefined || invocation.arguments.length > 2) {
    throw badArguments(complaint);
  }
  return { user, role };
}

/** @throws CommandError for an empty password, or two that differ */
async function newPassword(session: Session, invocation: Invocation, name: string) {
  const { terminal } = session;
  if (!invocation.options.boolean('interactive')) return readPasswordWord(terminal);
  const password = await askPassword(terminal, `Password of ${name}: `);
  if (password === '') throw badArguments('empty password');
  const prompt = `Type password of ${name} again for confirmation: `;
  const again = await askPassword(terminal, prompt);
  if (again !== password) throw badArguments('given passwords are different');
  return password;
}

interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly options: { readonly noPassword: boolean };
}

async function newUser(session: Session, invocation: Invocation): Promise<NewUser> {
  const text = onlyName(invocation, 'add');
  const options = { noPassword: invocation.options.boolean('no-password') };
  if (options.noPassword) return { name: text, password: '', options };
  const given = invocation.options.text('new-user-password');
  if (given !== '') return { name: text, password: given, options };
  const colon = text.indexOf(':');
  if (colon === 0) throw badArguments('empty user name is not allowed');
  if (colon > 0) {
    return { name: text.slice(0, colon), password: text.slice(colon + 1), options };
  }
  return { name: text, password: await newPassword(session, invocation, text), options };
}

const add: Command = {
  usage: 'user add <user name or user:password> [options]',
  summary: 'Adds a user',
  options: [
    INTERACTIVE,
    textOption('new-user-password', '', 'the password'),
    booleanOption('no-password', 'a user that has only certificates'),
  ],
  async run(session, invocation) {
    const user = await newUser(session, invocation);
    const connection = await session.connect();
    const response = await connection.unary(USER_ADD, user);
    session.print(plainResult(response, USER_ADD, `User ${user.name} created\n`, { fields: [] }));
  },
};

const remove: Command = {
  usage: 'user delete <user name>',
  summary: 'Removes a user',
  options: [],
  async run(session, invocation) {
    const name = onlyName(invocation, 'delete');
    const connection = await session.connect();
    const response = await connection.unary(USER_DELETE, { name });
    session.print(plainResult(response, USER_DELETE, `User ${name} deleted\n`, { fields: [] }));
  },
};

const get: Command = {
  usage: 'user get <user name> [options]',
  summary: 'Shows the roles of a user',
  options: [booleanOption('detail', 'show what the roles may do, too')],
  async run(session, invocation) {
    const name = onlyName(invocation, 'get');
    const connection = await session.connect();
    const response = await connection.unary(USER_GET, { name });
    const { roles } = response;
    if (!invocation.options.boolean('detail')) {
      const text = `User: ${name}\nRoles:${roles.map((role) => ` ${role}`).join('')}\n`;
      const json = { roles: omitEmpty(roles) };
      session.print(plainResult(response, USER_GET, text, { json }));
      return;
    }
    session.terminal.write(`User: ${name}\n`);
    for (const role of roles) {
      session.terminal.write('\n');
      session.print(roleResult(role, await connection.unary(ROLE_GET, { role })));
    }
  },
};

const list: Command = {
  usage: 'user list',
  summary: 'Lists the users',
  options: [],
  async run(session, invocation) {
    if (invocation.arguments.length > 0) {
      throw badArguments('user list command requires no arguments');
    }
    const connection = await session.connect();
    const response = await connection.unary(USER_LIST, {});
    const text = response.users.map((user) => `${user}\n`).join('');
    const json = { users: omitEmpty(response.users) };
    session.print(plainResult(response, USER_LIST, text, { json }));
  },
};

const passwd: Command = {
  usage: 'user passwd <user name> [options]',
  summary: 'Changes the password of a user',
  options: [INTERACTIVE],
  async run(session, invocation) {
    const name = onlyName(invocation, 'passwd');
    const password = await newPassword(session, invocation, name);
    const connection = await session.connect();
    const response = await connection.unary(USER_CHANGE_PASSWORD, { name, password });
    const text = 'Password updated\n';
    session.print(plainResult(response, USER_CHANGE_PASSWORD, text, { fields: [] }));
  },
};

const grantRole: Command = {
  usage: 'user grant-role <user name> <role name>',
  summary: 'Gives a user a role',
  options: [],
  async run(session, invocation) {
    const complaint = 'user grant command requires user name and role name as its argument';
    const { user, role } = userAndRole(invocation, complaint);
    const connection = await session.connect();
    const response = await connection.unary(USER_GRANT_ROLE, { user, role });
    const text = `Role ${role} is granted to user ${user}\n`;
    session.print(plainResult(response, USER_GRANT_ROLE, text, { fields: [] }));
  },
};

const revokeRole: Command = {
  usage: 'user revoke-role <user name> <role name>',
  summary: 'Takes a role from a user',
  options: [],
  async run(session, invocation) {
    const complaint = 'user revoke-role requires user name and role name as its argument';
    const { user, role } = userAndRole(invocation, complaint);
    const connection = await session.connect();
    const response = await connection.unary(USER_REVOKE_ROLE, { name: user, role });
    const text = `Role ${role} is revoked from user ${user}\n`;
    session.print(plainResult(response, USER_REVOKE_ROLE, text, { fields: [] }));
  },
};

export const user: CommandGroup = {
  summary: 'Adds, changes, shows and removes users',
  options: [],
  commands: {
    add,
    delete: remove,
    get,
    list,
    passwd,
    'grant-role': grantRole,
    'revoke-role': revokeRole,
  },
};

import { goQuote } from '../../config/go-text.js';
import { type Permission, Permission_Type } from '../../proto/generated/authpb.js';
import {
  ROLE_ADD,
  ROLE_DELETE,
  ROLE_GET,
  ROLE_GRANT_PERMISSION,
  ROLE_LIST,
  ROLE_REVOKE_PERMISSION,
} from './auth-methods.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { quoteBytes } from './go-syntax.js';
import { booleanOption, type OptionSpec } from './options.js';
import { omitEmpty } from './output/go-json.js';
import { plainResult } from './output/plain.js';
import type { Result } from './output/result.js';
import { roleText } from './output/role-text.js';
import { prefixEnd } from './ranges.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

function onlyName(invocation: Invocation, name: string): string {
  const [role] = invocation.arguments;
  if (role === undefined || invocation.arguments.length > 1) {
    throw badArguments(`role ${name} command requires role name as its argument`);
  }
  return role;
}

/** The permissions of a role in every format; `user get --detail` shows it too. */
export function roleResult(name: string, response: ReturnType<typeof ROLE_GET.decode>): Result {
  const perm = response.perm.map(({ permType, key, rangeEnd }) => ({
    permType: omitEmpty(permType),
    key: omitEmpty(key),
    range_end: omitEmpty(rangeEnd),
  }));
  const fields = response.perm.flatMap((permission) => [
    `"PermType" :  ${typeName(permission)}`,
    `"Key" : ${quoteBytes(permission.key)}`,
    `"RangeEnd" : ${quoteBytes(permission.rangeEnd)}`,
  ]);
  const json = { perm: omitEmpty(perm) };
  return plainResult(response, ROLE_GET, roleText(name, response.perm), { json, fields });
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [Permission_Type.READ]: 'READ',
  [Permission_Type.WRITE]: 'WRITE',
  [Permission_Type.READWRITE]: 'READWRITE',
};

const typeName = ({ permType }: Permission): string => TYPE_NAMES[permType] ?? String(permType);

const add: Command = {
  usage: 'role add <role name>',
  summary: 'Adds a role',
  options: [],
  async run(session, invocation) {
    const name = onlyName(invocation, 'add');
    const connection = await session.connect();
    const response = await connection.unary(ROLE_ADD, { name });
    session.print(plainResult(response, ROLE_ADD, `Role ${name} created\n`, { fields: [] }));
  },
};

const remove: Command = {
  usage: 'role delete <role name>',
  summary: 'Removes a role, from its users too',
  options: [],
  async run(session, invocation) {
    const role = onlyName(invocation, 'delete');
    const connection = await session.connect();
    const response = await connection.unary(ROLE_DELETE, { role });
    session.print(plainResult(response, ROLE_DELETE, `Role ${role} deleted\n`, { fields: [] }));
  },
};

const get: Command = {
  usage: 'role get <role name>',
  summary: 'Shows what a role may do',
  options: [],
  async run(session, invocation) {
    const role = onlyName(invocation, 'get');
    const connection = await session.connect();
    session.print(roleResult(role, await connection.unary(ROLE_GET, { role })));
  },
};

const list: Command = {
  usage: 'role list',
  summary: 'Lists the roles',
  options: [],
  async run(session, invocation) {
    if (invocation.arguments.length > 0) {
      throw badArguments('role list command requires no arguments');
    }
    const connection = await session.connect();
    const response = await connection.unary(ROLE_LIST, {});
    const { roles } = response;
    const text = roles.map((role) => `${role}\n`).join('');
    const fields = [`"Roles" :${roles.map((role) => ` ${goQuote(role)}`).join('')}`];
    const views = { json: { roles: omitEmpty(roles) }, fields };
    session.print(plainResult(response, ROLE_LIST, text, views));
  },
};

const RANGE_OPTIONS: readonly OptionSpec[] = [
  booleanOption('prefix', 'for all keys with this prefix'),
  booleanOption('from-key', 'for all keys from this one on'),
];

/** The range that arguments and options name; the end is empty for a single key. */
function permittedRange(
  invocation: Invocation,
  [first = '', end]: readonly string[],
): { key: Buffer; rangeEnd: Buffer } {
  const prefix = invocation.options.boolean('prefix');
  const fromKey = invocation.options.boolean('from-key');
  const both = (): CommandError =>
    badArguments('--from-key and --prefix flags are mutually exclusive');
  const key = Buffer.from(first);
  const openEnd = Buffer.from([0]);
  if (key.length === 0) {
    if (prefix && fromKey) throw both();
    return { key: Buffer.from([0]), rangeEnd: prefix || fromKey ? openEnd : Buffer.alloc(0) };
  }
  if (end === undefined) {
    if (prefix && fromKey) throw both();
    if (prefix) return { key, rangeEnd: prefixEnd(key) };
    return { key, rangeEnd: fromKey ? openEnd : Buffer.alloc(0) };
  }
  const given = prefix ? 'prefix' : 'from-key';
  if (prefix || fromKey) throw badArguments(`unexpected endkey argument with --${given} flag`);
  return { key, rangeEnd: Buffer.from(end) };
}

const PERMISSION_TYPES: Readonly<Record<string, Permission_Type>> = {
  READ: Permission_Type.READ,
  WRITE: Permission_Type.WRITE,
  READWRITE: Permission_Type.READWRITE,
};

const grantPermission: Command = {
  usage: 'role grant-permission [options] <role name> <permission type> <key> [endkey]',
  summary: 'Lets a role read, write or readwrite keys',
  options: RANGE_OPTIONS,
  async run(session, invocation) {
    const [name = '', type = '', ...range] = invocation.arguments;
    if (range.length === 0) {
      const what = 'role name, permission type, and key [endkey] as its argument';
      throw badArguments(`role grant command requires ${what}`);
    }
    const permType = PERMISSION_TYPES[type.toUpperCase()];
    if (permType === undefined) throw badArguments(`invalid permission type: ${type}`);
    const perm = { permType, ...permittedRange(invocation, range) };
    const connection = await session.connect();
    const response = await connection.unary(ROLE_GRANT_PERMISSION, { name, perm });
    const text = `Role ${name} updated\n`;
    session.print(plainResult(response, ROLE_GRANT_PERMISSION, text, { fields: [] }));
  },
};

const revokePermission: Command = {
  usage: 'role revoke-permission <role name> <key> [endkey]',
  summary: 'Takes a permission from a role',
  options: RANGE_OPTIONS,
  async run(session, invocation) {
    const [role = '', ...range] = invocation.arguments;
    if (range.length === 0) {
      const what = 'role name and key [endkey] as its argument';
      throw badArguments(`role revoke-permission command requires ${what}`);
    }
    const { key, rangeEnd } = permittedRange(invocation, range);
    const connection = await session.connect();
    const response = await connection.unary(ROLE_REVOKE_PERMISSION, { role, key, rangeEnd });
    const text = `Permission of ${revoked(range[0] ?? '', rangeEnd)} is revoked from role ${role}\n`;
    session.print(plainResult(response, ROLE_REVOKE_PERMISSION, text, { fields: [] }));
  },
};

function revoked(key: string, rangeEnd: Buffer): string {
  if (rangeEnd.length === 0) return `key ${key}`;
  const isOpen = rangeEnd.equals(Buffer.from([0]));
  return `range [${key}, ${isOpen ? '<open ended>' : `${rangeEnd})`}`;
}

export const role: CommandGroup = {
  summary: 'Adds, changes, shows and removes roles',
  options: [],
  commands: {
    add,
    delete: remove,
    get,
    list,
    'grant-permission': grantPermission,
    'revoke-permission': revokePermission,
  },
};

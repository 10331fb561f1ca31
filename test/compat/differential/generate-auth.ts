import { type Draw, drawKey } from './draw.js';
import type { Step } from './program.js';
import type { Plain } from './schema.js';

const USERS = ['root', 'u1', 'u2', ''] as const;
const ROLES = ['root', 'r1', 'r2', ''] as const;
const RANGE_ENDS = ['', 'z', 'a', '\0'] as const;

/** Users, roles and permissions while authentication is off; it is never turned on. */
export function drawAuthStep(draw: Draw): Step {
  const name = draw.pick(USERS);
  const role = draw.pick(ROLES);
  const key = draw.chance(90) ? drawKey(draw) : '';
  const range_end = draw.pick(RANGE_ENDS);
  const requests: Readonly<Record<string, Plain>> = {
    UserAdd: drawUserAdd(draw, name),
    UserGet: { name },
    UserList: {},
    UserDelete: { name },
    UserChangePassword: { name, password: draw.pick(['new', '']) },
    UserGrantRole: { user: name, role },
    UserRevokeRole: { name, role },
    RoleAdd: { name: role },
    RoleGet: { role },
    RoleList: {},
    RoleDelete: { role },
    RoleGrantPermission: drawPermission(draw, role, { key, range_end }),
    RoleRevokePermission: { role, key, range_end },
    Authenticate: { name, password: 'p' },
    AuthStatus: {},
    AuthDisable: {},
  };
  const method = draw.weighted({
    ...{ UserAdd: 12, UserGet: 8, UserList: 4, UserDelete: 4, UserChangePassword: 3 },
    ...{
      UserGrantRole: 10,
      UserRevokeRole: 5,
      RoleAdd: 12,
      RoleGet: 8,
      RoleList: 4,
      RoleDelete: 4,
    },
    ...{ RoleGrantPermission: 14, RoleRevokePermission: 6, Authenticate: 1, AuthStatus: 2 },
    ...{ AuthDisable: 1 },
  });
  return { do: 'call', method, request: requests[method] ?? {} };
}

function drawPermission(draw: Draw, role: string, range: Plain): Plain {
  const permType = draw.pick([0, 1, 2, 2, 7]);
  if (!draw.capabilities.checksPermissions) {
    return { name: role, perm: { permType: permType % 3, key: drawKey(draw), range_end: '\0' } };
  }
  return draw.chance(95) ? { name: role, perm: { permType, ...range } } : { name: role };
}

function drawUserAdd(draw: Draw, name: string): Plain {
  if (draw.chance(20)) return { name, options: { no_password: true } };
  return { name, password: draw.pick(['p', 'secret', '']) };
}

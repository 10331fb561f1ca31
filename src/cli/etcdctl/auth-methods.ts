/** The RPCs of the Auth service, apart from the others: most runs need none of them. */
import {
  AuthDisableRequest,
  AuthDisableResponse,
  AuthEnableRequest,
  AuthEnableResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  AuthRoleAddRequest,
  AuthRoleAddResponse,
  AuthRoleDeleteRequest,
  AuthRoleDeleteResponse,
  AuthRoleGetRequest,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionRequest,
  AuthRoleGrantPermissionResponse,
  AuthRoleListRequest,
  AuthRoleListResponse,
  AuthRoleRevokePermissionRequest,
  AuthRoleRevokePermissionResponse,
  AuthStatusRequest,
  AuthStatusResponse,
  AuthUserAddRequest,
  AuthUserAddResponse,
  AuthUserChangePasswordRequest,
  AuthUserChangePasswordResponse,
  AuthUserDeleteRequest,
  AuthUserDeleteResponse,
  AuthUserGetRequest,
  AuthUserGetResponse,
  AuthUserGrantRoleRequest,
  AuthUserGrantRoleResponse,
  AuthUserListRequest,
  AuthUserListResponse,
  AuthUserRevokeRoleRequest,
  AuthUserRevokeRoleResponse,
} from '../../proto/generated/etcdserverpb.js';
import { method } from './methods.js';

const READ = true;

export const AUTH_ENABLE = method('Auth/AuthEnable', AuthEnableRequest, AuthEnableResponse);
export const AUTH_DISABLE = method('Auth/AuthDisable', AuthDisableRequest, AuthDisableResponse);
export const AUTH_STATUS = method('Auth/AuthStatus', AuthStatusRequest, AuthStatusResponse, READ);
export const AUTHENTICATE = method('Auth/Authenticate', AuthenticateRequest, AuthenticateResponse);
export const USER_ADD = method('Auth/UserAdd', AuthUserAddRequest, AuthUserAddResponse);
export const USER_DELETE = method('Auth/UserDelete', AuthUserDeleteRequest, AuthUserDeleteResponse);
export const USER_GET = method('Auth/UserGet', AuthUserGetRequest, AuthUserGetResponse, READ);
export const USER_LIST = method('Auth/UserList', AuthUserListRequest, AuthUserListResponse, READ);
export const USER_CHANGE_PASSWORD = method(
  'Auth/UserChangePassword',
  AuthUserChangePasswordRequest,
  AuthUserChangePasswordResponse,
);
export const USER_GRANT_ROLE = method(
  'Auth/UserGrantRole',
  AuthUserGrantRoleRequest,
  AuthUserGrantRoleResponse,
);
export const USER_REVOKE_ROLE = method(
  'Auth/UserRevokeRole',
  AuthUserRevokeRoleRequest,
  AuthUserRevokeRoleResponse,
);
export const ROLE_ADD = method('Auth/RoleAdd', AuthRoleAddRequest, AuthRoleAddResponse);
export const ROLE_DELETE = method('Auth/RoleDelete', AuthRoleDeleteRequest, AuthRoleDeleteResponse);
export const ROLE_GET = method('Auth/RoleGet', AuthRoleGetRequest, AuthRoleGetResponse, READ);
export const ROLE_LIST = method('Auth/RoleList', AuthRoleListRequest, AuthRoleListResponse, READ);
export const ROLE_GRANT_PERMISSION = method(
  'Auth/RoleGrantPermission',
  AuthRoleGrantPermissionRequest,
  AuthRoleGrantPermissionResponse,
);
export const ROLE_REVOKE_PERMISSION = method(
  'Auth/RoleRevokePermission',
  AuthRoleRevokePermissionRequest,
  AuthRoleRevokePermissionResponse,
);

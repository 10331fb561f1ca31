/** Every unary method of the client API: full name, request message, response message. */
const TABLE = `
KV Range RangeRequest RangeResponse
KV Put PutRequest PutResponse
KV DeleteRange DeleteRangeRequest DeleteRangeResponse
KV Txn TxnRequest TxnResponse
KV Compact CompactionRequest CompactionResponse
Lease LeaseGrant LeaseGrantRequest LeaseGrantResponse
Lease LeaseRevoke LeaseRevokeRequest LeaseRevokeResponse
Lease LeaseTimeToLive LeaseTimeToLiveRequest LeaseTimeToLiveResponse
Lease LeaseLeases LeaseLeasesRequest LeaseLeasesResponse
Cluster MemberAdd MemberAddRequest MemberAddResponse
Cluster MemberRemove MemberRemoveRequest MembersResponse
Cluster MemberUpdate MemberUpdateRequest MembersResponse
Cluster MemberList MemberListRequest MembersResponse
Cluster MemberPromote MemberPromoteRequest MembersResponse
Maintenance Alarm AlarmRequest AlarmResponse
Maintenance Status StatusRequest StatusResponse
Maintenance Defragment DefragmentRequest DefragmentResponse
Maintenance Hash HashRequest HashResponse
Maintenance HashKV HashKVRequest HashKVResponse
Maintenance MoveLeader MoveLeaderRequest MoveLeaderResponse
Maintenance Downgrade DowngradeRequest DowngradeResponse
Auth AuthEnable AuthEnableRequest HeaderResponse
Auth AuthDisable AuthDisableRequest HeaderResponse
Auth AuthStatus AuthStatusRequest AuthStatusResponse
Auth Authenticate AuthenticateRequest AuthenticateResponse
Auth UserAdd AuthUserAddRequest HeaderResponse
Auth UserGet AuthUserGetRequest AuthUserGetResponse
Auth UserList AuthUserListRequest AuthUserListResponse
Auth UserDelete AuthUserDeleteRequest HeaderResponse
Auth UserChangePassword AuthUserChangePasswordRequest HeaderResponse
Auth UserGrantRole AuthUserGrantRoleRequest HeaderResponse
Auth UserRevokeRole AuthUserRevokeRoleRequest HeaderResponse
Auth RoleAdd AuthRoleAddRequest HeaderResponse
Auth RoleGet AuthRoleGetRequest AuthRoleGetResponse
Auth RoleList AuthRoleListRequest AuthRoleListResponse
Auth RoleDelete AuthRoleDeleteRequest HeaderResponse
Auth RoleGrantPermission AuthRoleGrantPermissionRequest HeaderResponse
Auth RoleRevokePermission AuthRoleRevokePermissionRequest HeaderResponse
`;

/** A unary method, by its short name (`Put`): its path and the names of its messages. */
export interface UnaryMethod {
  path: string;
  request: string;
  response: string;
}

const methods = new Map<string, UnaryMethod>(
  TABLE.trim()
    .split('\n')
    .map((line) => {
      const [service = '', name = '', request = '', response = ''] = line.split(' ');
      return [name, { path: `etcdserverpb.${service}/${name}`, request, response }];
    }),
);

/** The method of that short name; names are unique over all services. */
export function unaryMethod(name: string): UnaryMethod {
  const method = methods.get(name);
  if (method === undefined) throw new Error(`no unary method ${name}`);
  return method;
}

import {
  AlarmRequest,
  AlarmResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  CompactionRequest,
  CompactionResponse,
  DefragmentRequest,
  DefragmentResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  HashKVRequest,
  HashKVResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  StatusRequest,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import type { Method } from './connection.js';

interface Codec<Message> {
  readonly encode: (message: Init<NoInfer<Message>>) => Buffer;
  readonly decode: (bytes: Uint8Array) => Message;
}

function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  repeatable = false,
): Method<Request, Response> {
  const { encode } = request;
  return { path: `/etcdserverpb.${path}`, encode, decode: response.decode, repeatable };
}

const READ = true;

export const RANGE = method('KV/Range', RangeRequest, RangeResponse, READ);
export const RANGE_STREAM = method('KV/RangeStream', RangeRequest, RangeStreamResponse);
export const PUT = method('KV/Put', PutRequest, PutResponse);
export const DELETE_RANGE = method('KV/DeleteRange', DeleteRangeRequest, DeleteRangeResponse);
export const TXN = method('KV/Txn', TxnRequest, TxnResponse);
export const COMPACT = method('KV/Compact', CompactionRequest, CompactionResponse);
export const WATCH = method('Watch/Watch', WatchRequest, WatchResponse);
export const LEASE_GRANT = method('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse);
export const LEASE_REVOKE = method('Lease/LeaseRevoke', LeaseRevokeRequest, LeaseRevokeResponse);
export const LEASE_KEEP_ALIVE = method(
  'Lease/LeaseKeepAlive',
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
);
export const LEASE_TIME_TO_LIVE = method(
  'Lease/LeaseTimeToLive',
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  READ,
);
export const LEASE_LEASES = method(
  'Lease/LeaseLeases',
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  READ,
);
export const MEMBER_LIST = method(
  'Cluster/MemberList',
  MemberListRequest,
  MemberListResponse,
  READ,
);
export const MEMBER_ADD = method('Cluster/MemberAdd', MemberAddRequest, MemberAddResponse);
export const MEMBER_REMOVE = method(
  'Cluster/MemberRemove',
  MemberRemoveRequest,
  MemberRemoveResponse,
);
export const MEMBER_UPDATE = method(
  'Cluster/MemberUpdate',
  MemberUpdateRequest,
  MemberUpdateResponse,
);
export const MEMBER_PROMOTE = method(
  'Cluster/MemberPromote',
  MemberPromoteRequest,
  MemberPromoteResponse,
);
export const ALARM = method('Maintenance/Alarm', AlarmRequest, AlarmResponse, READ);
export const STATUS = method('Maintenance/Status', StatusRequest, StatusResponse, READ);
export const HASH_KV = method('Maintenance/HashKV', HashKVRequest, HashKVResponse, READ);
export const DEFRAGMENT = method('Maintenance/Defragment', DefragmentRequest, DefragmentResponse);
export const AUTHENTICATE = method('Auth/Authenticate', AuthenticateRequest, AuthenticateResponse);

import {
  AlarmRequest,
  AlarmResponse,
  CompactionRequest,
  CompactionResponse,
  DefragmentRequest,
  DefragmentResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  DowngradeRequest,
  DowngradeResponse,
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
  MoveLeaderRequest,
  MoveLeaderResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import type { Method } from './connection.js';

/** How a message is written and read; the generated codecs are that. */
interface Codec<Message> {
  readonly encode: (message: Init<NoInfer<Message>>) => Buffer;
  readonly decode: (bytes: Uint8Array) => Message;
}

interface ResponseCodec<Message> {
  readonly encode: (message: NoInfer<Message>) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Message;
}

/** The RPC at `/etcdserverpb.<path>`. */
export function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: ResponseCodec<Response>,
  repeatable = false,
): Method<Request, Response> {
  const { encode } = request;
  const { decode, encode: encodeResponse } = response;
  return { path: `/etcdserverpb.${path}`, encode, decode, encodeResponse, repeatable };
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
export const SNAPSHOT = method('Maintenance/Snapshot', SnapshotRequest, SnapshotResponse);
export const MOVE_LEADER = method('Maintenance/MoveLeader', MoveLeaderRequest, MoveLeaderResponse);
export const DOWNGRADE = method('Maintenance/Downgrade', DowngradeRequest, DowngradeResponse);

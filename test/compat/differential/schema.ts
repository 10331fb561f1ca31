/**
 * The messages of etcd's client API (grpc-surface.md) as a table, and a codec driven by it. It is
 * written for the comparison of servers: independent of the codecs under test, lossless for every
 * 64-bit value, and it shows what others skip (explicit zeros, unknown fields, odd encodings).
 */
import {
  encodeBytesField,
  encodeVarint,
  encodeVarintField,
  parseFields,
  WIRE_BYTES,
  WIRE_VARINT,
  type WireField,
} from '../../support/wire.js';

/**
 * A message as JSON: bytes and strings are strings of code units up to 0xff, integers are numbers or,
 * past 2^53, decimal strings; fields that are not in the bytes are not here.
 */
export interface Plain {
  [field: string]: PlainValue;
}
export type PlainValue = string | number | boolean | Plain | PlainValue[];

type ScalarKind = 'bytes' | 'string' | 'int64' | 'uint64' | 'int32' | 'uint32' | 'bool';

interface FieldDescription {
  number: number;
  name: string;
  /** A scalar kind or the name of a message. */
  kind: string;
  repeated: boolean;
}

/** `*` marks a repeated field, enums are int32. */
const MESSAGES: Readonly<Record<string, string>> = {
  ResponseHeader: '1 cluster_id uint64, 2 member_id uint64, 3 revision int64, 4 raft_term uint64',
  KeyValue:
    '1 key bytes, 2 create_revision int64, 3 mod_revision int64, 4 version int64, 5 value bytes, 6 lease int64',
  Event: '1 type int32, 2 kv KeyValue, 3 prev_kv KeyValue',
  RangeRequest:
    '1 key bytes, 2 range_end bytes, 3 limit int64, 4 revision int64, 5 sort_order int32, 6 sort_target int32, 7 serializable bool, 8 keys_only bool, 9 count_only bool, 10 min_mod_revision int64, 11 max_mod_revision int64, 12 min_create_revision int64, 13 max_create_revision int64',
  RangeResponse: '1 header ResponseHeader, 2 kvs KeyValue*, 3 more bool, 4 count int64',
  RangeStreamResponse: '1 range_response RangeResponse',
  PutRequest:
    '1 key bytes, 2 value bytes, 3 lease int64, 4 prev_kv bool, 5 ignore_value bool, 6 ignore_lease bool',
  PutResponse: '1 header ResponseHeader, 2 prev_kv KeyValue',
  DeleteRangeRequest: '1 key bytes, 2 range_end bytes, 3 prev_kv bool',
  DeleteRangeResponse: '1 header ResponseHeader, 2 deleted int64, 3 prev_kvs KeyValue*',
  RequestOp:
    '1 request_range RangeRequest, 2 request_put PutRequest, 3 request_delete_range DeleteRangeRequest, 4 request_txn TxnRequest',
  ResponseOp:
    '1 response_range RangeResponse, 2 response_put PutResponse, 3 response_delete_range DeleteRangeResponse, 4 response_txn TxnResponse',
  Compare:
    '1 result int32, 2 target int32, 3 key bytes, 4 version int64, 5 create_revision int64, 6 mod_revision int64, 7 value bytes, 8 lease int64, 64 range_end bytes',
  TxnRequest: '1 compare Compare*, 2 success RequestOp*, 3 failure RequestOp*',
  TxnResponse: '1 header ResponseHeader, 2 succeeded bool, 3 responses ResponseOp*',
  CompactionRequest: '1 revision int64, 2 physical bool',
  CompactionResponse: '1 header ResponseHeader',
  HashRequest: '',
  HashResponse: '1 header ResponseHeader, 2 hash uint32',
  HashKVRequest: '1 revision int64',
  HashKVResponse:
    '1 header ResponseHeader, 2 hash uint32, 3 compact_revision int64, 4 hash_revision int64',
  WatchRequest:
    '1 create_request WatchCreateRequest, 2 cancel_request WatchCancelRequest, 3 progress_request WatchProgressRequest',
  WatchCreateRequest:
    '1 key bytes, 2 range_end bytes, 3 start_revision int64, 4 progress_notify bool, 5 filters int32*, 6 prev_kv bool, 7 watch_id int64, 8 fragment bool',
  WatchCancelRequest: '1 watch_id int64',
  WatchProgressRequest: '',
  WatchResponse:
    '1 header ResponseHeader, 2 watch_id int64, 3 created bool, 4 canceled bool, 5 compact_revision int64, 6 cancel_reason string, 7 fragment bool, 11 events Event*',
  LeaseGrantRequest: '1 TTL int64, 2 ID int64',
  LeaseGrantResponse: '1 header ResponseHeader, 2 ID int64, 3 TTL int64, 4 error string',
  LeaseRevokeRequest: '1 ID int64',
  LeaseRevokeResponse: '1 header ResponseHeader',
  LeaseKeepAliveRequest: '1 ID int64',
  LeaseKeepAliveResponse: '1 header ResponseHeader, 2 ID int64, 3 TTL int64',
  LeaseTimeToLiveRequest: '1 ID int64, 2 keys bool',
  LeaseTimeToLiveResponse:
    '1 header ResponseHeader, 2 ID int64, 3 TTL int64, 4 grantedTTL int64, 5 keys bytes*',
  LeaseLeasesRequest: '',
  LeaseLeasesResponse: '1 header ResponseHeader, 2 leases LeaseStatus*',
  LeaseStatus: '1 ID int64',
  Member: '1 ID uint64, 2 name string, 3 peerURLs string*, 4 clientURLs string*, 5 isLearner bool',
  MemberAddRequest: '1 peerURLs string*, 2 isLearner bool',
  MemberAddResponse: '1 header ResponseHeader, 2 member Member, 3 members Member*',
  MemberRemoveRequest: '1 ID uint64',
  MemberUpdateRequest: '1 ID uint64, 2 peerURLs string*',
  MemberListRequest: '1 linearizable bool',
  MemberPromoteRequest: '1 ID uint64',
  MembersResponse: '1 header ResponseHeader, 2 members Member*',
  DefragmentRequest: '',
  DefragmentResponse: '1 header ResponseHeader',
  MoveLeaderRequest: '1 targetID uint64',
  MoveLeaderResponse: '1 header ResponseHeader',
  AlarmRequest: '1 action int32, 2 memberID uint64, 3 alarm int32',
  AlarmMember: '1 memberID uint64, 2 alarm int32',
  AlarmResponse: '1 header ResponseHeader, 2 alarms AlarmMember*',
  DowngradeRequest: '1 action int32, 2 version string',
  DowngradeResponse: '1 header ResponseHeader, 2 version string',
  StatusRequest: '',
  StatusResponse:
    '1 header ResponseHeader, 2 version string, 3 dbSize int64, 4 leader uint64, 5 raftIndex uint64, 6 raftTerm uint64, 7 raftAppliedIndex uint64, 8 errors string*, 9 dbSizeInUse int64, 10 isLearner bool, 11 storageVersion string, 12 dbSizeQuota int64, 13 downgradeInfo DowngradeInfo',
  DowngradeInfo: '1 enabled bool, 2 targetVersion string',
  UserAddOptions: '1 no_password bool',
  Permission: '1 permType int32, 2 key bytes, 3 range_end bytes',
  AuthStatusRequest: '',
  AuthStatusResponse: '1 header ResponseHeader, 2 enabled bool, 3 authRevision uint64',
  AuthEnableRequest: '',
  AuthDisableRequest: '',
  AuthenticateRequest: '1 name string, 2 password string',
  AuthenticateResponse: '1 header ResponseHeader, 2 token string',
  AuthUserAddRequest:
    '1 name string, 2 password string, 3 options UserAddOptions, 4 hashedPassword string',
  AuthUserGetRequest: '1 name string',
  AuthUserListRequest: '',
  AuthUserDeleteRequest: '1 name string',
  AuthUserChangePasswordRequest: '1 name string, 2 password string, 3 hashedPassword string',
  AuthUserGrantRoleRequest: '1 user string, 2 role string',
  AuthUserRevokeRoleRequest: '1 name string, 2 role string',
  AuthRoleAddRequest: '1 name string',
  AuthRoleGetRequest: '1 role string',
  AuthRoleListRequest: '',
  AuthRoleDeleteRequest: '1 role string',
  AuthRoleGrantPermissionRequest: '1 name string, 2 perm Permission',
  AuthRoleRevokePermissionRequest: '1 role string, 2 key bytes, 3 range_end bytes',
  AuthUserGetResponse: '1 header ResponseHeader, 2 roles string*',
  AuthUserListResponse: '1 header ResponseHeader, 2 users string*',
  AuthRoleGetResponse: '1 header ResponseHeader, 2 perm Permission*',
  AuthRoleListResponse: '1 header ResponseHeader, 2 roles string*',
  HeaderResponse: '1 header ResponseHeader',
};

const fieldsByMessage = new Map(
  Object.entries(MESSAGES).map(([name, text]) => [name, parseDescription(text)]),
);

function parseDescription(text: string): FieldDescription[] {
  if (text === '') return [];
  return text.split(', ').map((field) => {
    const [number = '', name = '', kind = ''] = field.split(' ');
    const repeated = kind.endsWith('*');
    return { number: Number(number), name, kind: repeated ? kind.slice(0, -1) : kind, repeated };
  });
}

function fieldsOf(message: string): FieldDescription[] {
  const fields = fieldsByMessage.get(message);
  if (fields === undefined) throw new Error(`no message ${message} in the table`);
  return fields;
}

/** Encodes a message. Every field that is given is written, zeros too. */
export function encodePlain(message: string, plain: Plain): Buffer {
  const known = new Set(fieldsOf(message).map((field) => field.name));
  for (const name of Object.keys(plain)) {
    if (!known.has(name)) throw new Error(`${message} has no field ${name}`);
  }
  const parts: Buffer[] = [];
  for (const field of fieldsOf(message)) {
    const value = plain[field.name];
    if (value === undefined) continue;
    if (!field.repeated) parts.push(encodeField(field, value));
    else if (isPacked(field)) parts.push(encodePacked(field, value as PlainValue[]));
    else for (const item of value as PlainValue[]) parts.push(encodeField(field, item));
  }
  return Buffer.concat(parts);
}

function encodePacked(field: FieldDescription, values: PlainValue[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0);
  const items = values.map((value) => encodeVarint(BigInt(value as string | number)));
  return encodeBytesField(field.number, Buffer.concat(items));
}

function encodeField(field: FieldDescription, value: PlainValue): Buffer {
  switch (field.kind as ScalarKind) {
    case 'bytes':
    case 'string':
      return encodeBytesField(field.number, Buffer.from(value as string, 'latin1'));
    case 'bool':
      return encodeVarintField(field.number, value === true ? 1n : 0n);
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return encodeVarintField(field.number, BigInt(value as string | number));
    default:
      return encodeBytesField(field.number, encodePlain(field.kind, value as Plain));
  }
}

/**
 * Decodes a message. Fields that the table does not know stand under `unknown`, and `encoding` is set
 * when the bytes are not what a canonical encoder writes (order of fields, length of varints).
 */
export function decodePlain(message: string, bytes: Buffer): Plain {
  const plain = decodeFields(message, bytes);
  if (!hasUnknown(plain) && !isCanonical(message, plain, bytes)) {
    plain.encoding = bytes.toString('hex');
  }
  return plain;
}

function isCanonical(message: string, plain: Plain, bytes: Buffer): boolean {
  try {
    return encodePlain(message, plain).equals(bytes);
  } catch {
    // A field of the wrong wire type was decoded to a word about it.
    return false;
  }
}

function hasUnknown(value: PlainValue): boolean {
  if (typeof value !== 'object') return false;
  return 'unknown' in value || Object.values(value).some(hasUnknown);
}

function decodeFields(message: string, bytes: Buffer): Plain {
  const plain: Plain = {};
  const wireFields = parseFields(bytes);
  const unknown: string[] = [];
  const descriptions = new Map(fieldsOf(message).map((field) => [field.number, field]));
  const values = new Map<string, PlainValue>();
  for (const wireField of wireFields) {
    const field = descriptions.get(wireField.number);
    if (field === undefined) unknown.push(wireField.raw.toString('hex'));
    else if (!field.repeated) values.set(field.name, decodeField(field, wireField));
    else appendItems(values, field, wireField);
  }
  for (const field of descriptions.values()) {
    const value = values.get(field.name);
    if (value !== undefined) plain[field.name] = value;
  }
  if (unknown.length > 0) plain.unknown = unknown;
  return plain;
}

function appendItems(
  values: Map<string, PlainValue>,
  field: FieldDescription,
  wireField: WireField,
): void {
  const list = (values.get(field.name) ?? []) as PlainValue[];
  if (isPacked(field) && wireField.wireType === WIRE_BYTES) list.push(...decodePacked(wireField));
  else list.push(decodeField(field, wireField));
  values.set(field.name, list);
}

function decodePacked(wireField: WireField): PlainValue[] {
  // A packed list is a run of varints: read each as the value of a field with number 1.
  const values: PlainValue[] = [];
  let start = 0;
  for (const [position, byte] of wireField.bytes.entries()) {
    if (byte >= 0x80) continue;
    const item = Buffer.concat([
      Buffer.from([0x08]),
      wireField.bytes.subarray(start, position + 1),
    ]);
    values.push(integer(BigInt.asIntN(64, parseFields(item)[0]?.value ?? 0n)));
    start = position + 1;
  }
  return values;
}

function decodeField(field: FieldDescription, wireField: WireField): PlainValue {
  const expected = isVarint(field) ? WIRE_VARINT : WIRE_BYTES;
  if (wireField.wireType !== expected) return `wire type ${wireField.wireType}`;
  switch (field.kind as ScalarKind) {
    case 'bytes':
    case 'string':
      return wireField.bytes.toString('latin1');
    case 'bool':
      return wireField.value !== 0n;
    case 'uint32':
    case 'uint64':
      return integer(wireField.value);
    case 'int32':
    case 'int64':
      return integer(BigInt.asIntN(64, wireField.value));
    default:
      return decodeFields(field.kind, wireField.bytes);
  }
}

function isVarint(field: FieldDescription): boolean {
  return ['bool', 'int32', 'int64', 'uint32', 'uint64'].includes(field.kind);
}

function isPacked(field: FieldDescription): boolean {
  return field.repeated && isVarint(field);
}

function integer(value: bigint): number | string {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value.toString();
}

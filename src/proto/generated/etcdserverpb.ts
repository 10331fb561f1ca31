// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { newPermission, newUserAddOptions, readPermissionInto, readUserAddOptionsInto, type Permission, type UserAddOptions, writePermission, writeUserAddOptions } from './authpb.js';
import { newClusterMemberAttrSetRequest, newClusterVersionSetRequest, newDowngradeInfoSetRequest, readClusterMemberAttrSetRequestInto, readClusterVersionSetRequestInto, readDowngradeInfoSetRequestInto, type ClusterMemberAttrSetRequest, type ClusterVersionSetRequest, type DowngradeInfoSetRequest, writeClusterMemberAttrSetRequest, writeClusterVersionSetRequest, writeDowngradeInfoSetRequest } from './membershippb.js';
import { newEvent, newKeyValue, readEventInto, readKeyValueInto, type Event, type KeyValue, writeEvent, writeKeyValue } from './mvccpb.js';
import { EMPTY_BYTES, ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface RequestHeader {
  id: bigint;
  username: string;
  authRevision: number;
}

export function newRequestHeader(): RequestHeader {
  return { id: 0n, username: '', authRevision: 0 };
}

export function readRequestHeaderInto(reader: ProtoReader, message: RequestHeader): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 18: {
        message.username = reader.string();
        break;
      }
      case 24: {
        message.authRevision = reader.uint64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRequestHeader(writer: ProtoWriter, message: Init<RequestHeader>): void {
  if (message.authRevision !== undefined && message.authRevision !== 0) {
    writer.int64Number(message.authRevision);
    writer.uint32(24);
  }
  if (message.username !== undefined && message.username !== '') {
    writer.string(message.username);
    writer.uint32(18);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const RequestHeader = {
  encode: (message: Init<RequestHeader>): Buffer => encodeWith(writeRequestHeader, message),
  decode(bytes: Uint8Array): RequestHeader {
    const message = newRequestHeader();
    readRequestHeaderInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface InternalRaftRequest {
  id: bigint;
  range: RangeRequest | undefined;
  put: PutRequest | undefined;
  deleteRange: DeleteRangeRequest | undefined;
  txn: TxnRequest | undefined;
  compaction: CompactionRequest | undefined;
  leaseGrant: LeaseGrantRequest | undefined;
  leaseRevoke: LeaseRevokeRequest | undefined;
  alarm: AlarmRequest | undefined;
  leaseCheckpoint: LeaseCheckpointRequest | undefined;
  header: RequestHeader | undefined;
  authEnable: AuthEnableRequest | undefined;
  authDisable: AuthDisableRequest | undefined;
  authenticate: InternalAuthenticateRequest | undefined;
  authStatus: AuthStatusRequest | undefined;
  authUserAdd: AuthUserAddRequest | undefined;
  authUserDelete: AuthUserDeleteRequest | undefined;
  authUserGet: AuthUserGetRequest | undefined;
  authUserChangePassword: AuthUserChangePasswordRequest | undefined;
  authUserGrantRole: AuthUserGrantRoleRequest | undefined;
  authUserRevokeRole: AuthUserRevokeRoleRequest | undefined;
  authUserList: AuthUserListRequest | undefined;
  authRoleList: AuthRoleListRequest | undefined;
  authRoleAdd: AuthRoleAddRequest | undefined;
  authRoleDelete: AuthRoleDeleteRequest | undefined;
  authRoleGet: AuthRoleGetRequest | undefined;
  authRoleGrantPermission: AuthRoleGrantPermissionRequest | undefined;
  authRoleRevokePermission: AuthRoleRevokePermissionRequest | undefined;
  clusterVersionSet: ClusterVersionSetRequest | undefined;
  clusterMemberAttrSet: ClusterMemberAttrSetRequest | undefined;
  downgradeInfoSet: DowngradeInfoSetRequest | undefined;
  downgradeVersionTest: DowngradeVersionTestRequest | undefined;
}

export function newInternalRaftRequest(): InternalRaftRequest {
  return { id: 0n, range: undefined, put: undefined, deleteRange: undefined, txn: undefined, compaction: undefined, leaseGrant: undefined, leaseRevoke: undefined, alarm: undefined, leaseCheckpoint: undefined, header: undefined, authEnable: undefined, authDisable: undefined, authenticate: undefined, authStatus: undefined, authUserAdd: undefined, authUserDelete: undefined, authUserGet: undefined, authUserChangePassword: undefined, authUserGrantRole: undefined, authUserRevokeRole: undefined, authUserList: undefined, authRoleList: undefined, authRoleAdd: undefined, authRoleDelete: undefined, authRoleGet: undefined, authRoleGrantPermission: undefined, authRoleRevokePermission: undefined, clusterVersionSet: undefined, clusterMemberAttrSet: undefined, downgradeInfoSet: undefined, downgradeVersionTest: undefined };
}

export function readInternalRaftRequestInto(reader: ProtoReader, message: InternalRaftRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.range ?? newRangeRequest();
        message.range = nested;
        readRangeRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const nested = message.put ?? newPutRequest();
        message.put = nested;
        readPutRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 42: {
        const outerEnd = reader.enter();
        const nested = message.deleteRange ?? newDeleteRangeRequest();
        message.deleteRange = nested;
        readDeleteRangeRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 50: {
        const outerEnd = reader.enter();
        const nested = message.txn ?? newTxnRequest();
        message.txn = nested;
        readTxnRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 58: {
        const outerEnd = reader.enter();
        const nested = message.compaction ?? newCompactionRequest();
        message.compaction = nested;
        readCompactionRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 66: {
        const outerEnd = reader.enter();
        const nested = message.leaseGrant ?? newLeaseGrantRequest();
        message.leaseGrant = nested;
        readLeaseGrantRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 74: {
        const outerEnd = reader.enter();
        const nested = message.leaseRevoke ?? newLeaseRevokeRequest();
        message.leaseRevoke = nested;
        readLeaseRevokeRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 82: {
        const outerEnd = reader.enter();
        const nested = message.alarm ?? newAlarmRequest();
        message.alarm = nested;
        readAlarmRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 90: {
        const outerEnd = reader.enter();
        const nested = message.leaseCheckpoint ?? newLeaseCheckpointRequest();
        message.leaseCheckpoint = nested;
        readLeaseCheckpointRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 802: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newRequestHeader();
        message.header = nested;
        readRequestHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8002: {
        const outerEnd = reader.enter();
        const nested = message.authEnable ?? newAuthEnableRequest();
        message.authEnable = nested;
        readAuthEnableRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8090: {
        const outerEnd = reader.enter();
        const nested = message.authDisable ?? newAuthDisableRequest();
        message.authDisable = nested;
        readAuthDisableRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8098: {
        const outerEnd = reader.enter();
        const nested = message.authenticate ?? newInternalAuthenticateRequest();
        message.authenticate = nested;
        readInternalAuthenticateRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8106: {
        const outerEnd = reader.enter();
        const nested = message.authStatus ?? newAuthStatusRequest();
        message.authStatus = nested;
        readAuthStatusRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8802: {
        const outerEnd = reader.enter();
        const nested = message.authUserAdd ?? newAuthUserAddRequest();
        message.authUserAdd = nested;
        readAuthUserAddRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8810: {
        const outerEnd = reader.enter();
        const nested = message.authUserDelete ?? newAuthUserDeleteRequest();
        message.authUserDelete = nested;
        readAuthUserDeleteRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8818: {
        const outerEnd = reader.enter();
        const nested = message.authUserGet ?? newAuthUserGetRequest();
        message.authUserGet = nested;
        readAuthUserGetRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8826: {
        const outerEnd = reader.enter();
        const nested = message.authUserChangePassword ?? newAuthUserChangePasswordRequest();
        message.authUserChangePassword = nested;
        readAuthUserChangePasswordRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8834: {
        const outerEnd = reader.enter();
        const nested = message.authUserGrantRole ?? newAuthUserGrantRoleRequest();
        message.authUserGrantRole = nested;
        readAuthUserGrantRoleRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8842: {
        const outerEnd = reader.enter();
        const nested = message.authUserRevokeRole ?? newAuthUserRevokeRoleRequest();
        message.authUserRevokeRole = nested;
        readAuthUserRevokeRoleRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8850: {
        const outerEnd = reader.enter();
        const nested = message.authUserList ?? newAuthUserListRequest();
        message.authUserList = nested;
        readAuthUserListRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 8858: {
        const outerEnd = reader.enter();
        const nested = message.authRoleList ?? newAuthRoleListRequest();
        message.authRoleList = nested;
        readAuthRoleListRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 9602: {
        const outerEnd = reader.enter();
        const nested = message.authRoleAdd ?? newAuthRoleAddRequest();
        message.authRoleAdd = nested;
        readAuthRoleAddRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 9610: {
        const outerEnd = reader.enter();
        const nested = message.authRoleDelete ?? newAuthRoleDeleteRequest();
        message.authRoleDelete = nested;
        readAuthRoleDeleteRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 9618: {
        const outerEnd = reader.enter();
        const nested = message.authRoleGet ?? newAuthRoleGetRequest();
        message.authRoleGet = nested;
        readAuthRoleGetRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 9626: {
        const outerEnd = reader.enter();
        const nested = message.authRoleGrantPermission ?? newAuthRoleGrantPermissionRequest();
        message.authRoleGrantPermission = nested;
        readAuthRoleGrantPermissionRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 9634: {
        const outerEnd = reader.enter();
        const nested = message.authRoleRevokePermission ?? newAuthRoleRevokePermissionRequest();
        message.authRoleRevokePermission = nested;
        readAuthRoleRevokePermissionRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 10402: {
        const outerEnd = reader.enter();
        const nested = message.clusterVersionSet ?? newClusterVersionSetRequest();
        message.clusterVersionSet = nested;
        readClusterVersionSetRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 10410: {
        const outerEnd = reader.enter();
        const nested = message.clusterMemberAttrSet ?? newClusterMemberAttrSetRequest();
        message.clusterMemberAttrSet = nested;
        readClusterMemberAttrSetRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 10418: {
        const outerEnd = reader.enter();
        const nested = message.downgradeInfoSet ?? newDowngradeInfoSetRequest();
        message.downgradeInfoSet = nested;
        readDowngradeInfoSetRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 79202: {
        const outerEnd = reader.enter();
        const nested = message.downgradeVersionTest ?? newDowngradeVersionTestRequest();
        message.downgradeVersionTest = nested;
        readDowngradeVersionTestRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeInternalRaftRequest(writer: ProtoWriter, message: Init<InternalRaftRequest>): void {
  if (message.downgradeVersionTest !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDowngradeVersionTestRequest(writer, message.downgradeVersionTest);
    writer.length(sizeBefore);
    writer.uint32(79202);
  }
  if (message.downgradeInfoSet !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDowngradeInfoSetRequest(writer, message.downgradeInfoSet);
    writer.length(sizeBefore);
    writer.uint32(10418);
  }
  if (message.clusterMemberAttrSet !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeClusterMemberAttrSetRequest(writer, message.clusterMemberAttrSet);
    writer.length(sizeBefore);
    writer.uint32(10410);
  }
  if (message.clusterVersionSet !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeClusterVersionSetRequest(writer, message.clusterVersionSet);
    writer.length(sizeBefore);
    writer.uint32(10402);
  }
  if (message.authRoleRevokePermission !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleRevokePermissionRequest(writer, message.authRoleRevokePermission);
    writer.length(sizeBefore);
    writer.uint32(9634);
  }
  if (message.authRoleGrantPermission !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleGrantPermissionRequest(writer, message.authRoleGrantPermission);
    writer.length(sizeBefore);
    writer.uint32(9626);
  }
  if (message.authRoleGet !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleGetRequest(writer, message.authRoleGet);
    writer.length(sizeBefore);
    writer.uint32(9618);
  }
  if (message.authRoleDelete !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleDeleteRequest(writer, message.authRoleDelete);
    writer.length(sizeBefore);
    writer.uint32(9610);
  }
  if (message.authRoleAdd !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleAddRequest(writer, message.authRoleAdd);
    writer.length(sizeBefore);
    writer.uint32(9602);
  }
  if (message.authRoleList !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthRoleListRequest(writer, message.authRoleList);
    writer.length(sizeBefore);
    writer.uint32(8858);
  }
  if (message.authUserList !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserListRequest(writer, message.authUserList);
    writer.length(sizeBefore);
    writer.uint32(8850);
  }
  if (message.authUserRevokeRole !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserRevokeRoleRequest(writer, message.authUserRevokeRole);
    writer.length(sizeBefore);
    writer.uint32(8842);
  }
  if (message.authUserGrantRole !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserGrantRoleRequest(writer, message.authUserGrantRole);
    writer.length(sizeBefore);
    writer.uint32(8834);
  }
  if (message.authUserChangePassword !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserChangePasswordRequest(writer, message.authUserChangePassword);
    writer.length(sizeBefore);
    writer.uint32(8826);
  }
  if (message.authUserGet !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserGetRequest(writer, message.authUserGet);
    writer.length(sizeBefore);
    writer.uint32(8818);
  }
  if (message.authUserDelete !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserDeleteRequest(writer, message.authUserDelete);
    writer.length(sizeBefore);
    writer.uint32(8810);
  }
  if (message.authUserAdd !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthUserAddRequest(writer, message.authUserAdd);
    writer.length(sizeBefore);
    writer.uint32(8802);
  }
  if (message.authStatus !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthStatusRequest(writer, message.authStatus);
    writer.length(sizeBefore);
    writer.uint32(8106);
  }
  if (message.authenticate !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeInternalAuthenticateRequest(writer, message.authenticate);
    writer.length(sizeBefore);
    writer.uint32(8098);
  }
  if (message.authDisable !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthDisableRequest(writer, message.authDisable);
    writer.length(sizeBefore);
    writer.uint32(8090);
  }
  if (message.authEnable !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAuthEnableRequest(writer, message.authEnable);
    writer.length(sizeBefore);
    writer.uint32(8002);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRequestHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(802);
  }
  if (message.leaseCheckpoint !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaseCheckpointRequest(writer, message.leaseCheckpoint);
    writer.length(sizeBefore);
    writer.uint32(90);
  }
  if (message.alarm !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAlarmRequest(writer, message.alarm);
    writer.length(sizeBefore);
    writer.uint32(82);
  }
  if (message.leaseRevoke !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaseRevokeRequest(writer, message.leaseRevoke);
    writer.length(sizeBefore);
    writer.uint32(74);
  }
  if (message.leaseGrant !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaseGrantRequest(writer, message.leaseGrant);
    writer.length(sizeBefore);
    writer.uint32(66);
  }
  if (message.compaction !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeCompactionRequest(writer, message.compaction);
    writer.length(sizeBefore);
    writer.uint32(58);
  }
  if (message.txn !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeTxnRequest(writer, message.txn);
    writer.length(sizeBefore);
    writer.uint32(50);
  }
  if (message.deleteRange !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDeleteRangeRequest(writer, message.deleteRange);
    writer.length(sizeBefore);
    writer.uint32(42);
  }
  if (message.put !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writePutRequest(writer, message.put);
    writer.length(sizeBefore);
    writer.uint32(34);
  }
  if (message.range !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRangeRequest(writer, message.range);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const InternalRaftRequest = {
  encode: (message: Init<InternalRaftRequest>): Buffer => encodeWith(writeInternalRaftRequest, message),
  decode(bytes: Uint8Array): InternalRaftRequest {
    const message = newInternalRaftRequest();
    readInternalRaftRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface EmptyResponse {
}

export function newEmptyResponse(): EmptyResponse {
  return {  };
}

export function readEmptyResponseInto(reader: ProtoReader, _message: EmptyResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeEmptyResponse(_writer: ProtoWriter, _message: Init<EmptyResponse>): void {}

export const EmptyResponse = {
  encode: (message: Init<EmptyResponse>): Buffer => encodeWith(writeEmptyResponse, message),
  decode(bytes: Uint8Array): EmptyResponse {
    const message = newEmptyResponse();
    readEmptyResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface InternalAuthenticateRequest {
  name: string;
  password: string;
  simpleToken: string;
}

export function newInternalAuthenticateRequest(): InternalAuthenticateRequest {
  return { name: '', password: '', simpleToken: '' };
}

export function readInternalAuthenticateRequestInto(reader: ProtoReader, message: InternalAuthenticateRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.password = reader.string();
        break;
      }
      case 26: {
        message.simpleToken = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeInternalAuthenticateRequest(writer: ProtoWriter, message: Init<InternalAuthenticateRequest>): void {
  if (message.simpleToken !== undefined && message.simpleToken !== '') {
    writer.string(message.simpleToken);
    writer.uint32(26);
  }
  if (message.password !== undefined && message.password !== '') {
    writer.string(message.password);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const InternalAuthenticateRequest = {
  encode: (message: Init<InternalAuthenticateRequest>): Buffer => encodeWith(writeInternalAuthenticateRequest, message),
  decode(bytes: Uint8Array): InternalAuthenticateRequest {
    const message = newInternalAuthenticateRequest();
    readInternalAuthenticateRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const AlarmType = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
} as const;
export type AlarmType = (typeof AlarmType)[keyof typeof AlarmType];

export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

export function newResponseHeader(): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
}

export function readResponseHeaderInto(reader: ProtoReader, message: ResponseHeader): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.clusterId = reader.uint64();
        break;
      }
      case 16: {
        message.memberId = reader.uint64();
        break;
      }
      case 24: {
        message.revision = reader.int64Number();
        break;
      }
      case 32: {
        message.raftTerm = reader.uint64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeResponseHeader(writer: ProtoWriter, message: Init<ResponseHeader>): void {
  if (message.raftTerm !== undefined && message.raftTerm !== 0) {
    writer.int64Number(message.raftTerm);
    writer.uint32(32);
  }
  if (message.revision !== undefined && message.revision !== 0) {
    writer.int64Number(message.revision);
    writer.uint32(24);
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint64(message.memberId);
    writer.uint32(16);
  }
  if (message.clusterId !== undefined && message.clusterId !== 0n) {
    writer.uint64(message.clusterId);
    writer.uint32(8);
  }
}

export const ResponseHeader = {
  encode: (message: Init<ResponseHeader>): Buffer => encodeWith(writeResponseHeader, message),
  decode(bytes: Uint8Array): ResponseHeader {
    const message = newResponseHeader();
    readResponseHeaderInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const RangeRequest_SortOrder = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
} as const;
export type RangeRequest_SortOrder = (typeof RangeRequest_SortOrder)[keyof typeof RangeRequest_SortOrder];

export const RangeRequest_SortTarget = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
} as const;
export type RangeRequest_SortTarget = (typeof RangeRequest_SortTarget)[keyof typeof RangeRequest_SortTarget];

export interface RangeRequest {
  key: Buffer;
  rangeEnd: Buffer;
  limit: number;
  revision: number;
  sortOrder: RangeRequest_SortOrder;
  sortTarget: RangeRequest_SortTarget;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

export function newRangeRequest(): RangeRequest {
  return { key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES, limit: 0, revision: 0, sortOrder: 0, sortTarget: 0, serializable: false, keysOnly: false, countOnly: false, minModRevision: 0, maxModRevision: 0, minCreateRevision: 0, maxCreateRevision: 0 };
}

export function readRangeRequestInto(reader: ProtoReader, message: RangeRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      case 18: {
        message.rangeEnd = reader.bytes();
        break;
      }
      case 24: {
        message.limit = reader.int64Number();
        break;
      }
      case 32: {
        message.revision = reader.int64Number();
        break;
      }
      case 40: {
        message.sortOrder = reader.int32() as RangeRequest_SortOrder;
        break;
      }
      case 48: {
        message.sortTarget = reader.int32() as RangeRequest_SortTarget;
        break;
      }
      case 56: {
        message.serializable = reader.bool();
        break;
      }
      case 64: {
        message.keysOnly = reader.bool();
        break;
      }
      case 72: {
        message.countOnly = reader.bool();
        break;
      }
      case 80: {
        message.minModRevision = reader.int64Number();
        break;
      }
      case 88: {
        message.maxModRevision = reader.int64Number();
        break;
      }
      case 96: {
        message.minCreateRevision = reader.int64Number();
        break;
      }
      case 104: {
        message.maxCreateRevision = reader.int64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRangeRequest(writer: ProtoWriter, message: Init<RangeRequest>): void {
  if (message.maxCreateRevision !== undefined && message.maxCreateRevision !== 0) {
    writer.int64Number(message.maxCreateRevision);
    writer.uint32(104);
  }
  if (message.minCreateRevision !== undefined && message.minCreateRevision !== 0) {
    writer.int64Number(message.minCreateRevision);
    writer.uint32(96);
  }
  if (message.maxModRevision !== undefined && message.maxModRevision !== 0) {
    writer.int64Number(message.maxModRevision);
    writer.uint32(88);
  }
  if (message.minModRevision !== undefined && message.minModRevision !== 0) {
    writer.int64Number(message.minModRevision);
    writer.uint32(80);
  }
  if (message.countOnly) {
    writer.bool(message.countOnly);
    writer.uint32(72);
  }
  if (message.keysOnly) {
    writer.bool(message.keysOnly);
    writer.uint32(64);
  }
  if (message.serializable) {
    writer.bool(message.serializable);
    writer.uint32(56);
  }
  if (message.sortTarget !== undefined && message.sortTarget !== 0) {
    writer.int32(message.sortTarget);
    writer.uint32(48);
  }
  if (message.sortOrder !== undefined && message.sortOrder !== 0) {
    writer.int32(message.sortOrder);
    writer.uint32(40);
  }
  if (message.revision !== undefined && message.revision !== 0) {
    writer.int64Number(message.revision);
    writer.uint32(32);
  }
  if (message.limit !== undefined && message.limit !== 0) {
    writer.int64Number(message.limit);
    writer.uint32(24);
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(18);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const RangeRequest = {
  encode: (message: Init<RangeRequest>): Buffer => encodeWith(writeRangeRequest, message),
  decode(bytes: Uint8Array): RangeRequest {
    const message = newRangeRequest();
    readRangeRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface RangeResponse {
  header: ResponseHeader | undefined;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

export function newRangeResponse(): RangeResponse {
  return { header: undefined, kvs: [], more: false, count: 0 };
}

export function readRangeResponseInto(reader: ProtoReader, message: RangeResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newKeyValue();
        readKeyValueInto(reader, element);
        message.kvs.push(element);
        reader.leave(outerEnd);
        break;
      }
      case 24: {
        message.more = reader.bool();
        break;
      }
      case 32: {
        message.count = reader.int64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRangeResponse(writer: ProtoWriter, message: Init<RangeResponse>): void {
  if (message.count !== undefined && message.count !== 0) {
    writer.int64Number(message.count);
    writer.uint32(32);
  }
  if (message.more) {
    writer.bool(message.more);
    writer.uint32(24);
  }
  const kvsList = message.kvs ?? [];
  for (let i = kvsList.length - 1; i >= 0; i--) {
    const element = kvsList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const RangeResponse = {
  encode: (message: Init<RangeResponse>): Buffer => encodeWith(writeRangeResponse, message),
  decode(bytes: Uint8Array): RangeResponse {
    const message = newRangeResponse();
    readRangeResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface PutRequest {
  key: Buffer;
  value: Buffer;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

export function newPutRequest(): PutRequest {
  return { key: EMPTY_BYTES, value: EMPTY_BYTES, lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
}

export function readPutRequestInto(reader: ProtoReader, message: PutRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      case 18: {
        message.value = reader.bytes();
        break;
      }
      case 24: {
        message.lease = reader.int64();
        break;
      }
      case 32: {
        message.prevKv = reader.bool();
        break;
      }
      case 40: {
        message.ignoreValue = reader.bool();
        break;
      }
      case 48: {
        message.ignoreLease = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writePutRequest(writer: ProtoWriter, message: Init<PutRequest>): void {
  if (message.ignoreLease) {
    writer.bool(message.ignoreLease);
    writer.uint32(48);
  }
  if (message.ignoreValue) {
    writer.bool(message.ignoreValue);
    writer.uint32(40);
  }
  if (message.prevKv) {
    writer.bool(message.prevKv);
    writer.uint32(32);
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint64(message.lease);
    writer.uint32(24);
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.bytes(message.value);
    writer.uint32(18);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const PutRequest = {
  encode: (message: Init<PutRequest>): Buffer => encodeWith(writePutRequest, message),
  decode(bytes: Uint8Array): PutRequest {
    const message = newPutRequest();
    readPutRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface PutResponse {
  header: ResponseHeader | undefined;
  prevKv: KeyValue | undefined;
}

export function newPutResponse(): PutResponse {
  return { header: undefined, prevKv: undefined };
}

export function readPutResponseInto(reader: ProtoReader, message: PutResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.prevKv ?? newKeyValue();
        message.prevKv = nested;
        readKeyValueInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writePutResponse(writer: ProtoWriter, message: Init<PutResponse>): void {
  if (message.prevKv !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, message.prevKv);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const PutResponse = {
  encode: (message: Init<PutResponse>): Buffer => encodeWith(writePutResponse, message),
  decode(bytes: Uint8Array): PutResponse {
    const message = newPutResponse();
    readPutResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DeleteRangeRequest {
  key: Buffer;
  rangeEnd: Buffer;
  prevKv: boolean;
}

export function newDeleteRangeRequest(): DeleteRangeRequest {
  return { key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES, prevKv: false };
}

export function readDeleteRangeRequestInto(reader: ProtoReader, message: DeleteRangeRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      case 18: {
        message.rangeEnd = reader.bytes();
        break;
      }
      case 24: {
        message.prevKv = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDeleteRangeRequest(writer: ProtoWriter, message: Init<DeleteRangeRequest>): void {
  if (message.prevKv) {
    writer.bool(message.prevKv);
    writer.uint32(24);
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(18);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const DeleteRangeRequest = {
  encode: (message: Init<DeleteRangeRequest>): Buffer => encodeWith(writeDeleteRangeRequest, message),
  decode(bytes: Uint8Array): DeleteRangeRequest {
    const message = newDeleteRangeRequest();
    readDeleteRangeRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DeleteRangeResponse {
  header: ResponseHeader | undefined;
  deleted: number;
  prevKvs: KeyValue[];
}

export function newDeleteRangeResponse(): DeleteRangeResponse {
  return { header: undefined, deleted: 0, prevKvs: [] };
}

export function readDeleteRangeResponseInto(reader: ProtoReader, message: DeleteRangeResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.deleted = reader.int64Number();
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const element = newKeyValue();
        readKeyValueInto(reader, element);
        message.prevKvs.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDeleteRangeResponse(writer: ProtoWriter, message: Init<DeleteRangeResponse>): void {
  const prevKvsList = message.prevKvs ?? [];
  for (let i = prevKvsList.length - 1; i >= 0; i--) {
    const element = prevKvsList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, element);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.deleted !== undefined && message.deleted !== 0) {
    writer.int64Number(message.deleted);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const DeleteRangeResponse = {
  encode: (message: Init<DeleteRangeResponse>): Buffer => encodeWith(writeDeleteRangeResponse, message),
  decode(bytes: Uint8Array): DeleteRangeResponse {
    const message = newDeleteRangeResponse();
    readDeleteRangeResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface RequestOp {
  requestRange: RangeRequest | undefined;
  requestPut: PutRequest | undefined;
  requestDeleteRange: DeleteRangeRequest | undefined;
  requestTxn: TxnRequest | undefined;
}

export function newRequestOp(): RequestOp {
  return { requestRange: undefined, requestPut: undefined, requestDeleteRange: undefined, requestTxn: undefined };
}

export function readRequestOpInto(reader: ProtoReader, message: RequestOp): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.requestRange ?? newRangeRequest();
        message.requestPut = undefined;
        message.requestDeleteRange = undefined;
        message.requestTxn = undefined;
        message.requestRange = nested;
        readRangeRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.requestPut ?? newPutRequest();
        message.requestRange = undefined;
        message.requestDeleteRange = undefined;
        message.requestTxn = undefined;
        message.requestPut = nested;
        readPutRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.requestDeleteRange ?? newDeleteRangeRequest();
        message.requestRange = undefined;
        message.requestPut = undefined;
        message.requestTxn = undefined;
        message.requestDeleteRange = nested;
        readDeleteRangeRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const nested = message.requestTxn ?? newTxnRequest();
        message.requestRange = undefined;
        message.requestPut = undefined;
        message.requestDeleteRange = undefined;
        message.requestTxn = nested;
        readTxnRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRequestOp(writer: ProtoWriter, message: Init<RequestOp>): void {
  if (message.requestTxn !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeTxnRequest(writer, message.requestTxn);
    writer.length(sizeBefore);
    writer.uint32(34);
  }
  if (message.requestDeleteRange !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDeleteRangeRequest(writer, message.requestDeleteRange);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.requestPut !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writePutRequest(writer, message.requestPut);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.requestRange !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRangeRequest(writer, message.requestRange);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const RequestOp = {
  encode: (message: Init<RequestOp>): Buffer => encodeWith(writeRequestOp, message),
  decode(bytes: Uint8Array): RequestOp {
    const message = newRequestOp();
    readRequestOpInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ResponseOp {
  responseRange: RangeResponse | undefined;
  responsePut: PutResponse | undefined;
  responseDeleteRange: DeleteRangeResponse | undefined;
  responseTxn: TxnResponse | undefined;
}

export function newResponseOp(): ResponseOp {
  return { responseRange: undefined, responsePut: undefined, responseDeleteRange: undefined, responseTxn: undefined };
}

export function readResponseOpInto(reader: ProtoReader, message: ResponseOp): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.responseRange ?? newRangeResponse();
        message.responsePut = undefined;
        message.responseDeleteRange = undefined;
        message.responseTxn = undefined;
        message.responseRange = nested;
        readRangeResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.responsePut ?? newPutResponse();
        message.responseRange = undefined;
        message.responseDeleteRange = undefined;
        message.responseTxn = undefined;
        message.responsePut = nested;
        readPutResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.responseDeleteRange ?? newDeleteRangeResponse();
        message.responseRange = undefined;
        message.responsePut = undefined;
        message.responseTxn = undefined;
        message.responseDeleteRange = nested;
        readDeleteRangeResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const nested = message.responseTxn ?? newTxnResponse();
        message.responseRange = undefined;
        message.responsePut = undefined;
        message.responseDeleteRange = undefined;
        message.responseTxn = nested;
        readTxnResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeResponseOp(writer: ProtoWriter, message: Init<ResponseOp>): void {
  if (message.responseTxn !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeTxnResponse(writer, message.responseTxn);
    writer.length(sizeBefore);
    writer.uint32(34);
  }
  if (message.responseDeleteRange !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDeleteRangeResponse(writer, message.responseDeleteRange);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.responsePut !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writePutResponse(writer, message.responsePut);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.responseRange !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRangeResponse(writer, message.responseRange);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const ResponseOp = {
  encode: (message: Init<ResponseOp>): Buffer => encodeWith(writeResponseOp, message),
  decode(bytes: Uint8Array): ResponseOp {
    const message = newResponseOp();
    readResponseOpInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Compare_CompareResult = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
} as const;
export type Compare_CompareResult = (typeof Compare_CompareResult)[keyof typeof Compare_CompareResult];

export const Compare_CompareTarget = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
} as const;
export type Compare_CompareTarget = (typeof Compare_CompareTarget)[keyof typeof Compare_CompareTarget];

export interface Compare {
  result: Compare_CompareResult;
  target: Compare_CompareTarget;
  key: Buffer;
  version: number | undefined;
  createRevision: number | undefined;
  modRevision: number | undefined;
  value: Buffer | undefined;
  lease: bigint | undefined;
  rangeEnd: Buffer;
}

export function newCompare(): Compare {
  return { result: 0, target: 0, key: EMPTY_BYTES, version: undefined, createRevision: undefined, modRevision: undefined, value: undefined, lease: undefined, rangeEnd: EMPTY_BYTES };
}

export function readCompareInto(reader: ProtoReader, message: Compare): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.result = reader.int32() as Compare_CompareResult;
        break;
      }
      case 16: {
        message.target = reader.int32() as Compare_CompareTarget;
        break;
      }
      case 26: {
        message.key = reader.bytes();
        break;
      }
      case 32: {
        message.createRevision = undefined;
        message.modRevision = undefined;
        message.value = undefined;
        message.lease = undefined;
        message.version = reader.int64Number();
        break;
      }
      case 40: {
        message.version = undefined;
        message.modRevision = undefined;
        message.value = undefined;
        message.lease = undefined;
        message.createRevision = reader.int64Number();
        break;
      }
      case 48: {
        message.version = undefined;
        message.createRevision = undefined;
        message.value = undefined;
        message.lease = undefined;
        message.modRevision = reader.int64Number();
        break;
      }
      case 58: {
        message.version = undefined;
        message.createRevision = undefined;
        message.modRevision = undefined;
        message.lease = undefined;
        message.value = reader.bytes();
        break;
      }
      case 64: {
        message.version = undefined;
        message.createRevision = undefined;
        message.modRevision = undefined;
        message.value = undefined;
        message.lease = reader.int64();
        break;
      }
      case 514: {
        message.rangeEnd = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeCompare(writer: ProtoWriter, message: Init<Compare>): void {
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(514);
  }
  if (message.lease !== undefined) {
    writer.uint64(message.lease);
    writer.uint32(64);
  }
  if (message.value !== undefined) {
    writer.bytes(message.value);
    writer.uint32(58);
  }
  if (message.modRevision !== undefined) {
    writer.int64Number(message.modRevision);
    writer.uint32(48);
  }
  if (message.createRevision !== undefined) {
    writer.int64Number(message.createRevision);
    writer.uint32(40);
  }
  if (message.version !== undefined) {
    writer.int64Number(message.version);
    writer.uint32(32);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(26);
  }
  if (message.target !== undefined && message.target !== 0) {
    writer.int32(message.target);
    writer.uint32(16);
  }
  if (message.result !== undefined && message.result !== 0) {
    writer.int32(message.result);
    writer.uint32(8);
  }
}

export const Compare = {
  encode: (message: Init<Compare>): Buffer => encodeWith(writeCompare, message),
  decode(bytes: Uint8Array): Compare {
    const message = newCompare();
    readCompareInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

export function newTxnRequest(): TxnRequest {
  return { compare: [], success: [], failure: [] };
}

export function readTxnRequestInto(reader: ProtoReader, message: TxnRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const element = newCompare();
        readCompareInto(reader, element);
        message.compare.push(element);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newRequestOp();
        readRequestOpInto(reader, element);
        message.success.push(element);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const element = newRequestOp();
        readRequestOpInto(reader, element);
        message.failure.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeTxnRequest(writer: ProtoWriter, message: Init<TxnRequest>): void {
  const failureList = message.failure ?? [];
  for (let i = failureList.length - 1; i >= 0; i--) {
    const element = failureList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeRequestOp(writer, element);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  const successList = message.success ?? [];
  for (let i = successList.length - 1; i >= 0; i--) {
    const element = successList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeRequestOp(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  const compareList = message.compare ?? [];
  for (let i = compareList.length - 1; i >= 0; i--) {
    const element = compareList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeCompare(writer, element);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const TxnRequest = {
  encode: (message: Init<TxnRequest>): Buffer => encodeWith(writeTxnRequest, message),
  decode(bytes: Uint8Array): TxnRequest {
    const message = newTxnRequest();
    readTxnRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface TxnResponse {
  header: ResponseHeader | undefined;
  succeeded: boolean;
  responses: ResponseOp[];
}

export function newTxnResponse(): TxnResponse {
  return { header: undefined, succeeded: false, responses: [] };
}

export function readTxnResponseInto(reader: ProtoReader, message: TxnResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.succeeded = reader.bool();
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const element = newResponseOp();
        readResponseOpInto(reader, element);
        message.responses.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeTxnResponse(writer: ProtoWriter, message: Init<TxnResponse>): void {
  const responsesList = message.responses ?? [];
  for (let i = responsesList.length - 1; i >= 0; i--) {
    const element = responsesList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeResponseOp(writer, element);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.succeeded) {
    writer.bool(message.succeeded);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const TxnResponse = {
  encode: (message: Init<TxnResponse>): Buffer => encodeWith(writeTxnResponse, message),
  decode(bytes: Uint8Array): TxnResponse {
    const message = newTxnResponse();
    readTxnResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

export function newCompactionRequest(): CompactionRequest {
  return { revision: 0, physical: false };
}

export function readCompactionRequestInto(reader: ProtoReader, message: CompactionRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.revision = reader.int64Number();
        break;
      }
      case 16: {
        message.physical = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeCompactionRequest(writer: ProtoWriter, message: Init<CompactionRequest>): void {
  if (message.physical) {
    writer.bool(message.physical);
    writer.uint32(16);
  }
  if (message.revision !== undefined && message.revision !== 0) {
    writer.int64Number(message.revision);
    writer.uint32(8);
  }
}

export const CompactionRequest = {
  encode: (message: Init<CompactionRequest>): Buffer => encodeWith(writeCompactionRequest, message),
  decode(bytes: Uint8Array): CompactionRequest {
    const message = newCompactionRequest();
    readCompactionRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface CompactionResponse {
  header: ResponseHeader | undefined;
}

export function newCompactionResponse(): CompactionResponse {
  return { header: undefined };
}

export function readCompactionResponseInto(reader: ProtoReader, message: CompactionResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeCompactionResponse(writer: ProtoWriter, message: Init<CompactionResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const CompactionResponse = {
  encode: (message: Init<CompactionResponse>): Buffer => encodeWith(writeCompactionResponse, message),
  decode(bytes: Uint8Array): CompactionResponse {
    const message = newCompactionResponse();
    readCompactionResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HashRequest {
}

export function newHashRequest(): HashRequest {
  return {  };
}

export function readHashRequestInto(reader: ProtoReader, _message: HashRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeHashRequest(_writer: ProtoWriter, _message: Init<HashRequest>): void {}

export const HashRequest = {
  encode: (message: Init<HashRequest>): Buffer => encodeWith(writeHashRequest, message),
  decode(bytes: Uint8Array): HashRequest {
    const message = newHashRequest();
    readHashRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HashKVRequest {
  revision: bigint;
}

export function newHashKVRequest(): HashKVRequest {
  return { revision: 0n };
}

export function readHashKVRequestInto(reader: ProtoReader, message: HashKVRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.revision = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHashKVRequest(writer: ProtoWriter, message: Init<HashKVRequest>): void {
  if (message.revision !== undefined && message.revision !== 0n) {
    writer.uint64(message.revision);
    writer.uint32(8);
  }
}

export const HashKVRequest = {
  encode: (message: Init<HashKVRequest>): Buffer => encodeWith(writeHashKVRequest, message),
  decode(bytes: Uint8Array): HashKVRequest {
    const message = newHashKVRequest();
    readHashKVRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HashKVResponse {
  header: ResponseHeader | undefined;
  hash: number;
  compactRevision: number;
  hashRevision: bigint;
}

export function newHashKVResponse(): HashKVResponse {
  return { header: undefined, hash: 0, compactRevision: 0, hashRevision: 0n };
}

export function readHashKVResponseInto(reader: ProtoReader, message: HashKVResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.hash = reader.uint32();
        break;
      }
      case 24: {
        message.compactRevision = reader.int64Number();
        break;
      }
      case 32: {
        message.hashRevision = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHashKVResponse(writer: ProtoWriter, message: Init<HashKVResponse>): void {
  if (message.hashRevision !== undefined && message.hashRevision !== 0n) {
    writer.uint64(message.hashRevision);
    writer.uint32(32);
  }
  if (message.compactRevision !== undefined && message.compactRevision !== 0) {
    writer.int64Number(message.compactRevision);
    writer.uint32(24);
  }
  if (message.hash !== undefined && message.hash !== 0) {
    writer.uint32(message.hash);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const HashKVResponse = {
  encode: (message: Init<HashKVResponse>): Buffer => encodeWith(writeHashKVResponse, message),
  decode(bytes: Uint8Array): HashKVResponse {
    const message = newHashKVResponse();
    readHashKVResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HashResponse {
  header: ResponseHeader | undefined;
  hash: number;
}

export function newHashResponse(): HashResponse {
  return { header: undefined, hash: 0 };
}

export function readHashResponseInto(reader: ProtoReader, message: HashResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.hash = reader.uint32();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHashResponse(writer: ProtoWriter, message: Init<HashResponse>): void {
  if (message.hash !== undefined && message.hash !== 0) {
    writer.uint32(message.hash);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const HashResponse = {
  encode: (message: Init<HashResponse>): Buffer => encodeWith(writeHashResponse, message),
  decode(bytes: Uint8Array): HashResponse {
    const message = newHashResponse();
    readHashResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface SnapshotRequest {
}

export function newSnapshotRequest(): SnapshotRequest {
  return {  };
}

export function readSnapshotRequestInto(reader: ProtoReader, _message: SnapshotRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeSnapshotRequest(_writer: ProtoWriter, _message: Init<SnapshotRequest>): void {}

export const SnapshotRequest = {
  encode: (message: Init<SnapshotRequest>): Buffer => encodeWith(writeSnapshotRequest, message),
  decode(bytes: Uint8Array): SnapshotRequest {
    const message = newSnapshotRequest();
    readSnapshotRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface SnapshotResponse {
  header: ResponseHeader | undefined;
  remainingBytes: number;
  blob: Buffer;
  version: string;
}

export function newSnapshotResponse(): SnapshotResponse {
  return { header: undefined, remainingBytes: 0, blob: EMPTY_BYTES, version: '' };
}

export function readSnapshotResponseInto(reader: ProtoReader, message: SnapshotResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.remainingBytes = reader.uint64Number();
        break;
      }
      case 26: {
        message.blob = reader.bytes();
        break;
      }
      case 34: {
        message.version = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeSnapshotResponse(writer: ProtoWriter, message: Init<SnapshotResponse>): void {
  if (message.version !== undefined && message.version !== '') {
    writer.string(message.version);
    writer.uint32(34);
  }
  if (message.blob !== undefined && message.blob.length > 0) {
    writer.bytes(message.blob);
    writer.uint32(26);
  }
  if (message.remainingBytes !== undefined && message.remainingBytes !== 0) {
    writer.int64Number(message.remainingBytes);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const SnapshotResponse = {
  encode: (message: Init<SnapshotResponse>): Buffer => encodeWith(writeSnapshotResponse, message),
  decode(bytes: Uint8Array): SnapshotResponse {
    const message = newSnapshotResponse();
    readSnapshotResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface WatchRequest {
  createRequest: WatchCreateRequest | undefined;
  cancelRequest: WatchCancelRequest | undefined;
  progressRequest: WatchProgressRequest | undefined;
}

export function newWatchRequest(): WatchRequest {
  return { createRequest: undefined, cancelRequest: undefined, progressRequest: undefined };
}

export function readWatchRequestInto(reader: ProtoReader, message: WatchRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.createRequest ?? newWatchCreateRequest();
        message.cancelRequest = undefined;
        message.progressRequest = undefined;
        message.createRequest = nested;
        readWatchCreateRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.cancelRequest ?? newWatchCancelRequest();
        message.createRequest = undefined;
        message.progressRequest = undefined;
        message.cancelRequest = nested;
        readWatchCancelRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.progressRequest ?? newWatchProgressRequest();
        message.createRequest = undefined;
        message.cancelRequest = undefined;
        message.progressRequest = nested;
        readWatchProgressRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeWatchRequest(writer: ProtoWriter, message: Init<WatchRequest>): void {
  if (message.progressRequest !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeWatchProgressRequest(writer, message.progressRequest);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.cancelRequest !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeWatchCancelRequest(writer, message.cancelRequest);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.createRequest !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeWatchCreateRequest(writer, message.createRequest);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const WatchRequest = {
  encode: (message: Init<WatchRequest>): Buffer => encodeWith(writeWatchRequest, message),
  decode(bytes: Uint8Array): WatchRequest {
    const message = newWatchRequest();
    readWatchRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const WatchCreateRequest_FilterType = {
  NOPUT: 0,
  NODELETE: 1,
} as const;
export type WatchCreateRequest_FilterType = (typeof WatchCreateRequest_FilterType)[keyof typeof WatchCreateRequest_FilterType];

export interface WatchCreateRequest {
  key: Buffer;
  rangeEnd: Buffer;
  startRevision: number;
  progressNotify: boolean;
  filters: WatchCreateRequest_FilterType[];
  prevKv: boolean;
  watchId: bigint;
  fragment: boolean;
}

export function newWatchCreateRequest(): WatchCreateRequest {
  return { key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES, startRevision: 0, progressNotify: false, filters: [], prevKv: false, watchId: 0n, fragment: false };
}

export function readWatchCreateRequestInto(reader: ProtoReader, message: WatchCreateRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      case 18: {
        message.rangeEnd = reader.bytes();
        break;
      }
      case 24: {
        message.startRevision = reader.int64Number();
        break;
      }
      case 32: {
        message.progressNotify = reader.bool();
        break;
      }
      case 40: {
        message.filters.push(reader.int32() as WatchCreateRequest_FilterType);
        break;
      }
      case 42: {
        const outerEnd = reader.enter();
        while (reader.position < reader.end) message.filters.push(reader.int32() as WatchCreateRequest_FilterType);
        reader.leave(outerEnd);
        break;
      }
      case 48: {
        message.prevKv = reader.bool();
        break;
      }
      case 56: {
        message.watchId = reader.int64();
        break;
      }
      case 64: {
        message.fragment = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeWatchCreateRequest(writer: ProtoWriter, message: Init<WatchCreateRequest>): void {
  if (message.fragment) {
    writer.bool(message.fragment);
    writer.uint32(64);
  }
  if (message.watchId !== undefined && message.watchId !== 0n) {
    writer.uint64(message.watchId);
    writer.uint32(56);
  }
  if (message.prevKv) {
    writer.bool(message.prevKv);
    writer.uint32(48);
  }
  const filtersList = message.filters ?? [];
  if (filtersList.length > 0) {
    const sizeBefore = writer.sizeBytes;
    for (let i = filtersList.length - 1; i >= 0; i--) writer.int32(filtersList[i] ?? 0);
    writer.length(sizeBefore);
    writer.uint32(42);
  }
  if (message.progressNotify) {
    writer.bool(message.progressNotify);
    writer.uint32(32);
  }
  if (message.startRevision !== undefined && message.startRevision !== 0) {
    writer.int64Number(message.startRevision);
    writer.uint32(24);
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(18);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const WatchCreateRequest = {
  encode: (message: Init<WatchCreateRequest>): Buffer => encodeWith(writeWatchCreateRequest, message),
  decode(bytes: Uint8Array): WatchCreateRequest {
    const message = newWatchCreateRequest();
    readWatchCreateRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface WatchCancelRequest {
  watchId: bigint;
}

export function newWatchCancelRequest(): WatchCancelRequest {
  return { watchId: 0n };
}

export function readWatchCancelRequestInto(reader: ProtoReader, message: WatchCancelRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.watchId = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeWatchCancelRequest(writer: ProtoWriter, message: Init<WatchCancelRequest>): void {
  if (message.watchId !== undefined && message.watchId !== 0n) {
    writer.uint64(message.watchId);
    writer.uint32(8);
  }
}

export const WatchCancelRequest = {
  encode: (message: Init<WatchCancelRequest>): Buffer => encodeWith(writeWatchCancelRequest, message),
  decode(bytes: Uint8Array): WatchCancelRequest {
    const message = newWatchCancelRequest();
    readWatchCancelRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface WatchProgressRequest {
}

export function newWatchProgressRequest(): WatchProgressRequest {
  return {  };
}

export function readWatchProgressRequestInto(reader: ProtoReader, _message: WatchProgressRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeWatchProgressRequest(_writer: ProtoWriter, _message: Init<WatchProgressRequest>): void {}

export const WatchProgressRequest = {
  encode: (message: Init<WatchProgressRequest>): Buffer => encodeWith(writeWatchProgressRequest, message),
  decode(bytes: Uint8Array): WatchProgressRequest {
    const message = newWatchProgressRequest();
    readWatchProgressRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface WatchResponse {
  header: ResponseHeader | undefined;
  watchId: bigint;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

export function newWatchResponse(): WatchResponse {
  return { header: undefined, watchId: 0n, created: false, canceled: false, compactRevision: 0, cancelReason: '', fragment: false, events: [] };
}

export function readWatchResponseInto(reader: ProtoReader, message: WatchResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.watchId = reader.int64();
        break;
      }
      case 24: {
        message.created = reader.bool();
        break;
      }
      case 32: {
        message.canceled = reader.bool();
        break;
      }
      case 40: {
        message.compactRevision = reader.int64Number();
        break;
      }
      case 50: {
        message.cancelReason = reader.string();
        break;
      }
      case 56: {
        message.fragment = reader.bool();
        break;
      }
      case 90: {
        const outerEnd = reader.enter();
        const element = newEvent();
        readEventInto(reader, element);
        message.events.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeWatchResponse(writer: ProtoWriter, message: Init<WatchResponse>): void {
  const eventsList = message.events ?? [];
  for (let i = eventsList.length - 1; i >= 0; i--) {
    const element = eventsList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeEvent(writer, element);
    writer.length(sizeBefore);
    writer.uint32(90);
  }
  if (message.fragment) {
    writer.bool(message.fragment);
    writer.uint32(56);
  }
  if (message.cancelReason !== undefined && message.cancelReason !== '') {
    writer.string(message.cancelReason);
    writer.uint32(50);
  }
  if (message.compactRevision !== undefined && message.compactRevision !== 0) {
    writer.int64Number(message.compactRevision);
    writer.uint32(40);
  }
  if (message.canceled) {
    writer.bool(message.canceled);
    writer.uint32(32);
  }
  if (message.created) {
    writer.bool(message.created);
    writer.uint32(24);
  }
  if (message.watchId !== undefined && message.watchId !== 0n) {
    writer.uint64(message.watchId);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const WatchResponse = {
  encode: (message: Init<WatchResponse>): Buffer => encodeWith(writeWatchResponse, message),
  decode(bytes: Uint8Array): WatchResponse {
    const message = newWatchResponse();
    readWatchResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseGrantRequest {
  ttl: number;
  id: bigint;
}

export function newLeaseGrantRequest(): LeaseGrantRequest {
  return { ttl: 0, id: 0n };
}

export function readLeaseGrantRequestInto(reader: ProtoReader, message: LeaseGrantRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.ttl = reader.int64Number();
        break;
      }
      case 16: {
        message.id = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseGrantRequest(writer: ProtoWriter, message: Init<LeaseGrantRequest>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(16);
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.int64Number(message.ttl);
    writer.uint32(8);
  }
}

export const LeaseGrantRequest = {
  encode: (message: Init<LeaseGrantRequest>): Buffer => encodeWith(writeLeaseGrantRequest, message),
  decode(bytes: Uint8Array): LeaseGrantRequest {
    const message = newLeaseGrantRequest();
    readLeaseGrantRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseGrantResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
  error: string;
}

export function newLeaseGrantResponse(): LeaseGrantResponse {
  return { header: undefined, id: 0n, ttl: 0, error: '' };
}

export function readLeaseGrantResponseInto(reader: ProtoReader, message: LeaseGrantResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.id = reader.int64();
        break;
      }
      case 24: {
        message.ttl = reader.int64Number();
        break;
      }
      case 34: {
        message.error = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseGrantResponse(writer: ProtoWriter, message: Init<LeaseGrantResponse>): void {
  if (message.error !== undefined && message.error !== '') {
    writer.string(message.error);
    writer.uint32(34);
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.int64Number(message.ttl);
    writer.uint32(24);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseGrantResponse = {
  encode: (message: Init<LeaseGrantResponse>): Buffer => encodeWith(writeLeaseGrantResponse, message),
  decode(bytes: Uint8Array): LeaseGrantResponse {
    const message = newLeaseGrantResponse();
    readLeaseGrantResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseRevokeRequest {
  id: bigint;
}

export function newLeaseRevokeRequest(): LeaseRevokeRequest {
  return { id: 0n };
}

export function readLeaseRevokeRequestInto(reader: ProtoReader, message: LeaseRevokeRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseRevokeRequest(writer: ProtoWriter, message: Init<LeaseRevokeRequest>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const LeaseRevokeRequest = {
  encode: (message: Init<LeaseRevokeRequest>): Buffer => encodeWith(writeLeaseRevokeRequest, message),
  decode(bytes: Uint8Array): LeaseRevokeRequest {
    const message = newLeaseRevokeRequest();
    readLeaseRevokeRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseRevokeResponse {
  header: ResponseHeader | undefined;
}

export function newLeaseRevokeResponse(): LeaseRevokeResponse {
  return { header: undefined };
}

export function readLeaseRevokeResponseInto(reader: ProtoReader, message: LeaseRevokeResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseRevokeResponse(writer: ProtoWriter, message: Init<LeaseRevokeResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseRevokeResponse = {
  encode: (message: Init<LeaseRevokeResponse>): Buffer => encodeWith(writeLeaseRevokeResponse, message),
  decode(bytes: Uint8Array): LeaseRevokeResponse {
    const message = newLeaseRevokeResponse();
    readLeaseRevokeResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseCheckpoint {
  id: bigint;
  remainingTtl: number;
}

export function newLeaseCheckpoint(): LeaseCheckpoint {
  return { id: 0n, remainingTtl: 0 };
}

export function readLeaseCheckpointInto(reader: ProtoReader, message: LeaseCheckpoint): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      case 16: {
        message.remainingTtl = reader.int64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseCheckpoint(writer: ProtoWriter, message: Init<LeaseCheckpoint>): void {
  if (message.remainingTtl !== undefined && message.remainingTtl !== 0) {
    writer.int64Number(message.remainingTtl);
    writer.uint32(16);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const LeaseCheckpoint = {
  encode: (message: Init<LeaseCheckpoint>): Buffer => encodeWith(writeLeaseCheckpoint, message),
  decode(bytes: Uint8Array): LeaseCheckpoint {
    const message = newLeaseCheckpoint();
    readLeaseCheckpointInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}

export function newLeaseCheckpointRequest(): LeaseCheckpointRequest {
  return { checkpoints: [] };
}

export function readLeaseCheckpointRequestInto(reader: ProtoReader, message: LeaseCheckpointRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const element = newLeaseCheckpoint();
        readLeaseCheckpointInto(reader, element);
        message.checkpoints.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseCheckpointRequest(writer: ProtoWriter, message: Init<LeaseCheckpointRequest>): void {
  const checkpointsList = message.checkpoints ?? [];
  for (let i = checkpointsList.length - 1; i >= 0; i--) {
    const element = checkpointsList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeLeaseCheckpoint(writer, element);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseCheckpointRequest = {
  encode: (message: Init<LeaseCheckpointRequest>): Buffer => encodeWith(writeLeaseCheckpointRequest, message),
  decode(bytes: Uint8Array): LeaseCheckpointRequest {
    const message = newLeaseCheckpointRequest();
    readLeaseCheckpointRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseCheckpointResponse {
  header: ResponseHeader | undefined;
}

export function newLeaseCheckpointResponse(): LeaseCheckpointResponse {
  return { header: undefined };
}

export function readLeaseCheckpointResponseInto(reader: ProtoReader, message: LeaseCheckpointResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseCheckpointResponse(writer: ProtoWriter, message: Init<LeaseCheckpointResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseCheckpointResponse = {
  encode: (message: Init<LeaseCheckpointResponse>): Buffer => encodeWith(writeLeaseCheckpointResponse, message),
  decode(bytes: Uint8Array): LeaseCheckpointResponse {
    const message = newLeaseCheckpointResponse();
    readLeaseCheckpointResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseKeepAliveRequest {
  id: bigint;
}

export function newLeaseKeepAliveRequest(): LeaseKeepAliveRequest {
  return { id: 0n };
}

export function readLeaseKeepAliveRequestInto(reader: ProtoReader, message: LeaseKeepAliveRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseKeepAliveRequest(writer: ProtoWriter, message: Init<LeaseKeepAliveRequest>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const LeaseKeepAliveRequest = {
  encode: (message: Init<LeaseKeepAliveRequest>): Buffer => encodeWith(writeLeaseKeepAliveRequest, message),
  decode(bytes: Uint8Array): LeaseKeepAliveRequest {
    const message = newLeaseKeepAliveRequest();
    readLeaseKeepAliveRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseKeepAliveResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
}

export function newLeaseKeepAliveResponse(): LeaseKeepAliveResponse {
  return { header: undefined, id: 0n, ttl: 0 };
}

export function readLeaseKeepAliveResponseInto(reader: ProtoReader, message: LeaseKeepAliveResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.id = reader.int64();
        break;
      }
      case 24: {
        message.ttl = reader.int64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseKeepAliveResponse(writer: ProtoWriter, message: Init<LeaseKeepAliveResponse>): void {
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.int64Number(message.ttl);
    writer.uint32(24);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseKeepAliveResponse = {
  encode: (message: Init<LeaseKeepAliveResponse>): Buffer => encodeWith(writeLeaseKeepAliveResponse, message),
  decode(bytes: Uint8Array): LeaseKeepAliveResponse {
    const message = newLeaseKeepAliveResponse();
    readLeaseKeepAliveResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseTimeToLiveRequest {
  id: bigint;
  keys: boolean;
}

export function newLeaseTimeToLiveRequest(): LeaseTimeToLiveRequest {
  return { id: 0n, keys: false };
}

export function readLeaseTimeToLiveRequestInto(reader: ProtoReader, message: LeaseTimeToLiveRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      case 16: {
        message.keys = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseTimeToLiveRequest(writer: ProtoWriter, message: Init<LeaseTimeToLiveRequest>): void {
  if (message.keys) {
    writer.bool(message.keys);
    writer.uint32(16);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const LeaseTimeToLiveRequest = {
  encode: (message: Init<LeaseTimeToLiveRequest>): Buffer => encodeWith(writeLeaseTimeToLiveRequest, message),
  decode(bytes: Uint8Array): LeaseTimeToLiveRequest {
    const message = newLeaseTimeToLiveRequest();
    readLeaseTimeToLiveRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
  grantedTtl: number;
  keys: Buffer[];
}

export function newLeaseTimeToLiveResponse(): LeaseTimeToLiveResponse {
  return { header: undefined, id: 0n, ttl: 0, grantedTtl: 0, keys: [] };
}

export function readLeaseTimeToLiveResponseInto(reader: ProtoReader, message: LeaseTimeToLiveResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.id = reader.int64();
        break;
      }
      case 24: {
        message.ttl = reader.int64Number();
        break;
      }
      case 32: {
        message.grantedTtl = reader.int64Number();
        break;
      }
      case 42: {
        message.keys.push(reader.bytes());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseTimeToLiveResponse(writer: ProtoWriter, message: Init<LeaseTimeToLiveResponse>): void {
  const keysList = message.keys ?? [];
  for (let i = keysList.length - 1; i >= 0; i--) {
    const element = keysList[i];
    if (element === undefined) continue;
    writer.bytes(element);
    writer.uint32(42);
  }
  if (message.grantedTtl !== undefined && message.grantedTtl !== 0) {
    writer.int64Number(message.grantedTtl);
    writer.uint32(32);
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.int64Number(message.ttl);
    writer.uint32(24);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseTimeToLiveResponse = {
  encode: (message: Init<LeaseTimeToLiveResponse>): Buffer => encodeWith(writeLeaseTimeToLiveResponse, message),
  decode(bytes: Uint8Array): LeaseTimeToLiveResponse {
    const message = newLeaseTimeToLiveResponse();
    readLeaseTimeToLiveResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseLeasesRequest {
}

export function newLeaseLeasesRequest(): LeaseLeasesRequest {
  return {  };
}

export function readLeaseLeasesRequestInto(reader: ProtoReader, _message: LeaseLeasesRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeLeaseLeasesRequest(_writer: ProtoWriter, _message: Init<LeaseLeasesRequest>): void {}

export const LeaseLeasesRequest = {
  encode: (message: Init<LeaseLeasesRequest>): Buffer => encodeWith(writeLeaseLeasesRequest, message),
  decode(bytes: Uint8Array): LeaseLeasesRequest {
    const message = newLeaseLeasesRequest();
    readLeaseLeasesRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseStatus {
  id: bigint;
}

export function newLeaseStatus(): LeaseStatus {
  return { id: 0n };
}

export function readLeaseStatusInto(reader: ProtoReader, message: LeaseStatus): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseStatus(writer: ProtoWriter, message: Init<LeaseStatus>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const LeaseStatus = {
  encode: (message: Init<LeaseStatus>): Buffer => encodeWith(writeLeaseStatus, message),
  decode(bytes: Uint8Array): LeaseStatus {
    const message = newLeaseStatus();
    readLeaseStatusInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseLeasesResponse {
  header: ResponseHeader | undefined;
  leases: LeaseStatus[];
}

export function newLeaseLeasesResponse(): LeaseLeasesResponse {
  return { header: undefined, leases: [] };
}

export function readLeaseLeasesResponseInto(reader: ProtoReader, message: LeaseLeasesResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newLeaseStatus();
        readLeaseStatusInto(reader, element);
        message.leases.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseLeasesResponse(writer: ProtoWriter, message: Init<LeaseLeasesResponse>): void {
  const leasesList = message.leases ?? [];
  for (let i = leasesList.length - 1; i >= 0; i--) {
    const element = leasesList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeLeaseStatus(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseLeasesResponse = {
  encode: (message: Init<LeaseLeasesResponse>): Buffer => encodeWith(writeLeaseLeasesResponse, message),
  decode(bytes: Uint8Array): LeaseLeasesResponse {
    const message = newLeaseLeasesResponse();
    readLeaseLeasesResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Member {
  id: bigint;
  name: string;
  peerUrls: string[];
  clientUrls: string[];
  isLearner: boolean;
}

export function newMember(): Member {
  return { id: 0n, name: '', peerUrls: [], clientUrls: [], isLearner: false };
}

export function readMemberInto(reader: ProtoReader, message: Member): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 18: {
        message.name = reader.string();
        break;
      }
      case 26: {
        message.peerUrls.push(reader.string());
        break;
      }
      case 34: {
        message.clientUrls.push(reader.string());
        break;
      }
      case 40: {
        message.isLearner = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMember(writer: ProtoWriter, message: Init<Member>): void {
  if (message.isLearner) {
    writer.bool(message.isLearner);
    writer.uint32(40);
  }
  const clientUrlsList = message.clientUrls ?? [];
  for (let i = clientUrlsList.length - 1; i >= 0; i--) {
    const element = clientUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(34);
  }
  const peerUrlsList = message.peerUrls ?? [];
  for (let i = peerUrlsList.length - 1; i >= 0; i--) {
    const element = peerUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(26);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(18);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const Member = {
  encode: (message: Init<Member>): Buffer => encodeWith(writeMember, message),
  decode(bytes: Uint8Array): Member {
    const message = newMember();
    readMemberInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberAddRequest {
  peerUrls: string[];
  isLearner: boolean;
}

export function newMemberAddRequest(): MemberAddRequest {
  return { peerUrls: [], isLearner: false };
}

export function readMemberAddRequestInto(reader: ProtoReader, message: MemberAddRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.peerUrls.push(reader.string());
        break;
      }
      case 16: {
        message.isLearner = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberAddRequest(writer: ProtoWriter, message: Init<MemberAddRequest>): void {
  if (message.isLearner) {
    writer.bool(message.isLearner);
    writer.uint32(16);
  }
  const peerUrlsList = message.peerUrls ?? [];
  for (let i = peerUrlsList.length - 1; i >= 0; i--) {
    const element = peerUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(10);
  }
}

export const MemberAddRequest = {
  encode: (message: Init<MemberAddRequest>): Buffer => encodeWith(writeMemberAddRequest, message),
  decode(bytes: Uint8Array): MemberAddRequest {
    const message = newMemberAddRequest();
    readMemberAddRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberAddResponse {
  header: ResponseHeader | undefined;
  member: Member | undefined;
  members: Member[];
}

export function newMemberAddResponse(): MemberAddResponse {
  return { header: undefined, member: undefined, members: [] };
}

export function readMemberAddResponseInto(reader: ProtoReader, message: MemberAddResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.member ?? newMember();
        message.member = nested;
        readMemberInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const element = newMember();
        readMemberInto(reader, element);
        message.members.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberAddResponse(writer: ProtoWriter, message: Init<MemberAddResponse>): void {
  const membersList = message.members ?? [];
  for (let i = membersList.length - 1; i >= 0; i--) {
    const element = membersList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.member !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, message.member);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MemberAddResponse = {
  encode: (message: Init<MemberAddResponse>): Buffer => encodeWith(writeMemberAddResponse, message),
  decode(bytes: Uint8Array): MemberAddResponse {
    const message = newMemberAddResponse();
    readMemberAddResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberRemoveRequest {
  id: bigint;
}

export function newMemberRemoveRequest(): MemberRemoveRequest {
  return { id: 0n };
}

export function readMemberRemoveRequestInto(reader: ProtoReader, message: MemberRemoveRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberRemoveRequest(writer: ProtoWriter, message: Init<MemberRemoveRequest>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const MemberRemoveRequest = {
  encode: (message: Init<MemberRemoveRequest>): Buffer => encodeWith(writeMemberRemoveRequest, message),
  decode(bytes: Uint8Array): MemberRemoveRequest {
    const message = newMemberRemoveRequest();
    readMemberRemoveRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberRemoveResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

export function newMemberRemoveResponse(): MemberRemoveResponse {
  return { header: undefined, members: [] };
}

export function readMemberRemoveResponseInto(reader: ProtoReader, message: MemberRemoveResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newMember();
        readMemberInto(reader, element);
        message.members.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberRemoveResponse(writer: ProtoWriter, message: Init<MemberRemoveResponse>): void {
  const membersList = message.members ?? [];
  for (let i = membersList.length - 1; i >= 0; i--) {
    const element = membersList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MemberRemoveResponse = {
  encode: (message: Init<MemberRemoveResponse>): Buffer => encodeWith(writeMemberRemoveResponse, message),
  decode(bytes: Uint8Array): MemberRemoveResponse {
    const message = newMemberRemoveResponse();
    readMemberRemoveResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberUpdateRequest {
  id: bigint;
  peerUrls: string[];
}

export function newMemberUpdateRequest(): MemberUpdateRequest {
  return { id: 0n, peerUrls: [] };
}

export function readMemberUpdateRequestInto(reader: ProtoReader, message: MemberUpdateRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 18: {
        message.peerUrls.push(reader.string());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberUpdateRequest(writer: ProtoWriter, message: Init<MemberUpdateRequest>): void {
  const peerUrlsList = message.peerUrls ?? [];
  for (let i = peerUrlsList.length - 1; i >= 0; i--) {
    const element = peerUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(18);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const MemberUpdateRequest = {
  encode: (message: Init<MemberUpdateRequest>): Buffer => encodeWith(writeMemberUpdateRequest, message),
  decode(bytes: Uint8Array): MemberUpdateRequest {
    const message = newMemberUpdateRequest();
    readMemberUpdateRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberUpdateResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

export function newMemberUpdateResponse(): MemberUpdateResponse {
  return { header: undefined, members: [] };
}

export function readMemberUpdateResponseInto(reader: ProtoReader, message: MemberUpdateResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newMember();
        readMemberInto(reader, element);
        message.members.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberUpdateResponse(writer: ProtoWriter, message: Init<MemberUpdateResponse>): void {
  const membersList = message.members ?? [];
  for (let i = membersList.length - 1; i >= 0; i--) {
    const element = membersList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MemberUpdateResponse = {
  encode: (message: Init<MemberUpdateResponse>): Buffer => encodeWith(writeMemberUpdateResponse, message),
  decode(bytes: Uint8Array): MemberUpdateResponse {
    const message = newMemberUpdateResponse();
    readMemberUpdateResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberListRequest {
  linearizable: boolean;
}

export function newMemberListRequest(): MemberListRequest {
  return { linearizable: false };
}

export function readMemberListRequestInto(reader: ProtoReader, message: MemberListRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.linearizable = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberListRequest(writer: ProtoWriter, message: Init<MemberListRequest>): void {
  if (message.linearizable) {
    writer.bool(message.linearizable);
    writer.uint32(8);
  }
}

export const MemberListRequest = {
  encode: (message: Init<MemberListRequest>): Buffer => encodeWith(writeMemberListRequest, message),
  decode(bytes: Uint8Array): MemberListRequest {
    const message = newMemberListRequest();
    readMemberListRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberListResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

export function newMemberListResponse(): MemberListResponse {
  return { header: undefined, members: [] };
}

export function readMemberListResponseInto(reader: ProtoReader, message: MemberListResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newMember();
        readMemberInto(reader, element);
        message.members.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberListResponse(writer: ProtoWriter, message: Init<MemberListResponse>): void {
  const membersList = message.members ?? [];
  for (let i = membersList.length - 1; i >= 0; i--) {
    const element = membersList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MemberListResponse = {
  encode: (message: Init<MemberListResponse>): Buffer => encodeWith(writeMemberListResponse, message),
  decode(bytes: Uint8Array): MemberListResponse {
    const message = newMemberListResponse();
    readMemberListResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberPromoteRequest {
  id: bigint;
}

export function newMemberPromoteRequest(): MemberPromoteRequest {
  return { id: 0n };
}

export function readMemberPromoteRequestInto(reader: ProtoReader, message: MemberPromoteRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberPromoteRequest(writer: ProtoWriter, message: Init<MemberPromoteRequest>): void {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const MemberPromoteRequest = {
  encode: (message: Init<MemberPromoteRequest>): Buffer => encodeWith(writeMemberPromoteRequest, message),
  decode(bytes: Uint8Array): MemberPromoteRequest {
    const message = newMemberPromoteRequest();
    readMemberPromoteRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MemberPromoteResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

export function newMemberPromoteResponse(): MemberPromoteResponse {
  return { header: undefined, members: [] };
}

export function readMemberPromoteResponseInto(reader: ProtoReader, message: MemberPromoteResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newMember();
        readMemberInto(reader, element);
        message.members.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMemberPromoteResponse(writer: ProtoWriter, message: Init<MemberPromoteResponse>): void {
  const membersList = message.members ?? [];
  for (let i = membersList.length - 1; i >= 0; i--) {
    const element = membersList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MemberPromoteResponse = {
  encode: (message: Init<MemberPromoteResponse>): Buffer => encodeWith(writeMemberPromoteResponse, message),
  decode(bytes: Uint8Array): MemberPromoteResponse {
    const message = newMemberPromoteResponse();
    readMemberPromoteResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DefragmentRequest {
}

export function newDefragmentRequest(): DefragmentRequest {
  return {  };
}

export function readDefragmentRequestInto(reader: ProtoReader, _message: DefragmentRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeDefragmentRequest(_writer: ProtoWriter, _message: Init<DefragmentRequest>): void {}

export const DefragmentRequest = {
  encode: (message: Init<DefragmentRequest>): Buffer => encodeWith(writeDefragmentRequest, message),
  decode(bytes: Uint8Array): DefragmentRequest {
    const message = newDefragmentRequest();
    readDefragmentRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DefragmentResponse {
  header: ResponseHeader | undefined;
}

export function newDefragmentResponse(): DefragmentResponse {
  return { header: undefined };
}

export function readDefragmentResponseInto(reader: ProtoReader, message: DefragmentResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDefragmentResponse(writer: ProtoWriter, message: Init<DefragmentResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const DefragmentResponse = {
  encode: (message: Init<DefragmentResponse>): Buffer => encodeWith(writeDefragmentResponse, message),
  decode(bytes: Uint8Array): DefragmentResponse {
    const message = newDefragmentResponse();
    readDefragmentResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MoveLeaderRequest {
  targetId: bigint;
}

export function newMoveLeaderRequest(): MoveLeaderRequest {
  return { targetId: 0n };
}

export function readMoveLeaderRequestInto(reader: ProtoReader, message: MoveLeaderRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.targetId = reader.uint64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMoveLeaderRequest(writer: ProtoWriter, message: Init<MoveLeaderRequest>): void {
  if (message.targetId !== undefined && message.targetId !== 0n) {
    writer.uint64(message.targetId);
    writer.uint32(8);
  }
}

export const MoveLeaderRequest = {
  encode: (message: Init<MoveLeaderRequest>): Buffer => encodeWith(writeMoveLeaderRequest, message),
  decode(bytes: Uint8Array): MoveLeaderRequest {
    const message = newMoveLeaderRequest();
    readMoveLeaderRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface MoveLeaderResponse {
  header: ResponseHeader | undefined;
}

export function newMoveLeaderResponse(): MoveLeaderResponse {
  return { header: undefined };
}

export function readMoveLeaderResponseInto(reader: ProtoReader, message: MoveLeaderResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMoveLeaderResponse(writer: ProtoWriter, message: Init<MoveLeaderResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const MoveLeaderResponse = {
  encode: (message: Init<MoveLeaderResponse>): Buffer => encodeWith(writeMoveLeaderResponse, message),
  decode(bytes: Uint8Array): MoveLeaderResponse {
    const message = newMoveLeaderResponse();
    readMoveLeaderResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const AlarmRequest_AlarmAction = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
} as const;
export type AlarmRequest_AlarmAction = (typeof AlarmRequest_AlarmAction)[keyof typeof AlarmRequest_AlarmAction];

export interface AlarmRequest {
  action: AlarmRequest_AlarmAction;
  memberId: bigint;
  alarm: AlarmType;
}

export function newAlarmRequest(): AlarmRequest {
  return { action: 0, memberId: 0n, alarm: 0 };
}

export function readAlarmRequestInto(reader: ProtoReader, message: AlarmRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.action = reader.int32() as AlarmRequest_AlarmAction;
        break;
      }
      case 16: {
        message.memberId = reader.uint64();
        break;
      }
      case 24: {
        message.alarm = reader.int32() as AlarmType;
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAlarmRequest(writer: ProtoWriter, message: Init<AlarmRequest>): void {
  if (message.alarm !== undefined && message.alarm !== 0) {
    writer.int32(message.alarm);
    writer.uint32(24);
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint64(message.memberId);
    writer.uint32(16);
  }
  if (message.action !== undefined && message.action !== 0) {
    writer.int32(message.action);
    writer.uint32(8);
  }
}

export const AlarmRequest = {
  encode: (message: Init<AlarmRequest>): Buffer => encodeWith(writeAlarmRequest, message),
  decode(bytes: Uint8Array): AlarmRequest {
    const message = newAlarmRequest();
    readAlarmRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AlarmMember {
  memberId: bigint;
  alarm: AlarmType;
}

export function newAlarmMember(): AlarmMember {
  return { memberId: 0n, alarm: 0 };
}

export function readAlarmMemberInto(reader: ProtoReader, message: AlarmMember): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.memberId = reader.uint64();
        break;
      }
      case 16: {
        message.alarm = reader.int32() as AlarmType;
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAlarmMember(writer: ProtoWriter, message: Init<AlarmMember>): void {
  if (message.alarm !== undefined && message.alarm !== 0) {
    writer.int32(message.alarm);
    writer.uint32(16);
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint64(message.memberId);
    writer.uint32(8);
  }
}

export const AlarmMember = {
  encode: (message: Init<AlarmMember>): Buffer => encodeWith(writeAlarmMember, message),
  decode(bytes: Uint8Array): AlarmMember {
    const message = newAlarmMember();
    readAlarmMemberInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AlarmResponse {
  header: ResponseHeader | undefined;
  alarms: AlarmMember[];
}

export function newAlarmResponse(): AlarmResponse {
  return { header: undefined, alarms: [] };
}

export function readAlarmResponseInto(reader: ProtoReader, message: AlarmResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newAlarmMember();
        readAlarmMemberInto(reader, element);
        message.alarms.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAlarmResponse(writer: ProtoWriter, message: Init<AlarmResponse>): void {
  const alarmsList = message.alarms ?? [];
  for (let i = alarmsList.length - 1; i >= 0; i--) {
    const element = alarmsList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeAlarmMember(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AlarmResponse = {
  encode: (message: Init<AlarmResponse>): Buffer => encodeWith(writeAlarmResponse, message),
  decode(bytes: Uint8Array): AlarmResponse {
    const message = newAlarmResponse();
    readAlarmResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const DowngradeRequest_DowngradeAction = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
} as const;
export type DowngradeRequest_DowngradeAction = (typeof DowngradeRequest_DowngradeAction)[keyof typeof DowngradeRequest_DowngradeAction];

export interface DowngradeRequest {
  action: DowngradeRequest_DowngradeAction;
  version: string;
}

export function newDowngradeRequest(): DowngradeRequest {
  return { action: 0, version: '' };
}

export function readDowngradeRequestInto(reader: ProtoReader, message: DowngradeRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.action = reader.int32() as DowngradeRequest_DowngradeAction;
        break;
      }
      case 18: {
        message.version = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDowngradeRequest(writer: ProtoWriter, message: Init<DowngradeRequest>): void {
  if (message.version !== undefined && message.version !== '') {
    writer.string(message.version);
    writer.uint32(18);
  }
  if (message.action !== undefined && message.action !== 0) {
    writer.int32(message.action);
    writer.uint32(8);
  }
}

export const DowngradeRequest = {
  encode: (message: Init<DowngradeRequest>): Buffer => encodeWith(writeDowngradeRequest, message),
  decode(bytes: Uint8Array): DowngradeRequest {
    const message = newDowngradeRequest();
    readDowngradeRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DowngradeResponse {
  header: ResponseHeader | undefined;
  version: string;
}

export function newDowngradeResponse(): DowngradeResponse {
  return { header: undefined, version: '' };
}

export function readDowngradeResponseInto(reader: ProtoReader, message: DowngradeResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.version = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDowngradeResponse(writer: ProtoWriter, message: Init<DowngradeResponse>): void {
  if (message.version !== undefined && message.version !== '') {
    writer.string(message.version);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const DowngradeResponse = {
  encode: (message: Init<DowngradeResponse>): Buffer => encodeWith(writeDowngradeResponse, message),
  decode(bytes: Uint8Array): DowngradeResponse {
    const message = newDowngradeResponse();
    readDowngradeResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DowngradeVersionTestRequest {
  ver: string;
}

export function newDowngradeVersionTestRequest(): DowngradeVersionTestRequest {
  return { ver: '' };
}

export function readDowngradeVersionTestRequestInto(reader: ProtoReader, message: DowngradeVersionTestRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.ver = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDowngradeVersionTestRequest(writer: ProtoWriter, message: Init<DowngradeVersionTestRequest>): void {
  if (message.ver !== undefined && message.ver !== '') {
    writer.string(message.ver);
    writer.uint32(10);
  }
}

export const DowngradeVersionTestRequest = {
  encode: (message: Init<DowngradeVersionTestRequest>): Buffer => encodeWith(writeDowngradeVersionTestRequest, message),
  decode(bytes: Uint8Array): DowngradeVersionTestRequest {
    const message = newDowngradeVersionTestRequest();
    readDowngradeVersionTestRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface StatusRequest {
}

export function newStatusRequest(): StatusRequest {
  return {  };
}

export function readStatusRequestInto(reader: ProtoReader, _message: StatusRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeStatusRequest(_writer: ProtoWriter, _message: Init<StatusRequest>): void {}

export const StatusRequest = {
  encode: (message: Init<StatusRequest>): Buffer => encodeWith(writeStatusRequest, message),
  decode(bytes: Uint8Array): StatusRequest {
    const message = newStatusRequest();
    readStatusRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface StatusResponse {
  header: ResponseHeader | undefined;
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: DowngradeInfo | undefined;
}

export function newStatusResponse(): StatusResponse {
  return { header: undefined, version: '', dbSize: 0, leader: 0n, raftIndex: 0, raftTerm: 0, raftAppliedIndex: 0, errors: [], dbSizeInUse: 0, isLearner: false, storageVersion: '', dbSizeQuota: 0, downgradeInfo: undefined };
}

export function readStatusResponseInto(reader: ProtoReader, message: StatusResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.version = reader.string();
        break;
      }
      case 24: {
        message.dbSize = reader.int64Number();
        break;
      }
      case 32: {
        message.leader = reader.uint64();
        break;
      }
      case 40: {
        message.raftIndex = reader.uint64Number();
        break;
      }
      case 48: {
        message.raftTerm = reader.uint64Number();
        break;
      }
      case 56: {
        message.raftAppliedIndex = reader.uint64Number();
        break;
      }
      case 66: {
        message.errors.push(reader.string());
        break;
      }
      case 72: {
        message.dbSizeInUse = reader.int64Number();
        break;
      }
      case 80: {
        message.isLearner = reader.bool();
        break;
      }
      case 90: {
        message.storageVersion = reader.string();
        break;
      }
      case 96: {
        message.dbSizeQuota = reader.int64Number();
        break;
      }
      case 106: {
        const outerEnd = reader.enter();
        const nested = message.downgradeInfo ?? newDowngradeInfo();
        message.downgradeInfo = nested;
        readDowngradeInfoInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeStatusResponse(writer: ProtoWriter, message: Init<StatusResponse>): void {
  if (message.downgradeInfo !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeDowngradeInfo(writer, message.downgradeInfo);
    writer.length(sizeBefore);
    writer.uint32(106);
  }
  if (message.dbSizeQuota !== undefined && message.dbSizeQuota !== 0) {
    writer.int64Number(message.dbSizeQuota);
    writer.uint32(96);
  }
  if (message.storageVersion !== undefined && message.storageVersion !== '') {
    writer.string(message.storageVersion);
    writer.uint32(90);
  }
  if (message.isLearner) {
    writer.bool(message.isLearner);
    writer.uint32(80);
  }
  if (message.dbSizeInUse !== undefined && message.dbSizeInUse !== 0) {
    writer.int64Number(message.dbSizeInUse);
    writer.uint32(72);
  }
  const errorsList = message.errors ?? [];
  for (let i = errorsList.length - 1; i >= 0; i--) {
    const element = errorsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(66);
  }
  if (message.raftAppliedIndex !== undefined && message.raftAppliedIndex !== 0) {
    writer.int64Number(message.raftAppliedIndex);
    writer.uint32(56);
  }
  if (message.raftTerm !== undefined && message.raftTerm !== 0) {
    writer.int64Number(message.raftTerm);
    writer.uint32(48);
  }
  if (message.raftIndex !== undefined && message.raftIndex !== 0) {
    writer.int64Number(message.raftIndex);
    writer.uint32(40);
  }
  if (message.leader !== undefined && message.leader !== 0n) {
    writer.uint64(message.leader);
    writer.uint32(32);
  }
  if (message.dbSize !== undefined && message.dbSize !== 0) {
    writer.int64Number(message.dbSize);
    writer.uint32(24);
  }
  if (message.version !== undefined && message.version !== '') {
    writer.string(message.version);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const StatusResponse = {
  encode: (message: Init<StatusResponse>): Buffer => encodeWith(writeStatusResponse, message),
  decode(bytes: Uint8Array): StatusResponse {
    const message = newStatusResponse();
    readStatusResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

export function newDowngradeInfo(): DowngradeInfo {
  return { enabled: false, targetVersion: '' };
}

export function readDowngradeInfoInto(reader: ProtoReader, message: DowngradeInfo): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.enabled = reader.bool();
        break;
      }
      case 18: {
        message.targetVersion = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDowngradeInfo(writer: ProtoWriter, message: Init<DowngradeInfo>): void {
  if (message.targetVersion !== undefined && message.targetVersion !== '') {
    writer.string(message.targetVersion);
    writer.uint32(18);
  }
  if (message.enabled) {
    writer.bool(message.enabled);
    writer.uint32(8);
  }
}

export const DowngradeInfo = {
  encode: (message: Init<DowngradeInfo>): Buffer => encodeWith(writeDowngradeInfo, message),
  decode(bytes: Uint8Array): DowngradeInfo {
    const message = newDowngradeInfo();
    readDowngradeInfoInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthEnableRequest {
}

export function newAuthEnableRequest(): AuthEnableRequest {
  return {  };
}

export function readAuthEnableRequestInto(reader: ProtoReader, _message: AuthEnableRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeAuthEnableRequest(_writer: ProtoWriter, _message: Init<AuthEnableRequest>): void {}

export const AuthEnableRequest = {
  encode: (message: Init<AuthEnableRequest>): Buffer => encodeWith(writeAuthEnableRequest, message),
  decode(bytes: Uint8Array): AuthEnableRequest {
    const message = newAuthEnableRequest();
    readAuthEnableRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthDisableRequest {
}

export function newAuthDisableRequest(): AuthDisableRequest {
  return {  };
}

export function readAuthDisableRequestInto(reader: ProtoReader, _message: AuthDisableRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeAuthDisableRequest(_writer: ProtoWriter, _message: Init<AuthDisableRequest>): void {}

export const AuthDisableRequest = {
  encode: (message: Init<AuthDisableRequest>): Buffer => encodeWith(writeAuthDisableRequest, message),
  decode(bytes: Uint8Array): AuthDisableRequest {
    const message = newAuthDisableRequest();
    readAuthDisableRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthStatusRequest {
}

export function newAuthStatusRequest(): AuthStatusRequest {
  return {  };
}

export function readAuthStatusRequestInto(reader: ProtoReader, _message: AuthStatusRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeAuthStatusRequest(_writer: ProtoWriter, _message: Init<AuthStatusRequest>): void {}

export const AuthStatusRequest = {
  encode: (message: Init<AuthStatusRequest>): Buffer => encodeWith(writeAuthStatusRequest, message),
  decode(bytes: Uint8Array): AuthStatusRequest {
    const message = newAuthStatusRequest();
    readAuthStatusRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthenticateRequest {
  name: string;
  password: string;
}

export function newAuthenticateRequest(): AuthenticateRequest {
  return { name: '', password: '' };
}

export function readAuthenticateRequestInto(reader: ProtoReader, message: AuthenticateRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.password = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthenticateRequest(writer: ProtoWriter, message: Init<AuthenticateRequest>): void {
  if (message.password !== undefined && message.password !== '') {
    writer.string(message.password);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthenticateRequest = {
  encode: (message: Init<AuthenticateRequest>): Buffer => encodeWith(writeAuthenticateRequest, message),
  decode(bytes: Uint8Array): AuthenticateRequest {
    const message = newAuthenticateRequest();
    readAuthenticateRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | undefined;
  hashedPassword: string;
}

export function newAuthUserAddRequest(): AuthUserAddRequest {
  return { name: '', password: '', options: undefined, hashedPassword: '' };
}

export function readAuthUserAddRequestInto(reader: ProtoReader, message: AuthUserAddRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.password = reader.string();
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.options ?? newUserAddOptions();
        message.options = nested;
        readUserAddOptionsInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        message.hashedPassword = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserAddRequest(writer: ProtoWriter, message: Init<AuthUserAddRequest>): void {
  if (message.hashedPassword !== undefined && message.hashedPassword !== '') {
    writer.string(message.hashedPassword);
    writer.uint32(34);
  }
  if (message.options !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeUserAddOptions(writer, message.options);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.password !== undefined && message.password !== '') {
    writer.string(message.password);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthUserAddRequest = {
  encode: (message: Init<AuthUserAddRequest>): Buffer => encodeWith(writeAuthUserAddRequest, message),
  decode(bytes: Uint8Array): AuthUserAddRequest {
    const message = newAuthUserAddRequest();
    readAuthUserAddRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserGetRequest {
  name: string;
}

export function newAuthUserGetRequest(): AuthUserGetRequest {
  return { name: '' };
}

export function readAuthUserGetRequestInto(reader: ProtoReader, message: AuthUserGetRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserGetRequest(writer: ProtoWriter, message: Init<AuthUserGetRequest>): void {
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthUserGetRequest = {
  encode: (message: Init<AuthUserGetRequest>): Buffer => encodeWith(writeAuthUserGetRequest, message),
  decode(bytes: Uint8Array): AuthUserGetRequest {
    const message = newAuthUserGetRequest();
    readAuthUserGetRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserDeleteRequest {
  name: string;
}

export function newAuthUserDeleteRequest(): AuthUserDeleteRequest {
  return { name: '' };
}

export function readAuthUserDeleteRequestInto(reader: ProtoReader, message: AuthUserDeleteRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserDeleteRequest(writer: ProtoWriter, message: Init<AuthUserDeleteRequest>): void {
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthUserDeleteRequest = {
  encode: (message: Init<AuthUserDeleteRequest>): Buffer => encodeWith(writeAuthUserDeleteRequest, message),
  decode(bytes: Uint8Array): AuthUserDeleteRequest {
    const message = newAuthUserDeleteRequest();
    readAuthUserDeleteRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

export function newAuthUserChangePasswordRequest(): AuthUserChangePasswordRequest {
  return { name: '', password: '', hashedPassword: '' };
}

export function readAuthUserChangePasswordRequestInto(reader: ProtoReader, message: AuthUserChangePasswordRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.password = reader.string();
        break;
      }
      case 26: {
        message.hashedPassword = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserChangePasswordRequest(writer: ProtoWriter, message: Init<AuthUserChangePasswordRequest>): void {
  if (message.hashedPassword !== undefined && message.hashedPassword !== '') {
    writer.string(message.hashedPassword);
    writer.uint32(26);
  }
  if (message.password !== undefined && message.password !== '') {
    writer.string(message.password);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthUserChangePasswordRequest = {
  encode: (message: Init<AuthUserChangePasswordRequest>): Buffer => encodeWith(writeAuthUserChangePasswordRequest, message),
  decode(bytes: Uint8Array): AuthUserChangePasswordRequest {
    const message = newAuthUserChangePasswordRequest();
    readAuthUserChangePasswordRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

export function newAuthUserGrantRoleRequest(): AuthUserGrantRoleRequest {
  return { user: '', role: '' };
}

export function readAuthUserGrantRoleRequestInto(reader: ProtoReader, message: AuthUserGrantRoleRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.user = reader.string();
        break;
      }
      case 18: {
        message.role = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserGrantRoleRequest(writer: ProtoWriter, message: Init<AuthUserGrantRoleRequest>): void {
  if (message.role !== undefined && message.role !== '') {
    writer.string(message.role);
    writer.uint32(18);
  }
  if (message.user !== undefined && message.user !== '') {
    writer.string(message.user);
    writer.uint32(10);
  }
}

export const AuthUserGrantRoleRequest = {
  encode: (message: Init<AuthUserGrantRoleRequest>): Buffer => encodeWith(writeAuthUserGrantRoleRequest, message),
  decode(bytes: Uint8Array): AuthUserGrantRoleRequest {
    const message = newAuthUserGrantRoleRequest();
    readAuthUserGrantRoleRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

export function newAuthUserRevokeRoleRequest(): AuthUserRevokeRoleRequest {
  return { name: '', role: '' };
}

export function readAuthUserRevokeRoleRequestInto(reader: ProtoReader, message: AuthUserRevokeRoleRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.role = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserRevokeRoleRequest(writer: ProtoWriter, message: Init<AuthUserRevokeRoleRequest>): void {
  if (message.role !== undefined && message.role !== '') {
    writer.string(message.role);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthUserRevokeRoleRequest = {
  encode: (message: Init<AuthUserRevokeRoleRequest>): Buffer => encodeWith(writeAuthUserRevokeRoleRequest, message),
  decode(bytes: Uint8Array): AuthUserRevokeRoleRequest {
    const message = newAuthUserRevokeRoleRequest();
    readAuthUserRevokeRoleRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleAddRequest {
  name: string;
}

export function newAuthRoleAddRequest(): AuthRoleAddRequest {
  return { name: '' };
}

export function readAuthRoleAddRequestInto(reader: ProtoReader, message: AuthRoleAddRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleAddRequest(writer: ProtoWriter, message: Init<AuthRoleAddRequest>): void {
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthRoleAddRequest = {
  encode: (message: Init<AuthRoleAddRequest>): Buffer => encodeWith(writeAuthRoleAddRequest, message),
  decode(bytes: Uint8Array): AuthRoleAddRequest {
    const message = newAuthRoleAddRequest();
    readAuthRoleAddRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleGetRequest {
  role: string;
}

export function newAuthRoleGetRequest(): AuthRoleGetRequest {
  return { role: '' };
}

export function readAuthRoleGetRequestInto(reader: ProtoReader, message: AuthRoleGetRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.role = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleGetRequest(writer: ProtoWriter, message: Init<AuthRoleGetRequest>): void {
  if (message.role !== undefined && message.role !== '') {
    writer.string(message.role);
    writer.uint32(10);
  }
}

export const AuthRoleGetRequest = {
  encode: (message: Init<AuthRoleGetRequest>): Buffer => encodeWith(writeAuthRoleGetRequest, message),
  decode(bytes: Uint8Array): AuthRoleGetRequest {
    const message = newAuthRoleGetRequest();
    readAuthRoleGetRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserListRequest {
}

export function newAuthUserListRequest(): AuthUserListRequest {
  return {  };
}

export function readAuthUserListRequestInto(reader: ProtoReader, _message: AuthUserListRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeAuthUserListRequest(_writer: ProtoWriter, _message: Init<AuthUserListRequest>): void {}

export const AuthUserListRequest = {
  encode: (message: Init<AuthUserListRequest>): Buffer => encodeWith(writeAuthUserListRequest, message),
  decode(bytes: Uint8Array): AuthUserListRequest {
    const message = newAuthUserListRequest();
    readAuthUserListRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleListRequest {
}

export function newAuthRoleListRequest(): AuthRoleListRequest {
  return {  };
}

export function readAuthRoleListRequestInto(reader: ProtoReader, _message: AuthRoleListRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    reader.skip(tag);
  }
}

export function writeAuthRoleListRequest(_writer: ProtoWriter, _message: Init<AuthRoleListRequest>): void {}

export const AuthRoleListRequest = {
  encode: (message: Init<AuthRoleListRequest>): Buffer => encodeWith(writeAuthRoleListRequest, message),
  decode(bytes: Uint8Array): AuthRoleListRequest {
    const message = newAuthRoleListRequest();
    readAuthRoleListRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleDeleteRequest {
  role: string;
}

export function newAuthRoleDeleteRequest(): AuthRoleDeleteRequest {
  return { role: '' };
}

export function readAuthRoleDeleteRequestInto(reader: ProtoReader, message: AuthRoleDeleteRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.role = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleDeleteRequest(writer: ProtoWriter, message: Init<AuthRoleDeleteRequest>): void {
  if (message.role !== undefined && message.role !== '') {
    writer.string(message.role);
    writer.uint32(10);
  }
}

export const AuthRoleDeleteRequest = {
  encode: (message: Init<AuthRoleDeleteRequest>): Buffer => encodeWith(writeAuthRoleDeleteRequest, message),
  decode(bytes: Uint8Array): AuthRoleDeleteRequest {
    const message = newAuthRoleDeleteRequest();
    readAuthRoleDeleteRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | undefined;
}

export function newAuthRoleGrantPermissionRequest(): AuthRoleGrantPermissionRequest {
  return { name: '', perm: undefined };
}

export function readAuthRoleGrantPermissionRequestInto(reader: ProtoReader, message: AuthRoleGrantPermissionRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.perm ?? newPermission();
        message.perm = nested;
        readPermissionInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleGrantPermissionRequest(writer: ProtoWriter, message: Init<AuthRoleGrantPermissionRequest>): void {
  if (message.perm !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writePermission(writer, message.perm);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const AuthRoleGrantPermissionRequest = {
  encode: (message: Init<AuthRoleGrantPermissionRequest>): Buffer => encodeWith(writeAuthRoleGrantPermissionRequest, message),
  decode(bytes: Uint8Array): AuthRoleGrantPermissionRequest {
    const message = newAuthRoleGrantPermissionRequest();
    readAuthRoleGrantPermissionRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Buffer;
  rangeEnd: Buffer;
}

export function newAuthRoleRevokePermissionRequest(): AuthRoleRevokePermissionRequest {
  return { role: '', key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES };
}

export function readAuthRoleRevokePermissionRequestInto(reader: ProtoReader, message: AuthRoleRevokePermissionRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.role = reader.string();
        break;
      }
      case 18: {
        message.key = reader.bytes();
        break;
      }
      case 26: {
        message.rangeEnd = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleRevokePermissionRequest(writer: ProtoWriter, message: Init<AuthRoleRevokePermissionRequest>): void {
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.bytes(message.rangeEnd);
    writer.uint32(26);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(18);
  }
  if (message.role !== undefined && message.role !== '') {
    writer.string(message.role);
    writer.uint32(10);
  }
}

export const AuthRoleRevokePermissionRequest = {
  encode: (message: Init<AuthRoleRevokePermissionRequest>): Buffer => encodeWith(writeAuthRoleRevokePermissionRequest, message),
  decode(bytes: Uint8Array): AuthRoleRevokePermissionRequest {
    const message = newAuthRoleRevokePermissionRequest();
    readAuthRoleRevokePermissionRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthEnableResponse {
  header: ResponseHeader | undefined;
}

export function newAuthEnableResponse(): AuthEnableResponse {
  return { header: undefined };
}

export function readAuthEnableResponseInto(reader: ProtoReader, message: AuthEnableResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthEnableResponse(writer: ProtoWriter, message: Init<AuthEnableResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthEnableResponse = {
  encode: (message: Init<AuthEnableResponse>): Buffer => encodeWith(writeAuthEnableResponse, message),
  decode(bytes: Uint8Array): AuthEnableResponse {
    const message = newAuthEnableResponse();
    readAuthEnableResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthDisableResponse {
  header: ResponseHeader | undefined;
}

export function newAuthDisableResponse(): AuthDisableResponse {
  return { header: undefined };
}

export function readAuthDisableResponseInto(reader: ProtoReader, message: AuthDisableResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthDisableResponse(writer: ProtoWriter, message: Init<AuthDisableResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthDisableResponse = {
  encode: (message: Init<AuthDisableResponse>): Buffer => encodeWith(writeAuthDisableResponse, message),
  decode(bytes: Uint8Array): AuthDisableResponse {
    const message = newAuthDisableResponse();
    readAuthDisableResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthStatusResponse {
  header: ResponseHeader | undefined;
  enabled: boolean;
  authRevision: number;
}

export function newAuthStatusResponse(): AuthStatusResponse {
  return { header: undefined, enabled: false, authRevision: 0 };
}

export function readAuthStatusResponseInto(reader: ProtoReader, message: AuthStatusResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.enabled = reader.bool();
        break;
      }
      case 24: {
        message.authRevision = reader.uint64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthStatusResponse(writer: ProtoWriter, message: Init<AuthStatusResponse>): void {
  if (message.authRevision !== undefined && message.authRevision !== 0) {
    writer.int64Number(message.authRevision);
    writer.uint32(24);
  }
  if (message.enabled) {
    writer.bool(message.enabled);
    writer.uint32(16);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthStatusResponse = {
  encode: (message: Init<AuthStatusResponse>): Buffer => encodeWith(writeAuthStatusResponse, message),
  decode(bytes: Uint8Array): AuthStatusResponse {
    const message = newAuthStatusResponse();
    readAuthStatusResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthenticateResponse {
  header: ResponseHeader | undefined;
  token: string;
}

export function newAuthenticateResponse(): AuthenticateResponse {
  return { header: undefined, token: '' };
}

export function readAuthenticateResponseInto(reader: ProtoReader, message: AuthenticateResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.token = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthenticateResponse(writer: ProtoWriter, message: Init<AuthenticateResponse>): void {
  if (message.token !== undefined && message.token !== '') {
    writer.string(message.token);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthenticateResponse = {
  encode: (message: Init<AuthenticateResponse>): Buffer => encodeWith(writeAuthenticateResponse, message),
  decode(bytes: Uint8Array): AuthenticateResponse {
    const message = newAuthenticateResponse();
    readAuthenticateResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserAddResponse {
  header: ResponseHeader | undefined;
}

export function newAuthUserAddResponse(): AuthUserAddResponse {
  return { header: undefined };
}

export function readAuthUserAddResponseInto(reader: ProtoReader, message: AuthUserAddResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserAddResponse(writer: ProtoWriter, message: Init<AuthUserAddResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserAddResponse = {
  encode: (message: Init<AuthUserAddResponse>): Buffer => encodeWith(writeAuthUserAddResponse, message),
  decode(bytes: Uint8Array): AuthUserAddResponse {
    const message = newAuthUserAddResponse();
    readAuthUserAddResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserGetResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

export function newAuthUserGetResponse(): AuthUserGetResponse {
  return { header: undefined, roles: [] };
}

export function readAuthUserGetResponseInto(reader: ProtoReader, message: AuthUserGetResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.roles.push(reader.string());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserGetResponse(writer: ProtoWriter, message: Init<AuthUserGetResponse>): void {
  const rolesList = message.roles ?? [];
  for (let i = rolesList.length - 1; i >= 0; i--) {
    const element = rolesList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserGetResponse = {
  encode: (message: Init<AuthUserGetResponse>): Buffer => encodeWith(writeAuthUserGetResponse, message),
  decode(bytes: Uint8Array): AuthUserGetResponse {
    const message = newAuthUserGetResponse();
    readAuthUserGetResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserDeleteResponse {
  header: ResponseHeader | undefined;
}

export function newAuthUserDeleteResponse(): AuthUserDeleteResponse {
  return { header: undefined };
}

export function readAuthUserDeleteResponseInto(reader: ProtoReader, message: AuthUserDeleteResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserDeleteResponse(writer: ProtoWriter, message: Init<AuthUserDeleteResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserDeleteResponse = {
  encode: (message: Init<AuthUserDeleteResponse>): Buffer => encodeWith(writeAuthUserDeleteResponse, message),
  decode(bytes: Uint8Array): AuthUserDeleteResponse {
    const message = newAuthUserDeleteResponse();
    readAuthUserDeleteResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | undefined;
}

export function newAuthUserChangePasswordResponse(): AuthUserChangePasswordResponse {
  return { header: undefined };
}

export function readAuthUserChangePasswordResponseInto(reader: ProtoReader, message: AuthUserChangePasswordResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserChangePasswordResponse(writer: ProtoWriter, message: Init<AuthUserChangePasswordResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserChangePasswordResponse = {
  encode: (message: Init<AuthUserChangePasswordResponse>): Buffer => encodeWith(writeAuthUserChangePasswordResponse, message),
  decode(bytes: Uint8Array): AuthUserChangePasswordResponse {
    const message = newAuthUserChangePasswordResponse();
    readAuthUserChangePasswordResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | undefined;
}

export function newAuthUserGrantRoleResponse(): AuthUserGrantRoleResponse {
  return { header: undefined };
}

export function readAuthUserGrantRoleResponseInto(reader: ProtoReader, message: AuthUserGrantRoleResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserGrantRoleResponse(writer: ProtoWriter, message: Init<AuthUserGrantRoleResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserGrantRoleResponse = {
  encode: (message: Init<AuthUserGrantRoleResponse>): Buffer => encodeWith(writeAuthUserGrantRoleResponse, message),
  decode(bytes: Uint8Array): AuthUserGrantRoleResponse {
    const message = newAuthUserGrantRoleResponse();
    readAuthUserGrantRoleResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | undefined;
}

export function newAuthUserRevokeRoleResponse(): AuthUserRevokeRoleResponse {
  return { header: undefined };
}

export function readAuthUserRevokeRoleResponseInto(reader: ProtoReader, message: AuthUserRevokeRoleResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserRevokeRoleResponse(writer: ProtoWriter, message: Init<AuthUserRevokeRoleResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserRevokeRoleResponse = {
  encode: (message: Init<AuthUserRevokeRoleResponse>): Buffer => encodeWith(writeAuthUserRevokeRoleResponse, message),
  decode(bytes: Uint8Array): AuthUserRevokeRoleResponse {
    const message = newAuthUserRevokeRoleResponse();
    readAuthUserRevokeRoleResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleAddResponse {
  header: ResponseHeader | undefined;
}

export function newAuthRoleAddResponse(): AuthRoleAddResponse {
  return { header: undefined };
}

export function readAuthRoleAddResponseInto(reader: ProtoReader, message: AuthRoleAddResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleAddResponse(writer: ProtoWriter, message: Init<AuthRoleAddResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleAddResponse = {
  encode: (message: Init<AuthRoleAddResponse>): Buffer => encodeWith(writeAuthRoleAddResponse, message),
  decode(bytes: Uint8Array): AuthRoleAddResponse {
    const message = newAuthRoleAddResponse();
    readAuthRoleAddResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleGetResponse {
  header: ResponseHeader | undefined;
  perm: Permission[];
}

export function newAuthRoleGetResponse(): AuthRoleGetResponse {
  return { header: undefined, perm: [] };
}

export function readAuthRoleGetResponseInto(reader: ProtoReader, message: AuthRoleGetResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newPermission();
        readPermissionInto(reader, element);
        message.perm.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleGetResponse(writer: ProtoWriter, message: Init<AuthRoleGetResponse>): void {
  const permList = message.perm ?? [];
  for (let i = permList.length - 1; i >= 0; i--) {
    const element = permList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writePermission(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleGetResponse = {
  encode: (message: Init<AuthRoleGetResponse>): Buffer => encodeWith(writeAuthRoleGetResponse, message),
  decode(bytes: Uint8Array): AuthRoleGetResponse {
    const message = newAuthRoleGetResponse();
    readAuthRoleGetResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleListResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

export function newAuthRoleListResponse(): AuthRoleListResponse {
  return { header: undefined, roles: [] };
}

export function readAuthRoleListResponseInto(reader: ProtoReader, message: AuthRoleListResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.roles.push(reader.string());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleListResponse(writer: ProtoWriter, message: Init<AuthRoleListResponse>): void {
  const rolesList = message.roles ?? [];
  for (let i = rolesList.length - 1; i >= 0; i--) {
    const element = rolesList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleListResponse = {
  encode: (message: Init<AuthRoleListResponse>): Buffer => encodeWith(writeAuthRoleListResponse, message),
  decode(bytes: Uint8Array): AuthRoleListResponse {
    const message = newAuthRoleListResponse();
    readAuthRoleListResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthUserListResponse {
  header: ResponseHeader | undefined;
  users: string[];
}

export function newAuthUserListResponse(): AuthUserListResponse {
  return { header: undefined, users: [] };
}

export function readAuthUserListResponseInto(reader: ProtoReader, message: AuthUserListResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.users.push(reader.string());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthUserListResponse(writer: ProtoWriter, message: Init<AuthUserListResponse>): void {
  const usersList = message.users ?? [];
  for (let i = usersList.length - 1; i >= 0; i--) {
    const element = usersList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthUserListResponse = {
  encode: (message: Init<AuthUserListResponse>): Buffer => encodeWith(writeAuthUserListResponse, message),
  decode(bytes: Uint8Array): AuthUserListResponse {
    const message = newAuthUserListResponse();
    readAuthUserListResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleDeleteResponse {
  header: ResponseHeader | undefined;
}

export function newAuthRoleDeleteResponse(): AuthRoleDeleteResponse {
  return { header: undefined };
}

export function readAuthRoleDeleteResponseInto(reader: ProtoReader, message: AuthRoleDeleteResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleDeleteResponse(writer: ProtoWriter, message: Init<AuthRoleDeleteResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleDeleteResponse = {
  encode: (message: Init<AuthRoleDeleteResponse>): Buffer => encodeWith(writeAuthRoleDeleteResponse, message),
  decode(bytes: Uint8Array): AuthRoleDeleteResponse {
    const message = newAuthRoleDeleteResponse();
    readAuthRoleDeleteResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | undefined;
}

export function newAuthRoleGrantPermissionResponse(): AuthRoleGrantPermissionResponse {
  return { header: undefined };
}

export function readAuthRoleGrantPermissionResponseInto(reader: ProtoReader, message: AuthRoleGrantPermissionResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleGrantPermissionResponse(writer: ProtoWriter, message: Init<AuthRoleGrantPermissionResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleGrantPermissionResponse = {
  encode: (message: Init<AuthRoleGrantPermissionResponse>): Buffer => encodeWith(writeAuthRoleGrantPermissionResponse, message),
  decode(bytes: Uint8Array): AuthRoleGrantPermissionResponse {
    const message = newAuthRoleGrantPermissionResponse();
    readAuthRoleGrantPermissionResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | undefined;
}

export function newAuthRoleRevokePermissionResponse(): AuthRoleRevokePermissionResponse {
  return { header: undefined };
}

export function readAuthRoleRevokePermissionResponseInto(reader: ProtoReader, message: AuthRoleRevokePermissionResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAuthRoleRevokePermissionResponse(writer: ProtoWriter, message: Init<AuthRoleRevokePermissionResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const AuthRoleRevokePermissionResponse = {
  encode: (message: Init<AuthRoleRevokePermissionResponse>): Buffer => encodeWith(writeAuthRoleRevokePermissionResponse, message),
  decode(bytes: Uint8Array): AuthRoleRevokePermissionResponse {
    const message = newAuthRoleRevokePermissionResponse();
    readAuthRoleRevokePermissionResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface RangeStreamResponse {
  rangeResponse: RangeResponse | undefined;
}

export function newRangeStreamResponse(): RangeStreamResponse {
  return { rangeResponse: undefined };
}

export function readRangeStreamResponseInto(reader: ProtoReader, message: RangeStreamResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.rangeResponse ?? newRangeResponse();
        message.rangeResponse = nested;
        readRangeResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRangeStreamResponse(writer: ProtoWriter, message: Init<RangeStreamResponse>): void {
  if (message.rangeResponse !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRangeResponse(writer, message.rangeResponse);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const RangeStreamResponse = {
  encode: (message: Init<RangeStreamResponse>): Buffer => encodeWith(writeRangeStreamResponse, message),
  decode(bytes: Uint8Array): RangeStreamResponse {
    const message = newRangeStreamResponse();
    readRangeStreamResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const KV = {
  name: 'etcdserverpb.KV',
  methods: {
    range: {
      name: 'Range',
      path: '/etcdserverpb.KV/Range',
      request: RangeRequest,
      response: RangeResponse,
      clientStream: false,
      serverStream: false,
    },
    rangeStream: {
      name: 'RangeStream',
      path: '/etcdserverpb.KV/RangeStream',
      request: RangeRequest,
      response: RangeStreamResponse,
      clientStream: false,
      serverStream: true,
    },
    put: {
      name: 'Put',
      path: '/etcdserverpb.KV/Put',
      request: PutRequest,
      response: PutResponse,
      clientStream: false,
      serverStream: false,
    },
    deleteRange: {
      name: 'DeleteRange',
      path: '/etcdserverpb.KV/DeleteRange',
      request: DeleteRangeRequest,
      response: DeleteRangeResponse,
      clientStream: false,
      serverStream: false,
    },
    txn: {
      name: 'Txn',
      path: '/etcdserverpb.KV/Txn',
      request: TxnRequest,
      response: TxnResponse,
      clientStream: false,
      serverStream: false,
    },
    compact: {
      name: 'Compact',
      path: '/etcdserverpb.KV/Compact',
      request: CompactionRequest,
      response: CompactionResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

export const Watch = {
  name: 'etcdserverpb.Watch',
  methods: {
    watch: {
      name: 'Watch',
      path: '/etcdserverpb.Watch/Watch',
      request: WatchRequest,
      response: WatchResponse,
      clientStream: true,
      serverStream: true,
    },
  },
} as const;

export const Lease = {
  name: 'etcdserverpb.Lease',
  methods: {
    leaseGrant: {
      name: 'LeaseGrant',
      path: '/etcdserverpb.Lease/LeaseGrant',
      request: LeaseGrantRequest,
      response: LeaseGrantResponse,
      clientStream: false,
      serverStream: false,
    },
    leaseRevoke: {
      name: 'LeaseRevoke',
      path: '/etcdserverpb.Lease/LeaseRevoke',
      request: LeaseRevokeRequest,
      response: LeaseRevokeResponse,
      clientStream: false,
      serverStream: false,
    },
    leaseKeepAlive: {
      name: 'LeaseKeepAlive',
      path: '/etcdserverpb.Lease/LeaseKeepAlive',
      request: LeaseKeepAliveRequest,
      response: LeaseKeepAliveResponse,
      clientStream: true,
      serverStream: true,
    },
    leaseTimeToLive: {
      name: 'LeaseTimeToLive',
      path: '/etcdserverpb.Lease/LeaseTimeToLive',
      request: LeaseTimeToLiveRequest,
      response: LeaseTimeToLiveResponse,
      clientStream: false,
      serverStream: false,
    },
    leaseLeases: {
      name: 'LeaseLeases',
      path: '/etcdserverpb.Lease/LeaseLeases',
      request: LeaseLeasesRequest,
      response: LeaseLeasesResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

export const Cluster = {
  name: 'etcdserverpb.Cluster',
  methods: {
    memberAdd: {
      name: 'MemberAdd',
      path: '/etcdserverpb.Cluster/MemberAdd',
      request: MemberAddRequest,
      response: MemberAddResponse,
      clientStream: false,
      serverStream: false,
    },
    memberRemove: {
      name: 'MemberRemove',
      path: '/etcdserverpb.Cluster/MemberRemove',
      request: MemberRemoveRequest,
      response: MemberRemoveResponse,
      clientStream: false,
      serverStream: false,
    },
    memberUpdate: {
      name: 'MemberUpdate',
      path: '/etcdserverpb.Cluster/MemberUpdate',
      request: MemberUpdateRequest,
      response: MemberUpdateResponse,
      clientStream: false,
      serverStream: false,
    },
    memberList: {
      name: 'MemberList',
      path: '/etcdserverpb.Cluster/MemberList',
      request: MemberListRequest,
      response: MemberListResponse,
      clientStream: false,
      serverStream: false,
    },
    memberPromote: {
      name: 'MemberPromote',
      path: '/etcdserverpb.Cluster/MemberPromote',
      request: MemberPromoteRequest,
      response: MemberPromoteResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

export const Maintenance = {
  name: 'etcdserverpb.Maintenance',
  methods: {
    alarm: {
      name: 'Alarm',
      path: '/etcdserverpb.Maintenance/Alarm',
      request: AlarmRequest,
      response: AlarmResponse,
      clientStream: false,
      serverStream: false,
    },
    status: {
      name: 'Status',
      path: '/etcdserverpb.Maintenance/Status',
      request: StatusRequest,
      response: StatusResponse,
      clientStream: false,
      serverStream: false,
    },
    defragment: {
      name: 'Defragment',
      path: '/etcdserverpb.Maintenance/Defragment',
      request: DefragmentRequest,
      response: DefragmentResponse,
      clientStream: false,
      serverStream: false,
    },
    hash: {
      name: 'Hash',
      path: '/etcdserverpb.Maintenance/Hash',
      request: HashRequest,
      response: HashResponse,
      clientStream: false,
      serverStream: false,
    },
    hashKv: {
      name: 'HashKV',
      path: '/etcdserverpb.Maintenance/HashKV',
      request: HashKVRequest,
      response: HashKVResponse,
      clientStream: false,
      serverStream: false,
    },
    snapshot: {
      name: 'Snapshot',
      path: '/etcdserverpb.Maintenance/Snapshot',
      request: SnapshotRequest,
      response: SnapshotResponse,
      clientStream: false,
      serverStream: true,
    },
    moveLeader: {
      name: 'MoveLeader',
      path: '/etcdserverpb.Maintenance/MoveLeader',
      request: MoveLeaderRequest,
      response: MoveLeaderResponse,
      clientStream: false,
      serverStream: false,
    },
    downgrade: {
      name: 'Downgrade',
      path: '/etcdserverpb.Maintenance/Downgrade',
      request: DowngradeRequest,
      response: DowngradeResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

export const Auth = {
  name: 'etcdserverpb.Auth',
  methods: {
    authEnable: {
      name: 'AuthEnable',
      path: '/etcdserverpb.Auth/AuthEnable',
      request: AuthEnableRequest,
      response: AuthEnableResponse,
      clientStream: false,
      serverStream: false,
    },
    authDisable: {
      name: 'AuthDisable',
      path: '/etcdserverpb.Auth/AuthDisable',
      request: AuthDisableRequest,
      response: AuthDisableResponse,
      clientStream: false,
      serverStream: false,
    },
    authStatus: {
      name: 'AuthStatus',
      path: '/etcdserverpb.Auth/AuthStatus',
      request: AuthStatusRequest,
      response: AuthStatusResponse,
      clientStream: false,
      serverStream: false,
    },
    authenticate: {
      name: 'Authenticate',
      path: '/etcdserverpb.Auth/Authenticate',
      request: AuthenticateRequest,
      response: AuthenticateResponse,
      clientStream: false,
      serverStream: false,
    },
    userAdd: {
      name: 'UserAdd',
      path: '/etcdserverpb.Auth/UserAdd',
      request: AuthUserAddRequest,
      response: AuthUserAddResponse,
      clientStream: false,
      serverStream: false,
    },
    userGet: {
      name: 'UserGet',
      path: '/etcdserverpb.Auth/UserGet',
      request: AuthUserGetRequest,
      response: AuthUserGetResponse,
      clientStream: false,
      serverStream: false,
    },
    userList: {
      name: 'UserList',
      path: '/etcdserverpb.Auth/UserList',
      request: AuthUserListRequest,
      response: AuthUserListResponse,
      clientStream: false,
      serverStream: false,
    },
    userDelete: {
      name: 'UserDelete',
      path: '/etcdserverpb.Auth/UserDelete',
      request: AuthUserDeleteRequest,
      response: AuthUserDeleteResponse,
      clientStream: false,
      serverStream: false,
    },
    userChangePassword: {
      name: 'UserChangePassword',
      path: '/etcdserverpb.Auth/UserChangePassword',
      request: AuthUserChangePasswordRequest,
      response: AuthUserChangePasswordResponse,
      clientStream: false,
      serverStream: false,
    },
    userGrantRole: {
      name: 'UserGrantRole',
      path: '/etcdserverpb.Auth/UserGrantRole',
      request: AuthUserGrantRoleRequest,
      response: AuthUserGrantRoleResponse,
      clientStream: false,
      serverStream: false,
    },
    userRevokeRole: {
      name: 'UserRevokeRole',
      path: '/etcdserverpb.Auth/UserRevokeRole',
      request: AuthUserRevokeRoleRequest,
      response: AuthUserRevokeRoleResponse,
      clientStream: false,
      serverStream: false,
    },
    roleAdd: {
      name: 'RoleAdd',
      path: '/etcdserverpb.Auth/RoleAdd',
      request: AuthRoleAddRequest,
      response: AuthRoleAddResponse,
      clientStream: false,
      serverStream: false,
    },
    roleGet: {
      name: 'RoleGet',
      path: '/etcdserverpb.Auth/RoleGet',
      request: AuthRoleGetRequest,
      response: AuthRoleGetResponse,
      clientStream: false,
      serverStream: false,
    },
    roleList: {
      name: 'RoleList',
      path: '/etcdserverpb.Auth/RoleList',
      request: AuthRoleListRequest,
      response: AuthRoleListResponse,
      clientStream: false,
      serverStream: false,
    },
    roleDelete: {
      name: 'RoleDelete',
      path: '/etcdserverpb.Auth/RoleDelete',
      request: AuthRoleDeleteRequest,
      response: AuthRoleDeleteResponse,
      clientStream: false,
      serverStream: false,
    },
    roleGrantPermission: {
      name: 'RoleGrantPermission',
      path: '/etcdserverpb.Auth/RoleGrantPermission',
      request: AuthRoleGrantPermissionRequest,
      response: AuthRoleGrantPermissionResponse,
      clientStream: false,
      serverStream: false,
    },
    roleRevokePermission: {
      name: 'RoleRevokePermission',
      path: '/etcdserverpb.Auth/RoleRevokePermission',
      request: AuthRoleRevokePermissionRequest,
      response: AuthRoleRevokePermissionResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

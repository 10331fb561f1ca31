import {
  AlarmResponse,
  DeleteRangeResponse,
  MemberAddResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  TxnResponse,
  WatchResponse,
} from '../../../proto/generated/etcdserverpb.js';
import { CommandError, EXIT } from '../exit.js';
import type { Result } from './result.js';

/** `--write-out=protobuf`: the answer's own bytes; lease answers show their header only. */
export function toProtobuf(result: Result): Uint8Array {
  switch (result.kind) {
    case 'plain':
      return result.encoded;
    case 'get':
      return RangeResponse.encode(result.response);
    case 'put':
      return PutResponse.encode(result.response);
    case 'del':
      return DeleteRangeResponse.encode(result.response);
    case 'txn':
      return TxnResponse.encode(result.response);
    case 'watch': {
      const { header, events, compactRevision, canceled, created } = result.response;
      return WatchResponse.encode({ header, events, compactRevision, canceled, created });
    }
    case 'memberList':
      return MemberListResponse.encode(result.response);
    case 'memberChange':
      return MemberListResponse.encode(result.response);
    case 'memberAdd':
      return MemberAddResponse.encode(result.response);
    case 'alarm':
      return AlarmResponse.encode(result.response);
    case 'leaseGrant':
    case 'leaseKeepAlive':
    case 'leaseTimeToLive':
    case 'leaseList':
      return ResponseHeader.encode(result.response.header ?? {});
    case 'leaseRevoke':
      throw new CommandError(EXIT.badFeature, 'marshal unsupported for the answer to a revocation');
    default:
      throw new CommandError(EXIT.badFeature, 'protobuf not supported as output format');
  }
}

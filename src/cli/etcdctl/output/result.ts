import type {
  AlarmResponse,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  MemberAddResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  StatusResponse,
  TxnResponse,
  WatchResponse,
} from '../../../proto/generated/etcdserverpb.js';
import type { GoJson } from './go-json.js';

export interface EndpointHealth {
  readonly endpoint: string;
  readonly healthy: boolean;
  /** In Go's notation, `1.5ms`. */
  readonly took: string;
  /** Empty when healthy. */
  readonly error: string;
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: StatusResponse;
}

export interface EndpointHash {
  readonly endpoint: string;
  readonly hash: HashKVResponse;
}

/**
 * An answer that a line or two say all of. Each format has its own view: the text, the fields of its
 * JSON beside the header, the lines behind the header's in `fields`, its bytes.
 */
export interface PlainResult {
  readonly kind: 'plain';
  readonly header: ResponseHeader | undefined;
  readonly text: string;
  readonly json: Readonly<Record<string, GoJson>>;
  /** Undefined: `fields` does not have this answer. */
  readonly fields: readonly string[] | undefined;
  readonly encoded: Uint8Array;
}

/** What a command has to show; every output format knows how to write each of these. */
export type Result =
  | PlainResult
  | { readonly kind: 'get'; readonly response: RangeResponse; readonly valueOnly: boolean }
  | { readonly kind: 'put'; readonly response: PutResponse }
  | { readonly kind: 'del'; readonly response: DeleteRangeResponse }
  | { readonly kind: 'txn'; readonly response: TxnResponse }
  | { readonly kind: 'watch'; readonly response: WatchResponse }
  | { readonly kind: 'leaseGrant'; readonly response: LeaseGrantResponse }
  | { readonly kind: 'leaseRevoke'; readonly response: LeaseRevokeResponse; readonly id: bigint }
  | { readonly kind: 'leaseKeepAlive'; readonly response: LeaseKeepAliveResponse }
  | {
      readonly kind: 'leaseTimeToLive';
      readonly response: LeaseTimeToLiveResponse;
      readonly withKeys: boolean;
    }
  | { readonly kind: 'leaseList'; readonly response: LeaseLeasesResponse }
  | { readonly kind: 'memberList'; readonly response: MemberListResponse }
  | { readonly kind: 'memberAdd'; readonly response: MemberAddResponse }
  | {
      readonly kind: 'memberChange';
      readonly change: 'removed from' | 'updated in' | 'promoted in';
      readonly id: bigint;
      /** The answers to a removal, an update and a promotion look alike. */
      readonly response: MemberListResponse;
    }
  | { readonly kind: 'alarm'; readonly response: AlarmResponse }
  | { readonly kind: 'endpointHealth'; readonly endpoints: readonly EndpointHealth[] }
  | { readonly kind: 'endpointStatus'; readonly endpoints: readonly EndpointStatus[] }
  | { readonly kind: 'endpointHash'; readonly endpoints: readonly EndpointHash[] };

/** What applying a request gives; the api room makes response bytes of it. */

export interface PutResult {
  readonly kind: 'put';
  /** The store's revision after the put. */
  readonly revision: number;
  /** The encoded record before it, if it was asked for and there was one. */
  readonly previous: Buffer | undefined;
}

export interface DeleteRangeResult {
  readonly kind: 'deleteRange';
  readonly revision: number;
  readonly deleted: number;
  /** The encoded records that were deleted, if they were asked for. */
  readonly previous: readonly Buffer[];
}

export interface RangeResult {
  readonly kind: 'range';
  /** The store's revision at the time of the read. */
  readonly revision: number;
  /** Encoded mvccpb.KeyValue records, filtered, sorted and cut as the request says. */
  readonly records: readonly Buffer[];
  readonly more: boolean;
  readonly count: number;
}

export interface TxnResult {
  readonly kind: 'txn';
  readonly revision: number;
  readonly succeeded: boolean;
  readonly responses: readonly OpResult[];
}

export type OpResult = PutResult | DeleteRangeResult | RangeResult | TxnResult;

export interface CompactionResult {
  readonly kind: 'compaction';
  readonly revision: number;
  /** Resolves when everything superseded is gone from the disk. */
  readonly physicallyDone: Promise<void>;
}

export interface LeaseGrantResult {
  readonly kind: 'leaseGrant';
  readonly revision: number;
  readonly id: bigint;
  readonly ttlSeconds: number;
}

/** A request whose answer is a header alone. */
export interface PlainResult {
  readonly kind: 'plain';
  readonly revision: number;
}

export interface AlarmResult {
  readonly kind: 'alarm';
  readonly revision: number;
  readonly alarms: readonly Alarm[];
}

/** An alarm that is raised, and the member that it concerns. */
export interface Alarm {
  readonly memberId: bigint;
  /** 1 NOSPACE, 2 CORRUPT; other numbers are kept as they came. */
  readonly type: number;
}

export type ApplyResult =
  | OpResult
  | CompactionResult
  | LeaseGrantResult
  | PlainResult
  | AlarmResult;

import { EtcdError, GrpcCode, RpcError } from '../base/errors.js';
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../proto/generated/etcdserverpb.js';
import { hasRevisionFilters, isDefaultOrdering } from '../server/index.js';
import { IntervalSet } from './interval-set.js';

/** SortOrder and SortTarget are numbered from 0 without gaps. */
const LAST_SORT_ORDER = 2;
const LAST_SORT_TARGET = 4;

/** Checks what can be known of a range request without the store. Throws EtcdError. */
export function checkRangeRequest(request: RangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
  const { sortOrder, sortTarget } = request;
  if (sortOrder < 0 || sortOrder > LAST_SORT_ORDER) throw new EtcdError('InvalidSortOption');
  if (sortTarget < 0 || sortTarget > LAST_SORT_TARGET) throw new EtcdError('InvalidSortOption');
}

/** A range that is to be streamed comes in key order and unfiltered (A.3). Throws RpcError. */
export function checkRangeStreamRequest(request: RangeRequest): void {
  checkRangeRequest(request);
  if (!isDefaultOrdering(request)) {
    throw new RpcError(GrpcCode.unimplemented, 'RangeStream does not support custom sort orders');
  }
  if (hasRevisionFilters(request)) {
    throw new RpcError(GrpcCode.unimplemented, 'RangeStream does not support revision filters');
  }
}

/** Throws EtcdError. */
export function checkPutRequest(request: PutRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
  if (request.ignoreValue && request.value.length > 0) throw new EtcdError('ValueProvided');
  if (request.ignoreLease && request.lease !== 0n) throw new EtcdError('LeaseProvided');
}

/** Throws EtcdError. */
export function checkDeleteRangeRequest(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new EtcdError('EmptyKey');
}

/** Checks a transaction: its size, each operation, and that it changes no key twice. Throws EtcdError. */
export function checkTxnRequest(request: TxnRequest, maxOps: number): void {
  checkTxnOps(request, maxOps);
  if (canOverlap(request.success)) checkOverlaps(request.success);
  if (canOverlap(request.failure)) checkOverlaps(request.failure);
}

/** Most transactions have one operation a branch: there is nothing to check, and no sets to make. */
function canOverlap(ops: readonly RequestOp[]): boolean {
  return ops.length > 1 || ops[0]?.requestTxn !== undefined;
}

/** A level with n operations leaves maxOps - n to each transaction nested in it (G.18). */
function checkTxnOps(request: TxnRequest, maxOps: number): void {
  const { compare, success, failure } = request;
  const opCount = Math.max(compare.length, success.length, failure.length);
  if (opCount > maxOps) throw new EtcdError('TooManyOps');
  for (const comparison of compare) {
    if (comparison.key.length === 0) throw new EtcdError('EmptyKey');
  }
  for (const op of success) checkRequestOp(op, maxOps - opCount);
  for (const op of failure) checkRequestOp(op, maxOps - opCount);
}

function checkRequestOp(op: RequestOp, maxOps: number): void {
  if (op.requestRange !== undefined) checkRangeRequest(op.requestRange);
  else if (op.requestPut !== undefined) checkPutRequest(op.requestPut);
  else if (op.requestDeleteRange !== undefined) checkDeleteRangeRequest(op.requestDeleteRange);
  else if (op.requestTxn !== undefined) checkTxnOps(op.requestTxn, maxOps);
  else throw new EtcdError('KeyNotFound');
}

/** What a list of operations changes. */
interface Changes {
  readonly puts: Set<string>;
  readonly deletes: IntervalSet;
}

/**
 * Refuses a key that is put twice, or put and deleted, in operations that can run together (G.19).
 * The order of the checks is etcd's and shows: the deletes of a nested transaction are held against
 * the puts after it and on this level, not against those of the transactions before it.
 */
function checkOverlaps(ops: readonly RequestOp[]): Changes {
  const deletes = new IntervalSet();
  for (const op of ops) {
    if (op.requestDeleteRange === undefined) continue;
    const { key, rangeEnd } = op.requestDeleteRange;
    deletes.add(key.toString('latin1'), rangeEnd.toString('latin1'));
  }
  const puts = new Set<string>();
  const addPut = (key: string): void => {
    if (puts.has(key) || deletes.contains(key)) throw new EtcdError('DuplicateKey');
    puts.add(key);
  };
  for (const op of ops) {
    if (op.requestTxn === undefined) continue;
    const onSuccess = checkOverlaps(op.requestTxn.success);
    const onFailure = checkOverlaps(op.requestTxn.failure);
    for (const key of onSuccess.puts) addPut(key);
    for (const key of onFailure.puts) {
      // Either branch runs, never both: the same key may stand in each.
      if (!onSuccess.puts.has(key)) addPut(key);
    }
    deletes.addAll(onSuccess.deletes);
    deletes.addAll(onFailure.deletes);
  }
  for (const op of ops)
    if (op.requestPut !== undefined) addPut(op.requestPut.key.toString('latin1'));
  return { puts, deletes };
}

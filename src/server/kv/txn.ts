import { EtcdError } from '../../base/errors.js';
import { type MvccStore, readRecordMeta, type WriteTransaction } from '../../mvcc/index.js';
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../../proto/generated/etcdserverpb.js';
import type { DeleteRangeResult, OpResult, PutResult, TxnResult } from '../results.js';
import { chooseTxnPath, type TxnPath } from './compare.js';
import { executeRange, type RangeView } from './range.js';

/** Whether a lease exists; puts that name an unknown one are refused. */
export interface LeaseLookup {
  has(id: bigint): boolean;
}

/** A transaction that can change nothing: all its operations are ranges. */
export function isReadOnlyTxn(request: TxnRequest): boolean {
  const isRange = (op: { requestRange: unknown }): boolean => op.requestRange !== undefined;
  return request.success.every(isRange) && request.failure.every(isRange);
}

/** A transaction whose ranges all accept an answer without asking the other members. */
export function isSerializableTxn(request: TxnRequest): boolean {
  const isSerializable = (op: { requestRange: RangeRequest | undefined }): boolean =>
    op.requestRange?.serializable === true;
  return request.success.every(isSerializable) && request.failure.every(isSerializable);
}

/** Carries out a put. Throws EtcdError LeaseNotFound or KeyNotFound; then nothing has changed. */
export function executePut(store: MvccStore, leases: LeaseLookup, request: PutRequest): PutResult {
  const key = request.key.toString('latin1');
  checkLease(leases, request);
  if ((request.ignoreValue || request.ignoreLease) && previousRecord(store, key) === undefined) {
    throw new EtcdError('KeyNotFound');
  }
  const transaction = store.begin();
  const result = putInto(transaction, request, key);
  transaction.end();
  return result;
}

/** Carries out a delete of a key or range. */
export function executeDeleteRange(
  store: MvccStore,
  request: DeleteRangeRequest,
): DeleteRangeResult {
  const transaction = store.begin();
  const result = deleteFrom(transaction, request);
  transaction.end();
  return result;
}

/**
 * Carries out a transaction: all of it or, if anything in its chosen branch cannot be done, nothing
 * (G.16–G.20, formats.md §10.5). Throws EtcdError or the store's revision errors.
 */
export function executeTxn(store: MvccStore, leases: LeaseLookup, request: TxnRequest): TxnResult {
  const path = chooseTxnPath(store, request);
  checkBranch(store, leases, request, path, []);
  const transaction = store.begin();
  const result = runBranch(transaction, request, path);
  transaction.end();
  return { ...result, revision: transaction.revision };
}

/** A read-only transaction, straight from the store. */
export function executeReadOnlyTxn(store: MvccStore, request: TxnRequest): TxnResult {
  const path = chooseTxnPath(store, request);
  const ranges = path.succeeded ? request.success : request.failure;
  for (const op of ranges) if (op.requestRange !== undefined) checkRevision(store, op.requestRange);
  const responses: OpResult[] = [];
  for (const op of ranges) {
    if (op.requestRange !== undefined) responses.push(executeRange(store, op.requestRange));
  }
  return { kind: 'txn', revision: store.revision, succeeded: path.succeeded, responses };
}

/** A range of keys that an earlier delete of the same transaction takes away. */
interface DeletedRange {
  readonly start: string;
  readonly end: string;
}

/**
 * Checks the operations of the chosen branches in order. The deletes before a put matter to it: a
 * from-key delete is let past by the request check (G.19), and a put that keeps the value of a key
 * which that delete has just removed finds none. (etcd 3.7.1 learns this half-way and panics.)
 */
function checkBranch(
  store: MvccStore,
  leases: LeaseLookup,
  request: TxnRequest,
  path: TxnPath,
  deleted: DeletedRange[],
): void {
  let nestedIndex = 0;
  for (const op of path.succeeded ? request.success : request.failure) {
    if (op.requestRange !== undefined) checkRevision(store, op.requestRange);
    else if (op.requestPut !== undefined) checkPut(store, leases, op.requestPut, deleted);
    else if (op.requestDeleteRange !== undefined) {
      const { key, rangeEnd } = op.requestDeleteRange;
      deleted.push({ start: key.toString('latin1'), end: rangeEnd.toString('latin1') });
    } else if (op.requestTxn !== undefined) {
      const nested = path.nested[nestedIndex++];
      if (nested !== undefined) checkBranch(store, leases, op.requestTxn, nested, deleted);
    }
  }
}

function checkRevision(store: MvccStore, request: RangeRequest): void {
  if (request.revision === 0) return;
  if (request.revision > store.revision) throw new EtcdError('FutureRev');
  if (request.revision < store.compactedRevision) throw new EtcdError('Compacted');
}

function checkLease(leases: LeaseLookup, request: PutRequest): void {
  if (request.lease !== 0n && !leases.has(request.lease)) throw new EtcdError('LeaseNotFound');
}

function checkPut(
  store: MvccStore,
  leases: LeaseLookup,
  request: PutRequest,
  deleted: readonly DeletedRange[],
): void {
  checkLease(leases, request);
  if (!request.ignoreValue && !request.ignoreLease) return;
  const key = request.key.toString('latin1');
  const isGone = deleted.some((range) => contains(range, key));
  if (isGone || previousRecord(store, key) === undefined) throw new EtcdError('KeyNotFound');
}

function contains(range: DeletedRange, key: string): boolean {
  if (range.end === '') return key === range.start;
  return key >= range.start && (range.end === '\0' || key < range.end);
}

function previousRecord(view: RangeView, key: string): Buffer | undefined {
  return view.range({ start: key, end: '' }).records[0];
}

function runBranch(transaction: WriteTransaction, request: TxnRequest, path: TxnPath): TxnResult {
  const responses: OpResult[] = [];
  let nestedIndex = 0;
  for (const op of path.succeeded ? request.success : request.failure) {
    if (op.requestRange !== undefined) responses.push(executeRange(transaction, op.requestRange));
    else if (op.requestPut !== undefined) {
      responses.push(putInto(transaction, op.requestPut, op.requestPut.key.toString('latin1')));
    } else if (op.requestDeleteRange !== undefined) {
      responses.push(deleteFrom(transaction, op.requestDeleteRange));
    } else if (op.requestTxn !== undefined) {
      const nested = path.nested[nestedIndex++];
      if (nested !== undefined) responses.push(runBranch(transaction, op.requestTxn, nested));
    }
  }
  // Only the outermost transaction tells its revision (G.17).
  return { kind: 'txn', revision: 0, succeeded: path.succeeded, responses };
}

function putInto(transaction: WriteTransaction, request: PutRequest, key: string): PutResult {
  let value: Buffer = request.value;
  let lease = request.lease;
  let previous: Buffer | undefined;
  if (request.prevKv || request.ignoreValue || request.ignoreLease) {
    previous = previousRecord(transaction, key);
  }
  if (request.ignoreValue || request.ignoreLease) {
    // The checks before the transaction have seen to it that there is one.
    if (previous === undefined) {
      throw new Error('a put keeps the value of a key that does not exist');
    }
    const meta = readRecordMeta(previous);
    if (request.ignoreValue) {
      value = previous.subarray(meta.valueOffset, meta.valueOffset + meta.valueLength);
    }
    if (request.ignoreLease) lease = meta.lease;
  }
  transaction.put(key, value, lease);
  return {
    kind: 'put',
    revision: transaction.revision,
    previous: request.prevKv ? previous : undefined,
  };
}

function deleteFrom(
  transaction: WriteTransaction,
  request: Pick<DeleteRangeRequest, 'key' | 'rangeEnd' | 'prevKv'>,
): DeleteRangeResult {
  const start = request.key.toString('latin1');
  const end = request.rangeEnd.toString('latin1');
  const previous = request.prevKv ? transaction.range({ start, end }).records : [];
  const deleted = transaction.deleteRange(start, end);
  return { kind: 'deleteRange', revision: transaction.revision, deleted, previous };
}

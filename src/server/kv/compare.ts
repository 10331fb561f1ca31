import { type RecordMeta, readRecordMeta } from '../../mvcc/index.js';
import {
  type Compare,
  Compare_CompareResult as CompareResult,
  Compare_CompareTarget as CompareTarget,
  type TxnRequest,
} from '../../proto/generated/etcdserverpb.js';
import type { RangeView } from './range.js';

/** The comparisons of a transaction that hold, and those of the transactions nested in its branch. */
export interface TxnPath {
  readonly succeeded: boolean;
  /** One for each nested transaction in the chosen branch, in order. */
  readonly nested: readonly TxnPath[];
}

/** Evaluates all comparisons, nested ones included, against the state before the transaction (G.16). */
export function chooseTxnPath(view: RangeView, request: TxnRequest): TxnPath {
  const succeeded = request.compare.every((comparison) => holds(view, comparison));
  const nested: TxnPath[] = [];
  for (const op of succeeded ? request.success : request.failure) {
    if (op.requestTxn !== undefined) nested.push(chooseTxnPath(view, op.requestTxn));
  }
  return { succeeded, nested };
}

function holds(view: RangeView, comparison: Compare): boolean {
  const { records } = view.range({
    start: comparison.key.toString('latin1'),
    end: comparison.rangeEnd.toString('latin1'),
  });
  if (records.length === 0) {
    // A missing key has no value, not even an empty one; its numbers compare as zero.
    return (
      comparison.target !== CompareTarget.VALUE && satisfies(comparison, compareMissing(comparison))
    );
  }
  return records.every((record) => satisfies(comparison, compareRecord(comparison, record)));
}

function satisfies(comparison: Compare, order: number): boolean {
  switch (comparison.result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    default:
      // grpc-surface.md: an unknown result makes the comparison true.
      return true;
  }
}

const NOTHING = { version: 0, createRevision: 0, modRevision: 0, lease: 0n };

function compareMissing(comparison: Compare): number {
  return compareNumbers(comparison, NOTHING);
}

function compareRecord(comparison: Compare, record: Buffer): number {
  const meta = readRecordMeta(record);
  if (comparison.target !== CompareTarget.VALUE) return compareNumbers(comparison, meta);
  const value = record.subarray(meta.valueOffset, meta.valueOffset + meta.valueLength);
  return Buffer.compare(value, comparison.value ?? Buffer.alloc(0));
}

/** The union member that does not fit the target counts as zero. */
function compareNumbers(
  comparison: Compare,
  meta: Pick<RecordMeta, 'version' | 'createRevision' | 'modRevision' | 'lease'>,
): number {
  switch (comparison.target) {
    case CompareTarget.VERSION:
      return meta.version - (comparison.version ?? 0);
    case CompareTarget.CREATE:
      return meta.createRevision - (comparison.createRevision ?? 0);
    case CompareTarget.MOD:
      return meta.modRevision - (comparison.modRevision ?? 0);
    case CompareTarget.LEASE: {
      const given = comparison.lease ?? 0n;
      return meta.lease === given ? 0 : meta.lease < given ? -1 : 1;
    }
    default:
      return 0;
  }
}

import {
  type RangeOptions,
  readRecordMeta,
  type RangeResult as StoreRange,
  stripRecordValue,
} from '../../mvcc/index.js';
import {
  type RangeRequest,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
} from '../../proto/generated/etcdserverpb.js';
import type { RangeResult } from '../results.js';

/** Anything ranges can be read from: the store, or a write transaction that sees its own changes. */
export interface RangeView {
  range(options: RangeOptions): StoreRange;
}

/** No sorting is needed: the store's own order. NONE with another target than KEY counts, too (G.7). */
export function isDefaultOrdering(request: RangeRequest): boolean {
  return (
    request.sortOrder === SortOrder.NONE ||
    (request.sortTarget === SortTarget.KEY && request.sortOrder === SortOrder.ASCEND)
  );
}

export function hasRevisionFilters(request: RangeRequest): boolean {
  return (
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0
  );
}

/** What to ask of the store for a request; one key more than the limit tells whether there are more. */
export function rangeOptionsOf(request: RangeRequest): RangeOptions {
  const limited = request.limit > 0 && isDefaultOrdering(request) && !hasRevisionFilters(request);
  return {
    start: request.key.toString('latin1'),
    end: request.rangeEnd.toString('latin1'),
    revision: request.revision,
    limit: limited ? request.limit + 1 : 0,
    countOnly: request.countOnly,
    keysOnly: request.keysOnly && request.sortTarget !== SortTarget.VALUE,
  };
}

/** Reads a range at once. Throws the store's errors for compacted and future revisions. */
export function executeRange(view: RangeView, request: RangeRequest): RangeResult {
  return finishRange(request, view.range(rangeOptionsOf(request)));
}

/** Filters, sorts and cuts what the store gave, in etcd's order of steps. */
export function finishRange(
  request: RangeRequest,
  read: Pick<StoreRange, 'records' | 'count' | 'revision'>,
): RangeResult {
  let records = hasRevisionFilters(request) ? filtered(request, read.records) : read.records;
  records = sorted(request, records);
  const more = request.limit > 0 && records.length > request.limit;
  if (more) records = records.slice(0, request.limit);
  if (request.keysOnly && request.sortTarget === SortTarget.VALUE) {
    records = records.map(stripRecordValue);
  }
  return { kind: 'range', revision: read.revision, records, more, count: read.count };
}

function filtered(request: RangeRequest, records: Buffer[]): Buffer[] {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return records.filter((record) => {
    const { modRevision, createRevision } = readRecordMeta(record);
    return !(
      (maxModRevision !== 0 && modRevision > maxModRevision) ||
      (minModRevision !== 0 && modRevision < minModRevision) ||
      (maxCreateRevision !== 0 && createRevision > maxCreateRevision) ||
      (minCreateRevision !== 0 && createRevision < minCreateRevision)
    );
  });
}

/** A record beside what it is sorted by; equal ones stay in key order. */
interface SortItem {
  readonly record: Buffer;
  readonly number: number;
  readonly value: Buffer | undefined;
}

function sorted(request: RangeRequest, records: Buffer[]): Buffer[] {
  const byKey = request.sortTarget === SortTarget.KEY;
  const descending = request.sortOrder === SortOrder.DESCEND;
  if (byKey) return descending ? records.toReversed() : records;
  const sign = descending ? -1 : 1;
  return records
    .map((record) => sortItem(request.sortTarget, record))
    .sort((a, b) => sign * compareItems(a, b))
    .map((item) => item.record);
}

function sortItem(target: SortTarget, record: Buffer): SortItem {
  const meta = readRecordMeta(record);
  switch (target) {
    case SortTarget.VERSION:
      return { record, number: meta.version, value: undefined };
    case SortTarget.CREATE:
      return { record, number: meta.createRevision, value: undefined };
    case SortTarget.MOD:
      return { record, number: meta.modRevision, value: undefined };
    default:
      return {
        record,
        number: 0,
        value: record.subarray(meta.valueOffset, meta.valueOffset + meta.valueLength),
      };
  }
}

function compareItems(a: SortItem, b: SortItem): number {
  if (a.value !== undefined && b.value !== undefined) return Buffer.compare(a.value, b.value);
  return a.number - b.number;
}

import { varintSize } from '../base/varint.js';
import type { Entry } from './types.js';

/** A limit that never bites. */
export const NO_LIMIT = Number.POSITIVE_INFINITY;

/** The size of the entry as protobuf (formats.md §1.2), which the message limits count. */
export function entrySizeBytes(entry: Entry): number {
  const dataBytes = entry.data.length;
  return (
    (entry.type === 0 ? 0 : 2) +
    2 +
    varintSize(entry.term) +
    varintSize(entry.index) +
    (dataBytes === 0 ? 0 : 1 + varintSize(dataBytes) + dataBytes)
  );
}

/** The size of all entries as protobuf. */
export function entriesSizeBytes(entries: readonly Entry[]): number {
  let sizeBytes = 0;
  for (const entry of entries) sizeBytes += entrySizeBytes(entry);
  return sizeBytes;
}

/** The size of the entries' data alone: an entry without data (a leader's first) counts nothing. */
export function payloadsSizeBytes(entries: readonly Entry[]): number {
  let sizeBytes = 0;
  for (const entry of entries) sizeBytes += entry.data.length;
  return sizeBytes;
}

/**
 * How many of `entries[start, end)` fit into `maxSizeBytes`; at least one if there is any, so that
 * an entry larger than the limit still gets through.
 */
export function fittingCount(
  entries: readonly Entry[],
  start: number,
  end: number,
  maxSizeBytes: number,
): number {
  if (maxSizeBytes === NO_LIMIT || end <= start) return Math.max(end - start, 0);
  let sizeBytes = entrySizeBytes(entries[start] as Entry);
  for (let position = start + 1; position < end; position++) {
    sizeBytes += entrySizeBytes(entries[position] as Entry);
    if (sizeBytes > maxSizeBytes) return position - start;
  }
  return end - start;
}

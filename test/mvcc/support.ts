import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import {
  type LeaseAttachments,
  type MvccOptions,
  MvccStore,
  type RecordStore,
  type WatchRequest,
} from '../../src/mvcc/index.js';
import { Event, KeyValue } from '../../src/proto/generated/mvccpb.js';

/** Lease attachments as a plain table. */
export class LeaseTable implements LeaseAttachments {
  readonly leaseOf = new Map<string, bigint>();

  attach(lease: bigint, key: string): void {
    if (this.leaseOf.has(key)) throw new Error(`${key} is attached already`);
    this.leaseOf.set(key, lease);
  }

  detach(lease: bigint, key: string): void {
    if (this.leaseOf.get(key) !== lease) throw new Error(`${key} is not attached to ${lease}`);
    this.leaseOf.delete(key);
  }
}

export function openStore(
  records: RecordStore,
  options: MvccOptions = {},
  leases: LeaseAttachments = new LeaseTable(),
): Promise<MvccStore> {
  const quick = { compactionSleepIntervalMs: 0, compactionBatchLimit: 5, ...options };
  return MvccStore.open(quick, { records, leases, clock: systemClock, logger: silentLogger });
}

/** One put in a transaction of its own; returns the new revision. */
export function put(store: MvccStore, key: string, value: string, lease = 0n): number {
  const transaction = store.begin();
  transaction.put(key, Buffer.from(value), lease);
  return transaction.end();
}

/** One delete in a transaction of its own; returns the revision after it. */
export function remove(store: MvccStore, start: string, end = ''): number {
  const transaction = store.begin();
  transaction.deleteRange(start, end);
  return transaction.end();
}

/** `key=value@mod/create/version` of a record, for readable expectations. */
export function describeRecord(record: Buffer): string {
  const { key, value, modRevision, createRevision, version } = KeyValue.decode(record);
  return `${key}=${value}@${modRevision}/${createRevision}/${version}`;
}

/** `PUT key=value@mod (was value)` or `DELETE key@mod (was value)`. */
export function describeEvent(bytes: Buffer): string {
  const { type, kv, prevKv } = Event.decode(bytes);
  const previous = prevKv === undefined ? '' : ` (was ${prevKv.value})`;
  return type === 1
    ? `DELETE ${kv?.key}@${kv?.modRevision}${previous}`
    : `PUT ${kv?.key}=${kv?.value}@${kv?.modRevision}${previous}`;
}

/** A watch with defaults. */
export function watchRequest(start: string, more: Partial<WatchRequest> = {}): WatchRequest {
  return {
    id: 0n,
    start,
    end: '',
    startRevision: 0,
    noPut: false,
    noDelete: false,
    prevKv: false,
    progressNotify: false,
    fragment: false,
    ...more,
  };
}

/** Lets everything run that was planned for the next turns. */
export async function turns(count = 1): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, turn by turn, until a condition holds; the runner's time limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns();
}

import { type Clock, systemClock } from '../../src/base/clock.js';
import { type Logger, silentLogger } from '../../src/base/logger.js';
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

/** Makes an error that the store only logs fail the test. */
const strictLogger: Logger = {
  ...silentLogger,
  error(message, fields) {
    throw new Error(`${message}: ${JSON.stringify(fields)}`);
  },
  child: () => strictLogger,
};

export interface OpenWith {
  leases?: LeaseAttachments;
  clock?: Clock;
}

export function openStore(
  records: RecordStore,
  options: MvccOptions = {},
  { leases = new LeaseTable(), clock = systemClock }: OpenWith = {},
): Promise<MvccStore> {
  const quick = { compactionSleepIntervalMs: 0, compactionBatchLimit: 5, ...options };
  return MvccStore.open(quick, { records, leases, clock, logger: strictLogger });
}

/** A clock whose intervals run when the test says so; turns are those of the event loop. */
export class ManualClock implements Clock {
  private now = 0;
  private readonly intervals = new Set<{ run: () => void; periodMs: number; nextMs: number }>();
  readonly setImmediate = systemClock.setImmediate;
  readonly setTimeout = systemClock.setTimeout;

  nowMs(): number {
    return this.now;
  }

  unixMs(): number {
    return this.now;
  }

  setInterval(callback: () => void, periodMs: number): () => void {
    const interval = { run: callback, periodMs, nextMs: this.now + periodMs };
    this.intervals.add(interval);
    return () => this.intervals.delete(interval);
  }

  get timerCount(): number {
    return this.intervals.size;
  }

  advance(durationMs: number): void {
    this.now += durationMs;
    for (const interval of this.intervals) {
      for (; interval.nextMs <= this.now; interval.nextMs += interval.periodMs) interval.run();
    }
  }
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

/** Waits, turn by turn, until a condition holds; fails if it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === 20_000) throw new Error('what the test waits for does not happen');
    await turns();
  }
}

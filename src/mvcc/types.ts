/**
 * The public types of the room. Keys are latin1 strings (one character a byte), so that comparing
 * strings compares bytes; values and records are Buffers; revisions are numbers; leases and watch ids
 * are bigint.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Histogram } from '../base/metrics.js';
import type { Bucket, RecordVisitor } from '../storage/backend/index.js';

/** Bounds of a scan: `gte` inclusive, `lt` exclusive. */
export interface RecordScanRange {
  readonly gte?: Buffer;
  readonly lt?: Buffer;
}

/**
 * Where records live on disk: the part of the storage room's Backend that this room uses. Writes are
 * buffered; reads and scans see every write made before them. What is written in one synchronous step
 * becomes durable together once the group is closed: by the applied entry's index or by `commit`.
 */
export interface RecordStore {
  /** Buffers a write. `key` and `value` must not be changed afterwards. */
  put(bucket: Bucket, key: Buffer, value: Buffer): void;
  /** Buffers a removal; removing what is not there is fine. */
  delete(bucket: Bucket, key: Buffer, valueSizeBytes?: number): void;
  /** Closes a group that belongs to no entry. */
  commit(): void;
  /** Resolves when writes are welcome. */
  whenNotFull(): Promise<void>;
  getSync(bucket: Bucket, key: Buffer): Buffer | undefined;
  /** Pairs in byte order, in batches of a few milliseconds' work, of one moment not before the call. */
  scan(bucket: Bucket, range: RecordScanRange): AsyncIterable<readonly [Buffer, Buffer][]>;
  /**
   * Shows all records of a bucket in byte order, in turns. Nothing may be written to it meanwhile, and
   * what is shown is valid only during the call.
   */
  visitAll(bucket: Bucket, visit: RecordVisitor): Promise<void>;
  /**
   * Puts everything written before the call where `visitFolder` of the storage room reads it in another
   * thread. Resolves to the folder. Stores without tables do not have it.
   */
  writeTables?(): Promise<string>;
}

/**
 * Told whenever the set of keys attached to a lease changes. A key's old lease is detached before its
 * new one is attached. Called inside the synchronous step of the change, and on restore once for each
 * live key that has a lease.
 */
export interface LeaseAttachments {
  attach(lease: bigint, key: string): void;
  detach(lease: bigint, key: string): void;
}

export interface MvccOptions {
  /** Bytes of encoded records kept in memory; default 96 MiB. */
  cacheSizeBytes?: number;
  /** Records a compaction looks at between two pauses (--experimental-compaction-batch-limit); default 1000. */
  compactionBatchLimit?: number;
  /** The pause between two compaction batches; default 10 ms. */
  compactionSleepIntervalMs?: number;
  /** From how many records on a compaction reads in a thread of its own; default 20,000. */
  compactionThreadFromRecords?: number;
  /**
   * Work of one slice of a large read or of watchers that catch up, in entries or changes looked at;
   * default 4096, some milliseconds. Counted, not timed, so that a run can be replayed.
   */
  sliceWork?: number;
  /** Revisions in one response to a watcher that catches up; default 1000. */
  watchBatchRevisions?: number;
  /** How often idle watchers with `progressNotify` hear of the revision; default 10 min. */
  watchProgressNotifyIntervalMs?: number;
}

export interface MvccDependencies {
  records: RecordStore;
  leases: LeaseAttachments;
  clock: Clock;
  logger: Logger;
}

/** How the store is loaded anew; without anything from the same records into the same leases. */
export interface ReloadOptions {
  /** Replaces the records; nothing of the store touches them meanwhile. */
  readonly replaceRecords?: () => Promise<void>;
  /** Where attachments are reported while loading, to be taken over in {@link switched}. */
  readonly leases?: LeaseAttachments;
  /** In the step in which the new state appears; it can be read already. */
  readonly switched?: () => void;
}

/** A read of `[start, end)`. */
export interface RangeOptions {
  start: string;
  /** `''` = the single key `start`; `'\0'` = every key from `start` on. */
  end: string;
  /** 0 or less = the current revision. */
  revision?: number;
  /** At most so many records; 0 or less = all. */
  limit?: number;
  /** Only the count. */
  countOnly?: boolean;
  /** Records without value and, as etcd 3.7 does it, without lease. */
  keysOnly?: boolean;
}

export interface RangeResult {
  /**
   * Encoded mvccpb.KeyValue in key order. Views of shared memory: never write to them, and copy what
   * is kept for long (a view keeps a slab of a megabyte alive).
   */
  records: Buffer[];
  /** The sum of the records' lengths. */
  sizeBytes: number;
  /** Keys in the range at the revision, whatever the limit. */
  count: number;
  /** Whether the limit left keys out. */
  more: boolean;
  /** The current revision of the store (or of the transaction) when the read was made. */
  revision: number;
}

/** A part of a range read in pieces. */
export interface RangeChunk {
  /** As in {@link RangeResult}; can be empty before the end: ask again in a later turn. */
  records: Buffer[];
  sizeBytes: number;
  /** Set once nothing follows. */
  end: RangeEnd | undefined;
}

export interface RangeEnd {
  count: number;
  more: boolean;
  /** The current revision when the reader was opened. */
  revision: number;
}

/** Reads a range in pieces at the revision it was opened at; later writes are invisible. */
export interface RangeReader {
  /**
   * The next piece: about `maxBytes` (at least one record) and at most some milliseconds of work, so
   * call it once a turn. Throws {@link CompactedError} when a compaction has passed the revision.
   */
  next(maxBytes: number): RangeChunk;
  /** Frees what the reader holds; needed when it is left before its end, harmless otherwise. */
  close(): void;
}

/**
 * All changes of one applied entry; they share one main revision. Everything is synchronous, there is
 * one transaction at a time, and a transaction cannot fail: the caller validates before.
 */
export interface WriteTransaction {
  /** The revision reads inside see: current, plus one once there is a change. */
  readonly revision: number;
  /** How many changes there are so far. */
  readonly changes: number;
  /** Writes a key. `value` is copied; `lease` 0n = none. For `prev_kv` read the key before. */
  put(key: string, value: Uint8Array, lease: bigint): void;
  /**
   * Deletes `[start, end)` (as in {@link RangeOptions}) in byte order, one sub revision a key.
   * Returns how many keys there were.
   */
  deleteRange(start: string, end: string): number;
  /** Reads with the transaction's own changes. Throws as `MvccStore.range` does. */
  range(options: RangeOptions): RangeResult;
  /** Makes the changes current and tells the watchers. Returns the revision (unchanged if no changes). */
  end(): number;
}

/** What one record says beside key and value (formats.md §4). */
export interface RecordMeta {
  createRevision: number;
  modRevision: number;
  version: number;
  lease: bigint;
  keyOffset: number;
  keyLength: number;
  valueOffset: number;
  valueLength: number;
}

/** The result of HashKV (formats.md §9). */
export interface KeyValueHash {
  /** CRC-32C, unsigned. */
  hash: number;
  /** -1 = never compacted. */
  compactRevision: number;
  /** The revision that was hashed. */
  hashRevision: number;
}

/** How a compaction ended: the old revisions are gone from disk, or not all of them (yet). */
export type CompactionOutcome = 'finished' | 'interrupted' | 'failed';

/** A watch to create; key ranges as in {@link RangeOptions}. */
export interface WatchRequest {
  /** 0n = the next free one. */
  id: bigint;
  start: string;
  end: string;
  /** 0 = from the next revision on. */
  startRevision: number;
  noPut: boolean;
  noDelete: boolean;
  prevKv: boolean;
  progressNotify: boolean;
  /** Not looked at here: handed to {@link WatchSink.events}. */
  fragment: boolean;
}

/** The answer to a create: what the `created` response says. */
export interface WatchCreated {
  /** -1n if it failed. */
  watchId: bigint;
  /** The header's revision. */
  revision: number;
  /** Why it failed (then the response is `created` and `canceled`), or empty. */
  cancelReason: string;
}

/**
 * Where one stream's responses go. No call happens inside {@link WatchStream.create}, so the created
 * response can be written when that returns. Calls are made inside apply: they must not throw.
 */
export interface WatchSink {
  /**
   * Events of one watcher in order of revision; `revision` is for the header. Each of `events` is an
   * encoded mvccpb.Event, shared between watchers: read only. The sink has taken them in any case;
   * returning false means that its buffer is full: no more events come until
   * {@link WatchStream.resume}, which must be called after this call has returned.
   */
  events(
    watchId: bigint,
    revision: number,
    events: readonly Buffer[],
    totalSizeBytes: number,
    fragment: boolean,
  ): boolean;
  /** A response without events; `watchId` -1n stands for all watchers of the stream. */
  progress(watchId: bigint, revision: number): void;
  /** The watcher asked for revisions that are compacted; its id stays taken until it is cancelled. */
  compacted(watchId: bigint, compactRevision: number): void;
}

/** The watchers of one client stream. */
export interface WatchStream {
  create(request: WatchRequest): WatchCreated;
  /** Ends a watcher; false if there is none with this id (then nothing is answered). */
  cancel(watchId: bigint): boolean;
  /** Answers with `progress(-1n, current)` if every watcher is up to date, else not at all. */
  requestProgress(): void;
  /** The sink has room again. */
  resume(): void;
  close(): void;
  readonly watcherCount: number;
}

/** Operations since the start, whether they found anything or not. */
export interface StoreCounts {
  ranges: number;
  puts: number;
  /** Deletes of a key or a range. */
  deletes: number;
  /** Transactions of more than one operation. */
  transactions: number;
  /** Bytes of keys and values put. */
  putBytes: number;
}

/** What compactions did since the start. */
export interface CompactionCounts {
  removedRecords: number;
  /** When the last one finished; 0 before the first. */
  finishedAtUnixMs: number;
  readonly durationsMs: Histogram;
}

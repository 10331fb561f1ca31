/**
 * The way of records into LevelDB: gathered in a buffer, written in slices of whole groups, one batch
 * after the other, while the next buffer gathers.
 */
import type { Clock } from '../../base/clock.js';
import {
  BUCKET_PREFIXES,
  CONSISTENT_INDEX_KEY,
  LOCAL_PREFIX,
  MARK_KEY,
  OLD_LOCAL_PREFIX,
  TERM_KEY,
} from './buckets.js';
import type { Database } from './database.js';
import { decodeNumber, encodeNumber } from './numbers.js';
import { PrefixedKeys } from './scan.js';
import type { Slice, StorePosition } from './writebuffer.js';
import { SLICE_RECORDS, WriteBuffer } from './writebuffer.js';

/**
 * So many records are written at once, whatever the limit: they cost the same then as later, and what
 * waits for long is copied by the collector, again and again.
 */
const DUE_RECORDS = 2000;

/** Where the figures of the key bucket are kept: number of records and their bytes. */
const LIVE_KEY = Buffer.from('live');
const META_PREFIX = BUCKET_PREFIXES.meta;

const NO_KEY = Buffer.alloc(0);

export interface WriteQueueOptions {
  readonly batchIntervalMs: number;
  readonly batchLimit: number;
  readonly maxUnflushedBytes: number;
}

export interface WriteQueueDependencies {
  readonly database: Database;
  readonly clock: Clock;
  /** A write failed; the queue has stopped for good. Returns the error to answer with. */
  readonly onFailure: (cause: unknown) => Error;
  /** After each batch that LevelDB took. */
  readonly onCommitted?: ((seconds: number) => void) | undefined;
  /** After each run of flushes. */
  readonly onFlushed: () => void;
}

interface FlushWaiter {
  /** Called once this many slices are in LevelDB, before anything later goes there. */
  readonly slices: number;
  readonly run: (error: Error | null) => void;
}

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #dependencies: WriteQueueDependencies;
  readonly #prefixed = new PrefixedKeys();
  /** What all records added make of the store, and what those in LevelDB do. */
  #index: number;
  #term: number;
  #liveRecords: number;
  #liveBytes: number;
  #flushed: StorePosition;
  /** The figures still stand where an earlier version kept them. */
  #hasOldLive = false;
  /** The number of the newest mark. */
  #marks: number;
  #gathering = new WriteBuffer();
  #inFlight: WriteBuffer | undefined;
  /** Slices ever made, and of these ever written. */
  #sealedSlices = 0;
  #flushedSlices = 0;
  #flushing = false;
  #flushRun: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  readonly #flushWaiters: FlushWaiter[] = [];
  #roomWaiters: (() => void)[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(options: WriteQueueOptions, dependencies: WriteQueueDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#flushed = this.#load(dependencies.database);
    this.#marks = decodeNumber(
      dependencies.database.getSync(this.#prefixed.of(LOCAL_PREFIX, MARK_KEY)),
    );
    this.#index = this.#flushed.index;
    this.#term = this.#flushed.term;
    this.#liveRecords = this.#flushed.liveRecords;
    this.#liveBytes = this.#flushed.liveBytes;
  }

  #load(database: Database): StorePosition {
    const read = (prefix: number, key: Buffer) => database.getSync(this.#prefixed.of(prefix, key));
    const old = read(OLD_LOCAL_PREFIX, LIVE_KEY);
    this.#hasOldLive = old !== undefined;
    const live = read(LOCAL_PREFIX, LIVE_KEY) ?? old;
    return {
      index: decodeNumber(read(META_PREFIX, CONSISTENT_INDEX_KEY)),
      term: decodeNumber(read(META_PREFIX, TERM_KEY)),
      liveRecords: decodeNumber(live?.subarray(0, 8)),
      liveBytes: decodeNumber(live?.subarray(8)),
    };
  }

  /** Index and term of the last entry, flushed or not. */
  get index(): number {
    return this.#index;
  }

  get term(): number {
    return this.#term;
  }

  /** Bytes of the records of the key bucket, flushed or not. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** What LevelDB holds. */
  get flushed(): StorePosition {
    return this.#flushed;
  }

  /** Bytes added and not yet in LevelDB. */
  get unflushedBytes(): number {
    return this.#gathering.sizeBytes + (this.#inFlight?.sizeBytes ?? 0);
  }

  get isFull(): boolean {
    return this.unflushedBytes >= this.#options.maxUnflushedBytes;
  }

  add(prefix: number, key: Buffer, value: Buffer | undefined): void {
    this.#gathering.add(prefix, key, value);
    if (!this.#flushing) this.#armTimer();
  }

  /** Counts a record of the key bucket in (+1) or out (-1). */
  countLive(records: number, sizeBytes: number): void {
    this.#liveRecords = Math.max(0, this.#liveRecords + records);
    this.#liveBytes = this.#liveRecords === 0 ? 0 : Math.max(0, this.#liveBytes + sizeBytes);
  }

  /** Mean size of a live record of the key bucket. */
  get meanLiveBytes(): number {
    return this.#liveRecords === 0 ? 0 : Math.round(this.#liveBytes / this.#liveRecords);
  }

  /** Ends the group of an entry. */
  closeEntry(index: number, term: number): void {
    this.#index = index;
    this.#term = term;
    this.#endGroup();
    this.#flushIfDue();
  }

  /** Ends a group that belongs to no entry, if there is one. */
  closeGroup(): void {
    if (!this.#gathering.hasOpenGroup) return;
    this.#endGroup();
    this.#flushIfDue();
  }

  #flushIfDue(): void {
    if (this.#flushing) return;
    if (this.#isDue) this.#startFlush();
    else this.#armTimer();
  }

  #endGroup(): void {
    this.#sealedSlices += this.#gathering.closeGroup(
      this.#index,
      this.#term,
      this.#liveRecords,
      this.#liveBytes,
    );
  }

  /** Ends the slice under way, and before that a group that belongs to no entry. */
  #seal(): void {
    if (this.#gathering.hasOpenGroup) this.#endGroup();
    this.#sealedSlices += this.#gathering.seal();
  }

  /** The newest record of the key that is not in LevelDB yet; its value is undefined if deleted. */
  find(prefix: number, key: Buffer): { readonly value: Buffer | undefined } | undefined {
    for (const buffer of [this.#gathering, this.#inFlight]) {
      const position = buffer?.find(prefix, key) ?? -1;
      if (position >= 0) return { value: buffer?.values[position] };
    }
    return undefined;
  }

  /** Calls `run` when all records added so far are in LevelDB; at once if they are. */
  whenFlushed(run: (error: Error | null) => void): void {
    this.#seal();
    if (this.#failure !== undefined) run(this.#failure);
    else if (this.#flushedSlices >= this.#sealedSlices) run(null);
    else {
      this.#flushWaiters.push({ slices: this.#sealedSlices, run });
      this.#startFlush();
    }
  }

  /**
   * As {@link whenFlushed}, and the last of these records is a mark: what LevelDB wrote up to it, and
   * nothing later, is everything added so far. `run` gets the value that the mark has under
   * `MARK_KEY`; it is different each time.
   */
  mark(run: (error: Error | null, mark: Buffer) => void): void {
    const value = encodeNumber(++this.#marks);
    // A slice of its own: the position of the store stands at the end of the slice before.
    this.#seal();
    this.#gathering.add(LOCAL_PREFIX, MARK_KEY, value);
    this.whenFlushed((error) => run(error, value));
  }

  /** Resolves when there is room again, or when the queue stopped. */
  whenNotFull(): Promise<void> {
    if (!this.isFull || this.#failure !== undefined) return Promise.resolve();
    this.#startFlush();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Ends timers and waiting; `failure` answers who still waits for a flush. */
  stop(failure: Error): void {
    this.#failure = failure;
    this.#cancelTimer?.();
    for (const waiter of this.#flushWaiters.splice(0)) waiter.run(failure);
    this.#releaseRoomWaiters();
  }

  /** As {@link stop}, and what is not in LevelDB yet is forgotten; resolves when no write is under way. */
  async discard(reason: Error): Promise<void> {
    this.stop(reason);
    await this.#flushRun;
    this.#gathering = new WriteBuffer();
    this.#inFlight = undefined;
  }

  get #isDue(): boolean {
    const dueRecords = Math.min(this.#options.batchLimit, DUE_RECORDS);
    return this.#gathering.recordCount >= dueRecords || this.isFull;
  }

  #armTimer(): void {
    if (this.#failure !== undefined) return;
    this.#cancelTimer ??= this.#dependencies.clock.setTimeout(() => {
      this.#cancelTimer = undefined;
      this.#startFlush();
    }, this.#options.batchIntervalMs);
  }

  #startFlush(): void {
    if (this.#flushing || this.#failure !== undefined) return;
    this.#flushing = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#flushRun = this.#flushLoop().then(
      () => this.#flushEnded(),
      (error: unknown) => this.stop(this.#dependencies.onFailure(error)),
    );
  }

  #flushEnded(): void {
    this.#flushing = false;
    if (this.#failure !== undefined) return;
    this.#dependencies.onFlushed();
    // Something may have come between the last look and this turn.
    if (this.#flushWaiters.length > 0 || this.#isDue) this.#startFlush();
    else if (this.#gathering.recordCount > 0 || this.#gathering.hasUnsealed) this.#armTimer();
  }

  /** Writes buffer after buffer as long as somebody waits or the next one is due already. */
  async #flushLoop(): Promise<void> {
    do {
      // The step that added what belongs to no entry has ended.
      this.#seal();
      const buffer = this.#gathering;
      this.#gathering = new WriteBuffer();
      this.#inFlight = buffer;
      let start = 0;
      for (const slice of buffer.slices) {
        await this.#writeSlice(buffer, start, slice);
        start = slice.end;
        // Only a discard stops the queue while a write succeeds.
        if (this.#failure !== undefined) return;
        this.#runFlushWaiters();
      }
      this.#inFlight = undefined;
      if (!this.isFull) this.#releaseRoomWaiters();
    } while (this.#flushWaiters.length > 0 || this.#isDue);
  }

  /** Writes the records from `start` to the end of a slice in one atomic batch. */
  async #writeSlice(buffer: WriteBuffer, start: number, { end, position }: Slice): Promise<void> {
    const batch = this.#dependencies.database.batch();
    for (let at = start; at < end; at++) {
      const key = this.#prefixed.of(buffer.prefixes[at] ?? 0, buffer.keys[at] ?? NO_KEY);
      const value = buffer.values[at];
      if (value === undefined) batch.del(key);
      else batch.put(key, value);
      // A group is never split over batches, but a large one is handed over in several turns.
      if ((at - start) % SLICE_RECORDS === SLICE_RECORDS - 1) await this.#nextTurn();
    }
    const { index, term, liveRecords, liveBytes } = position;
    if (index !== this.#flushed.index) {
      batch.put(this.#prefixed.of(META_PREFIX, CONSISTENT_INDEX_KEY), encodeNumber(index));
    }
    if (term !== this.#flushed.term) {
      batch.put(this.#prefixed.of(META_PREFIX, TERM_KEY), encodeNumber(term));
    }
    if (liveBytes !== this.#flushed.liveBytes || liveRecords !== this.#flushed.liveRecords) {
      const live = Buffer.concat([encodeNumber(liveRecords), encodeNumber(liveBytes)]);
      batch.put(this.#prefixed.of(LOCAL_PREFIX, LIVE_KEY), live);
      if (this.#hasOldLive) batch.del(this.#prefixed.of(OLD_LOCAL_PREFIX, LIVE_KEY));
      this.#hasOldLive = false;
    }
    const { clock, onCommitted } = this.#dependencies;
    const startMs = clock.nowMs();
    await batch.write();
    onCommitted?.((clock.nowMs() - startMs) / 1000);
    this.#flushed = position;
    this.#flushedSlices++;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#dependencies.clock.setImmediate(resolve));
  }

  #runFlushWaiters(): void {
    for (let waiter = this.#flushWaiters[0]; waiter !== undefined; waiter = this.#flushWaiters[0]) {
      if (waiter.slices > this.#flushedSlices) return;
      this.#flushWaiters.shift();
      waiter.run(null);
    }
  }

  #releaseRoomWaiters(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

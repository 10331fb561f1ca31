/**
 * The write-ahead log as its owner appends to it: group commit over segment files in etcd's format
 * (formats.md §2). One synced write makes durable whatever was appended meanwhile.
 */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Disk, DiskFile } from '../disk.js';
import { promised } from '../disk.js';
import type { HardState, LogEntry } from '../raftcodec.js';
import type { AppendCallback, Chunk, LogPosition } from './appendbuffer.js';
import { AppendBuffer } from './appendbuffer.js';
import { WalClosedError, WalFailedError, WalQueueFullError, WalSnapshotError } from './errors.js';
import { MAX_ENTRY_OVERHEAD_BYTES, MAX_RECORD_OVERHEAD_BYTES } from './recordencoder.js';
import type { Segment } from './segments.js';
import { listSegments } from './segments.js';
import type { WalSnapshot } from './walsnapshot.js';
import { ZerosAhead } from './zerosahead.js';

/** etcd's segment size. */
export const SEGMENT_SIZE_BYTES = 64_000_000;

const DEFAULT_MAX_PENDING_BYTES = 128 * 1024 * 1024;
/** How long a commit index may wait for an append that carries it to the file. */
const UNSYNCED_DELAY_MS = 100;
const SLOW_SYNC_MS = 1000;

export interface WalOptions {
  /** The folder of the segments, `<data-dir>/member/wal` by default in etcd. */
  readonly directory: string;
  /** A segment is cut after the append that reaches this size (default 64,000,000). */
  readonly segmentSizeBytes?: number;
  /** Most bytes that may wait to be written (default 128 MiB). */
  readonly maxPendingBytes?: number;
  /** Never sync: only for tests and throw-away clusters (etcd's --unsafe-no-fsync). */
  readonly unsafeNoSync?: boolean;
}

/** Where the log's figures go. */
export interface WalMetrics {
  /** After each fdatasync, and each write that is durable when it returns. */
  syncTook(seconds: number): void;
  /** After each write. */
  wroteBytes(sizeBytes: number): void;
  /** After each write that is not durable by itself. */
  writeTook(seconds: number): void;
}

export interface WalDependencies {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: WalMetrics;
  /** Called once, when a write or sync fails; the process must not go on with this log. */
  readonly onFailure?: (error: WalFailedError) => void;
}

/** What the log goes on from; made by `createWal` and `openWal`. */
export interface WalStart extends LogPosition {
  /** The open file of `segment`. */
  readonly file: DiskFile;
  /** All segments that may be read again; the last is `segment`. */
  readonly segments: readonly Segment[];
}

/**
 * An open log. Appends may be made at any time, also while others are being written; they are
 * encoded at once, so the caller's buffers are free when the call returns. All completions come in
 * the order of the calls, never inside the call itself.
 */
export class Wal {
  readonly #directory: string;
  readonly #segmentSizeBytes: number;
  readonly #maxPendingBytes: number;
  readonly #sync: boolean;
  readonly #dependencies: WalDependencies;
  readonly #buffer: AppendBuffer;
  /** Segments not released yet; the last is the one that is encoded for. */
  #segments: Segment[];
  /** Chunks that wait behind the one in flight; more than one only around a cut. */
  readonly #queue: Chunk[] = [];
  #queuedBytes = 0;
  #inFlight: Chunk | undefined;
  #file: DiskFile;
  /** Offset behind the last byte written to the file. */
  #fileEnd: number;
  readonly #zerosAhead: ZerosAhead;
  /** Something was written to the file that is not durable, as a commit index alone may be. */
  #hasUnsynced = false;
  #cancelTimer: (() => void) | undefined;
  #failure: WalFailedError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: WalOptions, dependencies: WalDependencies, start: WalStart) {
    this.#directory = options.directory;
    this.#segmentSizeBytes = options.segmentSizeBytes ?? SEGMENT_SIZE_BYTES;
    this.#maxPendingBytes = options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES;
    this.#sync = options.unsafeNoSync !== true;
    this.#dependencies = dependencies;
    this.#buffer = new AppendBuffer(options.directory, this.#segmentSizeBytes, start);
    this.#segments = [...start.segments];
    this.#file = start.file;
    this.#fileEnd = start.offset;
    this.#zerosAhead = new ZerosAhead(this.#segmentSizeBytes);
  }

  /** Bytes encoded and not yet on disk. An owner stops appending when this is large. */
  get pendingBytes(): number {
    return this.#buffer.length + this.#queuedBytes + (this.#inFlight?.length ?? 0);
  }

  /** Why the log takes nothing more; undefined while it works. */
  get failure(): WalFailedError | undefined {
    return this.#failure;
  }

  /**
   * Appends `entries` and then `hardState` (undefined or all zero: none). `done` is called when
   * they are durable; a state of which only `commit` is new needs no sync and is written with the
   * next append, or after 100 ms (formats.md §2.5). Throws {@link WalQueueFullError}, with nothing
   * taken, if the pending bytes would exceed their limit.
   */
  append(
    hardState: HardState | undefined,
    entries: readonly LogEntry[],
    done: AppendCallback,
  ): void {
    if (this.#refuse(done)) return;
    this.#checkRoom(entries);
    this.#buffer.addEntries(hardState, entries);
    this.#buffer.addCallback(done);
    if (this.#buffer.segmentIsFull) {
      const rest = this.#buffer.cut();
      this.#queue.push(rest);
      this.#queuedBytes += rest.length;
      this.#segments.push(this.#buffer.segment);
    }
    this.#pump();
  }

  /**
   * Records that a snapshot at `snapshot.index` is safely stored, so that a start may read from
   * there. Throws {@link WalSnapshotError} if the members are missing (formats.md §2.5).
   */
  saveSnapshot(snapshot: WalSnapshot, done: AppendCallback): void {
    if (snapshot.index > 0 && snapshot.confState === undefined) {
      throw new WalSnapshotError('wal: a snapshot record needs the configuration');
    }
    if (this.#refuse(done)) return;
    this.#buffer.addSnapshot(snapshot);
    this.#buffer.addCallback(done);
    this.#pump();
  }

  /** Makes everything appended so far durable, commit-only states included. */
  sync(done: AppendCallback): void {
    if (this.#refuse(done)) return;
    this.#buffer.addCallback(done, true);
    this.#pump();
  }

  /**
   * Gives up the segments that a start at `snapshotIndex` does not read: those older than the newest
   * one whose first index is below it (formats.md §2.8). {@link purge} then removes them.
   */
  release(snapshotIndex: number): void {
    let keepFrom = this.#segments.findIndex((segment) => segment.firstIndex >= snapshotIndex) - 1;
    if (keepFrom === -2) keepFrom = this.#segments.length - 1;
    if (keepFrom > 0) this.#segments = this.#segments.slice(keepFrom);
  }

  /**
   * Removes the oldest released segments as long as more than `maxSegments` files exist; 0 removes
   * none. Resolves to the removed paths. The owner calls it every 30 s (formats.md §2.8).
   */
  async purge(maxSegments: number): Promise<string[]> {
    const removed: string[] = [];
    if (maxSegments <= 0) return removed;
    const { disk, logger } = this.#dependencies;
    const present = await listSegments(disk, this.#directory);
    const heldFrom = this.#segments[0]?.sequence ?? 0;
    // The first segment to keep may be waiting for its name; until then the older ones stay.
    if (!present.some((segment) => segment.sequence === heldFrom)) return removed;
    for (const segment of present.slice(0, Math.max(0, present.length - maxSegments))) {
      if (segment.sequence >= heldFrom) break;
      await disk.remove(segment.path);
      removed.push(segment.path);
      logger.info('purged', { path: segment.path });
    }
    return removed;
  }

  /** Writes and syncs what is left and closes the file; later appends fail. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#buffer.addCallback(() => resolve(), true);
        this.#pump();
      });
    }
    this.#cancelTimer?.();
    await this.#file.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Answers a call that the log can no longer take. */
  #refuse(done: AppendCallback): boolean {
    const error =
      this.#failure ??
      (this.#closing === undefined ? undefined : new WalClosedError('wal: the log is closed'));
    if (error === undefined) return false;
    queueMicrotask(() => done(error));
    return true;
  }

  /** A single call is always taken when nothing is pending, however large. */
  #checkRoom(entries: readonly LogEntry[]): void {
    const pending = this.pendingBytes;
    if (pending === 0) return;
    let size = MAX_RECORD_OVERHEAD_BYTES;
    for (const entry of entries) {
      size += MAX_RECORD_OVERHEAD_BYTES + MAX_ENTRY_OVERHEAD_BYTES + entry.data.length;
    }
    if (pending + size > this.#maxPendingBytes) {
      throw new WalQueueFullError(`wal: ${pending} bytes are waiting to be written`);
    }
  }

  /** Starts the next write if none is under way. */
  #pump(): void {
    if (this.#inFlight !== undefined || this.#failure !== undefined) return;
    const queued = this.#queue.shift();
    if (queued !== undefined) {
      this.#queuedBytes -= queued.length;
      this.#write(queued);
    } else if (this.#buffer.mustSync) {
      this.#write(this.#buffer.takeChunk());
    } else {
      this.#postpone();
    }
  }

  /**
   * What needs no sync is complete at once and stays in the buffer for a while: a write of its own
   * would only hold up the append that comes next.
   */
  #postpone(): void {
    const callbacks = this.#buffer.takeCallbacks();
    if (callbacks.length > 0) {
      queueMicrotask(() => {
        for (const done of callbacks) done(null);
      });
    }
    if (this.#buffer.length === 0) return;
    this.#cancelTimer ??= this.#dependencies.clock.setTimeout(() => {
      this.#cancelTimer = undefined;
      const idle = this.#inFlight === undefined && this.#failure === undefined;
      if (idle && this.#buffer.length > 0) this.#write(this.#buffer.takeChunk());
    }, UNSYNCED_DELAY_MS);
  }

  #write(chunk: Chunk): void {
    this.#inFlight = chunk;
    if (chunk.segment !== undefined) {
      this.#beginSegment(chunk, chunk.segment).then(
        () => this.#completed(chunk),
        (error: unknown) => this.#fail(error),
      );
      return;
    }
    const complete = (error: Error | null): void => {
      if (error === null) this.#completed(chunk);
      else this.#fail(error);
    };
    if (chunk.mustSync && this.#sync && !this.#hasUnsynced && chunk.length > 0) {
      this.#writeThrough(chunk, complete);
    } else this.#writeAndSync(chunk, complete);
  }

  /** The way of nearly all chunks: write and sync in one step. */
  #writeThrough(chunk: Chunk, complete: (error: Error | null) => void): void {
    const startMs = this.#dependencies.clock.nowMs();
    const end = chunk.position + chunk.length;
    const written = (error: Error | null): void => {
      if (error === null) this.#fileEnd = end;
      this.#synced(startMs);
      complete(error);
    };
    const zeroBytes = this.#zerosAhead.behind(end, chunk.length);
    this.#file.writeThrough(chunk.bytes, chunk.length, chunk.position, written, zeroBytes);
  }

  #writeAndSync(chunk: Chunk, complete: (error: Error | null) => void): void {
    const { clock, metrics } = this.#dependencies;
    const startMs = clock.nowMs();
    const syncIfNeeded = (error: Error | null): void => {
      metrics?.writeTook((clock.nowMs() - startMs) / 1000);
      if (error === null) this.#fileEnd = chunk.position + chunk.length;
      if (error === null && chunk.mustSync) this.#syncFile(this.#file, complete);
      else complete(error);
    };
    if (!chunk.mustSync) this.#hasUnsynced = true;
    if (chunk.length === 0) syncIfNeeded(null);
    else this.#file.write(chunk.bytes, chunk.length, chunk.position, syncIfNeeded);
  }

  /**
   * Closes the old segment at its length and puts the new one in place under its name, once its
   * head is durable. The new file is a hole of the full size: reserving one takes no time, and is filled
   * a little ahead of the appends ({@link ZerosAhead}).
   */
  async #beginSegment(chunk: Chunk, segment: Segment): Promise<void> {
    const { disk, logger } = this.#dependencies;
    const old = this.#file;
    await old.truncate(this.#fileEnd);
    await promised((done) => this.#syncFile(old, done));
    const temporary = join(this.#directory, `${segment.sequence % 2}.tmp`);
    const file = await disk.open(temporary, 'create', { writesThrough: true });
    this.#file = file;
    await old.close();
    await file.truncate(Math.max(this.#segmentSizeBytes, chunk.length));
    await promised((done) => file.write(chunk.bytes, chunk.length, 0, done));
    await promised((done) => this.#syncFile(file, done));
    await disk.rename(temporary, segment.path);
    await disk.syncDirectory(this.#directory);
    this.#fileEnd = chunk.length;
    this.#zerosAhead.begin();
    logger.info('created a new WAL segment', { path: segment.path });
  }

  #syncFile(file: DiskFile, done: (error: Error | null) => void): void {
    if (!this.#sync) {
      queueMicrotask(() => done(null));
      return;
    }
    const startMs = this.#dependencies.clock.nowMs();
    file.sync((error) => {
      if (error === null) this.#hasUnsynced = false;
      this.#synced(startMs);
      done(error);
    });
  }

  #synced(startMs: number): void {
    const { clock, logger, metrics } = this.#dependencies;
    const tookMs = clock.nowMs() - startMs;
    metrics?.syncTook(tookMs / 1000);
    if (tookMs > SLOW_SYNC_MS) logger.warn('slow fdatasync', { tookMs });
  }

  /** The next write starts before the callbacks run, so that the disk works while the owner does. */
  #completed(chunk: Chunk): void {
    this.#inFlight = undefined;
    this.#dependencies.metrics?.wroteBytes(chunk.length);
    this.#buffer.recycle(chunk);
    this.#pump();
    for (const done of chunk.callbacks) done(null);
  }

  /** A failed write or sync leaves the file's content unknown: nothing is ever tried again. */
  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const failure = new WalFailedError(`wal: the log failed: ${reason}`, { cause });
    this.#failure = failure;
    const { logger, onFailure } = this.#dependencies;
    logger.error('WAL write failed', { directory: this.#directory, error: reason });
    const chunks = [this.#inFlight, ...this.#queue.splice(0)];
    const waiting = chunks.flatMap((chunk) => chunk?.callbacks ?? []);
    const callbacks = [...waiting, ...this.#buffer.takeCallbacks()];
    this.#inFlight = undefined;
    this.#queuedBytes = 0;
    this.#cancelTimer?.();
    onFailure?.(failure);
    for (const done of callbacks) done(failure);
  }
}

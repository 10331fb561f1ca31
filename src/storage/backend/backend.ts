/**
 * The store on LevelDB: one writer, batches without fsync, reads that see every complete group at
 * once (formats.md §10.2). What a crash takes from the end, the write-ahead log replays.
 */
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Disk } from '../disk.js';
import { nodeDisk } from '../disk.js';
import type { BucketName } from './buckets.js';
import { BUCKET_PREFIXES, CONSISTENT_INDEX_KEY, TERM_KEY } from './buckets.js';
import type { Database } from './database.js';
import { assertUnlocked, openDatabase } from './database.js';
import { rewriteTables, writeMemtable } from './defragment.js';
import { BackendClosedError, BackendFailedError, BackendReplacedError } from './errors.js';
import type { FrozenState } from './frozenstate.js';
import { repairLogs, syncLogs } from './leveldblog.js';
import { encodeNumber } from './numbers.js';
import { moveIntoPlace, type ReplaceStep, removeReplaced } from './replace.js';
import type { ScanRange } from './scan.js';
import { type BackendSnapshot, PrefixedKeys, prefixedRange } from './scan.js';
import { SizeEstimate } from './size.js';
import { type RecordVisitor, visitTables } from './tablescan.js';
import { Views } from './views.js';
import { WriteQueue } from './writequeue.js';

export interface BackendOptions {
  /** LevelDB's folder; created if missing. */
  readonly path: string;
  /** Longest time a record waits in the buffer (default 100). */
  readonly batchIntervalMs?: number;
  /** Records in the buffer that start a flush at once (default 10,000). */
  readonly batchLimit?: number;
  /** LevelDB's block cache (default 32 MiB). */
  readonly cacheSizeBytes?: number;
  /** Unflushed bytes from which on {@link Backend.isFull} holds (default 64 MiB). */
  readonly maxUnflushedBytes?: number;
}

export interface BackendDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For LevelDB's log files, which the backend checks and syncs itself. */
  readonly disk?: Disk;
  /** Called once, when a write to LevelDB fails; the process must not go on with this store. */
  readonly onFailure?: (error: BackendFailedError) => void;
  /** Told of each batch that LevelDB took. */
  readonly onCommitted?: (seconds: number) => void;
  /** Told of each defragmentation. */
  readonly onDefragmented?: (seconds: number) => void;
  /** Told how long each export of everything took, see {@link Backend.timeExport}. */
  readonly onExported?: (seconds: number) => void;
}

const DEFAULT_BATCH_INTERVAL_MS = 100;
const DEFAULT_BATCH_LIMIT = 10_000;
const DEFAULT_CACHE_BYTES = 32 << 20;
const DEFAULT_MAX_UNFLUSHED_BYTES = 64 << 20;

function openStore({ path, cacheSizeBytes = DEFAULT_CACHE_BYTES }: BackendOptions) {
  return openDatabase({ path, cacheSizeBytes });
}

/** See the room's index for an example. */
export class Backend {
  readonly #options: BackendOptions;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #disk: Disk;
  readonly #onFailure: ((error: BackendFailedError) => void) | undefined;
  readonly #onCommitted: ((seconds: number) => void) | undefined;
  readonly #onDefragmented: ((seconds: number) => void) | undefined;
  readonly #onExported: ((seconds: number) => void) | undefined;
  #defragmentsUnderWay = 0;
  // These belong to one LevelDB and change together when that is replaced.
  #database: Database;
  #queue: WriteQueue;
  #size: SizeEstimate;
  #views: Views;
  /** Whether nothing was written since this LevelDB was opened: then all is in its tables. */
  #isUntouched = true;
  #replacing: Promise<void> | undefined;
  readonly #prefixed = new PrefixedKeys();
  #failure: BackendFailedError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    options: BackendOptions,
    dependencies: BackendDependencies,
    database: Database,
  ) {
    const { clock, logger, disk = nodeDisk, onFailure, onCommitted } = dependencies;
    this.#options = options;
    this.#path = options.path;
    this.#clock = clock;
    this.#logger = logger;
    this.#disk = disk;
    this.#onFailure = onFailure;
    this.#onCommitted = onCommitted;
    this.#onDefragmented = dependencies.onDefragmented;
    this.#onExported = dependencies.onExported;
    this.#database = database;
    this.#size = this.#createSize(database);
    this.#queue = this.#createQueue(database);
    this.#views = this.#createViews(database);
  }

  #createSize(database: Database): SizeEstimate {
    return new SizeEstimate(this.#path, database, this.#disk, this.#clock);
  }

  #createViews(database: Database): Views {
    return new Views({ database, queue: this.#queue, disk: this.#disk, path: this.#path });
  }

  #createQueue(database: Database): WriteQueue {
    const { batchIntervalMs, batchLimit, maxUnflushedBytes } = this.#options;
    return new WriteQueue(
      {
        batchIntervalMs: batchIntervalMs ?? DEFAULT_BATCH_INTERVAL_MS,
        batchLimit: batchLimit ?? DEFAULT_BATCH_LIMIT,
        maxUnflushedBytes: maxUnflushedBytes ?? DEFAULT_MAX_UNFLUSHED_BYTES,
      },
      {
        database,
        clock: this.#clock,
        onFailure: (cause) => this.#fail(cause),
        onCommitted: this.#onCommitted,
        onFlushed: () => this.#size.refreshIfStale(this.#queue.unflushedBytes),
      },
    );
  }

  /**
   * Opens or creates the store. Throws BackendLockedError if another process has it open,
   * BackendCorruptError if LevelDB's files are damaged beyond the tail of its log.
   */
  static async open(options: BackendOptions, dependencies: BackendDependencies): Promise<Backend> {
    const disk = dependencies.disk ?? nodeDisk;
    await disk.makeDirectory(options.path);
    await assertUnlocked(options.path);
    await repairLogs(disk, options.path, dependencies.logger);
    const database = await openStore(options);
    const backend = new Backend(options, dependencies, database);
    await backend.#size.refresh(0);
    return backend;
  }

  /** Index of the last applied entry; 0 in a new store. */
  get consistentIndex(): number {
    return this.#queue.index;
  }

  /** Term of that entry. */
  get consistentTerm(): number {
    return this.#queue.term;
  }

  /** Why the store takes nothing more; undefined while it works. */
  get failure(): BackendFailedError | undefined {
    return this.#failure;
  }

  /**
   * Sets a key. The buffers are kept by reference and must not change any more. Visible to
   * {@link getSync} at once. All puts and deletes of one synchronous step become durable together,
   * with the index of the entry if {@link setConsistentIndex} ends the step.
   */
  put(bucket: BucketName, key: Buffer, value: Buffer): void {
    this.#assertOpen();
    this.#isUntouched = false;
    const sizeBytes = key.length + value.length;
    this.#queue.add(BUCKET_PREFIXES[bucket], key, value);
    // Keys of the key bucket are revisions, and never written twice.
    if (bucket === 'key') this.#queue.countLive(1, sizeBytes);
    this.#size.add(sizeBytes);
  }

  /**
   * Removes a key; it may be absent, but not in the key bucket. `valueSizeBytes` is the size of the
   * value there, if the caller knows it; the mean counts if not.
   */
  delete(bucket: BucketName, key: Buffer, valueSizeBytes?: number): void {
    this.#assertOpen();
    this.#isUntouched = false;
    this.#queue.add(BUCKET_PREFIXES[bucket], key, undefined);
    if (bucket !== 'key') return;
    const known = valueSizeBytes === undefined ? undefined : key.length + valueSizeBytes;
    this.#queue.countLive(-1, -(known ?? this.#queue.meanLiveBytes));
  }

  /** Ends the step of one Raft entry: its records, index and term become durable together. */
  setConsistentIndex(index: number, term: number): void {
    this.#assertOpen();
    this.#isUntouched = false;
    this.#queue.closeEntry(index, term);
  }

  /** Ends a step that belongs to no entry. Without it the group ends when the next flush begins. */
  commit(): void {
    this.#assertOpen();
    this.#queue.closeGroup();
  }

  /** Bytes put and not yet in LevelDB. */
  get unflushedBytes(): number {
    return this.#queue.unflushedBytes;
  }

  /** Whether the owner must stop applying until {@link whenNotFull} resolves. */
  get isFull(): boolean {
    return this.#queue.isFull;
  }

  /** Resolves when there is room again, or when the store failed (then a put throws). */
  whenNotFull(): Promise<void> {
    return this.#queue.whenNotFull();
  }

  /** The value of a key, whatever was put so far included; undefined if there is none. */
  getSync(bucket: BucketName, key: Buffer): Buffer | undefined {
    this.#assertOpen();
    if (bucket === 'meta' && this.#queue.index > 0) {
      if (key.equals(CONSISTENT_INDEX_KEY)) return encodeNumber(this.#queue.index);
      if (key.equals(TERM_KEY)) return encodeNumber(this.#queue.term);
    }
    const prefix = BUCKET_PREFIXES[bucket];
    const unflushed = this.#queue.find(prefix, key);
    if (unflushed !== undefined) return unflushed.value;
    return this.#database.getSync(this.#prefixed.of(prefix, key));
  }

  /**
   * A frozen view of everything put before the call (perhaps more), at a group boundary; its index
   * and term are known. The caller must close it.
   */
  async snapshot(): Promise<BackendSnapshot> {
    // A call while the store is replaced gets a view of the new one.
    await this.#replacing;
    return this.#views.snapshot();
  }

  /**
   * As {@link snapshot}, for reading everything: the records are in tables then, and are read from there.
   * Takes as long as LevelDB needs to write a table of some megabytes. On a disk with little room left
   * nothing is written, and the records are read through LevelDB.
   */
  async freeze(): Promise<FrozenState> {
    await this.#replacing;
    this.#isUntouched = false;
    return this.#views.freeze();
  }

  /**
   * Batches of `[key, value]`, ascending, at most 1,000 pairs and about 1 MiB each, on a snapshot that
   * is taken when the iteration begins and includes everything put before. It may be left early.
   */
  async *scan(bucket: BucketName, range: ScanRange = {}): AsyncGenerator<[Buffer, Buffer][]> {
    const snapshot = await this.snapshot();
    try {
      yield* snapshot.scan(bucket, range);
    } finally {
      await snapshot.close();
    }
  }

  /**
   * Calls `visit` with each record of a bucket, ascending, in turns of a few milliseconds. Nobody may
   * write to the bucket meanwhile. Several times as fast as {@link scan} on a store that nothing was
   * put into since it was opened, and without its traces in memory: this is what a start reads with.
   */
  async visitAll(bucket: BucketName, visit: RecordVisitor): Promise<void> {
    await this.#replacing;
    if (this.#isUntouched) {
      const { gte, lt } = prefixedRange(bucket);
      await visitTables(this.#disk, this.#path, { from: gte, below: lt }, visit);
      return;
    }
    for await (const batch of this.scan(bucket)) {
      for (const [key, value] of batch) visit(key, value, 0, value.length);
    }
  }

  /**
   * Deletes the keys of a range that are there at the call, in slices that wait for room. Resolves to
   * their number.
   */
  async deleteRange(bucket: BucketName, range: ScanRange = {}): Promise<number> {
    let count = 0;
    for await (const batch of this.scan(bucket, range)) {
      await this.whenNotFull();
      for (const [key, value] of batch) this.delete(bucket, key, value.length);
      this.commit();
      count += batch.length;
    }
    return count;
  }

  /** Resolves when everything put before the call is in LevelDB: safe from a crash of the process. */
  async flush(): Promise<void> {
    await this.#replacing;
    return new Promise((resolve, reject) => {
      this.#queue.whenFlushed((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /**
   * As {@link flush}, and durable: safe from a crash of the machine. Called before entries are cut
   * from the write-ahead log. LevelDB's own synced write covers only the log of its newest memtable,
   * while the one before may still be on its way into a table; hence all of its logs are synced.
   */
  async sync(): Promise<void> {
    await this.flush();
    try {
      await syncLogs(this.#disk, this.#path);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /**
   * Puts everything that was put before the call into tables, where other threads can read it with
   * `visitFolder`. Resolves to their folder, which is good until the store is replaced or closed.
   */
  async writeTables(): Promise<string> {
    await this.flush();
    await writeMemtable(this.#database);
    return this.#path;
  }

  /** Bytes on disk, in pages of 4 KiB; an estimate between refreshes (etcd's dbSize). */
  sizeBytes(): number {
    if (this.#closing === undefined && this.#replacing === undefined)
      this.#size.refreshIfStale(this.#queue.unflushedBytes);
    return this.#size.sizeBytes;
  }

  /** Bytes of live records, at most {@link sizeBytes} (etcd's dbSizeInUse). */
  sizeInUseBytes(): number {
    return Math.min(this.#size.sizeBytes, this.#queue.liveBytes);
  }

  /**
   * Rewrites the tables without what is deleted (etcd's Defragment). Reads and writes go on. Rejects
   * with BackendReplacedError if the store is replaced meanwhile.
   */
  async compactRange(): Promise<void> {
    const startMs = this.#clock.nowMs();
    this.#defragmentsUnderWay++;
    try {
      await this.#compactRange();
    } finally {
      this.#defragmentsUnderWay--;
    }
    this.#onDefragmented?.((this.#clock.nowMs() - startMs) / 1000);
  }

  /** To be called when somebody begins to export everything, and what that gives at the end of it. */
  timeExport(): () => void {
    const startMs = this.#clock.nowMs();
    return () => this.#onExported?.((this.#clock.nowMs() - startMs) / 1000);
  }

  /** How many defragmentations are under way. */
  get defragmentsUnderWay(): number {
    return this.#defragmentsUnderWay;
  }

  async #compactRange(): Promise<void> {
    await this.flush();
    const database = this.#database;
    try {
      await rewriteTables(database);
    } catch (error) {
      if (this.#replacing === undefined && database === this.#database) throw error;
      throw new BackendReplacedError('backend: the store was replaced by a snapshot');
    }
    await this.#size.refresh(this.#queue.unflushedBytes);
  }

  /**
   * Replaces everything by the store in `folder`, which is closed, durable and on the same file system:
   * what is not flushed is discarded, open views and scans end with BackendReplacedError, and
   * until the promise resolves puts, deletes and `getSync` throw that too, while scans and flushes wait.
   * A crash at any {@link ReplaceStep} leaves what `moveIntoPlace` can complete. After a rejection
   * the backend has failed.
   */
  replace(folder: string, step: (name: ReplaceStep) => void = () => {}): Promise<void> {
    this.#assertOpen();
    this.#replacing = this.#replaceBy(folder, step)
      .catch((error: unknown) => {
        throw this.#fail(error);
      })
      .finally(() => {
        this.#replacing = undefined;
      });
    return this.#replacing;
  }

  async #replaceBy(folder: string, step: (name: ReplaceStep) => void): Promise<void> {
    const reason = new BackendReplacedError('backend: the store is replaced by a snapshot');
    await this.#queue.discard(reason);
    await this.#views.endAll(reason);
    await this.#database.close();
    await moveIntoPlace(this.#disk, this.#path, folder, step);
    await repairLogs(this.#disk, this.#path, this.#logger);
    const database = await openStore(this.#options);
    this.#database = database;
    this.#size = this.#createSize(database);
    this.#queue = this.#createQueue(database);
    this.#views = this.#createViews(database);
    this.#isUntouched = true;
    await this.#size.refresh(0);
    await removeReplaced(this.#disk, this.#path);
  }

  /** Views of the store that are open: each keeps on disk what is deleted meanwhile. */
  get openViewCount(): number {
    return this.#views.openCount;
  }

  /** Flushes and closes. Idempotent. Rejects with the failure if the store had failed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#replacing?.catch(() => {});
    if (this.#failure === undefined) await this.flush().catch(() => {});
    const reason = new BackendClosedError('backend: the store is closed');
    this.#queue.stop(reason);
    await this.#views.endAll(reason);
    await this.#database.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What a failed batch left behind is unknown: nothing is ever tried again. */
  #fail(cause: unknown): BackendFailedError {
    if (this.#failure !== undefined) return this.#failure;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const failure = new BackendFailedError(`backend: the store failed: ${reason}`, { cause });
    this.#failure = failure;
    this.#logger.error('backend write failed', { path: this.#path, error: reason });
    this.#queue.stop(failure);
    this.#onFailure?.(failure);
    return failure;
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw new BackendClosedError('backend: the store is closed');
    if (this.#replacing !== undefined) {
      throw new BackendReplacedError('backend: the store is being replaced by a snapshot');
    }
  }
}

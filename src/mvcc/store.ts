import { exponentialBounds, Histogram } from '../base/metrics.js';
import { Compactor } from './compaction/compactor.js';
import {
  CompactedError,
  FutureRevisionError,
  StoreClosedError,
  StoreReloadingError,
} from './errors.js';
import { Hashes } from './hashes.js';
import { keyRange } from './key-range.js';
import { KeySpace } from './key-space.js';
import { countLive, readRange, resolveRead } from './range-read.js';
import { SlicedReader } from './range-reader.js';
import { Records } from './records.js';
import { CompactionMarks, restoreKeySpace } from './restore.js';
import { RevisionPins } from './revision-pins.js';
import { Transaction } from './transaction.js';
import { nextTurn } from './turns.js';
import type {
  CompactionCounts,
  CompactionOutcome,
  KeyValueHash,
  MvccDependencies,
  MvccOptions,
  RangeOptions,
  RangeReader,
  RangeResult,
  ReloadOptions,
  StoreCounts,
  WatchSink,
  WatchStream,
  WriteTransaction,
} from './types.js';
import { WatchHub } from './watch/hub.js';

const DEFAULT_CACHE_BYTES = 96 << 20;
const DEFAULT_COMPACTION_BATCH_LIMIT = 1000;
const DEFAULT_COMPACTION_SLEEP_INTERVAL_MS = 10;
/** Fewer take this thread less than a tenth of a second in all (5 µs each), in slices. */
const DEFAULT_COMPACTION_THREAD_FROM_RECORDS = 20_000;
/** A few milliseconds. p99.9 of the event-loop delay under lists of 100 MB: 13.7 ms; with 8192 14.9. */
const DEFAULT_SLICE_WORK = 4096;
const DEFAULT_WATCH_BATCH_REVISIONS = 1000;
const DEFAULT_PROGRESS_NOTIFY_INTERVAL_MS = 10 * 60 * 1000;

/** Up to so many entries a read is done in one go: some milliseconds even if all come from disk. */
const SMALL_RANGE_ENTRIES = 1000;
/** Bytes of one slice of a large read. */
const SLICE_BYTES = 2 << 20;

/**
 * The multi-version store: keys with all their revisions since the last compaction, over a record
 * store. Reads and writes are synchronous; what can be large also comes in slices.
 *
 * ```ts
 * const store = await MvccStore.open({}, { records: backend, leases: lessor, clock, logger });
 * const transaction = store.begin();
 * transaction.put('key', Buffer.from('value'), 0n);
 * transaction.end(); // 2, the new revision
 * store.range({ start: 'key', end: '' }).records; // [one encoded mvccpb.KeyValue]
 * ```
 */
export class MvccStore {
  private readonly dependencies: MvccDependencies;
  private readonly space: KeySpace;
  private readonly pins = new RevisionPins(() => this.compactor.pinReleased());
  private readonly hashes: Hashes;
  private readonly compactor: Compactor;
  private readonly hub: WatchHub;
  private readonly sliceWork: number;
  /** How long hashes took to compute. */
  readonly hashSeconds = new Histogram(exponentialBounds(0.01, 2, 15));
  /** Operations since the start, for metrics. */
  readonly counts: StoreCounts = { ranges: 0, puts: 0, deletes: 0, transactions: 0, putBytes: 0 };
  private transaction: Transaction | undefined;
  private isClosed = false;
  /** Resolves when the content is there again; undefined while it is. */
  private reloading: Promise<void> | undefined;

  private constructor(options: MvccOptions, dependencies: MvccDependencies) {
    const { records: store, leases, clock, logger } = dependencies;
    const { pins } = this;
    this.dependencies = dependencies;
    const records = new Records(options.cacheSizeBytes ?? DEFAULT_CACHE_BYTES, store);
    this.space = new KeySpace(records, leases);
    const { space } = this;
    this.sliceWork = options.sliceWork ?? DEFAULT_SLICE_WORK;
    this.hashes = new Hashes({ space, store, pins, clock });
    this.compactor = new Compactor(
      {
        batchLimit: options.compactionBatchLimit ?? DEFAULT_COMPACTION_BATCH_LIMIT,
        sleepIntervalMs: options.compactionSleepIntervalMs ?? DEFAULT_COMPACTION_SLEEP_INTERVAL_MS,
        threadFromRecords:
          options.compactionThreadFromRecords ?? DEFAULT_COMPACTION_THREAD_FROM_RECORDS,
      },
      {
        ...{ space, store, pins, clock, hashes: this.hashes },
        marks: new CompactionMarks(store),
        logger: logger.child('mvcc/compaction'),
      },
    );
    this.hub = new WatchHub(
      {
        sliceWork: this.sliceWork,
        maxBatchRevisions: options.watchBatchRevisions ?? DEFAULT_WATCH_BATCH_REVISIONS,
        progressNotifyIntervalMs:
          options.watchProgressNotifyIntervalMs ?? DEFAULT_PROGRESS_NOTIFY_INTERVAL_MS,
      },
      { space, store, clock, logger: logger.child('mvcc/watch') },
    );
  }

  /**
   * Opens the store on what the record store holds, and goes on with an interrupted compaction.
   * Throws {@link CorruptStoreError}.
   */
  static async open(options: MvccOptions, dependencies: MvccDependencies): Promise<MvccStore> {
    const store = new MvccStore(options, dependencies);
    await store.load();
    return store;
  }

  private async load(): Promise<void> {
    const { records, leases, clock, logger } = this.dependencies;
    await restoreKeySpace(this.space, records, leases, clock);
    logger.info('kvstore restored', { currentRevision: this.space.revision });
    this.compactor.restored();
  }

  /** The newest revision; 1 in an empty store. */
  get revision(): number {
    return this.space.revision;
  }

  /** Reads below this revision are refused; -1 = never compacted. */
  get compactedRevision(): number {
    return this.space.compactedRevision;
  }

  /** Keys that exist now. */
  get keyCount(): number {
    return this.space.tree.live;
  }

  /** Bytes of records kept in memory. */
  get cacheSizeBytes(): number {
    return this.space.records.sizeBytes;
  }

  /** What compactions did since the start. */
  get compactionCounts(): Readonly<CompactionCounts> {
    return this.compactor.counts;
  }

  /** Events that were sent to watchers since the start. */
  get sentEventCount(): number {
    return this.hub.sentEventCount;
  }

  /** Watchers of all streams, and those of them that are behind. */
  get watcherCounts(): { total: number; unsynced: number; streams: number } {
    return this.hub.counts;
  }

  /** Begins the transaction of one entry; it must end before the next one begins. */
  begin(): WriteTransaction {
    if (this.isClosed) throw new StoreClosedError();
    this.assertLoaded();
    if (this.transaction !== undefined) throw new Error('mvcc: a transaction is open already');
    this.transaction = new Transaction(this.space, (ended) => this.finish(ended));
    return this.transaction;
  }

  private finish(transaction: Transaction): void {
    if (this.transaction !== transaction)
      throw new Error('mvcc: the transaction has ended already');
    this.transaction = undefined;
    this.count(transaction);
    if (transaction.changes === 0) return;
    this.space.revision = transaction.revision;
    this.hub.notify(transaction.revision, transaction.log);
  }

  private count({ ranges, puts, deletes, putBytes }: Transaction): void {
    const { counts } = this;
    counts.ranges += ranges;
    counts.puts += puts;
    counts.deletes += deletes;
    counts.putBytes += putBytes;
    // As etcd: only what does several things counts as a transaction.
    if (ranges + puts + deletes > 1) counts.transactions++;
  }

  /** Reads a range at once. Throws {@link CompactedError} and {@link FutureRevisionError}. */
  range(options: RangeOptions): RangeResult {
    this.assertLoaded();
    this.counts.ranges++;
    return readRange(this.space, options, this.space.revision);
  }

  /**
   * Whether a read should go through {@link rangeSliced}: it is large, or the store is being loaded
   * anew and the read has to wait for that.
   */
  prefersSlices(options: RangeOptions): boolean {
    if (this.reloading !== undefined) return true;
    if (options.end === '') return false;
    const revision = options.revision ?? 0;
    const { tree } = this.space;
    const live = countLive(this.space, keyRange(options.start, options.end));
    if (revision <= 0 || revision === this.space.revision) {
      if (options.countOnly === true) return false;
      const limit = options.limit ?? 0;
      return (limit > 0 ? Math.min(limit, live) : live) > SMALL_RANGE_ENTRIES;
    }
    return live + (tree.size - tree.live) > SMALL_RANGE_ENTRIES * 4;
  }

  /**
   * Reads a large range in slices between turns, as of the revision at the call. Rejects with
   * {@link CompactedError} and {@link FutureRevisionError}.
   */
  async rangeSliced(options: RangeOptions): Promise<RangeResult> {
    const { space } = this;
    if (this.reloading !== undefined) await this.whenReadable();
    this.counts.ranges++;
    const read = resolveRead(space, options, space.revision);
    const reader = new SlicedReader(space, read, this.sliceWork, this.pins.pin(read.revision));
    const records: Buffer[] = [];
    let sizeBytes = 0;
    try {
      for (;;) {
        const chunk = reader.next(SLICE_BYTES);
        for (const record of chunk.records) records.push(record);
        sizeBytes += chunk.sizeBytes;
        if (chunk.end !== undefined) return { records, sizeBytes, ...chunk.end };
        await nextTurn(this.dependencies.clock);
        if (this.isClosed) throw new StoreClosedError();
      }
    } finally {
      reader.close();
    }
  }

  /**
   * Opens a reader for RangeStream: it stays at the revision of now (or the one asked for), and ends
   * with {@link CompactedError} when a compaction passes that. Throws as {@link range}.
   */
  openRangeReader(options: RangeOptions): RangeReader {
    this.assertLoaded();
    const read = resolveRead(this.space, options, this.space.revision);
    return new SlicedReader(this.space, read, this.sliceWork);
  }

  /**
   * Compacts at a revision: reads below are refused from now on. The promise, never rejected, tells
   * when older revisions are gone from disk. Throws {@link CompactedError} and
   * {@link FutureRevisionError}.
   */
  compact(revision: number): Promise<CompactionOutcome> {
    this.assertLoaded();
    return this.compactor.schedule(revision);
  }

  /** Resolves when no compaction is under way. */
  whenCompactionsDone(): Promise<void> {
    return this.compactor.whenIdle();
  }

  /**
   * HashKV at a revision, 0 = now (formats.md §9). Rejects with {@link CompactedError} and
   * {@link FutureRevisionError}.
   */
  async hashByRevision(revision: number): Promise<KeyValueHash> {
    if (this.reloading !== undefined) await this.whenReadable();
    const { clock } = this.dependencies;
    const startMs = clock.nowMs();
    const hash = await this.hashes.at(revision);
    this.hashSeconds.observe((clock.nowMs() - startMs) / 1000);
    return hash;
  }

  /** The hashes of up to ten newest compactions, ascending by revision. */
  get compactionHashes(): readonly KeyValueHash[] {
    return this.hashes.ofCompactions;
  }

  /** Opens the watchers of one client stream. */
  openWatchStream(sink: WatchSink): WatchStream {
    return this.hub.openStream(sink);
  }

  /**
   * Resolves when the content is there: at once, unless it is being loaded anew. Until then reads at
   * once, transactions and compactions throw {@link StoreReloadingError}; sliced reads and hashes wait,
   * and watchers can be made and get their events afterwards. Rejects with {@link StoreClosedError}.
   */
  async whenReadable(): Promise<void> {
    await this.reloading;
    if (this.isClosed) throw new StoreClosedError();
  }

  /** Whether there is a whole state to read; not while it is being replaced. */
  get isReadable(): boolean {
    return this.reloading === undefined;
  }

  private assertLoaded(): void {
    if (this.reloading !== undefined) throw new StoreReloadingError();
  }

  /**
   * Loads everything again after the record store's content was replaced by a snapshot. Nobody sees
   * less than a whole state: the old one ends with this call, the new one appears in one step.
   * Watchers stay: they catch up from where they were, or learn that what they need is compacted
   * (etcd's restore). Throws {@link CorruptStoreError} and what `replaceRecords` throws; the store is
   * closed then.
   */
  async reload(options: ReloadOptions = {}): Promise<void> {
    this.assertLoaded();
    const loading = this.loadAnew(options);
    this.reloading = loading.then(
      () => {},
      () => {
        this.isClosed = true;
      },
    );
    await loading;
  }

  private async loadAnew(options: ReloadOptions): Promise<void> {
    const { space, hub, dependencies } = this;
    const { records, clock, logger } = dependencies;
    const leases = options.leases ?? dependencies.leases;
    hub.suspend();
    const stopped = this.compactor.stop();
    space.forget();
    await stopped;
    this.hashes.forgetAll();
    await options.replaceRecords?.();
    const next = new KeySpace(space.records, leases);
    await restoreKeySpace(next, records, leases, clock);
    hub.suspend();
    space.takeOver(next);
    this.compactor.restored();
    // Reads that waited for an index of the new state may go on from within the next call.
    this.reloading = undefined;
    options.switched?.();
    logger.info('kvstore restored', { currentRevision: space.revision });
    hub.restart();
  }

  /** Stops timers and sliced work; resolves when nothing touches the record store any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.hub.close();
    await this.compactor.stop();
  }
}

import type { Clock } from '../base/clock.js';
import { errorText } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { ConfState, MemoryStorage } from '../raft/index.js';
import { encodeV2Store, type Snapshotter, type V2Membership } from '../storage/snap/index.js';
import type { Wal } from '../storage/wal/index.js';

/** The log is cut early when the entries since the last cut hold this much, whatever their number. */
const MAX_BYTES_BETWEEN_CUTS = 128 * 1024 * 1024;
/** Entries kept for lagging members stay within this, however large they are. */
const MAX_CATCHUP_BYTES = 32 * 1024 * 1024;
/** The log behind a snapshot that is being sent stays in memory up to this size. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** Released log and snapshot files are removed this often (formats.md §2.8). */
const PURGE_INTERVAL_MS = 30_000;

export interface RaftSnapshotOptions {
  readonly snapshotCount: number;
  readonly catchupEntries: number;
  readonly maxWals: number;
}

export interface RaftSnapshotDependencies {
  readonly wal: Wal;
  readonly storage: MemoryStorage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes the backend durable up to the index that is applied at the time of the call. */
  readonly syncBackend: () => Promise<void>;
  readonly snapshotter: Snapshotter;
  /** The membership that goes into the .snap file, for members before 3.7 (formats.md §3.1). */
  readonly membership: () => V2Membership;
  readonly failed: (error: Error) => void;
  /** Entries after this index must stay, for members that are being sent snapshots. */
  readonly lowestHeldIndex?: () => number | undefined;
}

/**
 * Cuts the Raft log: once enough entries are applied and the backend holds them durably, the log
 * gets a snapshot record, and what lies before it goes from memory and disk. Start-up then replays
 * from the record on.
 */
export class RaftSnapshots {
  readonly #options: RaftSnapshotOptions;
  readonly #dependencies: RaftSnapshotDependencies;
  #lastIndex: number;
  #bytesSince = 0;
  #isCutting: Promise<void> | undefined;
  #purging: Promise<void> | undefined;
  #cancelPurge: (() => void) | undefined;
  #isStopped = false;

  constructor(
    options: RaftSnapshotOptions,
    dependencies: RaftSnapshotDependencies,
    lastIndex: number,
  ) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#lastIndex = lastIndex;
  }

  start(): void {
    const purge = (): void => {
      this.#purging = this.#purge()
        .catch((error: unknown) => {
          this.#dependencies.logger.warn('failed to purge WAL files', { error: errorText(error) });
        })
        .finally(() => {
          this.#purging = undefined;
        });
    };
    purge();
    this.#cancelPurge = this.#dependencies.clock.setInterval(() => {
      if (this.#purging === undefined) purge();
    }, PURGE_INTERVAL_MS);
  }

  /** Resolves when a cut that is under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPurge?.();
    await this.whenIdle();
    await this.#purging;
  }

  /** Resolves when no cut is under way. */
  async whenIdle(): Promise<void> {
    await this.#isCutting;
  }

  /** A snapshot was installed: the log begins after `index`, and the next cut counts from there. */
  noteInstalled(index: number): void {
    this.#lastIndex = index;
    this.#bytesSince = 0;
    this.#dependencies.wal.release(index);
  }

  /**
   * The entry at `index`, which is applied, has changed the configuration. What Raft offers to members
   * that lag must be one that knows them, or it would never send it: from now on that is the state of
   * this entry. In memory only; the state itself is read when it is sent, and is at least as new.
   */
  configurationChanged(index: number, confState: ConfState): void {
    const { storage } = this.#dependencies;
    const offered = storage.snapshot()?.metadata.index ?? 0;
    if (index > offered) storage.createSnapshot(index, confState, Buffer.alloc(0));
  }

  /** Notes an applied entry; bytes count because a log of large values must not outgrow the memory. */
  entryApplied(sizeBytes: number): void {
    this.#bytesSince += sizeBytes;
  }

  /** Starts a cut at `index`, the last applied, if one is due. */
  maybeCut(index: number, confState: ConfState): void {
    const isDue =
      index - this.#lastIndex > this.#options.snapshotCount ||
      this.#bytesSince > MAX_BYTES_BETWEEN_CUTS;
    if (!isDue || this.#isCutting !== undefined || this.#isStopped) return;
    this.#lastIndex = index;
    this.#bytesSince = 0;
    this.#isCutting = this.#cut(index, confState)
      .catch((error: unknown) => {
        this.#dependencies.failed(error instanceof Error ? error : new Error(errorText(error)));
      })
      .finally(() => {
        this.#isCutting = undefined;
      });
  }

  async #cut(index: number, confState: ConfState): Promise<void> {
    const { storage, wal, logger, syncBackend, snapshotter, membership } = this.#dependencies;
    const term = storage.term(index);
    if (term === undefined) return;
    // The order is what makes it safe: first the backend's data, then the word that it is there.
    await syncBackend();
    await snapshotter.save({ index, term, confState, data: encodeV2Store(membership()) });
    await new Promise<void>((resolve, reject) => {
      wal.saveSnapshot({ index, term, confState }, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    wal.release(index);
    // A change of the configuration may have made a newer one meanwhile.
    if (index > (storage.snapshot()?.metadata.index ?? 0)) {
      storage.createSnapshot(index, confState, Buffer.alloc(0));
    }
    const compactIndex = this.#firstKept(index) - 1;
    if (compactIndex >= storage.firstIndex()) storage.compact(compactIndex);
    logger.info('saved snapshot', { 'snapshot-index': index });
  }

  /** The first entry to keep in memory: what members that lag a little need, or are about to. */
  #firstKept(index: number): number {
    const { catchupEntries } = this.#options;
    const catchupStart = this.#firstWithin(MAX_CATCHUP_BYTES, index - catchupEntries, index);
    const held = this.#dependencies.lowestHeldIndex?.();
    if (held === undefined || held + 1 >= catchupStart) return catchupStart;
    return this.#firstWithin(MAX_HELD_BYTES, held + 1, index);
  }

  /** The first of the entries from `first` to `index` that have at most `limitBytes` from there on. */
  #firstWithin(limitBytes: number, first: number, index: number): number {
    const { storage } = this.#dependencies;
    const lowest = Math.max(first, storage.firstIndex());
    const entries = storage.entries(lowest, index + 1, Number.MAX_SAFE_INTEGER) ?? [];
    let start = index + 1;
    let keptBytes = 0;
    for (let position = entries.length - 1; position >= 0; position--) {
      keptBytes += entries[position]?.data.length ?? 0;
      if (keptBytes > limitBytes) break;
      start--;
    }
    return start;
  }

  async #purge(): Promise<void> {
    await this.#dependencies.wal.purge(this.#options.maxWals);
    await this.#dependencies.snapshotter.purge();
  }
}

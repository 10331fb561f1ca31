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
    this.#cancelPurge = this.#dependencies.clock.setInterval(() => {
      this.#purge().catch((error: unknown) => {
        this.#dependencies.logger.warn('failed to purge WAL files', { error: errorText(error) });
      });
    }, PURGE_INTERVAL_MS);
  }

  /** Resolves when a cut that is under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPurge?.();
    await this.#isCutting;
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
    storage.createSnapshot(index, confState, Buffer.alloc(0));
    const compactIndex = this.#catchupStart(index) - 1;
    if (compactIndex >= storage.firstIndex()) storage.compact(compactIndex);
    logger.info('saved snapshot', { 'snapshot-index': index });
  }

  /** The first entry to keep in memory: at most so many, and so many bytes, behind the cut. */
  #catchupStart(index: number): number {
    const { storage } = this.#dependencies;
    const lowest = Math.max(index - this.#options.catchupEntries, storage.firstIndex());
    const entries = storage.entries(lowest, index + 1, Number.MAX_SAFE_INTEGER) ?? [];
    let start = index + 1;
    let keptBytes = 0;
    for (let position = entries.length - 1; position >= 0; position--) {
      keptBytes += entries[position]?.data.length ?? 0;
      if (keptBytes > MAX_CATCHUP_BYTES) break;
      start--;
    }
    return start;
  }

  async #purge(): Promise<void> {
    await this.#dependencies.wal.purge(this.#options.maxWals);
    await this.#dependencies.snapshotter.purge();
  }
}

/** How large the store is on disk. */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Disk } from '../disk.js';
import type { Database } from './database.js';
import { BEYOND_LAST_KEY, FIRST_KEY } from './database.js';
import { listLogs } from './leveldblog.js';

const PAGE_BYTES = 4096;
/** A bbolt file is never smaller than its four first pages. */
const MIN_PAGES = 4;
const STALE_AFTER_MS = 1000;

/**
 * Tables by LevelDB's own account plus its log files, measured at most once a second and never on
 * the way of a request; between measurements what is put counts at once, so that a quota holds.
 */
export class SizeEstimate {
  readonly #path: string;
  readonly #database: Database;
  readonly #disk: Disk;
  readonly #clock: Clock;
  #measuredBytes = 0;
  #addedBytes = 0;
  #measuredAtMs = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  constructor(path: string, database: Database, disk: Disk, clock: Clock) {
    this.#path = path;
    this.#database = database;
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Counts a record that was put. */
  add(sizeBytes: number): void {
    this.#addedBytes += sizeBytes;
  }

  get sizeBytes(): number {
    const pages = Math.ceil((this.#measuredBytes + this.#addedBytes) / PAGE_BYTES);
    return Math.max(pages, MIN_PAGES) * PAGE_BYTES;
  }

  /** Measures unless that was done in the last second; `unflushedBytes` are not on disk yet. */
  refreshIfStale(unflushedBytes: number): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#measuredAtMs < STALE_AFTER_MS) return;
    // An estimate may fail quietly: the next one comes, and a broken store shows in its writes.
    this.refresh(unflushedBytes).catch(() => {});
  }

  /** Measures now, or joins the measurement under way. */
  refresh(unflushedBytes: number): Promise<void> {
    this.#measuring ??= this.#measure(unflushedBytes).finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measure(unflushedBytes: number): Promise<void> {
    this.#measuredAtMs = this.#clock.nowMs();
    const addedBefore = this.#addedBytes;
    let sizeBytes = await this.#database.approximateSize(FIRST_KEY, BEYOND_LAST_KEY);
    for (const { name } of await listLogs(this.#disk, this.#path)) {
      sizeBytes += await this.#disk.fileSizeBytes(join(this.#path, name));
    }
    this.#measuredBytes = sizeBytes;
    this.#addedBytes += unflushedBytes - addedBefore;
  }
}

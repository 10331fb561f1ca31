/** The snapshot files of a member's `snap` folder (formats.md §3). */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Disk } from '../disk.js';
import { promised, readWholeFile } from '../disk.js';
import { SnapFileError } from './errors.js';
import type { RaftSnapshot } from './snapfile.js';
import { decodeSnapFile, encodeSnapFile } from './snapfile.js';

/** Membership only; a thousand members fit in a few megabytes. */
const MAX_FILE_BYTES = 512 << 20;
/** etcd's --max-snapshots. */
const DEFAULT_MAX_SNAPSHOTS = 5;

export interface SnapshotterOptions {
  /** `<data-dir>/member/snap`; created if missing. */
  readonly directory: string;
  /** Files of a kind that {@link Snapshotter.purge} leaves (default 5; 0 = all). */
  readonly maxSnapshots?: number;
}

/** How long the parts of a {@link Snapshotter.save} took, in seconds. */
export interface SaveTimes {
  readonly encode: number;
  readonly sync: number;
  readonly total: number;
}

export interface SnapshotterDependencies {
  readonly disk: Disk;
  readonly logger: Logger;
  /** Told of each file that was saved; needs the clock. */
  readonly onSaved?: (times: SaveTimes) => void;
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** Which snapshot of the log is meant. */
export interface SnapshotId {
  readonly index: number;
  readonly term: number;
}

const hex16 = (value: number): string => value.toString(16).padStart(16, '0');

/** Writes, finds and removes snapshot files. One owner; calls must not overlap. */
export class Snapshotter {
  readonly #directory: string;
  readonly #maxSnapshots: number;
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #onSaved: ((times: SaveTimes) => void) | undefined;
  readonly #nowMs: () => number;

  constructor(options: SnapshotterOptions, dependencies: SnapshotterDependencies) {
    this.#directory = options.directory;
    this.#maxSnapshots = options.maxSnapshots ?? DEFAULT_MAX_SNAPSHOTS;
    this.#disk = dependencies.disk;
    this.#logger = dependencies.logger;
    const { onSaved, clock } = dependencies;
    this.#onSaved = onSaved;
    this.#nowMs = () => clock?.nowMs() ?? 0;
  }

  /** Creates the folder and removes what an interrupted write left. Called once at the start. */
  async prepare(): Promise<void> {
    await this.#disk.makeDirectory(this.#directory);
    for (const name of await this.#disk.readDirectory(this.#directory)) {
      if (!name.startsWith('tmp')) continue;
      await this.#disk.remove(join(this.#directory, name));
    }
  }

  /**
   * Stores a snapshot durably under its final name, or not at all: it is written and synced beside
   * it, renamed, and the folder synced. The name is `<term>-<index>.snap`.
   */
  async save(snapshot: RaftSnapshot): Promise<void> {
    const name = `${hex16(snapshot.term)}-${hex16(snapshot.index)}.snap`;
    const temporary = join(this.#directory, `tmp-${name}`);
    const startMs = this.#nowMs();
    const bytes = encodeSnapFile(snapshot);
    const encodedMs = this.#nowMs();
    const file = await this.#disk.open(temporary, 'create', { permissions: 0o666 });
    let syncMs = 0;
    try {
      await promised((done) => file.write(bytes, bytes.length, 0, done));
      const writtenMs = this.#nowMs();
      await promised((done) => file.sync(done));
      syncMs = this.#nowMs() - writtenMs;
    } finally {
      await file.close();
    }
    await this.#disk.rename(temporary, join(this.#directory, name));
    await this.#disk.syncDirectory(this.#directory);
    this.#onSaved?.({
      encode: (encodedMs - startMs) / 1000,
      sync: syncMs / 1000,
      total: (this.#nowMs() - startMs) / 1000,
    });
  }

  /**
   * The newest readable snapshot that `accepted` names (without it: any), or undefined. Files that
   * cannot be read are renamed to `<name>.broken` on the way.
   */
  async loadNewest(accepted?: readonly SnapshotId[]): Promise<RaftSnapshot | undefined> {
    for (const name of (await this.#names('.snap')).reverse()) {
      const snapshot = await this.#load(name);
      if (snapshot === undefined) continue;
      const { index, term } = snapshot;
      if (accepted?.some((id) => id.index === index && id.term === term) ?? true) return snapshot;
    }
    return undefined;
  }

  async #load(name: string): Promise<RaftSnapshot | undefined> {
    const path = join(this.#directory, name);
    const bytes = await readWholeFile(this.#disk, path, MAX_FILE_BYTES);
    try {
      return decodeSnapFile(bytes);
    } catch (error) {
      if (!(error instanceof SnapFileError)) throw error;
      this.#logger.warn('failed to read a snap file, renaming it', { path, error: error.message });
      await this.#disk.rename(path, `${path}.broken`);
      return undefined;
    }
  }

  /** Removes all but the newest `.snap` files and the newest `.snap.db` files. */
  async purge(): Promise<void> {
    if (this.#maxSnapshots === 0) return;
    for (const suffix of ['.snap', '.snap.db']) {
      const names = await this.#names(suffix);
      for (const name of names.slice(0, Math.max(0, names.length - this.#maxSnapshots))) {
        await this.#disk.remove(join(this.#directory, name));
        this.#logger.info('purged', { path: join(this.#directory, name) });
      }
    }
  }

  /** Removes databases received for snapshots before `index`. */
  async releaseDatabases(index: number): Promise<void> {
    for (const name of await this.#names('.snap.db')) {
      if (Number.parseInt(name.slice(0, 16), 16) >= index) continue;
      await this.#disk.remove(join(this.#directory, name));
    }
  }

  /** Indexes of the databases received for snapshots, ascending. */
  async databaseIndexes(): Promise<number[]> {
    const names = await this.#names('.snap.db');
    const indexes = names.map((name) => Number.parseInt(name.slice(0, 16), 16));
    return indexes.filter((index) => Number.isSafeInteger(index));
  }

  /** Where a database received for the snapshot at `index` lies. */
  databasePath(index: number): string {
    return join(this.#directory, `${hex16(index)}.snap.db`);
  }

  /** File names of a kind, oldest first. */
  async #names(suffix: string): Promise<string[]> {
    const names = await this.#disk.readDirectory(this.#directory);
    return names.filter((name) => !name.startsWith('tmp') && name.endsWith(suffix)).sort();
  }
}

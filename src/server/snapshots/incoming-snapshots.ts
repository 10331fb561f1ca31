import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ConfState } from '../../raft/index.js';
import { type Disk, type DiskFile, promised } from '../../storage/disk.js';
import { convertDatabase, type ExpectedPosition } from './convert.js';
import { SnapshotRefusedError } from './errors.js';
import type { StagingFolder } from './staging.js';

export interface IncomingSnapshotOptions {
  /** `<data-dir>/member/snap`. */
  readonly snapFolder: string;
  /** A larger database is refused (default: no limit but the disk). */
  readonly maxDatabaseBytes?: number;
}

/** The points a database passes on its way in, told just after each. */
export type IncomingStep = 'body stored' | 'backend written' | 'backend staged';

export interface IncomingSnapshotDependencies {
  readonly staging: StagingFolder;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly step?: (name: IncomingStep) => void;
}

/**
 * Takes the databases that come with a leader's snapshots: each becomes a staged backend, complete and
 * durable, before Raft hears of its snapshot. The bbolt file is only on the way there; it needs neither
 * a lasting name nor a sync, since a crash before the backend is staged means that the leader sends
 * again.
 */
export class IncomingSnapshots {
  readonly #options: IncomingSnapshotOptions;
  readonly #dependencies: IncomingSnapshotDependencies;
  readonly #stopping = new AbortController();
  #saving: Promise<void> | undefined;
  /** Index of the newest backend that was staged; 0 if none was. */
  #lastStaged = 0;

  constructor(options: IncomingSnapshotOptions, dependencies: IncomingSnapshotDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * Stages the state after entry `index` from a bbolt file, read to its end. `term` is that of the
   * entry, for databases that do not tell it; `confState` the configuration then, which is put in the
   * place of what the database tells. If it rejects nothing is left behind: with
   * SnapshotRefusedError if another one is on its way in or the database is not what it should be, with
   * BoltCorruptError, or with the error of the sender or the disk.
   */
  async save(
    index: number,
    database: AsyncIterable<Buffer>,
    term = 0,
    confState?: ConfState,
  ): Promise<void> {
    if (this.#stopping.signal.aborted) throw new SnapshotRefusedError('the member is stopping');
    if (this.#saving !== undefined) {
      throw new SnapshotRefusedError('another database snapshot is on its way in');
    }
    const saving = this.#save({ index, term, confState }, database);
    this.#saving = saving.catch(() => {});
    try {
      await saving;
    } finally {
      this.#saving = undefined;
    }
  }

  /** Breaks off what is on its way in; resolves when nothing of it is touched any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new SnapshotRefusedError('the member is stopping'));
    await this.#saving;
  }

  async #save(expected: ExpectedPosition, database: AsyncIterable<Buffer>): Promise<void> {
    const { index } = expected;
    const { staging, disk, clock, logger, step = () => {} } = this.#dependencies;
    const { signal } = this.#stopping;
    const bodyPath = join(this.#options.snapFolder, `tmp-${index.toString(16)}.snap.db`);
    // The one before may be waiting for what is still to be applied; older ones nobody wants.
    await staging.clean([this.#lastStaged, index]);
    try {
      const sizeBytes = await this.#storeBody(bodyPath, database);
      step('body stored');
      if (await staging.has(index)) {
        this.#lastStaged = index;
        return;
      }
      const startMs = clock.nowMs();
      const part = staging.partPath(index);
      await convertDatabase(bodyPath, part, expected, { disk, clock, logger, signal });
      step('backend written');
      await staging.finish(index);
      this.#lastStaged = index;
      step('backend staged');
      const fields = { 'snapshot-index': index, 'took-ms': Math.round(clock.nowMs() - startMs) };
      logger.info('staged the database of a snapshot', { ...fields, 'size-bytes': sizeBytes });
    } finally {
      await disk.removeTree(bodyPath);
      await disk.removeTree(staging.partPath(index));
    }
  }

  async #storeBody(path: string, database: AsyncIterable<Buffer>): Promise<number> {
    const { maxDatabaseBytes = Number.POSITIVE_INFINITY } = this.#options;
    const file = await this.#dependencies.disk.open(path, 'create');
    try {
      let sizeBytes = 0;
      for await (const chunk of database) {
        this.#stopping.signal.throwIfAborted();
        if (sizeBytes + chunk.length > maxDatabaseBytes) {
          throw new SnapshotRefusedError(`the database is larger than ${maxDatabaseBytes} bytes`);
        }
        await writeAt(file, chunk, sizeBytes);
        sizeBytes += chunk.length;
      }
      return sizeBytes;
    } finally {
      await file.close();
    }
  }
}

function writeAt(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  return promised((done) => file.write(bytes, bytes.length, position, done));
}

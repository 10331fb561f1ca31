/** The frozen views of one LevelDB: how they are taken, which are open, and their end. */
import type { Disk } from '../disk.js';
import type { Database } from './database.js';
import { writeMemtable } from './defragment.js';
import { type FrozenState, FrozenView } from './frozenstate.js';
import { FrozenTables } from './frozentables.js';
import { ManifestReader } from './manifest.js';
import { BackendSnapshot } from './scan.js';
import type { WriteQueue } from './writequeue.js';

/**
 * Room that freezing into tables must find: for the table of a memtable, and for a merge that this sets
 * off, which LevelDB lets grow up to 25 tables (each of them has 8 MiB).
 */
const ROOM_BYTES = 256 << 20;

export interface ViewsDependencies {
  readonly database: Database;
  /** All writes to the database go through it. */
  readonly queue: WriteQueue;
  readonly disk: Disk;
  /** The folder of the database. */
  readonly path: string;
}

export class Views {
  readonly #dependencies: ViewsDependencies;
  /** Kept, so that a frozen state costs no more after months of edits. */
  readonly #manifest: ManifestReader;
  readonly #open = new Set<BackendSnapshot>();

  constructor(dependencies: ViewsDependencies) {
    this.#dependencies = dependencies;
    this.#manifest = new ManifestReader(dependencies.disk, dependencies.path);
  }

  /** How many are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** See `Backend.snapshot`. */
  snapshot(): Promise<BackendSnapshot> {
    return new Promise((resolve, reject) => {
      this.#dependencies.queue.whenFlushed((error) => {
        if (error === null) resolve(this.#openView());
        else reject(error);
      });
    });
  }

  /** See `Backend.freeze`. */
  async freeze(): Promise<FrozenState> {
    if (!(await this.#hasRoom())) return new FrozenView(await this.snapshot());
    const { view, mark } = await this.#markedView();
    try {
      await writeMemtable(this.#dependencies.database);
      return await FrozenTables.at(view, mark, this.#manifest);
    } catch (error) {
      await view.close();
      view.assertGood();
      throw error;
    }
  }

  /** Ends all reading with `reason`; resolves when nothing touches the database any more. */
  async endAll(reason: Error): Promise<void> {
    await Promise.all([...this.#open].map((view) => view.end(reason)));
  }

  /** A full disk must not fail a store whose owner only wants to read: a backup matters most then. */
  async #hasRoom(): Promise<boolean> {
    const { disk, path } = this.#dependencies;
    try {
      return (await disk.freeBytes(path)) >= ROOM_BYTES;
    } catch {
      // The folder is being replaced, or the system does not tell: what comes next knows the reason.
      return true;
    }
  }

  #markedView(): Promise<{ view: BackendSnapshot; mark: Buffer }> {
    return new Promise((resolve, reject) => {
      this.#dependencies.queue.mark((error, mark) => {
        if (error === null) resolve({ view: this.#openView(), mark });
        else reject(error);
      });
    });
  }

  /** What LevelDB holds right now; to be called between two of the queue's writes. */
  #openView(): BackendSnapshot {
    const { database, queue } = this.#dependencies;
    const { index, term } = queue.flushed;
    const position = { consistentIndex: index, term };
    const closed = (view: BackendSnapshot): void => void this.#open.delete(view);
    const view = new BackendSnapshot(database, database.snapshot(), position, closed);
    this.#open.add(view);
    return view;
  }
}

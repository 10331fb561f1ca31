import { type Backend, BUCKET_NAMES, type FrozenState } from '../storage/backend/index.js';
import {
  type BoltLayout,
  type BoltRecords,
  measureBoltFile,
  type PairVisitor,
  writeBoltFile,
} from '../storage/bolt/index.js';
import { type DatabaseMembership, membershipOf } from './snapshots/frozen-membership.js';

/**
 * The whole state after one entry as a database file of etcd, for backups and for members that lag:
 * all ten buckets in bbolt's format (formats.md §4–§6). Writes go on meanwhile and are not in it.
 *
 * ```ts
 * const database = await DatabaseSnapshot.open(backend);
 * try {
 *   for await (const block of database.blocks()) … // database.sizeBytes in all
 * } finally {
 *   await database.close();
 * }
 * ```
 */
export class DatabaseSnapshot {
  readonly #state: FrozenState;
  readonly #buckets: readonly BoltRecords[];
  readonly #layout: BoltLayout;
  /** Called once, at the close. */
  #ended: (() => void) | undefined;

  private constructor(
    state: FrozenState,
    buckets: readonly BoltRecords[],
    layout: BoltLayout,
    ended: () => void,
  ) {
    this.#ended = ended;
    this.#state = state;
    this.#buckets = buckets;
    this.#layout = layout;
  }

  /**
   * Freezes the state, everything put before the call included, and measures the file, which reads all
   * of it once. The caller must close the result: what it shows stays on disk even if deleted. Rejects
   * with the reason of `signal` if that is aborted before.
   */
  static async open(backend: Backend, signal?: AbortSignal): Promise<DatabaseSnapshot> {
    const ended = backend.timeExport();
    const state = await backend.freeze();
    try {
      const buckets = BUCKET_NAMES.map((name) => ({
        name,
        visit: (visit: PairVisitor) => state.visit(name, visit),
      }));
      return new DatabaseSnapshot(state, buckets, await measureBoltFile(buckets, signal), ended);
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  /** Size of the file: a multiple of the page size, 4096. */
  get sizeBytes(): number {
    return this.#layout.sizeBytes;
  }

  /** Index of the last entry that the state includes. */
  get consistentIndex(): number {
    return this.#state.consistentIndex;
  }

  /** Term of that entry. */
  get term(): number {
    return this.#state.term;
  }

  /** Configuration and members at that entry. */
  membership(): Promise<DatabaseMembership> {
    return membershipOf(this.#state);
  }

  /** The file from its first byte on, in blocks of 32 KiB; it can be read again. */
  blocks(): AsyncGenerator<Buffer> {
    return writeBoltFile(this.#buckets, this.#layout);
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#ended?.();
    this.#ended = undefined;
    return this.#state.close();
  }
}

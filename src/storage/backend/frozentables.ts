/**
 * Reading everything as it was at one moment while writes go on, past LevelDB's binding: an export of
 * 1 GB through that made an outside buffer for each key and value, dozens of full collections of
 * them, and mapped all tables into memory.
 *
 * LevelDB numbers its writes, and its tables tell the number of each entry; a snapshot of its own
 * keeps what the moment needs from being merged away. Only the number of the moment is not told
 * outside: so a mark is written there, and looked up in the tables.
 */
import { type BucketName, LOCAL_PREFIX, MARK_KEY } from './buckets.js';
import { BackendError } from './errors.js';
import type { FrozenState } from './frozenstate.js';
import { sequenceOf } from './internalkey.js';
import type { ManifestReader } from './manifest.js';
import { type BackendSnapshot, prefixedRange } from './scan.js';
import type { BlockEntries } from './tableblock.js';
import { NewestRecords, type RecordVisitor } from './tablescan.js';
import { type EntrySink, walkTables } from './tablewalk.js';

/** A frozen state whose records are all in tables. */
export class FrozenTables implements FrozenState {
  readonly #view: BackendSnapshot;
  readonly #manifest: ManifestReader;
  /** Number of the newest write that belongs to the state. */
  readonly #newestSequence: number;

  private constructor(view: BackendSnapshot, manifest: ManifestReader, newestSequence: number) {
    this.#view = view;
    this.#manifest = manifest;
    this.#newestSequence = newestSequence;
  }

  /**
   * The state of `view`, which it takes over, out of the tables of a manifest: everything up to
   * the mark of this value is in them already.
   */
  static async at(
    view: BackendSnapshot,
    mark: Buffer,
    manifest: ManifestReader,
  ): Promise<FrozenTables> {
    const finder = new MarkFinder(mark);
    const from = Buffer.concat([Buffer.from([LOCAL_PREFIX]), MARK_KEY]);
    const bounds = { from, below: Buffer.concat([from, Buffer.alloc(1)]) };
    for await (const _ of walkTables(manifest, bounds, finder)) view.assertGood();
    view.assertGood();
    if (finder.sequence === undefined)
      throw new BackendError('backend: a mark is not in its table');
    return new FrozenTables(view, manifest, finder.sequence);
  }

  get consistentIndex(): number {
    return this.#view.consistentIndex;
  }

  get term(): number {
    return this.#view.term;
  }

  /** Each step is a quarter of a megabyte of records. */
  async *visit(bucket: BucketName, visit: RecordVisitor): AsyncGenerator<void> {
    const view = this.#view;
    // A store that replaces this one has tables of the same names.
    const records = new NewestRecords((key, source, start, end) => {
      view.assertGood();
      visit(key, source, start, end);
    }, this.#newestSequence);
    const { gte, lt } = prefixedRange(bucket);
    view.assertGood();
    try {
      yield* walkTables(this.#manifest, { from: gte, below: lt }, records);
    } catch (error) {
      view.assertGood();
      throw error;
    }
    view.assertGood();
  }

  close(): Promise<void> {
    return this.#view.close();
  }
}

/** Looks for the write of a mark among those of all marks. */
class MarkFinder implements EntrySink {
  readonly position = Buffer.alloc(0);
  sequence: number | undefined;
  readonly #mark: Buffer;

  constructor(mark: Buffer) {
    this.#mark = mark;
  }

  take({ key, keyLength, source, valueStart, valueEnd }: BlockEntries): void {
    if (this.#mark.compare(source, valueStart, valueEnd) !== 0) return;
    this.sequence = sequenceOf(key, keyLength);
  }
}

/** What everything was at one moment, for those who read all of it: backups and members that lag. */
import type { BucketName } from './buckets.js';
import type { BackendSnapshot, SnapshotPosition } from './scan.js';
import type { RecordVisitor } from './tablescan.js';

/** A state that writes do not change any more; it must be closed. */
export interface FrozenState extends SnapshotPosition {
  /**
   * Hands over the records of a bucket, ascending, some of them in each step of the iteration. It may
   * be left early. Throws BackendCorruptError for a damaged table, BackendReplacedError or
   * BackendClosedError once the store is not there any more.
   */
  visit(bucket: BucketName, visit: RecordVisitor): AsyncGenerator<void>;
  /** Idempotent. Whoever still walks must not go on. */
  close(): Promise<void>;
}

/** The records of a small bucket. */
export async function recordsOf(
  state: FrozenState,
  bucket: BucketName,
): Promise<[key: Buffer, value: Buffer][]> {
  const records: [Buffer, Buffer][] = [];
  const visited = state.visit(bucket, (key, source, start, end) => {
    records.push([Buffer.from(key), Buffer.from(source.subarray(start, end))]);
  });
  for await (const _ of visited);
  return records;
}

/**
 * A state that is read through LevelDB: slower than `FrozenTables` and with more memory, and it writes
 * nothing.
 */
export class FrozenView implements FrozenState {
  readonly #view: BackendSnapshot;

  /** Takes the view over. */
  constructor(view: BackendSnapshot) {
    this.#view = view;
  }

  get consistentIndex(): number {
    return this.#view.consistentIndex;
  }

  get term(): number {
    return this.#view.term;
  }

  async *visit(bucket: BucketName, visit: RecordVisitor): AsyncGenerator<void> {
    for await (const batch of this.#view.scan(bucket)) {
      for (const [key, value] of batch) visit(key, value, 0, value.length);
      yield;
    }
  }

  close(): Promise<void> {
    return this.#view.close();
  }
}

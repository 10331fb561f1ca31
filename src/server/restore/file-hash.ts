import { systemClock } from '../../base/clock.js';
import { silentLogger } from '../../base/logger.js';
import { type KeyValueHash, MvccStore, type RecordStore } from '../../mvcc/index.js';
import type { Bucket, RecordVisitor } from '../../storage/backend/index.js';
import type { BoltBucket } from '../../storage/bolt/index.js';
import { SnapshotFile } from './snapshot-file.js';

/**
 * The hash of the history in a database file up to a revision, 0 for its newest: what HashKV of a
 * server with that data answers (formats.md §9). The file is only read.
 *
 * Throws the error of node:fs, BoltCorruptError, CompactedError or FutureRevisionError.
 */
export async function hashKvOfFile(path: string, revision: number): Promise<KeyValueHash> {
  const file = await SnapshotFile.open(path);
  try {
    const records = await FileRecords.read(await file.buckets());
    const store = await MvccStore.open(
      { cacheSizeBytes: 0 },
      {
        records,
        leases: { attach: () => {}, detach: () => {} },
        clock: systemClock,
        logger: silentLogger,
      },
    );
    try {
      return await store.hashByRevision(revision);
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

/** A file's buckets as records of the MVCC room; what that would write stays in memory. */
class FileRecords implements RecordStore {
  readonly #buckets: ReadonlyMap<string, BoltBucket>;
  /** The meta bucket, and what was put over it. */
  readonly #meta: Map<string, Buffer>;

  private constructor(buckets: ReadonlyMap<string, BoltBucket>, meta: Map<string, Buffer>) {
    this.#buckets = buckets;
    this.#meta = meta;
  }

  static async read(list: readonly BoltBucket[]): Promise<FileRecords> {
    const buckets = new Map(list.map((bucket) => [bucket.name, bucket]));
    const meta = new Map<string, Buffer>();
    for await (const batch of buckets.get('meta')?.scan() ?? []) {
      for (const [key, value] of batch) meta.set(key.toString('latin1'), value);
    }
    return new FileRecords(buckets, meta);
  }

  put(bucket: Bucket, key: Buffer, value: Buffer): void {
    if (bucket === 'meta') this.#meta.set(key.toString('latin1'), value);
  }

  /** A compaction that the file was saved in the middle of goes on; it changes no hash. */
  delete(): void {}

  commit(): void {}

  async whenNotFull(): Promise<void> {}

  getSync(bucket: Bucket, key: Buffer): Buffer | undefined {
    return bucket === 'meta' ? this.#meta.get(key.toString('latin1')) : undefined;
  }

  async *scan(
    bucket: Bucket,
    range: { readonly gte?: Buffer; readonly lt?: Buffer },
  ): AsyncGenerator<[Buffer, Buffer][]> {
    const { gte, lt } = range;
    const isWanted = (key: Buffer): boolean =>
      (gte === undefined || key.compare(gte) >= 0) && (lt === undefined || key.compare(lt) < 0);
    for await (const batch of this.#buckets.get(bucket)?.scan() ?? []) {
      yield batch.filter(([key]) => isWanted(key));
    }
  }

  async visitAll(bucket: Bucket, visit: RecordVisitor): Promise<void> {
    for await (const batch of this.#buckets.get(bucket)?.scan() ?? []) {
      for (const [key, value] of batch) visit(key, value, 0, value.length);
    }
  }
}

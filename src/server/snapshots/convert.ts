import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ConfState } from '../../raft/index.js';
import {
  Backend,
  BUCKET_NAMES,
  Bucket,
  type BucketName,
  CONSISTENT_INDEX_KEY,
  TERM_KEY,
} from '../../storage/backend/index.js';
import { type BoltBucket, BoltFile } from '../../storage/bolt/index.js';
import type { Disk } from '../../storage/disk.js';
import { encodeConfState } from '../snapshot-file.js';
import { SnapshotRefusedError } from './errors.js';

/** Which state a database is said to hold. */
export interface ExpectedPosition {
  /** Its consistent index must be this. */
  readonly index: number;
  /** Taken if the database tells none, as those of etcd 3.4 do. */
  readonly term: number;
  /**
   * The configuration at that entry. It takes the place of the database's, which may be of another
   * time: etcd does not read it, and a restore leaves the one of the old cluster there.
   */
  readonly confState?: ConfState | undefined;
}

export interface ConvertDependencies {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the outcome is of no interest any more. */
  readonly signal: AbortSignal;
}

/** A new store is written once and closed: nothing of it is read before. */
const CACHE_BYTES = 1 << 20;
/**
 * What was read from the file and waits for LevelDB is kept small: each pair is two objects, and those
 * that outlive a minor collection make it long.
 */
const BATCH_LIMIT = 1000;
const MAX_UNFLUSHED_BYTES = 1 << 20;

/** About a millisecond's work. */
const PAIRS_PER_TURN = 500;

const CONF_STATE_KEY = Buffer.from('confState');

const isBucketName = (name: string): name is BucketName =>
  BUCKET_NAMES.some((known) => known === name);

/**
 * Reads the bbolt file `databasePath` into a new backend in `folder`, which is durable and closed
 * afterwards. Takes about a page at a time, so other work goes on. Throws BoltCorruptError,
 * SnapshotRefusedError if it is not the state of `expected`, or the disk's errors; what is in
 * `folder` then is of no use.
 */
export async function convertDatabase(
  databasePath: string,
  folder: string,
  expected: ExpectedPosition,
  dependencies: ConvertDependencies,
): Promise<void> {
  const { disk, clock, logger } = dependencies;
  const file = await disk.open(databasePath, 'read');
  try {
    const bolt = await BoltFile.open(file);
    const backend = await Backend.open(
      {
        path: folder,
        cacheSizeBytes: CACHE_BYTES,
        batchLimit: BATCH_LIMIT,
        maxUnflushedBytes: MAX_UNFLUSHED_BYTES,
      },
      { clock, logger, disk },
    );
    try {
      const meta = new MetaPosition();
      const target = { backend, meta };
      for (const bucket of await bolt.buckets()) {
        if (isBucketName(bucket.name)) await copyBucket(bucket, bucket.name, target, dependencies);
        else logger.warn('ignored an unknown bucket of a snapshot', { bucket: bucket.name });
      }
      if (meta.index !== expected.index) {
        throw new SnapshotRefusedError(
          `the database holds the state after entry ${meta.index}, not ${expected.index}`,
        );
      }
      if (expected.confState !== undefined) {
        backend.put(Bucket.meta, CONF_STATE_KEY, encodeConfState(expected.confState));
      }
      backend.setConsistentIndex(meta.index, meta.term === 0 ? expected.term : meta.term);
      await backend.sync();
    } finally {
      await backend.close();
    }
  } finally {
    await file.close();
  }
}

interface CopyTarget {
  readonly backend: Backend;
  readonly meta: MetaPosition;
}

/** What the meta bucket tells of the position; the backend writes these records itself. */
class MetaPosition {
  index = 0;
  term = 0;

  /** True if the record is one of the two. */
  take(key: Buffer, value: Buffer): boolean {
    if (key.equals(CONSISTENT_INDEX_KEY)) this.index = readPosition(value);
    else if (key.equals(TERM_KEY)) this.term = readPosition(value);
    else return false;
    return true;
  }
}

/** A u64; anything else is no position. */
function readPosition(value: Buffer): number {
  if (value.length !== 8) throw new SnapshotRefusedError('the meta bucket holds no valid position');
  return Number(value.readBigUInt64BE(0));
}

async function copyBucket(
  bucket: BoltBucket,
  name: BucketName,
  target: CopyTarget,
  { clock, signal }: ConvertDependencies,
): Promise<void> {
  const { backend, meta } = target;
  let untilPause = PAIRS_PER_TURN;
  for await (const batch of bucket.scan()) {
    signal.throwIfAborted();
    if (backend.failure !== undefined) throw backend.failure;
    for (const [key, value] of batch) {
      if (name === 'meta' && meta.take(key, value)) continue;
      backend.put(name, key, value);
    }
    backend.commit();
    if (backend.isFull) await backend.whenNotFull();
    untilPause -= batch.length;
    if (untilPause > 0) continue;
    // Pages that were read ahead come without a turn of their own.
    await new Promise<void>((resolve) => clock.setImmediate(resolve));
    untilPause = PAIRS_PER_TURN;
  }
}

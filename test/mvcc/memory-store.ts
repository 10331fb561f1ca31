import type { RecordScanRange, RecordStore } from '../../src/mvcc/index.js';
import type { Bucket, RecordVisitor } from '../../src/storage/backend/index.js';

interface Operation {
  bucket: Bucket;
  key: string;
  value: Buffer | undefined;
}

/** Pairs in one batch of a scan: few, so that slices and their borders are met often. */
const BATCH_PAIRS = 7;

/**
 * A record store in memory that remembers in which groups it was written, so that a test can go back to
 * what a crash would have left.
 */
export class MemoryStore implements RecordStore {
  private readonly buckets = new Map<Bucket, Map<string, Buffer>>();
  private readonly groups: Operation[][] = [];
  private open: Operation[] = [];
  /** Reads of single records so far. */
  reads = 0;

  put(bucket: Bucket, key: Buffer, value: Buffer): void {
    this.perform({ bucket, key: key.toString('latin1'), value: Buffer.from(value) });
  }

  delete(bucket: Bucket, key: Buffer): void {
    this.perform({ bucket, key: key.toString('latin1'), value: undefined });
  }

  commit(): void {
    if (this.open.length === 0) return;
    this.groups.push(this.open);
    this.open = [];
  }

  async whenNotFull(): Promise<void> {}

  getSync(bucket: Bucket, key: Buffer): Buffer | undefined {
    this.reads++;
    return this.bucket(bucket).get(key.toString('latin1'));
  }

  async *scan(bucket: Bucket, range: RecordScanRange): AsyncGenerator<[Buffer, Buffer][]> {
    const pairs = this.pairs(bucket, range);
    await new Promise((resolve) => setImmediate(resolve));
    for (let start = 0; start < pairs.length; start += BATCH_PAIRS) {
      yield pairs.slice(start, start + BATCH_PAIRS);
    }
  }

  async visitAll(bucket: Bucket, visit: RecordVisitor): Promise<void> {
    for await (const batch of this.scan(bucket, {})) {
      for (const [key, value] of batch) visit(key, value, 0, value.length);
    }
  }

  /** The pairs of a bucket (or a part of it) in byte order. */
  pairs(bucket: Bucket, range: RecordScanRange = {}): [Buffer, Buffer][] {
    const { gte, lt } = range;
    return [...this.bucket(bucket)]
      .map(([key, value]): [Buffer, Buffer] => [Buffer.from(key, 'latin1'), value])
      .filter(([key]) => gte === undefined || Buffer.compare(key, gte) >= 0)
      .filter(([key]) => lt === undefined || Buffer.compare(key, lt) < 0)
      .sort(([a], [b]) => Buffer.compare(a, b));
  }

  get groupCount(): number {
    return this.groups.length;
  }

  /** A store with only the first `count` groups: what is on disk after a crash. */
  afterCrash(count: number): MemoryStore {
    const survivor = new MemoryStore();
    for (const group of this.groups.slice(0, count)) {
      for (const operation of group) survivor.perform(operation);
      survivor.commit();
    }
    return survivor;
  }

  /** Takes over the content of another store: a snapshot was installed. */
  replaceBy(other: MemoryStore): void {
    this.buckets.clear();
    for (const group of other.groups) {
      for (const operation of group) this.perform(operation);
      this.commit();
    }
  }

  private perform(operation: Operation): void {
    const { bucket, key, value } = operation;
    this.open.push(operation);
    if (value === undefined) this.bucket(bucket).delete(key);
    else this.bucket(bucket).set(key, value);
  }

  private bucket(bucket: Bucket): Map<string, Buffer> {
    let content = this.buckets.get(bucket);
    if (content === undefined) {
      content = new Map();
      this.buckets.set(bucket, content);
    }
    return content;
  }
}

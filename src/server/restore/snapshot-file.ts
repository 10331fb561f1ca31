import { createHash } from 'node:crypto';
import { type BoltBucket, BoltFile } from '../../storage/bolt/index.js';
import { type DiskFile, nodeDisk } from '../../storage/disk.js';
import { RestoreError } from './errors.js';

/** SHA-256. */
const DIGEST_BYTES = 32;
/** No page is smaller, so the rest of a division by this tells whether there is a digest behind. */
const SECTOR_BYTES = 512;
const READ_BYTES = 1 << 20;

/**
 * A database file of etcd or kvorum, as `snapshot save` writes it, with a SHA-256 behind the pages, or
 * as it lies in an etcd's data directory, without (formats.md §6). Opened for reading only.
 */
export class SnapshotFile {
  readonly path: string;
  /** Whether a SHA-256 follows the pages. */
  readonly hasDigest: boolean;
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  readonly #bolt: BoltFile;

  private constructor(path: string, file: DiskFile, fileBytes: number, bolt: BoltFile) {
    this.path = path;
    this.hasDigest = fileBytes % SECTOR_BYTES === DIGEST_BYTES;
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#bolt = bolt;
  }

  /** Throws the error of node:fs, or BoltCorruptError for what is no database. */
  static async open(path: string): Promise<SnapshotFile> {
    const file = await nodeDisk.open(path, 'read');
    try {
      const bolt = await BoltFile.open(file);
      return new SnapshotFile(path, file, await file.sizeBytes(), bolt);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The pages in use, without what a file may have behind them. */
  get sizeBytes(): number {
    return this.#bolt.sizeBytes;
  }

  /** All buckets by name, ascending. Throws BoltCorruptError, as scanning them does. */
  buckets(): Promise<BoltBucket[]> {
    return this.#bolt.buckets();
  }

  /** Throws RestoreError unless the SHA-256 is there and is that of the pages. */
  async checkDigest(): Promise<void> {
    if (!this.hasDigest) {
      throw new RestoreError('snapshot missing hash but --skip-hash-check=false');
    }
    const contentBytes = this.#fileBytes - DIGEST_BYTES;
    const hash = createHash('sha256');
    const block = Buffer.allocUnsafe(READ_BYTES);
    for (let position = 0; position < contentBytes; ) {
      const wanted = Math.min(READ_BYTES, contentBytes - position);
      const count = await this.#file.read(block, 0, wanted, position);
      if (count === 0) throw new RestoreError(`${this.path} became shorter while it was read`);
      hash.update(block.subarray(0, count));
      position += count;
    }
    const expected = Buffer.alloc(DIGEST_BYTES);
    await this.#file.read(expected, 0, DIGEST_BYTES, contentBytes);
    const found = hash.digest();
    if (expected.equals(found)) return;
    throw new RestoreError(
      `expected sha256 ${expected.toString('hex')}, got ${found.toString('hex')}`,
    );
  }

  /** Reads every page that holds data. Throws BoltCorruptError. */
  async checkPages(): Promise<void> {
    for (const bucket of await this.buckets()) {
      for await (const _ of bucket.scan());
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

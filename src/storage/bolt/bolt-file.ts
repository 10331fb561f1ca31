/** A bbolt file, opened for reading. */
import type { DiskFile } from '../disk.js';
import { leafPairs } from './elements.js';
import { BoltCorruptError } from './errors.js';
import {
  BUCKET_HEADER_BYTES,
  ElementKind,
  PAGE_HEADER_BYTES,
  PageKind,
  readPageHeader,
  readUint64,
} from './format.js';
import { type Meta, readNewestMeta } from './meta.js';
import { PageSource } from './page-source.js';
import { KeyOrder, walkTree } from './tree-walk.js';

/** A bucket: sorted pairs that can be read, any number of times. */
export interface BoltBucket {
  /** Its bytes as latin1 (etcd's are ASCII): order and equality are those of the bytes. */
  readonly name: string;
  /** Batches of `[key, value]`, ascending. They may be empty. */
  scan(): AsyncIterable<[Buffer, Buffer][]>;
}

export interface BoltFileOptions {
  /**
   * Largest leaf page with its overflow; bbolt puts up to four large values on one. It bounds the
   * memory that a file can take (default 128 MiB).
   */
  readonly maxLeafBytes?: number;
}

const DEFAULT_MAX_LEAF_BYTES = 128 << 20;
/** etcd has ten; more than this is no file of etcd's. */
const MAX_BUCKETS = 1000;

/**
 * Reads a file that etcd, or `writeBoltFile`, wrote, page by page. Whatever the bytes are, it ends
 * with the content or with {@link BoltCorruptError}, in bounded memory. Every page that holds
 * data is checked as bbolt's own check does; the freelist is not read.
 */
export class BoltFile {
  readonly #file: DiskFile;
  readonly #meta: Meta;
  readonly #maxLeafBytes: number;

  private constructor(file: DiskFile, meta: Meta, maxLeafBytes: number) {
    this.#file = file;
    this.#meta = meta;
    this.#maxLeafBytes = maxLeafBytes;
  }

  /** Reads the meta pages; the file stays the caller's. Throws {@link BoltCorruptError}. */
  static async open(file: DiskFile, options: BoltFileOptions = {}): Promise<BoltFile> {
    const meta = await readNewestMeta(file);
    return new BoltFile(file, meta, options.maxLeafBytes ?? DEFAULT_MAX_LEAF_BYTES);
  }

  /** The part of the file that is in use; the file may be longer. */
  get sizeBytes(): number {
    return this.#meta.pageCount * this.#meta.pageSizeBytes;
  }

  get pageSizeBytes(): number {
    return this.#meta.pageSizeBytes;
  }

  /** All buckets, ascending by name. Throws {@link BoltCorruptError}, as scanning them does. */
  async buckets(): Promise<BoltBucket[]> {
    const buckets: BoltBucket[] = [];
    const { rootPage } = this.#meta;
    for await (const entries of walkTree(this.#pages(), rootPage, ElementKind.bucket)) {
      if (buckets.length + entries.length > MAX_BUCKETS) {
        throw new BoltCorruptError(`has more than ${MAX_BUCKETS} buckets`);
      }
      for (const [name, value] of entries) buckets.push(this.#bucket(name, value));
    }
    return buckets;
  }

  #bucket(nameBytes: Buffer, value: Buffer): BoltBucket {
    const name = nameBytes.toString('latin1');
    if (value.length < BUCKET_HEADER_BYTES) {
      throw new BoltCorruptError(`bucket ${shown(name)} has no header`);
    }
    const root = readUint64(value, 0);
    if (root !== 0) {
      return { name, scan: () => walkTree(this.#pages(), root, ElementKind.pair) };
    }
    if (value.length > BUCKET_HEADER_BYTES + this.pageSizeBytes) {
      throw new BoltCorruptError(`bucket ${shown(name)} is larger than a page, but has none`);
    }
    // A copy, so that the root bucket's page need not stay in memory.
    const inline = Buffer.from(value.subarray(BUCKET_HEADER_BYTES));
    return { name, scan: () => scanInline(name, inline) };
  }

  #pages(): PageSource {
    const { pageSizeBytes, pageCount } = this.#meta;
    const maxLeafBytes = this.#maxLeafBytes;
    return new PageSource(this.#file, { pageSizeBytes, pageCount, maxLeafBytes });
  }
}

/** A small bucket is a leaf inside the entry of the root bucket; such a page has the number 0. */
async function* scanInline(name: string, bytes: Buffer): AsyncGenerator<[Buffer, Buffer][]> {
  if (bytes.length < PAGE_HEADER_BYTES) {
    throw new BoltCorruptError(`bucket ${shown(name)} has no page`);
  }
  const { id, kind, count } = readPageHeader(bytes);
  if (kind !== PageKind.leaf) throw new BoltCorruptError(`bucket ${shown(name)} is not a leaf`);
  const pairs = leafPairs({ id, count, bytes }, ElementKind.pair);
  const order = new KeyOrder();
  for (const [key] of pairs) order.expect(key, id);
  yield pairs;
}

/**
 * A name for a message. Damage can make anything of the file a name, the users' password hashes too:
 * no more than the longest name that etcd uses is shown.
 */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 'members_removed'.length));
}

/**
 * Packs sorted pairs into the pages of a tree, front to back: a page is done when the next element
 * does not fit, and a branch page follows the last child it has room for. What is held is one
 * unfinished page a level, however large the tree is (formats.md §5.2).
 */
import { BoltWriteError } from './errors.js';
import {
  ELEMENT_BYTES,
  ElementKind,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_SIZE_BYTES,
} from './format.js';

/** A finished leaf; valid during the call it is passed to. */
export interface LeafContent {
  readonly kind: ElementKind;
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
  /** All of it, with headers. */
  readonly sizeBytes: number;
}

/** A finished branch; valid during the call it is passed to. */
export interface BranchContent {
  /** The first key below each child. */
  readonly keys: readonly Buffer[];
  readonly pages: readonly number[];
  readonly sizeBytes: number;
}

/** Takes pages in the order of the file, and returns their numbers. */
export interface PageSink {
  leaf(content: LeafContent): number;
  branch(content: BranchContent): number;
}

/** bbolt's own minimum; with fewer, long keys would make a tree that never comes to an end. */
const MIN_BRANCH_CHILDREN = 2;
const EMPTY_KEY = Buffer.alloc(0);

/** One tree: a bucket, or the root bucket with the buckets as elements. */
export class TreePacker {
  readonly #sink: PageSink;
  readonly #kind: ElementKind;
  readonly #branches: BranchPacker;
  #keys: Buffer[] = [];
  #values: Buffer[] = [];
  #sizeBytes = PAGE_HEADER_BYTES;
  #lastKey: Buffer = EMPTY_KEY;
  #hasPages = false;

  constructor(sink: PageSink, kind: ElementKind = ElementKind.pair) {
    this.#sink = sink;
    this.#kind = kind;
    this.#branches = new BranchPacker(sink);
  }

  /** The next pair. Throws {@link BoltWriteError} if a tree cannot hold it behind what it has. */
  add(key: Buffer, value: Buffer): void {
    this.#check(key, value);
    const elementBytes = ELEMENT_BYTES + key.length + value.length;
    if (this.#keys.length > 0 && this.#sizeBytes + elementBytes > PAGE_SIZE_BYTES) this.#close();
    this.#keys.push(key);
    this.#values.push(value);
    this.#sizeBytes += elementBytes;
    this.#lastKey = key;
  }

  /** Ends the tree and returns the number of its root page. */
  finish(): number {
    if (this.#keys.length > 0 || !this.#hasPages) this.#close();
    return this.#branches.finish();
  }

  #check(key: Buffer, value: Buffer): void {
    if (this.#lastKey.compare(key) >= 0) {
      throw new BoltWriteError('bbolt: keys must not be empty and must ascend');
    }
    if (key.length > MAX_KEY_BYTES || value.length > MAX_VALUE_BYTES) {
      const sizes = `a key of ${key.length} bytes with a value of ${value.length} bytes`;
      throw new BoltWriteError(`bbolt: ${sizes} is too large`);
    }
  }

  #close(): void {
    const page = this.#sink.leaf({
      kind: this.#kind,
      keys: this.#keys,
      values: this.#values,
      sizeBytes: this.#sizeBytes,
    });
    this.#branches.add(this.#keys[0] ?? EMPTY_KEY, page);
    this.#keys = [];
    this.#values = [];
    this.#sizeBytes = PAGE_HEADER_BYTES;
    this.#hasPages = true;
  }
}

/** One level of branches; it makes the level above when it has more than one page. */
class BranchPacker {
  readonly #sink: PageSink;
  #parent: BranchPacker | undefined;
  #keys: Buffer[] = [];
  #pages: number[] = [];
  #sizeBytes = PAGE_HEADER_BYTES;

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  add(key: Buffer, page: number): void {
    const elementBytes = ELEMENT_BYTES + key.length;
    const isFull = this.#sizeBytes + elementBytes > PAGE_SIZE_BYTES;
    if (isFull && this.#keys.length >= MIN_BRANCH_CHILDREN) this.#close();
    this.#keys.push(key);
    this.#pages.push(page);
    this.#sizeBytes += elementBytes;
  }

  /** Ends the level and all above; a single child needs no branch and is the root itself. */
  finish(): number {
    const [only] = this.#pages;
    if (this.#parent === undefined && this.#pages.length === 1 && only !== undefined) return only;
    return this.#close().finish();
  }

  /** Hands the page to the level above, which it returns. */
  #close(): BranchPacker {
    const content = { keys: this.#keys, pages: this.#pages, sizeBytes: this.#sizeBytes };
    const page = this.#sink.branch(content);
    this.#parent ??= new BranchPacker(this.#sink);
    this.#parent.add(this.#keys[0] ?? EMPTY_KEY, page);
    this.#keys = [];
    this.#pages = [];
    this.#sizeBytes = PAGE_HEADER_BYTES;
    return this.#parent;
  }
}

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
  /** Pairs on it. */
  readonly count: number;
  /** Length of each key, and of its value: key, value, key, value, … */
  readonly lengths: readonly number[];
  /** Begins with the keys and values, in the same order; of a sink that {@link PageSink.needsData}. */
  readonly data: Buffer;
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
  /** Whether it looks at the content of leaves and not at sizes only. */
  readonly needsData: boolean;
  leaf(content: LeafContent): number;
  branch(content: BranchContent): number;
}

/** bbolt's own minimum; with fewer, long keys would make a tree that never comes to an end. */
const MIN_BRANCH_CHILDREN = 2;
const EMPTY_KEY = Buffer.alloc(0);

/** What a leaf has room for from the beginning, and what of it is kept from one leaf to the next. */
const DATA_BYTES = PAGE_SIZE_BYTES;
const MAX_KEPT_DATA_BYTES = 256 << 10;

/** One tree: a bucket, or the root bucket with the buckets as elements. */
export class TreePacker {
  readonly #sink: PageSink;
  readonly #kind: ElementKind;
  readonly #branches: BranchPacker;
  // The leaf under way.
  #firstKey: Buffer = EMPTY_KEY;
  #lengths: number[] = [];
  #data = Buffer.allocUnsafeSlow(DATA_BYTES);
  #dataBytes = 0;
  #sizeBytes = PAGE_HEADER_BYTES;
  #lastKey = Buffer.alloc(0);
  #lastLength = 0;
  #hasPages = false;

  constructor(sink: PageSink, kind: ElementKind = ElementKind.pair) {
    this.#sink = sink;
    this.#kind = kind;
    this.#branches = new BranchPacker(sink);
  }

  /**
   * The next pair, its value being `source[start, end)`; both are copied. Throws
   * {@link BoltWriteError} if a tree cannot hold it behind what it has.
   */
  add(key: Buffer, source: Buffer, start: number, end: number): void {
    const valueBytes = end - start;
    this.#check(key, valueBytes);
    const elementBytes = ELEMENT_BYTES + key.length + valueBytes;
    if (this.#lengths.length > 0 && this.#sizeBytes + elementBytes > PAGE_SIZE_BYTES) this.#close();
    if (this.#lengths.length === 0) this.#firstKey = Buffer.from(key);
    this.#lengths.push(key.length, valueBytes);
    this.#sizeBytes += elementBytes;
    if (this.#sink.needsData) this.#copy(key, source, start, end);
    this.#rememberKey(key);
  }

  /** Ends the tree and returns the number of its root page. */
  finish(): number {
    if (this.#lengths.length > 0 || !this.#hasPages) this.#close();
    return this.#branches.finish();
  }

  #check(key: Buffer, valueBytes: number): void {
    if (!isBehind(key, this.#lastKey, this.#lastLength)) {
      throw new BoltWriteError('bbolt: keys must not be empty and must ascend');
    }
    if (key.length > MAX_KEY_BYTES || valueBytes > MAX_VALUE_BYTES) {
      const sizes = `a key of ${key.length} bytes with a value of ${valueBytes} bytes`;
      throw new BoltWriteError(`bbolt: ${sizes} is too large`);
    }
  }

  #rememberKey(key: Buffer): void {
    if (key.length > this.#lastKey.length) this.#lastKey = Buffer.alloc(key.length * 2);
    this.#lastKey.set(key);
    this.#lastLength = key.length;
  }

  #copy(key: Buffer, source: Buffer, start: number, end: number): void {
    const at = this.#dataBytes;
    this.#dataBytes = at + key.length + (end - start);
    if (this.#dataBytes > this.#data.length) this.#growData(at);
    this.#data.set(key, at);
    source.copy(this.#data, at + key.length, start, end);
  }

  #growData(usedBytes: number): void {
    const larger = Buffer.allocUnsafeSlow(this.#dataBytes * 2);
    this.#data.copy(larger, 0, 0, usedBytes);
    this.#data = larger;
  }

  #close(): void {
    const page = this.#sink.leaf({
      kind: this.#kind,
      count: this.#lengths.length / 2,
      lengths: this.#lengths,
      data: this.#data,
      sizeBytes: this.#sizeBytes,
    });
    this.#branches.add(this.#firstKey, page);
    this.#firstKey = EMPTY_KEY;
    this.#lengths.length = 0;
    this.#dataBytes = 0;
    if (this.#data.length > MAX_KEPT_DATA_BYTES) this.#data = Buffer.allocUnsafeSlow(DATA_BYTES);
    this.#sizeBytes = PAGE_HEADER_BYTES;
    this.#hasPages = true;
  }
}

/** Whether `key` is above `last[0, lastLength)`. In plain code: a call out of V8 takes longer. */
function isBehind(key: Buffer, last: Buffer, lastLength: number): boolean {
  const length = Math.min(key.length, lastLength);
  for (let at = 0; at < length; at++) {
    const difference = (key[at] as number) - (last[at] as number);
    if (difference !== 0) return difference > 0;
  }
  return key.length > lastLength;
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

/** What pages hold: pairs on leaves, children on branches. */
import { BoltCorruptError } from './errors.js';
import {
  ELEMENT_BYTES,
  type ElementKind,
  MAX_KEY_BYTES,
  PAGE_HEADER_BYTES,
  readUint64,
} from './format.js';

/** The elements of a page and, for messages, its number. */
export interface ElementPage {
  readonly id: number;
  readonly count: number;
  /** The page with its header and overflow. */
  readonly bytes: Buffer;
}

/** Entries of a branch page: the first key below each child. */
export interface Children {
  readonly keys: readonly Buffer[];
  readonly pages: readonly number[];
}

/**
 * The pairs of a leaf, as views of it. All elements must be of `kind`: buckets in the root bucket,
 * pairs in the others, for etcd nests no buckets. Throws {@link BoltCorruptError}.
 */
export function leafPairs(page: ElementPage, kind: ElementKind): [Buffer, Buffer][] {
  const { bytes, count, id } = page;
  const data = new DataArea(page);
  const pairs: [Buffer, Buffer][] = [];
  for (let index = 0; index < count; index++) {
    const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    if (bytes.readUInt32LE(element) !== kind) {
      throw new BoltCorruptError(`element ${index} is not of kind ${kind}`, id);
    }
    const start = element + bytes.readUInt32LE(element + 4);
    const keyBytes = bytes.readUInt32LE(element + 8);
    const valueBytes = bytes.readUInt32LE(element + 12);
    data.take(index, start, keyBytes, valueBytes);
    const keyEnd = start + keyBytes;
    pairs.push([bytes.subarray(start, keyEnd), bytes.subarray(keyEnd, keyEnd + valueBytes)]);
  }
  return pairs;
}

/** The children of a branch, the keys as views of it. Throws {@link BoltCorruptError}. */
export function branchChildren(page: ElementPage): Children {
  const { bytes, count, id } = page;
  if (count === 0) throw new BoltCorruptError('is a branch without children', id);
  const data = new DataArea(page);
  const keys: Buffer[] = [];
  const pages: number[] = [];
  for (let index = 0; index < count; index++) {
    const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    const start = element + bytes.readUInt32LE(element);
    const keyBytes = bytes.readUInt32LE(element + 4);
    data.take(index, start, keyBytes, 0);
    keys.push(bytes.subarray(start, start + keyBytes));
    pages.push(readUint64(bytes, element + 8));
  }
  return { keys, pages };
}

/**
 * Where the keys and values of a page may lie. Elements that shared bytes could make a small page
 * stand for a huge amount of data, so together they must not be larger than the page.
 */
class DataArea {
  readonly #id: number;
  readonly #start: number;
  readonly #end: number;
  #freeBytes: number;

  constructor({ id, count, bytes }: ElementPage) {
    this.#id = id;
    this.#start = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
    this.#end = bytes.length;
    this.#freeBytes = this.#end - this.#start;
    if (this.#freeBytes < 0) throw new BoltCorruptError('is too small for its elements', id);
  }

  take(index: number, start: number, keyBytes: number, valueBytes: number): void {
    this.#freeBytes -= keyBytes + valueBytes;
    const isInside =
      start >= this.#start && start + keyBytes + valueBytes <= this.#end && this.#freeBytes >= 0;
    if (!isInside || keyBytes === 0 || keyBytes > MAX_KEY_BYTES) {
      throw new BoltCorruptError(`element ${index} has an impossible place or size`, this.#id);
    }
  }
}

/** What finished pages become: a count of pages, or bytes. */
import {
  ELEMENT_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_SIZE_BYTES,
  PageKind,
  writePageHeader,
  writeUint64,
} from './format.js';
import type { BranchContent, LeafContent, PageSink } from './tree-packer.js';

/** Pages that content of this size takes. */
const pagesFor = (sizeBytes: number): number => Math.ceil(sizeBytes / PAGE_SIZE_BYTES);

/** Counts pages. */
export class PageCounter implements PageSink {
  readonly needsData = false;
  /** The number of the next page; all pages are below it. */
  pageCount: number;

  constructor(firstPage: number) {
    this.pageCount = firstPage;
  }

  leaf(content: LeafContent): number {
    return this.#take(content.sizeBytes);
  }

  branch(content: BranchContent): number {
    return this.#take(content.sizeBytes);
  }

  #take(sizeBytes: number): number {
    const page = this.pageCount;
    this.pageCount += pagesFor(sizeBytes);
    return page;
  }
}

/** Eight pages: what one message of Maintenance.Snapshot carries. */
export const BLOCK_BYTES = 8 * PAGE_SIZE_BYTES;

/** Runs of pages up to this size are put together in the same memory, one after the other. */
const MAX_KEPT_RUN_BYTES = 256 << 10;

/** Writes pages into blocks of {@link BLOCK_BYTES}; the last block may be shorter. */
export class PageWriter implements PageSink {
  readonly needsData = true;
  /** The number of the next page; all pages are below it. */
  pageCount = 0;
  #block = Buffer.alloc(BLOCK_BYTES);
  #usedBytes = 0;
  /** Where pages that belong together are put together. */
  #run = Buffer.alloc(0);
  #full: Buffer[] = [];

  leaf({ kind, count, lengths, data, sizeBytes }: LeafContent): number {
    return this.#write(PageKind.leaf, count, sizeBytes, (target, start) => {
      let element = start + PAGE_HEADER_BYTES;
      const dataStart = element + count * ELEMENT_BYTES;
      for (let at = 0, pair = dataStart; at < lengths.length; at += 2) {
        // Both are there: lengths come in twos.
        const keyBytes = lengths[at] as number;
        const valueBytes = lengths[at + 1] as number;
        target.writeUInt32LE(kind, element);
        target.writeUInt32LE(pair - element, element + 4);
        target.writeUInt32LE(keyBytes, element + 8);
        target.writeUInt32LE(valueBytes, element + 12);
        pair += keyBytes + valueBytes;
        element += ELEMENT_BYTES;
      }
      data.copy(target, dataStart, 0, sizeBytes - (dataStart - start));
    });
  }

  branch({ keys, pages, sizeBytes }: BranchContent): number {
    return this.#write(PageKind.branch, keys.length, sizeBytes, (target, start) => {
      let element = start + PAGE_HEADER_BYTES;
      let data = element + keys.length * ELEMENT_BYTES;
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index] as Buffer;
        target.writeUInt32LE(data - element, element);
        target.writeUInt32LE(key.length, element + 4);
        writeUint64(target, element + 8, pages[index] as number);
        target.set(key, data);
        data += key.length;
        element += ELEMENT_BYTES;
      }
    });
  }

  /** A freelist without any page. */
  emptyFreelist(): number {
    return this.#write(PageKind.freelist, 0, PAGE_HEADER_BYTES, () => {});
  }

  /** A meta page; `fill` writes behind the header. */
  meta(fill: (target: Buffer, offset: number) => void): number {
    return this.#write(PageKind.meta, 0, PAGE_SIZE_BYTES, (target, start) => {
      fill(target, start + PAGE_HEADER_BYTES);
    });
  }

  /** The blocks that became full since the last call. */
  takeFull(): Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** What is left when all is written; it may be empty. */
  rest(): Buffer {
    return this.#block.subarray(0, this.#usedBytes);
  }

  #write(
    kind: number,
    count: number,
    sizeBytes: number,
    fill: (target: Buffer, start: number) => void,
  ): number {
    const id = this.pageCount;
    const pages = pagesFor(sizeBytes);
    this.pageCount += pages;
    const header = { id, kind, count, overflow: pages - 1 };
    if (pages === 1) {
      // Blocks are whole pages, so there is always room for one.
      writePageHeader(this.#block, this.#usedBytes, header);
      fill(this.#block, this.#usedBytes);
      this.#advance(PAGE_SIZE_BYTES);
    } else {
      const run = this.#cleanRun(pages * PAGE_SIZE_BYTES, sizeBytes);
      writePageHeader(run, 0, header);
      fill(run, 0);
      this.#append(run);
    }
    return id;
  }

  /** A run of pages, with zeros behind the content. Valid until the next one is asked for. */
  #cleanRun(runBytes: number, contentBytes: number): Buffer {
    if (runBytes > MAX_KEPT_RUN_BYTES) return Buffer.alloc(runBytes);
    if (runBytes > this.#run.length) this.#run = Buffer.alloc(runBytes);
    return this.#run.subarray(0, runBytes).fill(0, contentBytes);
  }

  #append(bytes: Buffer): void {
    for (let offset = 0; offset < bytes.length; ) {
      const copied = bytes.copy(this.#block, this.#usedBytes, offset);
      offset += copied;
      this.#advance(copied);
    }
  }

  #advance(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
    if (this.#usedBytes < BLOCK_BYTES) return;
    this.#full.push(this.#block);
    this.#block = Buffer.alloc(BLOCK_BYTES);
    this.#usedBytes = 0;
  }
}

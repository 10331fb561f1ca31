/** Pages by number, read from a file. */
import type { DiskFile } from '../disk.js';
import { BoltCorruptError } from './errors.js';
import { META_PAGES, PageKind, readPageHeader } from './format.js';

/** A branch or leaf page with the pages that follow as its overflow. */
export interface Page {
  readonly id: number;
  readonly kind: number;
  readonly count: number;
  readonly bytes: Buffer;
}

export interface PageSourceOptions {
  readonly pageSizeBytes: number;
  readonly pageCount: number;
  /** A leaf larger than this (one that holds larger values) is refused. */
  readonly maxLeafBytes: number;
}

/** Read at once where pages are asked for in the order of the file. */
const READ_AHEAD_BYTES = 256 * 1024;
/** Branch pages lie between the leaves they follow; so many pages left out are still "in order". */
const MAX_GAP_PAGES = 4;
/** bbolt splits branches at a page unless keys are long: at most four of 32 KiB, and their elements. */
const MAX_BRANCH_BYTES = 1 << 20;

/**
 * Reads pages, ahead where they are read in order. Every read goes to a new buffer, so pages (and
 * views of them) stay valid; what is kept of one may keep up to 256 KiB in memory.
 */
export class PageSource {
  readonly #file: DiskFile;
  readonly #options: PageSourceOptions;
  /** The bytes of pages from `#windowStart` on. */
  #window: Buffer = Buffer.alloc(0);
  #windowStart = META_PAGES;
  /** Where a read would continue the window, or the last single read. */
  #windowEnd = META_PAGES;
  #lastEnd = META_PAGES;

  constructor(file: DiskFile, options: PageSourceOptions) {
    this.#file = file;
    this.#options = options;
  }

  get pageCount(): number {
    return this.#options.pageCount;
  }

  /** The branch or leaf page with this number. Throws {@link BoltCorruptError}. */
  async read(page: number): Promise<Page> {
    const { pageSizeBytes, pageCount, maxLeafBytes } = this.#options;
    if (page < META_PAGES || page >= pageCount) {
      throw new BoltCorruptError(`not among the ${pageCount} pages of the file`, page);
    }
    const first = await this.#load(page, 1);
    const { id, kind, count, overflow } = readPageHeader(first);
    if (id !== page) throw new BoltCorruptError(`has the number ${id}`, page);
    if (kind !== PageKind.branch && kind !== PageKind.leaf) {
      throw new BoltCorruptError(`is neither branch nor leaf but of kind ${kind}`, page);
    }
    if (overflow === 0) return { id, kind, count, bytes: first };
    const limitBytes = kind === PageKind.branch ? MAX_BRANCH_BYTES : maxLeafBytes;
    if (page + overflow >= pageCount || (1 + overflow) * pageSizeBytes > limitBytes) {
      throw new BoltCorruptError(`has ${overflow} overflow pages`, page);
    }
    return { id, kind, count, bytes: await this.#load(page, 1 + overflow) };
  }

  async #load(page: number, pages: number): Promise<Buffer> {
    const { pageSizeBytes, pageCount } = this.#options;
    if (page >= this.#windowStart && page + pages <= this.#windowEnd) {
      const start = (page - this.#windowStart) * pageSizeBytes;
      return this.#window.subarray(start, start + pages * pageSizeBytes);
    }
    const isInOrder =
      page === this.#lastEnd ||
      (page >= this.#windowEnd && page <= this.#windowEnd + MAX_GAP_PAGES);
    this.#lastEnd = page + pages;
    if (!isInOrder) return this.#readPages(page, pages);
    const wanted = Math.max(pages, Math.floor(READ_AHEAD_BYTES / pageSizeBytes));
    const end = Math.min(page + wanted, pageCount);
    this.#window = await this.#readPages(page, end - page);
    this.#windowStart = page;
    this.#windowEnd = end;
    return this.#window.subarray(0, pages * pageSizeBytes);
  }

  async #readPages(page: number, pages: number): Promise<Buffer> {
    const { pageSizeBytes } = this.#options;
    const bytes = Buffer.allocUnsafeSlow(pages * pageSizeBytes);
    const offset = page * pageSizeBytes;
    for (let filled = 0; filled < bytes.length; ) {
      const count = await this.#file.read(bytes, filled, bytes.length - filled, offset + filled);
      if (count === 0) throw new BoltCorruptError('the file ends in it', page);
      filled += count;
    }
    return bytes;
  }
}

/** A walk over the leaves of one tree, in key order. */
import { branchChildren, type Children, leafPairs } from './elements.js';
import { BoltCorruptError } from './errors.js';
import { type ElementKind, PageKind } from './format.js';
import type { PageSource } from './page-source.js';

/** With two children a page, what 2^53 pages would need. */
const MAX_DEPTH = 64;

/** A branch on the way down, and the child that comes next. */
interface Level {
  readonly children: Children;
  next: number;
}

/**
 * The pairs of each leaf below `root`, ascending over all leaves; an empty tree gives one empty leaf.
 * Holds one page a level, and one bit for each page of the file: no page may be met twice, or damaged
 * numbers could lead in circles. Throws {@link BoltCorruptError}.
 */
export async function* walkTree(
  source: PageSource,
  root: number,
  kind: ElementKind,
): AsyncGenerator<[Buffer, Buffer][]> {
  const visited = new PageSet(source.pageCount);
  const order = new KeyOrder();
  const path: Level[] = [];
  for (let next: number | undefined = root; next !== undefined; next = descend(path, order)) {
    visited.add(next);
    const page = await source.read(next);
    if (page.kind === PageKind.branch) {
      if (path.length === MAX_DEPTH) throw new BoltCorruptError('lies too deep', next);
      path.push({ children: branchChildren(page), next: 0 });
      continue;
    }
    const pairs = leafPairs(page, kind);
    for (const [key] of pairs) order.expect(key, next);
    yield pairs;
  }
}

/** The next child on the way; undefined at the end of the tree. */
function descend(path: Level[], order: KeyOrder): number | undefined {
  for (let level = path.at(-1); level !== undefined; level = path.at(-1)) {
    const { keys, pages } = level.children;
    const page = pages[level.next];
    const key = keys[level.next];
    if (page !== undefined && key !== undefined) {
      order.begin(key, page);
      level.next++;
      return page;
    }
    path.pop();
  }
  return undefined;
}

/** Checks that keys ascend, over all pages, and that branches say where they lie. */
export class KeyOrder {
  #last: Buffer | undefined;
  #lowest: Buffer | undefined;

  /** A subtree begins in which no key may be below `lowest`. */
  begin(lowest: Buffer, page: number): void {
    if (this.#last !== undefined && this.#last.compare(lowest) >= 0) {
      throw new BoltCorruptError('begins below the keys before it', page);
    }
    this.#lowest = lowest;
  }

  expect(key: Buffer, page: number): void {
    if (this.#last !== undefined && this.#last.compare(key) >= 0) {
      throw new BoltCorruptError('keys are not in order', page);
    }
    if (this.#lowest !== undefined && this.#lowest.compare(key) > 0) {
      throw new BoltCorruptError('a key lies below what its branch says', page);
    }
    this.#lowest = undefined;
    this.#last = key;
  }
}

/** A set of page numbers, one bit each. */
class PageSet {
  readonly #bits: Uint8Array;

  constructor(pageCount: number) {
    this.#bits = new Uint8Array(Math.ceil(pageCount / 8));
  }

  /** Throws if the page is there already. Numbers beyond the file are left to who reads the page. */
  add(page: number): void {
    const byte = Math.floor(page / 8);
    const bit = 1 << (page % 8);
    const bits = this.#bits[byte];
    if (bits === undefined) return;
    if ((bits & bit) !== 0) throw new BoltCorruptError('is reached twice', page);
    this.#bits[byte] = bits | bit;
  }
}

/**
 * Reading everything, past LevelDB's binding: that makes three objects of each record, which took most
 * of the time that a start on a large store needs, and LevelDB maps the tables that it reads into
 * memory, where they stay. Tables are read here as they are on disk and merged as LevelDB does it.
 */
import type { Disk } from '../disk.js';
import { hasCode } from '../disk.js';
import { WireError } from '../protowire.js';
import { BackendCorruptError } from './errors.js';
import { compareInternalKeys, compareKeys, isDeletion, userKeyLength } from './internalkey.js';
import { readManifest, type TableFile } from './manifest.js';
import { TableCursor } from './tablecursor.js';
import type { KeyBounds } from './tablefile.js';

/**
 * Takes one record: its key, and its value as `source[start, end)`. Both are valid only during the
 * call.
 */
export type RecordVisitor = (key: Buffer, source: Buffer, start: number, end: number) => void;

/** How often a scan begins anew at the same place because LevelDB removed a table before it was opened. */
const MAX_RESTARTS = 100;

/**
 * Visits the records of the keys within `bounds`, ascending, a turn for each quarter of a megabyte;
 * behind each of these `rest` is awaited, and an error of it ends the walk. Visitors get keys without
 * the first byte. Only what is in tables is seen: all of it right after LevelDB was opened, which leaves
 * nothing in its log, or after `Backend.writeTables`. Nobody may put into the range meanwhile; what is
 * deleted may be seen or not. LevelDB may compact meanwhile. Throws {@link BackendCorruptError}.
 */
export async function visitTables(
  disk: Disk,
  path: string,
  bounds: KeyBounds,
  visit: RecordVisitor,
  rest: (() => Promise<void>) | undefined = undefined,
): Promise<void> {
  const merge = new Merge(bounds, visit, rest);
  let position = merge.position;
  for (let restarts = 0; ; restarts++) {
    try {
      await merge.run(disk, path);
      return;
    } catch (error) {
      if (!merge.position.equals(position)) restarts = 0;
      position = merge.position;
      const isGone = hasCode(error, 'ENOENT');
      // Tables are removed when others hold what they held: it goes on there, behind the last key.
      if (isGone && restarts < MAX_RESTARTS) continue;
      if (!isGone && !(error instanceof WireError)) throw error;
      const text = `backend: a table in ${path} is damaged or missing: ${String(error)}`;
      throw new BackendCorruptError(text, { cause: error });
    }
  }
}

class Merge {
  readonly #bounds: KeyBounds;
  readonly #visit: RecordVisitor;
  readonly #rest: (() => Promise<void>) | undefined;
  /** The user key looked at last: what comes of it later is older. */
  #lastKey = Buffer.alloc(0);
  #lastLength = 0;

  constructor(bounds: KeyBounds, visit: RecordVisitor, rest: (() => Promise<void>) | undefined) {
    this.#bounds = bounds;
    this.#visit = visit;
    this.#rest = rest;
  }

  /** The key looked at last; without one nothing. */
  get position(): Buffer {
    return Buffer.from(this.#lastKey.subarray(0, this.#lastLength));
  }

  /** Visits what is behind the last key. */
  async run(disk: Disk, path: string): Promise<void> {
    const manifest = await readManifest(disk, path);
    const from =
      this.#lastLength === 0 ? this.#bounds.from : this.#lastKey.subarray(0, this.#lastLength);
    const bounds = { from: Uint8Array.from(from), below: this.#bounds.below };
    const cursors = sources(manifest?.levels ?? [], bounds).map(
      (tables) => new TableCursor(disk, path, tables, bounds),
    );
    try {
      const open: TableCursor[] = [];
      for (const cursor of cursors) if (await isAtEntry(cursor)) open.push(cursor);
      while (open.length > 0) await this.#visitRun(open);
    } finally {
      for (const cursor of cursors) await cursor.close();
    }
  }

  /** Visits entries of the cursor that is first, until another one is or it has to read. */
  async #visitRun(open: TableCursor[]): Promise<void> {
    open.sort(compareCursors);
    const [first, second] = open as [TableCursor, TableCursor | undefined];
    do {
      this.#take(first);
      if (!first.step()) {
        await this.#rest?.();
        if (!(await first.fill())) {
          open.shift();
          return;
        }
      }
      if (first.isBeyond) {
        open.shift();
        return;
      }
    } while (second === undefined || compareCursors(first, second) < 0);
  }

  #take({ entries }: TableCursor): void {
    const { key, keyLength } = entries;
    const length = userKeyLength(keyLength);
    if (compareKeys(key, length, this.#lastKey, this.#lastLength) === 0) return;
    if (length > this.#lastKey.length) this.#lastKey = Buffer.alloc(length * 2);
    for (let at = 0; at < length; at++) this.#lastKey[at] = key[at] as number;
    this.#lastLength = length;
    if (isDeletion(key, keyLength)) return;
    this.#visit(
      entries.keyWithoutBucket(length),
      entries.source,
      entries.valueStart,
      entries.valueEnd,
    );
  }
}

async function isAtEntry(cursor: TableCursor): Promise<boolean> {
  return (await cursor.fill()) && !cursor.isBeyond;
}

function compareCursors(a: TableCursor, b: TableCursor): number {
  const { entries: left } = a;
  const { entries: right } = b;
  return compareInternalKeys(left.key, left.keyLength, right.key, right.keyLength);
}

/** Lists of tables that ascend: each of level 0 by itself, all of another level together. */
function sources(
  levels: readonly ReadonlyMap<number, TableFile>[],
  bounds: KeyBounds,
): TableFile[][] {
  const [overlapping = [], ...ascending] = levels.map((tables) =>
    [...tables.values()].filter((table) => overlaps(table, bounds)).sort(byFirstKey),
  );
  return [...overlapping.map((table) => [table]), ...ascending];
}

function overlaps({ firstKey, lastKey }: TableFile, { from, below }: KeyBounds): boolean {
  return (
    compareKeys(lastKey, userKeyLength(lastKey.length), from, from.length) >= 0 &&
    compareKeys(firstKey, userKeyLength(firstKey.length), below, below.length) < 0
  );
}

function byFirstKey(a: TableFile, b: TableFile): number {
  return compareInternalKeys(a.firstKey, a.firstKey.length, b.firstKey, b.firstKey.length);
}

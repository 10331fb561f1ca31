/** Merging LevelDB's tables, as they are on disk, into one walk over all entries. */
import { hasCode } from '../disk.js';
import { WireError } from '../protowire.js';
import { BackendCorruptError } from './errors.js';
import { compareInternalKeys, compareKeys, userKeyLength } from './internalkey.js';
import type { ManifestReader, TableFile } from './manifest.js';
import type { BlockEntries } from './tableblock.js';
import { TableCursor } from './tablecursor.js';
import type { KeyBounds } from './tablefile.js';

/** Takes the entries of a walk. */
export interface EntrySink {
  /** One put or deletion; of a key the newest comes first. Valid during the call. */
  take(entry: BlockEntries): void;
  /**
   * A key that a walk may begin anew at, itself included, since entries behind it only are missing;
   * empty as long as there is none. What is taken twice is the sink's to know.
   */
  readonly position: Uint8Array;
}

/** How often a walk begins anew at the same place because LevelDB removed a table before it was opened. */
const MAX_RESTARTS = 100;

/**
 * Hands over the entries of the keys within `bounds` that are in the tables of a manifest,
 * ascending; each step of the iteration is a quarter of a megabyte of them. LevelDB may compact
 * meanwhile. Throws {@link BackendCorruptError}, and what the sink throws.
 */
export async function* walkTables(
  manifest: ManifestReader,
  bounds: KeyBounds,
  sink: EntrySink,
): AsyncGenerator<void> {
  let position = Buffer.from(sink.position);
  for (let restarts = 0; ; restarts++) {
    const from = position.length === 0 ? bounds.from : position;
    try {
      yield* mergeTables(manifest, { from, below: bounds.below }, sink);
      return;
    } catch (error) {
      if (!position.equals(sink.position)) restarts = 0;
      position = Buffer.from(sink.position);
      const isGone = hasCode(error, 'ENOENT');
      // Tables are removed when others hold what they held: it goes on there, behind the last key.
      if (isGone && restarts < MAX_RESTARTS) continue;
      if (!isGone && !(error instanceof WireError)) throw error;
      const text = `backend: a table in ${manifest.path} is damaged or missing: ${String(error)}`;
      throw new BackendCorruptError(text, { cause: error });
    }
  }
}

/** One walk over the tables of now. */
async function* mergeTables(
  manifest: ManifestReader,
  bounds: KeyBounds,
  sink: EntrySink,
): AsyncGenerator<void> {
  const { disk, path } = manifest;
  const files = await manifest.read();
  const cursors = sources(files?.levels ?? [], bounds).map(
    (tables) => new TableCursor(disk, path, tables, bounds),
  );
  try {
    const open: TableCursor[] = [];
    for (const cursor of cursors) if (await isAtEntry(cursor)) open.push(cursor);
    while (open.length > 0) {
      open.sort(compareCursors);
      const [first, second] = open as [TableCursor, TableCursor | undefined];
      if (takeRun(first, second, sink)) {
        if (first.isBeyond) open.shift();
        continue;
      }
      yield;
      if (!(await isAtEntry(first))) open.shift();
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** Hands over entries of the cursor that is first until another one is; false if it has to read before. */
function takeRun(first: TableCursor, second: TableCursor | undefined, sink: EntrySink): boolean {
  do {
    sink.take(first.entries);
    if (!first.step()) return false;
    if (first.isBeyond) return true;
  } while (second === undefined || compareCursors(first, second) < 0);
  return true;
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
function sources(levels: readonly (readonly TableFile[])[], bounds: KeyBounds): TableFile[][] {
  const [overlapping = [], ...ascending] = levels.map((tables) =>
    tables.filter((table) => overlaps(table, bounds)).sort(byFirstKey),
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

/**
 * Reading everything, past LevelDB's binding: that makes three objects of each record, which took most
 * of the time that a start on a large store needs, and LevelDB maps the tables that it reads into
 * memory, where they stay. Tables are read here as they are on disk and merged as LevelDB does it.
 */
import type { Disk } from '../disk.js';
import { compareKeys, isDeletion, sequenceOf, userKeyLength } from './internalkey.js';
import { ManifestReader } from './manifest.js';
import type { BlockEntries } from './tableblock.js';
import type { KeyBounds } from './tablefile.js';
import { type EntrySink, walkTables } from './tablewalk.js';

/**
 * Takes one record: its key, and its value as `source[start, end)`. Both are valid only during the
 * call.
 */
export type RecordVisitor = (key: Buffer, source: Buffer, start: number, end: number) => void;

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
  rest: () => Promise<void> = async () => {},
): Promise<void> {
  const manifest = new ManifestReader(disk, path);
  for await (const _ of walkTables(manifest, bounds, new NewestRecords(visit))) await rest();
}

/** Picks the newest entry of each key and, unless that is a deletion, passes it on. */
export class NewestRecords implements EntrySink {
  readonly #visit: RecordVisitor;
  readonly #newestSequence: number;
  /** The user key looked at last. */
  #lastKey = Buffer.alloc(0);
  #lastLength = 0;
  /** Its newest entry that counts was seen: what comes of it later is older. */
  #isLastDone = false;

  /** Without what was written after the write `newestSequence`. */
  constructor(visit: RecordVisitor, newestSequence = Number.POSITIVE_INFINITY) {
    this.#visit = visit;
    this.#newestSequence = newestSequence;
  }

  get position(): Uint8Array {
    return this.#lastKey.subarray(0, this.#lastLength);
  }

  take(entry: BlockEntries): void {
    const { key, keyLength } = entry;
    const length = userKeyLength(keyLength);
    if (compareKeys(key, length, this.#lastKey, this.#lastLength) !== 0) {
      if (length > this.#lastKey.length) this.#lastKey = Buffer.alloc(length * 2);
      for (let at = 0; at < length; at++) this.#lastKey[at] = key[at] as number;
      this.#lastLength = length;
      this.#isLastDone = false;
    }
    if (this.#isLastDone || this.#isTooNew(entry)) return;
    this.#isLastDone = true;
    if (isDeletion(key, keyLength)) return;
    this.#visit(entry.keyWithoutBucket(length), entry.source, entry.valueStart, entry.valueEnd);
  }

  #isTooNew({ key, keyLength }: BlockEntries): boolean {
    if (this.#newestSequence === Number.POSITIVE_INFINITY) return false;
    return sequenceOf(key, keyLength) > this.#newestSequence;
  }
}

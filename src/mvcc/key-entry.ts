import {
  ADDRESS,
  CODE,
  CREATE_REVISION,
  HISTORY_CHUNK_REVISIONS,
  type HistoryChunk,
  type KeyRows,
  MOD_REVISION,
  NUMBERS_PER_ROW,
  ROWS_PER_CHUNK,
  type RowChunk,
  VERSION,
} from './key-rows.js';
import { isTombstoneCode } from './revision-key.js';

/** A revision of one key: what {@link KeyEntry.locate} fills. */
export interface LocatedRevision {
  main: number;
  code: number;
}

/**
 * All that memory knows of one key: its newest revision in full, of older ones only where they lie. It
 * is the view of a row, made when somebody looks at the key, and is not to be kept: the row may be
 * another key's after a compaction.
 */
export class KeyEntry {
  private readonly chunk: RowChunk;
  /** The row's place in its chunk. */
  private readonly index: number;

  constructor(rows: KeyRows, row: number) {
    this.chunk = rows.chunkOf(row);
    this.index = rows.indexOf(row);
  }

  /** The number of the row. */
  get row(): number {
    return this.chunk.firstRow + this.index;
  }

  get key(): string {
    return this.chunk.keys[this.index] as string;
  }

  /** Main revision of the newest change. */
  get modRevision(): number {
    return this.chunk.numbers[this.index * NUMBERS_PER_ROW + MOD_REVISION] as number;
  }

  /** Code of the newest change. */
  get code(): number {
    return this.chunk.numbers[this.index * NUMBERS_PER_ROW + CODE] as number;
  }

  get createRevision(): number {
    return this.chunk.numbers[this.index * NUMBERS_PER_ROW + CREATE_REVISION] as number;
  }

  /** 0 = deleted. */
  get version(): number {
    return this.chunk.numbers[this.index * NUMBERS_PER_ROW + VERSION] as number;
  }

  /** 0n = none. */
  get lease(): bigint {
    return this.chunk.leases?.get(this.index) ?? 0n;
  }

  /** Where the value log has the newest record, if it is still there. */
  get address(): number {
    return this.chunk.numbers[this.index * NUMBERS_PER_ROW + ADDRESS] as number;
  }

  set address(address: number) {
    this.chunk.numbers[this.index * NUMBERS_PER_ROW + ADDRESS] = address;
  }

  private get history(): HistoryChunk | undefined {
    return this.chunk.histories?.[this.index];
  }

  private set history(history: HistoryChunk | undefined) {
    const { chunk } = this;
    if (history === undefined && chunk.histories === undefined) return;
    chunk.histories ??= new Array<HistoryChunk | undefined>(ROWS_PER_CHUNK).fill(undefined);
    chunk.histories[this.index] = history;
  }

  get isLive(): boolean {
    return this.version > 0;
  }

  /** Whether there are revisions beside the newest. */
  get hasHistory(): boolean {
    return this.history !== undefined;
  }

  /** Makes a put or delete (version 0) the newest revision and the newest so far history. */
  change(
    main: number,
    code: number,
    createRevision: number,
    version: number,
    lease: bigint,
    address: number,
  ): void {
    const { numbers } = this.chunk;
    const at = this.index * NUMBERS_PER_ROW;
    const before = numbers[at + MOD_REVISION] as number;
    if (before !== 0) this.remember(before, numbers[at + CODE] as number);
    numbers[at + MOD_REVISION] = main;
    numbers[at + CODE] = code;
    numbers[at + CREATE_REVISION] = createRevision;
    numbers[at + VERSION] = version;
    numbers[at + ADDRESS] = address;
    if (lease !== 0n || this.chunk.leases !== undefined) this.setLease(lease);
  }

  private setLease(lease: bigint): void {
    const { chunk, index } = this;
    chunk.leases ??= new Map();
    if (lease === 0n) chunk.leases.delete(index);
    else chunk.leases.set(index, lease);
  }

  private remember(main: number, code: number): void {
    const chunk = this.history;
    if (chunk === undefined || chunk.pairs.length >= HISTORY_CHUNK_REVISIONS * 2) {
      this.history = { pairs: [main, code], older: chunk };
    } else {
      chunk.pairs.push(main, code);
    }
  }

  /**
   * Finds the newest change with a main revision of at most `revision`, a tombstone or not. False if
   * the key had none by then.
   */
  locate(revision: number, found: LocatedRevision): boolean {
    if (this.modRevision <= revision) {
      found.main = this.modRevision;
      found.code = this.code;
      return true;
    }
    for (let chunk = this.history; chunk !== undefined; chunk = chunk.older) {
      if ((chunk.pairs[0] as number) > revision) continue;
      const position = lastPairAt(chunk.pairs, revision);
      found.main = chunk.pairs[position] as number;
      found.code = chunk.pairs[position + 1] as number;
      return true;
    }
    return false;
  }

  /** Whether the key existed at `revision`. */
  isLiveAt(revision: number): boolean {
    if (this.modRevision <= revision) return this.version > 0;
    return this.history !== undefined && this.locate(revision, scratch) && isPut(scratch.code);
  }

  /** Whether the key was deleted in `revision`, whatever else happened to it there. */
  diedIn(revision: number): boolean {
    if (this.modRevision === revision && !isPut(this.code)) return true;
    for (let chunk = this.history; chunk !== undefined; chunk = chunk.older) {
      for (let position = chunk.pairs.length - 2; position >= 0; position -= 2) {
        const main = chunk.pairs[position] as number;
        if (main < revision) return false;
        if (main === revision && !isPut(chunk.pairs[position + 1] as number)) return true;
      }
    }
    return false;
  }

  /**
   * Forgets what a compaction at `revision` removes (formats.md §10.10): of the changes up to it only
   * the newest stays, and that not if it is a tombstone of a smaller revision. Returns the number of
   * the change that is kept (see {@link Kept}).
   */
  compact(revision: number): Kept {
    if (this.modRevision <= revision) {
      this.history = undefined;
      if (this.version > 0) return Kept.put;
      return this.modRevision === revision ? Kept.tombstone : Kept.nothingAndDead;
    }
    return this.compactHistory(revision);
  }

  private compactHistory(revision: number): Kept {
    let newer: HistoryChunk | undefined;
    let chunk = this.history;
    while (chunk !== undefined && (chunk.pairs[0] as number) > revision) {
      newer = chunk;
      chunk = chunk.older;
    }
    if (chunk === undefined) return Kept.nothing;
    const position = lastPairAt(chunk.pairs, revision);
    const tombstone = !isPut(chunk.pairs[position + 1] as number);
    const drop = tombstone && (chunk.pairs[position] as number) < revision;
    const rest = chunk.pairs.slice(drop ? position + 2 : position);
    const trimmed = rest.length === 0 ? undefined : { pairs: rest, older: undefined };
    if (newer === undefined) this.history = trimmed;
    else newer.older = trimmed;
    if (drop) return Kept.nothing;
    return tombstone ? Kept.tombstone : Kept.put;
  }

  /** All revisions from old to new, for tests and checks. */
  revisions(): LocatedRevision[] {
    const all: LocatedRevision[] = [{ main: this.modRevision, code: this.code }];
    for (let chunk = this.history; chunk !== undefined; chunk = chunk.older) {
      for (let position = chunk.pairs.length - 2; position >= 0; position -= 2) {
        all.push({
          main: chunk.pairs[position] as number,
          code: chunk.pairs[position + 1] as number,
        });
      }
    }
    return all.reverse();
  }
}

/** What a compaction leaves of a key at or below its revision. */
export const Kept = {
  /** Nothing, but there are newer changes. */
  nothing: 0,
  put: 1,
  /** A tombstone exactly at the revision. */
  tombstone: 2,
  /** Nothing at all: the entry goes. */
  nothingAndDead: 3,
} as const;
export type Kept = (typeof Kept)[keyof typeof Kept];

const scratch: LocatedRevision = { main: 0, code: 0 };

const isPut = (code: number): boolean => !isTombstoneCode(code);

/** The position of the last pair with a main revision of at most `revision`; there is one. */
function lastPairAt(pairs: readonly number[], revision: number): number {
  let low = 0;
  let high = pairs.length / 2 - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((pairs[middle * 2] as number) <= revision) low = middle;
    else high = middle - 1;
  }
  return low * 2;
}

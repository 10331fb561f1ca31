import { isTombstoneCode } from './revision-key.js';

/** Revisions in one {@link HistoryChunk}; a key written a million times is never copied as a whole. */
const CHUNK_REVISIONS = 512;

/**
 * Older revisions of a key in ascending order as pairs (main, code), in a list of chunks from new to
 * old. Most keys have none or one short chunk.
 */
interface HistoryChunk {
  /** main, code, main, code, … */
  pairs: number[];
  older: HistoryChunk | undefined;
}

/** A revision of one key: what {@link KeyEntry.locate} fills. */
export interface LocatedRevision {
  main: number;
  code: number;
}

/**
 * All that memory knows of one key: its newest revision in full, of older ones only where they lie.
 * There is one of these a key, so it has no field that is not needed.
 */
export class KeyEntry {
  readonly key: string;
  /** Main revision and code of the newest change. */
  modRevision = 0;
  code = 0;
  createRevision = 0;
  /** 0 = deleted. */
  version = 0;
  lease = 0n;
  /** Where the value log has the newest record, if it is still there. */
  address: number;
  private history: HistoryChunk | undefined = undefined;

  /** `address` is never a small integer, so that the field has one representation from the start. */
  constructor(key: string, address: number) {
    this.key = key;
    this.address = address;
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
    if (this.modRevision !== 0) this.remember(this.modRevision, this.code);
    this.modRevision = main;
    this.code = code;
    this.createRevision = createRevision;
    this.version = version;
    this.lease = lease;
    this.address = address;
  }

  private remember(main: number, code: number): void {
    const chunk = this.history;
    if (chunk === undefined || chunk.pairs.length >= CHUNK_REVISIONS * 2) {
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

import type { KeyEntry } from '../key-entry.js';
import type { KeySpace } from '../key-space.js';
import { recordOf } from '../range-read.js';
import { readRecordMeta } from '../record.js';
import { isTombstoneCode } from '../revision-key.js';
import { encodeDeleteEvent, encodePutEvent } from './event-encoding.js';

/**
 * The encoded event of one change, with and without prev_kv: each made when the first watcher wants it
 * and shared by all.
 */
export class ChangeEvent {
  private readonly space: KeySpace;
  private readonly key: string;
  private readonly main: number;
  private readonly code: number;
  private readonly record: Buffer;
  /** The entry and the address of the record before, if the caller happens to know them. */
  private readonly entry: KeyEntry | undefined;
  private readonly previousAddress: number;
  private plain: Buffer | undefined;
  private withPrevious: Buffer | undefined;
  private plainList: readonly Buffer[] | undefined;
  private listWithPrevious: readonly Buffer[] | undefined;

  constructor(
    space: KeySpace,
    change: { key: string; main: number; code: number; record: Buffer },
    entry: KeyEntry | undefined,
    previousAddress: number,
  ) {
    this.space = space;
    this.key = change.key;
    this.main = change.main;
    this.code = change.code;
    this.record = change.record;
    this.entry = entry;
    this.previousAddress = previousAddress;
  }

  /** {@link encoded} as a list of its own: all watchers get the same one. */
  asList(prevKv: boolean): readonly Buffer[] {
    if (prevKv) {
      this.listWithPrevious ??= [this.encoded(true)];
      return this.listWithPrevious;
    }
    this.plainList ??= [this.encoded(false)];
    return this.plainList;
  }

  encoded(prevKv: boolean): Buffer {
    if (!prevKv) {
      this.plain ??= this.encode(undefined);
      return this.plain;
    }
    if (this.withPrevious === undefined) {
      const previous = this.previous();
      this.withPrevious = previous === undefined ? this.encoded(false) : this.encode(previous);
    }
    return this.withPrevious;
  }

  private encode(previous: Buffer | undefined): Buffer {
    return isTombstoneCode(this.code)
      ? encodeDeleteEvent(this.record, this.main, previous)
      : encodePutEvent(this.record, previous);
  }

  /** The record at the revision before; none for a key's creation or if that is compacted (G.27). */
  private previous(): Buffer | undefined {
    const { space, main } = this;
    if (main - 1 < space.compactedRevision) return undefined;
    const isPut = !isTombstoneCode(this.code);
    if (isPut && readRecordMeta(this.record).createRevision === main) return undefined;
    if (this.previousAddress !== 0) {
      const known = space.records.inMemory(this.previousAddress);
      if (known !== undefined) return known;
    }
    // An entry is a view of a row, which may be another key's by now.
    const entry = this.entry?.key === this.key ? this.entry : space.tree.get(this.key);
    return entry === undefined ? undefined : recordOf(space, entry, main - 1);
  }
}

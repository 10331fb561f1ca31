/** What the thread of a sweep and its owner say to each other. */
import type { KeyValueHash } from '../types.js';
import type { RevisionLists } from './kept-revisions.js';
import type { SweepBounds } from './sweep.js';

/** What the thread is given. */
export interface SweepTask extends SweepBounds {
  /** Where the tables are. */
  readonly folder: string;
  readonly kept: RevisionLists;
  /** Records looked at between two pauses, and how long these are. */
  readonly batchLimit: number;
  readonly sleepIntervalMs: number;
}

/** To the thread: `true` = the removals are taken, go on; `false` = end. */
export type SweepAnswer = boolean;

/** From the thread. */
export type SweepMessage =
  /** Records to remove, and how many were looked at since the last message; to be answered. */
  | { readonly removals: PackedRemovals; readonly lookedAt: number }
  /** All records were looked at. */
  | { readonly hash: KeyValueHash };

/** A list of records in two arrays that go to the other thread without being copied. */
export interface PackedRemovals {
  /** Bytes of {@link SLOT_BYTES} for each: its bucket key, then zeros. */
  readonly keys: Uint8Array<ArrayBuffer>;
  /** For each: the size of its key, and of its value. */
  readonly sizes: Uint32Array<ArrayBuffer>;
}

/** The longest revision key. */
export const SLOT_BYTES = 18;

/** Gathers removals to be sent. */
export class RemovalList {
  length = 0;
  private keys = new Uint8Array(INITIAL_REMOVALS * SLOT_BYTES);
  private sizes = new Uint32Array(INITIAL_REMOVALS * 2);

  add(key: Uint8Array, valueSizeBytes: number): void {
    if ((this.length + 1) * 2 > this.sizes.length) this.grow();
    const slot = this.length * SLOT_BYTES;
    for (let at = 0; at < key.length; at++) this.keys[slot + at] = key[at] as number;
    this.sizes[this.length * 2] = key.length;
    this.sizes[this.length * 2 + 1] = valueSizeBytes;
    this.length++;
  }

  private grow(): void {
    const keys = new Uint8Array(this.keys.length * 2);
    keys.set(this.keys);
    this.keys = keys;
    const sizes = new Uint32Array(this.sizes.length * 2);
    sizes.set(this.sizes);
    this.sizes = sizes;
  }

  /** What was added since the last time. */
  take(): PackedRemovals {
    const taken = {
      keys: this.keys.slice(0, this.length * SLOT_BYTES),
      sizes: this.sizes.slice(0, this.length * 2),
    };
    this.length = 0;
    return taken;
  }
}

const INITIAL_REMOVALS = 1024;

import { RaftInvariantError } from '../errors.js';

/** Limits on what may be on its way to one follower. */
export interface InflightLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * The append messages on their way to one follower: a ring of (last index, size), which grows up
 * to the limit as needed. Indexes are added in ascending order and freed from the front.
 */
export class Inflights {
  readonly #limits: InflightLimits;
  #indexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(limits: InflightLimits) {
    this.#limits = limits;
  }

  /** How many messages are on their way. */
  get count(): number {
    return this.#count;
  }

  /** True if no further message may be sent. */
  get full(): boolean {
    return this.#count >= this.#limits.maxMessages || this.#bytes >= this.#limits.maxBytes;
  }

  /** Notes a message ending at `index` with `sizeBytes` of entries. It may overflow the byte limit. */
  add(index: number, sizeBytes: number): void {
    if (this.full) throw new RaftInvariantError('cannot add to full inflights');
    if (this.#count === this.#indexes.length) this.#grow();
    const position = (this.#start + this.#count) % this.#indexes.length;
    this.#indexes[position] = index;
    this.#sizes[position] = sizeBytes;
    this.#count++;
    this.#bytes += sizeBytes;
  }

  /** Forgets the messages that end at or before `index`. */
  freeUpTo(index: number): void {
    const capacity = this.#indexes.length;
    while (this.#count > 0 && (this.#indexes[this.#start] as number) <= index) {
      this.#bytes -= this.#sizes[this.#start] as number;
      this.#start = this.#start + 1 === capacity ? 0 : this.#start + 1;
      this.#count--;
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Doubles the ring, up to the limit, with the oldest message first. */
  #grow(): void {
    const capacity = Math.min(Math.max(2 * this.#indexes.length, 8), this.#limits.maxMessages);
    const indexes = new Array<number>(capacity).fill(0);
    const sizes = new Array<number>(capacity).fill(0);
    for (let offset = 0; offset < this.#count; offset++) {
      const position = (this.#start + offset) % this.#indexes.length;
      indexes[offset] = this.#indexes[position] as number;
      sizes[offset] = this.#sizes[position] as number;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}

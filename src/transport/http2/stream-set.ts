import type { Stream } from './stream.js';

/** Young streams have a slot each; a power of two. */
const SLOTS = 128;

/**
 * The streams of a connection by id. A plain Map would do (and is what tests compare this with), but
 * with thousands of short streams a second it grows and shrinks its tables all the time; tables that
 * have become old keep their successors, and so all streams that went through them, from the young
 * collector, which took a sixth of the processor's time. So each stream first has a slot by its id,
 * and only if it is still there when that slot is needed again, it moves to a Map.
 */
export class StreamSet {
  readonly #slots: (Stream | undefined)[] = new Array<Stream | undefined>(SLOTS).fill(undefined);
  readonly #others = new Map<number, Stream>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    const stream = this.#slots[(id >>> 1) % SLOTS];
    if (stream !== undefined && stream.id === id) return stream;
    return this.#others.size > 0 ? this.#others.get(id) : undefined;
  }

  /** The stream must not be in the set yet. */
  add(stream: Stream): void {
    const slot = (stream.id >>> 1) % SLOTS;
    const former = this.#slots[slot];
    if (former !== undefined) this.#others.set(former.id, former);
    this.#slots[slot] = stream;
    this.#size += 1;
  }

  /** False when it is not in the set. */
  delete(stream: Stream): boolean {
    const slot = (stream.id >>> 1) % SLOTS;
    if (this.#slots[slot] === stream) this.#slots[slot] = undefined;
    else if (this.#others.size === 0 || !this.#others.delete(stream.id)) return false;
    this.#size -= 1;
    return true;
  }

  /** All streams, in no order. */
  all(): Stream[] {
    const young = this.#slots.filter((stream): stream is Stream => stream !== undefined);
    return [...this.#others.values(), ...young];
  }
}

import { varintSize, writeVarint } from '../base/varint.js';

/** Field 11 of a WatchResponse: events. */
const TAG_EVENTS = 0x5a;
const NOTHING = Buffer.alloc(0);

/**
 * Events one behind the other, as the field `events` of a response. Whoever appends the same event to
 * the same run gets the same run, so that watchers who see the same things share one encoded block, be
 * they a thousand. Events are told apart by identity: the watch hub encodes each of them once.
 */
export class EventRun {
  /** Bytes of the block. */
  readonly sizeBytes: number;
  readonly #before: EventRun | undefined;
  readonly #event: Buffer;
  #block: Buffer | undefined;
  /** The two runs made last by appending: mostly one event with `prev_kv` and one without. */
  #next: EventRun | undefined;
  #other: EventRun | undefined;

  private constructor(before: EventRun | undefined, event: Buffer) {
    this.#before = before;
    this.#event = event;
    const { length } = event;
    this.sizeBytes = before === undefined ? 0 : before.sizeBytes + 1 + varintSize(length) + length;
  }

  /** A run without events, and the root of those that share blocks. */
  static empty(): EventRun {
    return new EventRun(undefined, NOTHING);
  }

  append(event: Buffer): EventRun {
    const next = this.#next;
    if (next !== undefined) {
      if (next.#event === event) return next;
      const other = this.#other;
      if (other !== undefined && other.#event === event) return other;
      this.#other = next;
    }
    this.#next = new EventRun(this, event);
    return this.#next;
  }

  /** The encoded fields; made when they are first asked for, and shared: read only. */
  get block(): Buffer {
    if (this.#block !== undefined) return this.#block;
    const block = Buffer.allocUnsafe(this.sizeBytes);
    for (let run: EventRun = this; run.#before !== undefined; run = run.#before) {
      const event = run.#event;
      let position = run.#before.sizeBytes;
      block[position] = TAG_EVENTS;
      position = writeVarint(block, position + 1, event.length);
      block.set(event, position);
    }
    this.#block = block;
    return block;
  }

  /** The events, in their order. */
  get events(): Buffer[] {
    const events: Buffer[] = [];
    for (let run: EventRun = this; run.#before !== undefined; run = run.#before) {
      events.push(run.#event);
    }
    return events.reverse();
  }
}

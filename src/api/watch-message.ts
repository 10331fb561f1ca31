import type { MessageSource } from '../transport/index.js';

/** A WatchResponse of parts that are shared with others: header, watch id, events. */
export class WatchMessage implements MessageSource {
  readonly length: number;
  readonly #header: Buffer;
  readonly #id: Buffer;
  readonly #events: Buffer;
  #at = 0;

  constructor(header: Buffer, id: Buffer, events: Buffer) {
    this.length = header.length + id.length + events.length;
    this.#header = header;
    this.#id = id;
    this.#events = events;
  }

  read(target: Buffer, at: number, count: number): void {
    if (count === this.length) this.#readAll(target, at);
    else this.#readPart(target, at, count);
  }

  #readAll(target: Buffer, at: number): void {
    const header = this.#header;
    const id = this.#id;
    let position = at + header.length;
    target.set(header, at);
    for (let index = 0; index < id.length; index++) target[position++] = id[index] as number;
    target.set(this.#events, position);
  }

  #readPart(target: Buffer, at: number, count: number): void {
    let from = this.#at;
    this.#at += count;
    const end = this.#at;
    let position = at;
    let partStart = 0;
    for (const part of [this.#header, this.#id, this.#events]) {
      const partEnd = partStart + part.length;
      if (from < partEnd && from < end) {
        const stop = Math.min(partEnd, end);
        position += part.copy(target, position, from - partStart, stop - partStart);
        from = stop;
      }
      partStart = partEnd;
    }
  }
}

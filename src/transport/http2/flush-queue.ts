/** Something with output that leaves at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes connections once per turn: however many answers are given in one callback, each connection
 * makes one write, in the microtask that follows.
 */
export class FlushQueue {
  #waiting: Flushable[] = [];
  readonly #flushAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flush();
  };

  /** The caller sees to it that it is in the queue only once. */
  add(flushable: Flushable): void {
    if (this.#waiting.push(flushable) === 1) queueMicrotask(this.#flushAll);
  }
}

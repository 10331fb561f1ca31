/** So many at once, so many waiting for their turn, in order. */
export class RequestSlots {
  readonly #maxWaiting: number;
  #free: number;
  readonly #waiting = new Set<(isFree: boolean) => void>();
  #isStopped = false;

  constructor(maxConcurrent: number, maxWaiting: number) {
    this.#free = maxConcurrent;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves with true when it is the caller's turn, or with false if there will be none. */
  take(): Promise<boolean> {
    if (this.#isStopped) return Promise.resolve(false);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(true);
    }
    if (this.#waiting.size >= this.#maxWaiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** Gives a turn that was taken to the next one. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next(true);
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#isStopped = true;
    for (const give of this.#waiting) give(false);
    this.#waiting.clear();
  }
}

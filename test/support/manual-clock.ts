import type { Clock } from '../../src/base/clock.js';

interface Timer {
  atMs: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/** A clock that moves when it is told to, for tests of whatever waits. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #timers = new Set<Timer>();
  #immediates: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return this.#add({ atMs: this.#nowMs + delayMs, periodMs: undefined, callback });
  }

  setInterval(callback: () => void, periodMs: number): () => void {
    return this.#add({ atMs: this.#nowMs + periodMs, periodMs, callback });
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  /** Runs what was put off to a later turn, and what that puts off. */
  runImmediates(): void {
    while (this.#immediates.length > 0) this.#immediates.shift()?.();
  }

  /** Moves the time, calling timers in order as it passes them. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
      }
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      if (next.periodMs === undefined) this.#timers.delete(next);
      else next.atMs += next.periodMs;
      next.callback();
      this.runImmediates();
    }
    this.#nowMs = endMs;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

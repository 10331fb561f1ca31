/**
 * Time as a dependency: everything that waits or measures takes a Clock, so that the simulation can
 * run the same code on a virtual one.
 */
export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines; the origin is arbitrary. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for time stamps that leave the process. */
  unixMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it (idempotent). */
  setTimeout(callback: () => void, delayMs: number): () => void;
  /** Calls `callback` every `periodMs`; the returned function cancels it (idempotent). */
  setInterval(callback: () => void, periodMs: number): () => void;
  /** Calls `callback` in a later turn, after pending I/O had its chance. */
  setImmediate(callback: () => void): void;
}

/** The process's own clock. Timers keep the process alive: their owner cancels them on stop. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  setInterval(callback, periodMs) {
    const timer = setInterval(callback, periodMs);
    return () => clearInterval(timer);
  },
  setImmediate(callback) {
    setImmediate(callback);
  },
};

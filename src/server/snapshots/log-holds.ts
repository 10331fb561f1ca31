import type { Clock } from '../../base/clock.js';

/** How long the log stays after a snapshot was stored, for the entries that follow it to be sent. */
const HOLD_AFTER_MS = 30_000;
/** No hold lasts longer, however slowly a snapshot goes: the log must not grow for ever. */
const MAX_HOLD_MS = 15 * 60_000;

/** Keeps the log behind a snapshot that a member is being sent; each hold ends by itself at last. */
export class LogHolds {
  readonly #clock: Clock;
  readonly #holds = new Set<{ readonly index: number }>();
  readonly #cancels = new Set<() => void>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Entries after `index` are to stay. The returned function ends the hold: at once, or with `keep`
   * 30 s later. Idempotent.
   */
  hold(index: number): (keep: boolean) => void {
    const hold = { index };
    this.#holds.add(hold);
    const end = (): void => void this.#holds.delete(hold);
    const cancelLimit = this.#later(end, MAX_HOLD_MS);
    let isReleased = false;
    return (keep) => {
      if (isReleased) return;
      isReleased = true;
      cancelLimit();
      if (keep && !this.#isStopped) this.#later(end, HOLD_AFTER_MS);
      else end();
    };
  }

  /** The log must keep the entries after this one; undefined if it may go as far as it likes. */
  get lowest(): number | undefined {
    let lowest: number | undefined;
    for (const { index } of this.#holds) lowest = Math.min(lowest ?? index, index);
    return lowest;
  }

  /** Ends all timers, those of holds that are released later included. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#holds.clear();
  }

  #later(run: () => void, delayMs: number): () => void {
    const cancelTimer = this.#clock.setTimeout(() => {
      this.#cancels.delete(cancel);
      run();
    }, delayMs);
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }
}

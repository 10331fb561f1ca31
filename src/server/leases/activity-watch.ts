import type { Clock } from '../../base/clock.js';

/** Ticks that may be missed before this process counts as held up. */
const MISSED_TICKS = 3;

/**
 * Whether this process has run without a long pause of late. After one, others may have elected a
 * leader without this member knowing.
 */
export class ActivityWatch {
  readonly #tickMs: number;
  readonly #clock: Clock;
  #lastTickMs: number;
  #cancel: (() => void) | undefined;

  constructor(options: { readonly tickMs: number }, dependencies: { readonly clock: Clock }) {
    this.#tickMs = options.tickMs;
    this.#clock = dependencies.clock;
    this.#lastTickMs = this.#clock.nowMs();
  }

  start(): void {
    this.#lastTickMs = this.#clock.nowMs();
    this.#cancel = this.#clock.setInterval(() => {
      this.#lastTickMs = this.#clock.nowMs();
    }, this.#tickMs);
  }

  stop(): void {
    this.#cancel?.();
  }

  get isActive(): boolean {
    return this.#clock.nowMs() - this.#lastTickMs < MISSED_TICKS * this.#tickMs;
  }
}

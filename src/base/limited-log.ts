import type { Clock } from './clock.js';
import type { LogFields, Logger } from './logger.js';

/** So many lines may come in one interval; more are only counted. */
const LINES_PER_INTERVAL = 10;
const INTERVAL_MS = 1000;

/** Lines that anyone on the network can cause, in a number that does no harm. */
export class LimitedLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #beganAtMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #omitted = 0;

  constructor(dependencies: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
  }

  debug(message: string, fields: LogFields): void {
    this.#logger.debug(message, fields);
  }

  /** Logs a warning, with the number of those left out before it; or leaves it out. */
  warn(message: string, fields: LogFields): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#beganAtMs >= INTERVAL_MS) {
      this.#beganAtMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_INTERVAL) {
      this.#omitted++;
      return;
    }
    this.#lines++;
    this.#logger.warn(message, this.#omitted > 0 ? { ...fields, omitted: this.#omitted } : fields);
    this.#omitted = 0;
  }
}

import type { Clock } from '../base/clock.js';
import type { LogFields, Logger } from '../base/logger.js';

const MAX_KEYS = 1000;

/**
 * Warnings that another member can cause at any rate: of one key, one line a second. The next line
 * tells how many were left out.
 */
export class ThrottledLog {
  static readonly #INTERVAL_MS = 1000;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lines = new Map<string, { atMs: number; omitted: number }>();

  constructor(dependencies: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
  }

  /** Logs `message` as a warning. `key` says whom it is about. */
  warn(key: string, message: string, fields: LogFields = {}): void {
    const nowMs = this.#clock.nowMs();
    const lineKey = `${message} ${key}`;
    const last = this.#lines.get(lineKey);
    if (last !== undefined && nowMs - last.atMs < ThrottledLog.#INTERVAL_MS) {
      last.omitted++;
      return;
    }
    if (this.#lines.size >= MAX_KEYS) this.#lines.clear();
    this.#lines.set(lineKey, { atMs: nowMs, omitted: 0 });
    const omitted = last?.omitted ?? 0;
    this.#logger.warn(message, omitted > 0 ? { ...fields, omitted } : fields);
  }
}

import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { CorruptionChecker } from './corruption-checker.js';

export interface CorruptionMonitorOptions {
  /** --corrupt-check-time; 0 for never. */
  readonly corruptCheckTimeMs: number;
  /** --compact-hash-check-time, if the feature gate CompactHashCheck is on; 0 for never. */
  readonly compactHashCheckTimeMs: number;
}

export interface CorruptionMonitorDependencies {
  readonly checker: CorruptionChecker;
  readonly clock: Clock;
  readonly isLeader: () => boolean;
  readonly logger: Logger;
}

/** Has the leader compare the members' data from time to time; each check one at a time. */
export class CorruptionMonitor {
  readonly #options: CorruptionMonitorOptions;
  readonly #dependencies: CorruptionMonitorDependencies;
  readonly #logger: Logger;
  readonly #cancels: (() => void)[] = [];

  constructor(options: CorruptionMonitorOptions, dependencies: CorruptionMonitorDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger.child('server/corruption');
  }

  start(): void {
    const { corruptCheckTimeMs, compactHashCheckTimeMs } = this.#options;
    const { checker } = this.#dependencies;
    this.#every(corruptCheckTimeMs, () => checker.periodicCheck());
    this.#every(compactHashCheckTimeMs, () => checker.compactHashCheck());
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #every(periodMs: number, check: () => Promise<void>): void {
    if (periodMs <= 0) return;
    const { clock, isLeader } = this.#dependencies;
    let isBusy = false;
    const run = async (): Promise<void> => {
      if (!isLeader() || isBusy) return;
      isBusy = true;
      try {
        await check();
      } catch (error) {
        this.#logger.warn('failed to check hash KV', { error: errorText(error) });
      } finally {
        isBusy = false;
      }
    };
    this.#cancels.push(clock.setInterval(() => void run(), periodMs));
  }
}

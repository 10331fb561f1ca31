import type { Clock } from '../../base/clock.js';

/** Waiters at once; more than this are told at once that it takes too long. */
const MAX_WAITING = 100_000;

export interface AppliedWaitDependencies {
  readonly clock: Clock;
  readonly committedIndex: () => number;
  readonly appliedIndex: () => number;
}

interface Waiter {
  readonly index: number;
  readonly finish: (isApplied: boolean) => void;
}

/** Waits until everything that is committed when it is asked has been applied here. */
export class AppliedWait {
  readonly #dependencies: AppliedWaitDependencies;
  /** In the order of their indexes: the committed index never goes back. */
  readonly #waiting = new Set<Waiter>();

  constructor(dependencies: AppliedWaitDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether nothing is committed that is not applied. */
  get isCaughtUp(): boolean {
    return this.#dependencies.appliedIndex() >= this.#dependencies.committedIndex();
  }

  /** Resolves with whether it was applied within the time. */
  wait(timeoutMs: number): Promise<boolean> {
    if (this.isCaughtUp) return Promise.resolve(true);
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        index: this.#dependencies.committedIndex(),
        finish: (isApplied) => {
          cancel();
          this.#waiting.delete(waiter);
          resolve(isApplied);
        },
      };
      const cancel = this.#dependencies.clock.setTimeout(() => waiter.finish(false), timeoutMs);
      this.#waiting.add(waiter);
    });
  }

  /** Something was applied: called by whoever applies. */
  applied(): void {
    if (this.#waiting.size === 0) return;
    const appliedIndex = this.#dependencies.appliedIndex();
    for (const waiter of this.#waiting) {
      if (waiter.index > appliedIndex) break;
      waiter.finish(true);
    }
  }

  /** Ends all waiting. */
  stop(): void {
    for (const waiter of this.#waiting) waiter.finish(false);
  }
}

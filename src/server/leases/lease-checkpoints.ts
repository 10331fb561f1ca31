import type { Clock } from '../../base/clock.js';
import type { Lease, Lessor } from '../../lease/index.js';

/** How much of a lease's time passes from one checkpoint to the next. */
const DEFAULT_INTERVAL_MS = 5 * 60 * 1000;
/** How often leases are looked at. */
const CHECK_INTERVAL_MS = 500;
/** Leases in one log entry, and entries proposed in one check. */
const MAX_BATCH = 1000;
const MAX_BATCHES_PER_CHECK = 10;

/** What is left of a lease, for the log. */
export interface LeaseCheckpointValue {
  readonly id: bigint;
  /** Whole seconds, rounded up: never less than is left. */
  readonly remainingTtl: number;
}

export interface LeaseCheckpointsOptions {
  readonly intervalMs?: number;
}

export interface LeaseCheckpointsDependencies {
  readonly clock: Clock;
  readonly lessor: Lessor;
  /** Proposes a LeaseCheckpoint request; its outcome shows in the lessor. */
  readonly propose: (checkpoints: readonly LeaseCheckpointValue[]) => void;
}

/**
 * Tells the log, every few minutes, what is left of long leases, so that a change of leader does not
 * give them all of their time again (feature gate LeaseCheckpoint). Runs on every member; only the
 * leader's lessor schedules anything.
 */
export class LeaseCheckpoints {
  readonly #intervalMs: number;
  readonly #dependencies: LeaseCheckpointsDependencies;
  /** When each lease is due, in the order in which they are: all wait equally long. */
  readonly #due = new Map<bigint, number>();
  #cancel: (() => void) | undefined;

  constructor(options: LeaseCheckpointsOptions, dependencies: LeaseCheckpointsDependencies) {
    this.#intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
    this.#dependencies = dependencies;
    dependencies.lessor.observe({
      scheduled: (lease) => this.#schedule(lease),
      demoted: () => this.#due.clear(),
    });
  }

  start(): void {
    const { clock } = this.#dependencies;
    this.#cancel = clock.setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(lease: Lease): void {
    const leftSeconds =
      lease.remainingTtlSeconds > 0 ? lease.remainingTtlSeconds : lease.ttlSeconds;
    this.#due.delete(lease.id);
    if (leftSeconds * 1000 <= this.#intervalMs) return;
    this.#due.set(lease.id, this.#dependencies.clock.nowMs() + this.#intervalMs);
  }

  #check(): void {
    for (let batches = 0; batches < MAX_BATCHES_PER_CHECK; batches++) {
      const checkpoints = this.#takeDue();
      if (checkpoints.length > 0) this.#dependencies.propose(checkpoints);
      if (checkpoints.length < MAX_BATCH) return;
    }
  }

  #takeDue(): LeaseCheckpointValue[] {
    const { clock, lessor } = this.#dependencies;
    const nowMs = clock.nowMs();
    const checkpoints: LeaseCheckpointValue[] = [];
    for (const [id, dueMs] of this.#due) {
      if (dueMs > nowMs || checkpoints.length === MAX_BATCH) break;
      this.#due.delete(id);
      const lease = lessor.get(id);
      if (lease === undefined || lessor.isExpired(lease)) continue;
      const remainingTtl = Math.ceil((lease.expiresAtMs - nowMs) / 1000);
      // A renewed lease has its whole time: nothing to tell yet, but later.
      if (remainingTtl >= lease.ttlSeconds) this.#due.set(id, nowMs + this.#intervalMs);
      else checkpoints.push({ id, remainingTtl });
    }
    return checkpoints;
  }
}

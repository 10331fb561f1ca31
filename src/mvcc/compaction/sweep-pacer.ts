import type { Clock } from '../../base/clock.js';

/** Under this many revisions a second nobody is held up by a sweep that takes what it can get. */
const QUIET_REVISIONS_PER_SECOND = 1000;
/** What a sweep may look at each second whoever writes: a million records in 25 s. */
const MIN_RECORDS_PER_SECOND = 40_000;
/** A sweep must be faster than writers, or what is to be removed grows from one to the next. */
const RECORDS_PER_NEW_REVISION = 2;
/** Time over which the rate of the writers is taken. */
const SMOOTHING_MS = 1000;
/** What a sweep could not use of its share is not saved up for longer. */
const MAX_SAVED_MS = 100;

/** What the pacer looks at. */
export interface SweepPacerDependencies {
  readonly clock: Clock;
  /** The store's newest revision. */
  readonly revision: () => number;
}

/**
 * Slows a sweep down while others write. At the pace that etcd's flags allow, 100,000 records a second,
 * it takes a quarter of their throughput on two cores (measured; a twentieth with this); nobody waits for it
 * to end.
 */
export class SweepPacer {
  private readonly dependencies: SweepPacerDependencies;
  private writesPerSecond = 0;
  private lastMs: number;
  private lastRevision: number;
  /** When all records looked at so far are due by the pace. */
  private dueMs: number;

  constructor(dependencies: SweepPacerDependencies) {
    this.dependencies = dependencies;
    this.lastMs = dependencies.clock.nowMs();
    this.lastRevision = dependencies.revision();
    this.dueMs = this.lastMs;
  }

  /** How long to wait after another so many records, in milliseconds; 0 while nobody writes. */
  waitMs(records: number): number {
    const nowMs = this.dependencies.clock.nowMs();
    this.observe(nowMs);
    if (this.writesPerSecond < QUIET_REVISIONS_PER_SECOND) {
      this.dueMs = nowMs;
      return 0;
    }
    const pace = Math.max(MIN_RECORDS_PER_SECOND, this.writesPerSecond * RECORDS_PER_NEW_REVISION);
    this.dueMs = Math.max(this.dueMs, nowMs - MAX_SAVED_MS) + (records * 1000) / pace;
    return Math.max(0, this.dueMs - nowMs);
  }

  private observe(nowMs: number): void {
    const elapsedMs = nowMs - this.lastMs;
    if (elapsedMs <= 0) return;
    const revision = this.dependencies.revision();
    const rate = ((revision - this.lastRevision) * 1000) / elapsedMs;
    this.writesPerSecond += (rate - this.writesPerSecond) * Math.min(1, elapsedMs / SMOOTHING_MS);
    this.lastMs = nowMs;
    this.lastRevision = revision;
  }
}

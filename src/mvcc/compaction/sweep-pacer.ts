import type { Clock } from '../../base/clock.js';

/** Under this many revisions a second nobody is held up by a sweep that takes what it can get. */
const QUIET_REVISIONS_PER_SECOND = 1000;
/** What a sweep may look at each second whoever writes: a million records in 40 s. */
const MIN_RECORDS_PER_SECOND = 25_000;
/** It is over within this part of the time from one compaction to the next, or they would pile up. */
const PART_OF_INTERVAL = 0.5;
/** Time over which the rate of the writers is taken. */
const SMOOTHING_MS = 1000;
/** What a sweep could not use of its share is not saved up for longer. */
const MAX_SAVED_MS = 100;

export interface SweepPacerOptions {
  /** How many the sweep has to look at. */
  readonly records: number;
  /** Time between the compaction before this one and this one; infinite for the first one. */
  readonly intervalMs: number;
}

/** What the pacer looks at. */
export interface SweepPacerDependencies {
  readonly clock: Clock;
  /** The store's newest revision. */
  readonly revision: () => number;
  /** Whether the next compaction waits for this one to end. */
  readonly isAwaited: () => boolean;
}

/**
 * Slows a sweep down while others write. Puts on 16×4, on two cores, keep 0.75 to 0.88 of their throughput
 * beside 77,000 records a second, 0.83 to 0.97 beside 25,000 (bench/README.md). Who waits for a sweep is
 * the next one, which must not be held up, and the client of a physical compaction, who asked to.
 */
export class SweepPacer {
  private readonly pace: number;
  private readonly dependencies: SweepPacerDependencies;
  private writesPerSecond = 0;
  private lastMs: number;
  private lastRevision: number;
  /** When all records looked at so far are due by the pace. */
  private dueMs: number;

  constructor(options: SweepPacerOptions, dependencies: SweepPacerDependencies) {
    const { records, intervalMs } = options;
    this.pace = Math.max(
      MIN_RECORDS_PER_SECOND,
      (records * 1000) / (intervalMs * PART_OF_INTERVAL),
    );
    this.dependencies = dependencies;
    this.lastMs = dependencies.clock.nowMs();
    this.lastRevision = dependencies.revision();
    this.dueMs = this.lastMs;
  }

  /** How long to wait after another so many records, in milliseconds; 0 while nobody writes. */
  waitMs(records: number): number {
    const nowMs = this.dependencies.clock.nowMs();
    this.observe(nowMs);
    if (this.writesPerSecond < QUIET_REVISIONS_PER_SECOND || this.dependencies.isAwaited()) {
      this.dueMs = nowMs;
      return 0;
    }
    this.dueMs = Math.max(this.dueMs, nowMs - MAX_SAVED_MS) + (records * 1000) / this.pace;
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

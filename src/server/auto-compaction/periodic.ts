import { runCompaction } from './compaction.js';
import type { AutoCompactionDependencies, AutoCompactor } from './types.js';

const HOUR_MS = 3_600_000;
/** Revisions are noted, and failed compactions tried again, so often in a period (or in an hour). */
const NOTES_PER_PERIOD = 10;

/**
 * Keeps the revisions of the last period (clients-and-behaviour.md C). The newest revision is noted ten
 * times a period; once the first period is over, what was newest a period ago is compacted: every
 * period, or every hour if that is longer.
 */
export class PeriodicCompactor implements AutoCompactor {
  readonly #dependencies: AutoCompactionDependencies;
  readonly #periodMs: number;
  readonly #intervalMs: number;
  readonly #noteIntervalMs: number;
  readonly #maxNotes: number;
  /** Newest revisions, a note interval apart; the first is a period old once there are all of them. */
  readonly #notes: number[] = [];
  #compactedAtMs = 0;
  #compactedRevision = 0;
  #isFirst = true;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(periodMs: number, dependencies: AutoCompactionDependencies) {
    this.#dependencies = dependencies;
    this.#periodMs = periodMs;
    this.#intervalMs = Math.min(periodMs, HOUR_MS);
    this.#noteIntervalMs = this.#intervalMs / NOTES_PER_PERIOD;
    this.#maxNotes = Math.floor(periodMs / this.#noteIntervalMs) + 1;
  }

  start(): void {
    this.#compactedAtMs = this.#dependencies.clock.nowMs();
    this.#note();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #note(): void {
    if (this.#isStopped) return;
    const { clock, revision } = this.#dependencies;
    this.#notes.push(revision());
    if (this.#notes.length > this.#maxNotes) this.#notes.shift();
    this.#cancel = clock.setTimeout(() => void this.#look(), this.#noteIntervalMs);
  }

  async #look(): Promise<void> {
    const revision = this.#notes[0] ?? 0;
    if (this.#isDue(revision)) await this.#compact(revision);
    this.#note();
  }

  #isDue(revision: number): boolean {
    const { clock, isLeader } = this.#dependencies;
    if (!isLeader() || revision === this.#compactedRevision) return false;
    const waitMs = this.#isFirst ? this.#periodMs : this.#intervalMs;
    return clock.nowMs() - this.#compactedAtMs >= waitMs;
  }

  async #compact(revision: number): Promise<void> {
    this.#isFirst = false;
    const isDone = await runCompaction(
      {
        mode: 'periodic',
        revision,
        fields: { 'compact-period': `${this.#periodMs}ms` },
        retryIntervalMs: this.#noteIntervalMs,
      },
      this.#dependencies,
    );
    if (!isDone) return;
    this.#compactedRevision = revision;
    this.#compactedAtMs = this.#dependencies.clock.nowMs();
  }
}

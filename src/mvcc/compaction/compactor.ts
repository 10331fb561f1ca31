import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { exponentialBounds, Histogram } from '../../base/metrics.js';
import { CompactedError, FutureRevisionError } from '../errors.js';
import type { Hashes } from '../hashes.js';
import { Kept, type LocatedRevision } from '../key-entry.js';
import type { KeySpace } from '../key-space.js';
import type { LeafNode } from '../key-tree-nodes.js';
import type { CompactionMarks } from '../restore.js';
import type { RevisionPins } from '../revision-pins.js';
import { nextTurn, pause } from '../turns.js';
import type { CompactionCounts, CompactionOutcome, KeyValueHash, RecordStore } from '../types.js';
import { RevisionCollector, type RevisionLists } from './kept-revisions.js';
import { sweepHere } from './local-sweep.js';
import type { SweepOwner } from './sweep.js';
import { SweepPacer } from './sweep-pacer.js';
import { sweepInThread } from './thread-sweep.js';

/** Index entries looked at in one turn. */
const ENTRIES_PER_TURN = 8192;

export interface CompactorOptions {
  batchLimit: number;
  sleepIntervalMs: number;
  /** From how many records on a thread looks at them, where the store writes tables. */
  threadFromRecords: number;
}

export interface CompactorDependencies {
  space: KeySpace;
  store: RecordStore;
  marks: CompactionMarks;
  pins: RevisionPins;
  hashes: Hashes;
  clock: Clock;
  logger: Logger;
}

interface Job {
  readonly revision: number;
  readonly previous: number;
  /** Whether the hash is to be remembered. */
  readonly hashed: boolean;
  /** Time since the one before; infinite for the first. */
  readonly intervalMs: number;
  readonly resolve: (outcome: CompactionOutcome) => void;
}

class Interrupted extends Error {}

/**
 * Removes old revisions (formats.md §10.10): what is refused from when on is decided at once, the
 * removing happens behind that in slices, one compaction after the other.
 */
export class Compactor {
  private readonly options: CompactorOptions;
  private readonly dependencies: CompactorDependencies;
  private readonly jobs: Job[] = [];
  private running: Promise<void> = Promise.resolve();
  private isRunning = false;
  private isStopped = false;
  /** What was done since the start, for metrics. */
  readonly counts: CompactionCounts = {
    removedRecords: 0,
    finishedAtUnixMs: 0,
    durationsMs: new Histogram(exponentialBounds(100, 2, 14)),
  };
  private scheduled: number | undefined;
  private finished: number | undefined;
  private wakeWaiting: (() => void) | undefined;
  private enqueuedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CompactorOptions, dependencies: CompactorDependencies) {
    this.options = options;
    this.dependencies = dependencies;
  }

  /** Goes on with a compaction that was interrupted, and knows from now on what was compacted. */
  restored(): void {
    const { marks, space } = this.dependencies;
    this.finished = marks.finished;
    this.scheduled = marks.scheduled;
    if (this.scheduled === undefined || this.scheduled <= (this.finished ?? -1)) return;
    this.dependencies.logger.info('resume scheduled compaction', { revision: this.scheduled });
    const previous = space.compactedRevision;
    space.compactedRevision = this.scheduled;
    void this.enqueue(this.scheduled, previous, false);
  }

  /**
   * Schedules a compaction; reads below `revision` are refused from now on. The promise tells when
   * the old revisions are gone (it is never rejected). Throws {@link CompactedError} and
   * {@link FutureRevisionError}.
   */
  schedule(revision: number): Promise<CompactionOutcome> {
    const { space, marks } = this.dependencies;
    if (revision <= space.compactedRevision) throw new CompactedError(space.compactedRevision);
    if (revision > space.revision) throw new FutureRevisionError(space.revision);
    // After an interrupted compaction the hash would not cover every revision since the last one. A
    // hash of revision 0 would be given to everyone who asks for the newest (G.22).
    const hashed = this.scheduled === this.finished && revision > 0;
    const previous = space.compactedRevision;
    space.compactedRevision = revision;
    this.scheduled = revision;
    marks.markScheduled(revision);
    return this.enqueue(revision, previous, hashed);
  }

  /** Resolves when no compaction is under way. */
  whenIdle(): Promise<void> {
    return this.running;
  }

  /** To be called when a pin was released. */
  pinReleased(): void {
    this.wakeWaiting?.();
  }

  /** Interrupts what is under way and everything queued; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.wakeWaiting?.();
    await this.running;
    this.isStopped = false;
  }

  private enqueue(revision: number, previous: number, hashed: boolean): Promise<CompactionOutcome> {
    const nowMs = this.dependencies.clock.nowMs();
    const intervalMs = nowMs - this.enqueuedMs;
    this.enqueuedMs = nowMs;
    return new Promise((resolve) => {
      this.jobs.push({ revision, previous, hashed, intervalMs, resolve });
      if (this.isRunning) return;
      this.isRunning = true;
      this.running = this.runAll();
    });
  }

  private async runAll(): Promise<void> {
    // The entry that brought the compaction is answered first.
    await nextTurn(this.dependencies.clock);
    for (let job = this.jobs.shift(); job !== undefined; job = this.jobs.shift()) {
      job.resolve(await this.run(job));
    }
    this.isRunning = false;
  }

  private async run(job: Job): Promise<CompactionOutcome> {
    const { logger, marks, hashes, store, clock } = this.dependencies;
    const startMs = clock.nowMs();
    try {
      await this.waitForPins(job.revision);
      const kept = await this.compactIndex(job.revision);
      const hash = await this.sweep(job, kept);
      marks.markFinished(job.revision);
      store.commit();
      this.finished = job.revision;
      if (job.hashed) hashes.remember(hash);
      this.counts.durationsMs.observe(clock.nowMs() - startMs);
      this.counts.finishedAtUnixMs = clock.unixMs();
      logger.info('finished scheduled compaction', { revision: job.revision });
      return 'finished';
    } catch (failure) {
      if (failure instanceof Interrupted) return 'interrupted';
      logger.error('compaction failed', { revision: job.revision, error: String(failure) });
      return 'failed';
    }
  }

  private checkStopped(): void {
    if (this.isStopped) throw new Interrupted();
  }

  private async waitForPins(revision: number): Promise<void> {
    this.checkStopped();
    while (this.dependencies.pins.hasBelow(revision)) {
      await new Promise<void>((resolve) => {
        this.wakeWaiting = resolve;
      });
      this.wakeWaiting = undefined;
      this.checkStopped();
    }
  }

  /** Trims the index; resolves to the changes up to `revision` that are kept. */
  private async compactIndex(revision: number): Promise<RevisionLists> {
    const { space, clock } = this.dependencies;
    const kept = new RevisionCollector();
    const located: LocatedRevision = { main: 0, code: 0 };
    let resumeAt: string | undefined = '';
    while (resumeAt !== undefined) {
      const dead: string[] = [];
      let leaf: LeafNode | undefined = space.tree.seek(resumeAt).leaf;
      for (let seen = 0; leaf !== undefined && seen < ENTRIES_PER_TURN; leaf = leaf.next) {
        for (let index = 0; index < leaf.length; index++) {
          const entry = leaf.entryAt(index);
          const left = entry.compact(revision);
          if (left === Kept.nothingAndDead) dead.push(entry.key);
          else if (left !== Kept.nothing && entry.locate(revision, located)) {
            kept.add(located.main, located.code);
          }
        }
        seen += leaf.length;
      }
      resumeAt = leaf?.keys[0];
      for (const key of dead) space.tree.remove(key);
      await nextTurn(clock);
      this.checkStopped();
    }
    return kept.take();
  }

  private async sweep(job: Job, kept: RevisionLists): Promise<KeyValueHash> {
    const { store, space, clock } = this.dependencies;
    const { threadFromRecords } = this.options;
    const keptCount = kept.firstPuts.length + kept.others.length / 2;
    const records = job.revision - job.previous + keptCount;
    const pacer = new SweepPacer(
      { records, intervalMs: job.intervalMs },
      { clock, revision: () => space.revision, isAwaited: () => this.jobs.length > 0 },
    );
    const owner: SweepOwner = {
      removed: () => void this.counts.removedRecords++,
      sliceEnded: (pauseMs) => this.sliceEnded(pauseMs),
      waitMs: (records) => pacer.waitMs(records),
    };
    if (store.writeTables === undefined || records < threadFromRecords) {
      return sweepHere(job, kept, this.options, store, owner);
    }
    const folder = await store.writeTables();
    this.checkStopped();
    return sweepInThread(job, kept, this.options, folder, store, owner);
  }

  /** See {@link SweepOwner.sliceEnded}. */
  private async sliceEnded(pauseMs: number): Promise<void> {
    const { store, clock } = this.dependencies;
    store.commit();
    await (pauseMs > 0 ? pause(clock, pauseMs) : nextTurn(clock));
    this.checkStopped();
    await store.whenNotFull();
    this.checkStopped();
  }
}

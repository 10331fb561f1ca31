import { exponentialBounds, Histogram, OutcomeHistograms } from '../base/metrics.js';
import type { RequestKind } from '../proto/internal-request.js';

/** From 1 ms to 8 s: what the disk takes. */
const DISK_BOUNDS = exponentialBounds(0.001, 2, 14);
/** From 0.1 ms to 52 s: what applying takes. */
const APPLY_BOUNDS = exponentialBounds(0.0001, 2, 20);

/**
 * What a member counts and measures of its own work, for whoever asks. Plain numbers that their owners
 * add to; they are shown as they stand.
 */
export class MemberMetrics {
  /** Leaders that were found while none, or another one, was known. */
  leaderChanges = 0;
  /** Proposals that were dropped, or of which nobody knows what became of them. */
  failedProposals = 0;
  /** Entries that took longer to apply than expected. */
  slowApplies = 0;
  /** Questions for a read index that were not answered in time. */
  slowReadIndexes = 0;
  failedReadIndexes = 0;
  /** 1 while a leader's snapshot takes the place of the state. */
  snapshotsBeingApplied = 0;
  learnerPromotions = 0;
  /** Failed promotions of learners, by their reason. */
  readonly failedLearnerPromotions = new Map<string, number>();
  /** Seconds from the proposal of a request to its result. */
  readonly requests = new OutcomeHistograms<RequestKind>(DISK_BOUNDS);
  /** Seconds that an entry took to apply. */
  readonly applies = new OutcomeHistograms<RequestKind>(APPLY_BOUNDS);
  walWrittenBytes = 0;
  readonly walWrites = new Histogram(DISK_BOUNDS);
  readonly walSyncs = new Histogram(DISK_BOUNDS);
  readonly backendCommits = new Histogram(DISK_BOUNDS);
  /** Seconds that the log's snapshot files took: to encode, to sync, and in all. */
  readonly snapEncodes = new Histogram(DISK_BOUNDS);
  readonly snapSyncs = new Histogram(DISK_BOUNDS);
  readonly snapSaves = new Histogram(DISK_BOUNDS);
  /** Seconds from a frozen view of the store to the end of the database that was made of it. */
  readonly databaseSnapshots = new Histogram(exponentialBounds(0.01, 2, 17));
  readonly defragments = new Histogram(exponentialBounds(0.1, 2, 13));
  readonly hashes = new Histogram(exponentialBounds(0.01, 2, 15));
  #leader = 0n;

  /** Notes how a promotion of a learner went. */
  promotionEnded(failure: Error | undefined): void {
    if (failure === undefined) {
      this.learnerPromotions++;
      return;
    }
    const { failedLearnerPromotions: failed } = this;
    failed.set(failure.message, (failed.get(failure.message) ?? 0) + 1);
  }

  /** Notes the leader that this member knows of, 0 for none. */
  leaderIs(leader: bigint): void {
    if (leader !== 0n && leader !== this.#leader) this.leaderChanges++;
    this.#leader = leader;
  }
}

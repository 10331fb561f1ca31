import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';

/** What is compacted without being asked for; a retention of 0 switches it off. */
export type AutoCompactionOptions =
  | {
      readonly mode: 'periodic';
      /** For so long revisions can be read. */
      readonly retentionMs: number;
    }
  | {
      readonly mode: 'revision';
      /** So many of the newest revisions can be read. */
      readonly retentionRevisions: number;
    };

export interface AutoCompactionDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Only the leader compacts; the others get ready to take over. */
  readonly isLeader: () => boolean;
  /** The newest revision. */
  readonly revision: () => number;
  /** Has the cluster compact at a revision. */
  readonly compact: (revision: number) => Promise<void>;
}

/** Compacts now and then; runs on every member. */
export interface AutoCompactor {
  start(): void;
  stop(): void;
}

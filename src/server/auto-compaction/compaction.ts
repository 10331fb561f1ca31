import { errorText, isEtcdError } from '../../base/errors.js';
import type { LogFields } from '../../base/logger.js';
import type { AutoCompactionDependencies } from './types.js';

/** One automatic compaction, as the log tells of it. */
export interface Compaction {
  readonly mode: 'periodic' | 'revision';
  readonly revision: number;
  /** What to say of the retention. */
  readonly fields: LogFields;
  /** When it is tried again if it fails. */
  readonly retryIntervalMs: number;
}

/** Compacts, and says in the log how that went. Resolves to whether the revision is compacted now. */
export async function runCompaction(
  { mode, revision, fields, retryIntervalMs }: Compaction,
  { clock, logger, compact }: AutoCompactionDependencies,
): Promise<boolean> {
  logger.info(`starting auto ${mode} compaction`, { revision, ...fields });
  const startMs = clock.nowMs();
  try {
    await compact(revision);
  } catch (error) {
    // Somebody else was faster: just as well.
    if (!(error instanceof Error) || !isEtcdError(error, 'Compacted')) {
      logger.warn(`failed auto ${mode} compaction`, {
        revision,
        ...fields,
        'retry-interval': `${retryIntervalMs}ms`,
        error: errorText(error),
      });
      return false;
    }
  }
  const took = `${(clock.nowMs() - startMs).toFixed(3)}ms`;
  logger.info(`completed auto ${mode} compaction`, { revision, ...fields, took });
  return true;
}

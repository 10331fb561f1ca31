/** Compactions that nobody asks for (`--auto-compaction-mode`, `--auto-compaction-retention`). */
import { PeriodicCompactor } from './periodic.js';
import { RevisionCompactor } from './revision.js';
import type { AutoCompactionDependencies, AutoCompactionOptions, AutoCompactor } from './types.js';

export type { AutoCompactionDependencies, AutoCompactionOptions, AutoCompactor } from './types.js';

/** Undefined if nothing is to be compacted by itself. */
export function createAutoCompactor(
  options: AutoCompactionOptions,
  dependencies: AutoCompactionDependencies,
): AutoCompactor | undefined {
  if (options.mode === 'periodic') {
    if (options.retentionMs <= 0) return undefined;
    return new PeriodicCompactor(options.retentionMs, dependencies);
  }
  if (options.retentionRevisions <= 0) return undefined;
  return new RevisionCompactor(options.retentionRevisions, dependencies);
}

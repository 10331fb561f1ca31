import { runCompaction } from './compaction.js';
import type { AutoCompactionDependencies, AutoCompactor } from './types.js';

const INTERVAL_MS = 5 * 60_000;

/** Keeps a number of newest revisions: compacts every five minutes what is older. */
export class RevisionCompactor implements AutoCompactor {
  readonly #dependencies: AutoCompactionDependencies;
  readonly #retentionRevisions: number;
  #compactedRevision = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(retentionRevisions: number, dependencies: AutoCompactionDependencies) {
    this.#dependencies = dependencies;
    this.#retentionRevisions = retentionRevisions;
  }

  start(): void {
    if (this.#isStopped) return;
    const { clock } = this.#dependencies;
    this.#cancel = clock.setTimeout(() => void this.#look(), INTERVAL_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    const { isLeader, revision } = this.#dependencies;
    const target = revision() - this.#retentionRevisions;
    if (isLeader() && target > 0 && target !== this.#compactedRevision) await this.#compact(target);
    this.start();
  }

  async #compact(revision: number): Promise<void> {
    const isDone = await runCompaction(
      {
        mode: 'revision',
        revision,
        fields: { 'revision-compaction-retention': this.#retentionRevisions },
        retryIntervalMs: INTERVAL_MS,
      },
      this.#dependencies,
    );
    if (isDone) this.#compactedRevision = revision;
  }
}

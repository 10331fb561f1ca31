import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Snapshot } from '../../raft/index.js';
import type { ReplaceStep } from '../../storage/backend/index.js';
import type { Snapshotter } from '../../storage/snap/index.js';
import { type MemberState, reloadState } from '../state.js';
import { SnapshotRefusedError } from './errors.js';
import type { StagingFolder } from './staging.js';

/** The points an installation passes, told just after each. */
export type InstallStep = 'snap file saved' | 'log record durable' | ReplaceStep | 'state reloaded';

export interface SnapshotInstallerDependencies {
  readonly staging: StagingFolder;
  readonly snapshotter: Snapshotter;
  readonly state: MemberState;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves when the log is not being cut: a cut and an installation would mix up their files. */
  readonly whenNotCutting: () => Promise<void>;
  /** In the step in which the new state appears; for what the server keeps of the state itself. */
  readonly switched?: (snapshot: Snapshot) => void;
  readonly step?: (name: InstallStep) => void;
}

/**
 * Puts the state of a leader's snapshot in the place of this member's (formats.md §10.18).
 *
 * The order makes a crash at any point harmless. The staged backend is durable before Raft hears of the
 * snapshot. As long as the log has no record of the snapshot (and no commit index that reaches it) a
 * start goes on with the old state, and the leader sends again; once it has, a start swaps the staged
 * backend in if that was not done (see `recoverStagedBackend`).
 */
export class SnapshotInstaller {
  readonly #dependencies: SnapshotInstallerDependencies;

  constructor(dependencies: SnapshotInstallerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Installs a snapshot that Raft has accepted and whose database was staged before. No entry may be
   * applied meanwhile. `persist` makes Raft's part durable: the log's snapshot record and a hard state
   * whose commit index reaches it. Reads of the store wait or end with StoreReloadingError until the
   * new state is there, all of it at once. After a rejection the member must stop.
   */
  async install(snapshot: Snapshot, persist: () => Promise<void>): Promise<void> {
    const { staging, snapshotter, state, clock, logger, whenNotCutting } = this.#dependencies;
    const { step = () => {}, switched = () => {} } = this.#dependencies;
    const { index, term, confState } = snapshot.metadata;
    const startMs = clock.nowMs();
    if (!(await staging.has(index))) {
      throw new SnapshotRefusedError(`no database of the snapshot at ${index} is staged`);
    }
    await whenNotCutting();
    await snapshotter.save({ index, term, confState, data: snapshot.data });
    step('snap file saved');
    await persist();
    step('log record durable');
    await reloadState(state, {
      replaceBackend: () => state.backend.replace(staging.finishedPath(index), step),
      switched: () => switched(snapshot),
    });
    step('state reloaded');
    logger.info('installed a snapshot', {
      'snapshot-index': index,
      'snapshot-term': term,
      'took-ms': Math.round(clock.nowMs() - startMs),
    });
  }
}

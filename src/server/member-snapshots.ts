import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { ConfState, Snapshot } from '../raft/index.js';
import { nodeDisk } from '../storage/wal/index.js';
import type { MemberData } from './member-data.js';
import type { ServerOptions } from './options.js';
import { RaftSnapshots } from './raft-snapshots.js';
import { IncomingSnapshots, LogHolds, SnapshotInstaller } from './snapshots/index.js';

export interface MemberSnapshotsDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** In the step in which an installed state appears. */
  readonly installed: (snapshot: Snapshot) => void;
  readonly failed: (error: Error) => void;
}

/** All that a member does about whole states: cutting its own log, and taking a leader's snapshot. */
export class MemberSnapshots {
  readonly incoming: IncomingSnapshots;
  readonly holds: LogHolds;
  readonly #data: MemberData;
  readonly #cutter: RaftSnapshots;
  readonly #installer: SnapshotInstaller;

  constructor(options: ServerOptions, data: MemberData, dependencies: MemberSnapshotsDependencies) {
    const { clock, failed } = dependencies;
    const logger = dependencies.logger.child('server/snapshots');
    const { log, state, snapshotter, staging, snapFolder } = data;
    const { backend, cluster } = state;
    this.#data = data;
    this.holds = new LogHolds(clock);
    this.incoming = new IncomingSnapshots(
      { snapFolder },
      { staging, disk: nodeDisk, clock, logger },
    );
    this.#cutter = new RaftSnapshots(
      {
        snapshotCount: options.snapshotCount,
        catchupEntries: options.snapshotCatchupEntries,
        maxWals: options.maxWals,
      },
      {
        wal: log.wal,
        storage: log.storage,
        clock,
        logger,
        syncBackend: () => backend.sync(),
        snapshotter,
        membership: () => ({
          members: cluster.members(),
          removedIds: cluster.removedIds(),
          clusterVersion: cluster.version,
        }),
        failed,
        lowestHeldIndex: () => this.holds.lowest,
      },
      log.snapshotIndex,
    );
    this.#installer = new SnapshotInstaller({
      staging,
      snapshotter,
      state,
      clock,
      logger,
      whenNotCutting: () => this.#cutter.whenIdle(),
      switched: (snapshot) => {
        this.#cutter.noteInstalled(snapshot.metadata.index);
        dependencies.installed(snapshot);
      },
    });
  }

  start(): void {
    const { log, state } = this.#data;
    // Changes since the last cut are not handed out again: members that joined by them may lag.
    this.configurationChanged(state.backend.consistentIndex, log.storage.initialState().confState);
    this.#cutter.start();
  }

  /** Puts a leader's state in the place of this member's; see SnapshotInstaller. */
  install(snapshot: Snapshot, persist: () => Promise<void>): Promise<void> {
    return this.#installer.install(snapshot, persist);
  }

  /** Notes an applied entry. */
  entryApplied(sizeBytes: number): void {
    this.#cutter.entryApplied(sizeBytes);
  }

  /** The configuration has changed with the entry at `index`. */
  configurationChanged(index: number, confState: ConfState): void {
    this.#cutter.configurationChanged(index, confState);
  }

  /** Cuts the log at `index`, the last applied, if that is due. */
  maybeCut(index: number, confState: ConfState): void {
    this.#cutter.maybeCut(index, confState);
  }

  /** Resolves when a cut that is under way is done. */
  async stop(): Promise<void> {
    this.holds.stop();
    await this.#cutter.stop();
  }
}

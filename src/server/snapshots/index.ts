/**
 * Whole states between members (formats.md §3, §7.6).
 *
 * - {@link IncomingSnapshots} takes what a leader sends and stages it beside the live backend.
 * - {@link SnapshotInstaller} puts a staged state in the place of this member's once Raft says so.
 * - {@link recoverStagedBackend} completes that after a crash.
 * - {@link OutgoingSnapshots} sends the state of now; {@link LogHolds} keep the log behind it.
 */
export { SnapshotRefusedError } from './errors.js';
export { includesMember } from './frozen-membership.js';
export {
  type IncomingSnapshotDependencies,
  type IncomingSnapshotOptions,
  IncomingSnapshots,
  type IncomingStep,
} from './incoming-snapshots.js';
export {
  type InstallStep,
  SnapshotInstaller,
  type SnapshotInstallerDependencies,
} from './install.js';
export { LogHolds } from './log-holds.js';
export { type OutgoingSnapshotDependencies, OutgoingSnapshots } from './outgoing-snapshots.js';
export {
  type RecoveryDependencies,
  type RecoveryOptions,
  recoverStagedBackend,
} from './recovery.js';
export { StagingFolder } from './staging.js';
export { type SnapshotCounts, SnapshotTraffic } from './traffic.js';

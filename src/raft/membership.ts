import { changeMembership, type Membership } from './confchange/changer.js';
import { confChangeOfEntry } from './confchange/codec.js';
import { restoreMembership } from './confchange/restore.js';
import { type ConfChangeV2, leavesJoint, toConfChangeV2 } from './confchange/types.js';
import type { RaftCore } from './core.js';
import { ConfChangeDecodeError, ConfChangeError, RaftInvariantError } from './errors.js';
import { isLocalTarget } from './messages.js';
import { jointIds } from './quorum/joint.js';
import { releaseConfirmedReads, releaseReadsAfterCommit } from './reads.js';
import { broadcastAppend, maybeCommit, maybeSendAppend } from './replication.js';
import {
  equivalentConfStates,
  formatConfiguration,
  isJoint,
  toConfState,
} from './tracker/configuration.js';
import { becomeFollower } from './transitions.js';
import { type ConfState, type Entry, formatNodeId, NO_NODE, RaftState } from './types.js';

/**
 * Switches to the configuration after `change`, which has just been applied; returns it in its
 * persisted form. Throws {@link ConfChangeError} (and changes nothing) if it does not fit.
 */
export function applyConfChange(core: RaftCore, change: ConfChangeV2): ConfState {
  // An entry handed out before a snapshot came, applied only now: the configuration here is the
  // snapshot's already, which is newer.
  if (core.log.unstable.snapshot !== undefined) return toConfState(core.tracker.configuration);
  return switchTo(core, changeMembership(core.tracker, change, changerOptions(core)));
}

/** Switches to the configuration of a snapshot. */
export function restoreConfState(core: RaftCore, state: ConfState): void {
  const restored = switchTo(core, restoreMembership(state, changerOptions(core)));
  if (!equivalentConfStates(state, restored)) {
    throw new RaftInvariantError("the snapshot's configuration is inconsistent");
  }
}

function changerOptions(core: RaftCore) {
  return { lastIndex: core.log.lastIndex(), limits: core.tracker.limits };
}

function switchTo(core: RaftCore, { configuration, progress }: Membership): ConfState {
  core.tracker.switchTo(configuration, progress);
  core.logger.info('switched to configuration', {
    id: formatNodeId(core.id),
    configuration: formatConfiguration(configuration),
  });
  const confState = toConfState(configuration);
  if (core.state !== RaftState.leader) return confState;

  const own = core.tracker.get(core.id);
  if (own === undefined || own.isLearner) {
    // A leader that was removed goes on until it is succeeded (Raft paper §6), or steps down.
    if (core.options.stepDownOnRemoval) becomeFollower(core, core.term, NO_NODE);
    return confState;
  }
  if (confState.voters.length > 0) adjustLeader(core);
  return confState;
}

/** A smaller quorum may have committed more and confirmed more; new nodes have to hear of it. */
function adjustLeader(core: RaftCore): void {
  if (maybeCommit(core)) {
    releaseReadsAfterCommit(core);
    broadcastAppend(core);
  } else {
    for (const progress of core.tracker.ordered) {
      if (progress.id !== core.id) maybeSendAppend(core, progress, false);
    }
  }
  releaseConfirmedReads(core);
  const voters = jointIds(core.tracker.voters);
  if (core.leadTransferee !== NO_NODE && !voters.includes(core.leadTransferee)) {
    core.leadTransferee = NO_NODE;
  }
}

/**
 * Why the leader must not append this entry, a configuration change, or undefined if it may (or is
 * none). A change that passes fits when it is applied: only one may be unapplied at a time, and it
 * is tried against the configuration here. One that does not fit would stop every member.
 */
export function confChangeRefusal(core: RaftCore, entry: Entry): string | undefined {
  let change: ConfChangeV2;
  try {
    const decoded = confChangeOfEntry(entry);
    if (decoded === undefined) return undefined;
    change = toConfChangeV2(decoded);
  } catch (error) {
    if (error instanceof ConfChangeDecodeError) return error.message;
    throw error;
  }
  if (core.options.disableConfChangeValidation) return undefined;
  if (core.pendingConfIndex > core.log.applied) {
    return `possible unapplied conf change at index ${core.pendingConfIndex}`;
  }
  const joint = isJoint(core.tracker.configuration);
  if (joint && !leavesJoint(change)) return 'must transition out of joint config first';
  if (!joint && change.changes.length === 0) {
    return 'not in joint state; refusing empty conf change';
  }
  if (change.changes.some(({ nodeId }) => isLocalTarget(nodeId))) return 'reserved node id';
  try {
    changeMembership(core.tracker, change, changerOptions(core));
    return undefined;
  } catch (error) {
    if (error instanceof ConfChangeError) return error.message;
    throw error;
  }
}

import type { RaftCore } from './core.js';
import { ProposalDroppedError } from './errors.js';
import { confChangeRefusal } from './membership.js';
import { handleReadIndex, releaseConfirmedReads, releaseReadsAfterCommit } from './reads.js';
import {
  broadcastAppend,
  broadcastHeartbeat,
  maybeCommit,
  maybeSendAppend,
  sendAppend,
} from './replication.js';
import { type Progress, ProgressState } from './tracker/progress.js';
import { appendEntries, becomeFollower } from './transitions.js';
import {
  EMPTY_BYTES,
  type Entry,
  EntryType,
  formatNodeId,
  type Message,
  MessageType,
  NO_NODE,
} from './types.js';

/** What a leader does with a message. Throws {@link ProposalDroppedError}. */
export function stepLeader(core: RaftCore, message: Message): void {
  switch (message.type) {
    case MessageType.beat:
      broadcastHeartbeat(core);
      return;
    case MessageType.checkQuorum:
      checkQuorum(core);
      return;
    case MessageType.propose:
      propose(core, message.entries);
      return;
    case MessageType.readIndex:
      handleReadIndex(core, message);
      return;
  }
  const progress = core.tracker.get(message.from);
  if (progress === undefined) {
    core.logger.debug('no progress available', { from: formatNodeId(message.from) });
    return;
  }
  switch (message.type) {
    case MessageType.appendResponse:
      handleAppendResponse(core, progress, message);
      break;
    case MessageType.heartbeatResponse:
      handleHeartbeatResponse(core, progress, message);
      break;
    case MessageType.snapshotStatus:
      handleSnapshotStatus(core, progress, message.reject);
      break;
    case MessageType.unreachable:
      // Appends sent ahead are probably lost: find out what arrived.
      if (progress.state === ProgressState.replicate) progress.becomeProbe();
      core.logger.debug('follower is unreachable', { id: formatNodeId(progress.id) });
      break;
    case MessageType.transferLeader:
      transferLeader(core, progress);
      break;
  }
}

function checkQuorum(core: RaftCore): void {
  if (!core.tracker.quorumActive()) {
    core.logger.warn('stepped down: quorum is not active', { id: formatNodeId(core.id) });
    becomeFollower(core, core.term, NO_NODE);
  }
  for (const progress of core.tracker.ordered) {
    if (progress.id !== core.id) progress.recentActive = false;
  }
}

function propose(core: RaftCore, proposed: readonly Entry[]): void {
  if (proposed.length === 0) throw new ProposalDroppedError('invalid');
  // Removed from the configuration while leading: it must not take part any more.
  if (core.tracker.get(core.id) === undefined) throw new ProposalDroppedError('not-a-member');
  if (core.leadTransferee !== NO_NODE) throw new ProposalDroppedError('leader-transferring');
  if (proposed.some(({ type }) => type < EntryType.normal || type > EntryType.confChangeV2)) {
    throw new ProposalDroppedError('invalid');
  }
  const pendingConfIndex = core.pendingConfIndex;
  if (!appendEntries(core, admitConfChanges(core, proposed))) {
    core.pendingConfIndex = pendingConfIndex;
    core.logger.warn('proposal dropped: too much uncommitted data', { id: formatNodeId(core.id) });
    throw new ProposalDroppedError('uncommitted-size-limit');
  }
  broadcastAppend(core);
}

/** The proposal with refused configuration changes replaced by entries without effect. */
function admitConfChanges(core: RaftCore, proposed: readonly Entry[]): readonly Entry[] {
  if (proposed.every(({ type }) => type === EntryType.normal)) return proposed;
  return proposed.map((entry, position) => {
    if (entry.type === EntryType.normal) return entry;
    const refusal = confChangeRefusal(core, entry);
    if (refusal === undefined) {
      core.pendingConfIndex = core.log.lastIndex() + position + 1;
      return entry;
    }
    core.logger.info('ignoring configuration change', { id: formatNodeId(core.id), refusal });
    return { type: EntryType.normal, term: 0, index: 0, data: EMPTY_BYTES };
  });
}

function handleAppendResponse(core: RaftCore, progress: Progress, response: Message): void {
  progress.recentActive = true;
  if (response.reject) {
    handleAppendRejection(core, progress, response);
    return;
  }
  const { index } = response;
  if (index > core.log.lastIndex()) {
    core.logger.warn('ack beyond the log ignored', { from: formatNodeId(progress.id), index });
    return;
  }
  // An ack of what is known already still ends a probe: the follower is there and matches.
  const endsProbe = progress.state === ProgressState.probe && progress.match === index;
  if (!progress.maybeUpdate(index) && !endsProbe) return;
  resumeReplication(core, progress, index);

  const isSelf = progress.id === core.id;
  if (maybeCommit(core)) {
    releaseReadsAfterCommit(core);
    broadcastAppend(core);
  } else if (!isSelf && progress.canBumpCommit(core.log.committed)) {
    // It may have been behind when the commit index was last told to all.
    sendAppend(core, progress);
  }
  if (isSelf) return;
  // The window has room again: fill it. Ends, as every message takes some of the window or log.
  while (maybeSendAppend(core, progress, false)) {}
  if (progress.id === core.leadTransferee && progress.match === core.log.lastIndex()) {
    sendTimeoutNow(core, progress);
  }
}

/** Moves the progress on after an ack of `index`. */
function resumeReplication(core: RaftCore, progress: Progress, index: number): void {
  if (progress.state === ProgressState.probe) {
    progress.becomeReplicate();
  } else if (progress.state === ProgressState.replicate) {
    progress.inflights.freeUpTo(index);
  } else if (progress.match + 1 >= core.log.firstIndex()) {
    // It reaches this log again, with this snapshot or by other means.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
}

/**
 * The follower's log does not match after `index`; it hints at where it may. Both sides skip all
 * entries whose terms cannot agree, so one or two rounds per differing term find the place.
 */
function handleAppendRejection(core: RaftCore, progress: Progress, response: Message): void {
  const { index, logTerm, rejectHint } = response;
  const nextProbe =
    logTerm > 0 ? core.log.findConflictByTerm(rejectHint, logTerm).index : rejectHint;
  if (!progress.maybeDecreaseTo(index, nextProbe)) return;
  core.logger.debug('append rejected', {
    from: formatNodeId(progress.id),
    index,
    rejectHint,
    next: progress.next,
  });
  if (progress.state === ProgressState.replicate) progress.becomeProbe();
  sendAppend(core, progress);
}

function handleHeartbeatResponse(core: RaftCore, progress: Progress, response: Message): void {
  progress.recentActive = true;
  progress.appendPaused = false;
  // A probing follower gets an append even if nothing is missing: its answer ends the probe.
  if (progress.match < core.log.lastIndex() || progress.state === ProgressState.probe) {
    sendAppend(core, progress);
  }
  core.readOnly.acknowledge(progress.id, response.context);
  releaseConfirmedReads(core);
}

function handleSnapshotStatus(core: RaftCore, progress: Progress, failed: boolean): void {
  if (progress.state !== ProgressState.snapshot) return;
  if (failed) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  core.logger.debug('snapshot done', { id: formatNodeId(progress.id), failed });
  // Delivered: wait for its ack before the next append. Failed: wait for a heartbeat answer.
  progress.appendPaused = true;
}

/** Hands the leadership over once the target has the whole log (Raft thesis §3.10). */
function transferLeader(core: RaftCore, target: Progress): void {
  const to = formatNodeId(target.id);
  if (target.isLearner) {
    core.logger.debug('no transfer to a learner', { to });
    return;
  }
  if (core.leadTransferee === target.id) {
    core.logger.info('transfer is in progress already', { to });
    return;
  }
  core.leadTransferee = NO_NODE;
  if (target.id === core.id) {
    core.logger.debug('no transfer to itself', { to });
    return;
  }
  core.logger.info('starts to transfer leadership', { to, term: core.term });
  // It has one election timeout; then this leader goes on.
  core.electionElapsed = 0;
  core.leadTransferee = target.id;
  if (target.match === core.log.lastIndex()) sendTimeoutNow(core, target);
  else sendAppend(core, target);
}

function sendTimeoutNow(core: RaftCore, target: Progress): void {
  core.logger.info('sends timeout-now', { to: formatNodeId(target.id), term: core.term });
  core.leaseBroken = true;
  core.send({ type: MessageType.timeoutNow, to: target.id });
}

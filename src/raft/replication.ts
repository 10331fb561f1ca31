import type { RaftCore } from './core.js';
import { payloadsSizeBytes } from './entry-size.js';
import { confStateIncludes } from './tracker/configuration.js';
import { type Progress, ProgressState } from './tracker/progress.js';
import { type Entry, formatNodeId, isEmptySnapshot, MessageType } from './types.js';

/** What a leader sends: appends, snapshots, heartbeats (Raft paper §5.3, §7). */

const NO_ENTRIES: readonly Entry[] = [];

/** Sends the next entries and the commit index, unless the follower is paused. */
export function sendAppend(core: RaftCore, progress: Progress): void {
  maybeSendAppend(core, progress, true);
}

/**
 * Sends an append with the next entries, or a snapshot if these are compacted; true if something
 * was sent. `sendIfEmpty`: also if there is only a commit index to tell.
 */
export function maybeSendAppend(core: RaftCore, progress: Progress, sendIfEmpty: boolean): boolean {
  if (progress.isPaused) return false;
  const previousIndex = progress.next - 1;
  const previousTerm = core.log.term(previousIndex);
  if (previousTerm === undefined) return maybeSendSnapshot(core, progress);

  // With a full window only an empty append goes: if all before it were lost, its refusal is what
  // restarts the flow.
  const full = progress.state === ProgressState.replicate && progress.inflights.full;
  const entries = full
    ? NO_ENTRIES
    : core.log.entriesFrom(progress.next, core.options.maxMessageSizeBytes);
  if (!sendIfEmpty && (entries === undefined || entries.length === 0)) return false;
  if (entries === undefined) return maybeSendSnapshot(core, progress);

  const commit = core.log.committed;
  core.send({
    type: MessageType.append,
    to: progress.id,
    index: previousIndex,
    logTerm: previousTerm,
    entries,
    commit,
  });
  progress.sentEntries(entries.length, payloadsSizeBytes(entries));
  progress.sentCommit(commit);
  return true;
}

function maybeSendSnapshot(core: RaftCore, progress: Progress): boolean {
  const to = formatNodeId(progress.id);
  if (!progress.recentActive) {
    core.logger.debug('no snapshot for a follower that is not active', { to });
    return false;
  }
  const snapshot = core.log.snapshot();
  if (snapshot === undefined || isEmptySnapshot(snapshot)) {
    core.logger.debug('snapshot is not available now', { to });
    return false;
  }
  const { index, term, confState } = snapshot.metadata;
  if (!confStateIncludes(confState, progress.id)) {
    // It would be refused, again and again: wait for one taken after the follower joined.
    core.logger.info('snapshot is too old to know the follower', { to, index });
    return false;
  }
  progress.becomeSnapshot(index);
  core.logger.info('sending snapshot', { to, index, term, next: progress.next });
  core.send({ type: MessageType.snapshot, to: progress.id, snapshot });
  return true;
}

/** Sends appends to every follower that is not paused. */
export function broadcastAppend(core: RaftCore): void {
  for (const progress of core.tracker.ordered) {
    if (progress.id !== core.id) sendAppend(core, progress);
  }
}

/** Sends a heartbeat to every follower, with the number of the newest waiting read. */
export function broadcastHeartbeat(core: RaftCore): void {
  const context = core.readOnly.heartbeatContext();
  for (const progress of core.tracker.ordered) {
    if (progress.id === core.id) continue;
    // A follower must not commit beyond what is known to match: its log may end there.
    const commit = Math.min(progress.match, core.log.committed);
    core.send({ type: MessageType.heartbeat, to: progress.id, commit, context });
    progress.sentCommit(commit);
  }
}

/** Commits what a quorum has, if it is of this term; true if that is more than before. */
export function maybeCommit(core: RaftCore): boolean {
  return core.log.maybeCommit(core.tracker.committedIndex(), core.term);
}

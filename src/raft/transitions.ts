import type { RaftCore } from './core.js';
import { payloadsSizeBytes } from './entry-size.js';
import { RaftInvariantError } from './errors.js';
import { ReadOnlyQueue } from './read-only.js';
import {
  EMPTY_BYTES,
  type Entry,
  EntryType,
  formatNodeId,
  MessageType,
  NO_NODE,
  type NodeId,
  RaftState,
} from './types.js';

/** The changes of role (Raft paper, figure 4), and what a leader appends to its own log. */

function reset(core: RaftCore, term: number): void {
  if (core.term !== term) {
    core.term = term;
    core.vote = NO_NODE;
  }
  core.leader = NO_NODE;
  core.electionElapsed = 0;
  core.heartbeatElapsed = 0;
  core.resetRandomizedElectionTicks();
  core.leadTransferee = NO_NODE;
  core.leaseBroken = false;
  core.pendingConfIndex = 0;
  core.uncommittedBytes = 0;
  core.readOnly = new ReadOnlyQueue();
  core.readsBeforeFirstCommit = [];
  const lastIndex = core.log.lastIndex();
  core.tracker.reset((progress) =>
    progress.fresh(progress.id === core.id ? lastIndex : 0, lastIndex + 1, core.tracker.limits),
  );
}

/** Follows `leader` (or nobody yet) in `term`. */
export function becomeFollower(core: RaftCore, term: number, leader: NodeId): void {
  reset(core, term);
  core.leader = leader;
  core.state = RaftState.follower;
  core.logger.info('became follower', { id: formatNodeId(core.id), term });
}

/** Asks whether an election could be won; neither term nor vote change. */
export function becomePreCandidate(core: RaftCore): void {
  if (core.state === RaftState.leader) throw new RaftInvariantError('leader to pre-candidate');
  core.tracker.resetVotes();
  core.leader = NO_NODE;
  core.state = RaftState.preCandidate;
  core.logger.info('became pre-candidate', { id: formatNodeId(core.id), term: core.term });
}

/** Starts the next term with a vote for itself. */
export function becomeCandidate(core: RaftCore): void {
  if (core.state === RaftState.leader) throw new RaftInvariantError('leader to candidate');
  reset(core, core.term + 1);
  core.vote = core.id;
  core.state = RaftState.candidate;
  core.logger.info('became candidate', { id: formatNodeId(core.id), term: core.term });
}

/** Leads the term, and appends the entry whose commit makes all earlier ones committed (§5.4.2). */
export function becomeLeader(core: RaftCore): void {
  if (core.state === RaftState.follower) throw new RaftInvariantError('follower to leader');
  reset(core, core.term);
  core.leader = core.id;
  core.state = RaftState.leader;
  const progress = core.tracker.get(core.id);
  if (progress !== undefined) {
    progress.becomeReplicate();
    progress.recentActive = true;
  }
  // There may be an unapplied change anywhere in the log: no new one until all of it is applied.
  core.pendingConfIndex = core.log.lastIndex();
  appendEntries(core, [{ type: EntryType.normal, term: 0, index: 0, data: EMPTY_BYTES }]);
  core.logger.info('became leader', { id: formatNodeId(core.id), term: core.term });
}

/**
 * Appends entries to the leader's log, with its term and the next indexes; false (and nothing
 * appended) if that would exceed the limit of uncommitted data. The first such batch always
 * passes, and so do entries without data.
 */
export function appendEntries(core: RaftCore, entries: readonly Entry[]): boolean {
  const sizeBytes = payloadsSizeBytes(entries);
  const total = core.uncommittedBytes + sizeBytes;
  const exceeds = total > core.options.maxUncommittedSizeBytes;
  if (exceeds && core.uncommittedBytes > 0 && sizeBytes > 0) return false;
  core.uncommittedBytes = total;

  const { term } = core;
  let index = core.log.lastIndex();
  const appended: Entry[] = [];
  for (const { type, data } of entries) appended.push({ type, term, index: ++index, data });
  core.log.append(appended);
  // The leader's own ack: it is delivered once these entries are stable here.
  core.send({ type: MessageType.appendResponse, to: core.id, index });
  return true;
}

/** Notes that committed entries with this much data were applied. */
export function reduceUncommittedBytes(core: RaftCore, sizeBytes: number): void {
  core.uncommittedBytes = Math.max(core.uncommittedBytes - sizeBytes, 0);
}

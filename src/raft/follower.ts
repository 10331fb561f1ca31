import type { RaftCore } from './core.js';
import { Campaign, handleVoteResponse, startElection } from './election.js';
import { ProposalDroppedError } from './errors.js';
import { restoreConfState } from './membership.js';
import { ReadOnlyOption } from './options.js';
import { confStateIncludes } from './tracker/configuration.js';
import { becomeFollower } from './transitions.js';
import {
  EMPTY_SNAPSHOT,
  formatNodeId,
  type Message,
  MessageType,
  NO_NODE,
  RaftState,
  type Snapshot,
} from './types.js';

/** What a candidate or pre-candidate does with a message. Throws {@link ProposalDroppedError}. */
export function stepCandidate(core: RaftCore, message: Message): void {
  switch (message.type) {
    case MessageType.propose:
      throw new ProposalDroppedError('no-leader');
    case MessageType.append:
    case MessageType.heartbeat:
    case MessageType.snapshot:
      // Someone else won this term.
      becomeFollower(core, message.term, message.from);
      handleFromLeader(core, message);
      break;
    case MessageType.voteResponse:
    case MessageType.preVoteResponse:
      handleVoteResponse(core, message);
      break;
  }
}

/** What a follower does with a message. Throws {@link ProposalDroppedError}. */
export function stepFollower(core: RaftCore, message: Message): void {
  switch (message.type) {
    case MessageType.propose:
      forwardProposal(core, message);
      break;
    case MessageType.append:
    case MessageType.heartbeat:
    case MessageType.snapshot:
      core.electionElapsed = 0;
      core.leader = message.from;
      handleFromLeader(core, message);
      break;
    case MessageType.transferLeader:
    case MessageType.readIndex:
      forwardToLeader(core, message);
      break;
    case MessageType.forgetLeader:
      forgetLeader(core);
      break;
    case MessageType.timeoutNow:
      startElection(core, Campaign.transfer);
      break;
    case MessageType.readIndexResponse:
      handleReadIndexResponse(core, message);
      break;
  }
}

function forwardProposal(core: RaftCore, message: Message): void {
  if (core.leader === NO_NODE) throw new ProposalDroppedError('no-leader');
  if (core.options.disableProposalForwarding) {
    throw new ProposalDroppedError('forwarding-disabled');
  }
  forwardToLeader(core, message);
}

function forwardToLeader(core: RaftCore, message: Message): void {
  if (core.leader === NO_NODE) {
    core.logger.info('no leader; message dropped', { term: core.term, type: message.type });
    return;
  }
  const from = message.from === NO_NODE ? core.id : message.from;
  core.send({ ...message, to: core.leader, from });
}

/** Lets this member vote at once without giving up its term: for a leader known to be dead. */
function forgetLeader(core: RaftCore): void {
  if (core.options.readOnlyOption === ReadOnlyOption.leaseBased) {
    // The leader trusts the lease that this would break.
    core.logger.error('leader is not forgotten: reads are lease-based');
    return;
  }
  if (core.leader === NO_NODE) return;
  core.logger.info('forgetting leader', { leader: formatNodeId(core.leader), term: core.term });
  core.leader = NO_NODE;
}

function handleReadIndexResponse(core: RaftCore, message: Message): void {
  const [request] = message.entries;
  if (request === undefined || message.entries.length !== 1) {
    core.logger.error('read answer without its one entry', { from: formatNodeId(message.from) });
    return;
  }
  core.readStates.push({ index: message.index, requestContext: request.data });
}

function handleFromLeader(core: RaftCore, message: Message): void {
  if (message.type === MessageType.append) handleAppend(core, message);
  else if (message.type === MessageType.heartbeat) handleHeartbeat(core, message);
  else handleSnapshot(core, message);
}

/** True if the entries follow each other and the position they are to stand after. */
function isConsistent({ entries, index, logTerm, term }: Message): boolean {
  let previousIndex = index;
  let previousTerm = logTerm;
  for (const entry of entries) {
    if (entry.index !== previousIndex + 1 || entry.term < previousTerm) return false;
    previousIndex = entry.index;
    previousTerm = entry.term;
  }
  return previousTerm <= term;
}

/** The receiver's side of AppendEntries (Raft paper, figure 2). */
function handleAppend(core: RaftCore, message: Message): void {
  const { from, index, logTerm, entries, commit } = message;
  const { log } = core;
  if (!isConsistent(message)) {
    core.logger.error('inconsistent append ignored', { from: formatNodeId(from), index });
    return;
  }
  if (index < log.committed) {
    // What is committed matches already.
    core.send({ type: MessageType.appendResponse, to: from, index: log.committed });
    return;
  }
  const matched = log.maybeAppend({ term: logTerm, index }, entries, commit);
  if (matched !== undefined) {
    core.send({ type: MessageType.appendResponse, to: from, index: matched });
    return;
  }
  // Nothing after the hint can match: beyond the end there is nothing, and entries of later terms
  // than the leader's at this position are not its. The leader does the same with our term there.
  const hint = log.findConflictByTerm(Math.min(index, log.lastIndex()), logTerm);
  core.send({
    type: MessageType.appendResponse,
    to: from,
    index,
    reject: true,
    rejectHint: hint.index,
    logTerm: hint.term,
  });
}

function handleHeartbeat(core: RaftCore, { from, commit, context }: Message): void {
  core.log.commitTo(commit);
  core.send({ type: MessageType.heartbeatResponse, to: from, context });
}

function handleSnapshot(core: RaftCore, message: Message): void {
  const snapshot = message.snapshot ?? EMPTY_SNAPSHOT;
  const { index, term } = snapshot.metadata;
  const restored = restore(core, snapshot);
  core.logger.info(restored ? 'restored snapshot' : 'ignored snapshot', { index, term });
  core.send({
    type: MessageType.appendResponse,
    to: message.from,
    index: restored ? core.log.lastIndex() : core.log.committed,
  });
}

/** Takes the snapshot in place of the log; false if it is of no use here (Raft paper §7). */
function restore(core: RaftCore, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.metadata;
  const { log } = core;
  if (index <= log.committed || core.state !== RaftState.follower) return false;
  if (!confStateIncludes(confState, core.id)) {
    core.logger.warn('snapshot of a configuration without this member', { index });
    return false;
  }
  if (log.matchesTerm(index, term)) {
    // The log has all of it already: only the commit index is news.
    log.commitTo(index);
    return false;
  }
  log.restore(snapshot);
  restoreConfState(core, confState);
  return true;
}

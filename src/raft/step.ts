import type { RaftCore } from './core.js';
import { Campaign, handleVoteRequest, isTransferVote, startElection } from './election.js';
import { entriesSizeBytes, payloadsSizeBytes } from './entry-size.js';
import { ProposalDroppedError } from './errors.js';
import { stepCandidate, stepFollower } from './follower.js';
import { stepLeader } from './leader.js';
import { createMessage } from './messages.js';
import { becomeFollower, reduceUncommittedBytes } from './transitions.js';
import {
  EMPTY_BYTES,
  EntryType,
  formatNodeId,
  type Message,
  MessageType,
  NO_NODE,
  RaftState,
} from './types.js';

/** Where everything enters: messages and ticks. */

/** Takes one message. Throws {@link ProposalDroppedError} for a proposal that is not taken. */
export function step(core: RaftCore, message: Message): void {
  // Term 0: exempt from the term rules, being local or forwarded as if local.
  if (message.term > core.term) {
    if (!takeHigherTerm(core, message)) return;
  } else if (message.term < core.term && message.term !== 0) {
    handleLowerTerm(core, message);
    return;
  }
  switch (message.type) {
    case MessageType.hup:
      startElection(core, core.options.preVote ? Campaign.preElection : Campaign.election);
      break;
    case MessageType.storageAppendResponse:
      if (message.index !== 0) {
        core.log.unstable.stableTo({ term: message.logTerm, index: message.index });
      }
      snapshotApplied(core, message);
      break;
    case MessageType.storageApplyResponse:
      entriesApplied(core, message);
      break;
    case MessageType.vote:
    case MessageType.preVote:
      handleVoteRequest(core, message);
      break;
    default:
      if (core.state === RaftState.leader) stepLeader(core, message);
      else if (core.state === RaftState.follower) stepFollower(core, message);
      else stepCandidate(core, message);
  }
}

/** Follows a higher term, where the message calls for it; false if the message is to be ignored. */
function takeHigherTerm(core: RaftCore, message: Message): boolean {
  const { type } = message;
  if (type === MessageType.vote || type === MessageType.preVote) {
    const inLease =
      core.options.checkQuorum &&
      core.leader !== NO_NODE &&
      core.electionElapsed < core.options.electionTicks;
    if (inLease && !isTransferVote(message)) {
      // A member that was cut off must not disturb a working leader (Raft paper §6).
      core.logger.info('ignored vote request: lease is not expired', {
        candidate: formatNodeId(message.from),
        remainingTicks: core.options.electionTicks - core.electionElapsed,
      });
      return false;
    }
  }
  // A pre-vote never changes the term; a granted one carries the term that was asked for.
  if (type === MessageType.preVote) return true;
  if (type === MessageType.preVoteResponse && !message.reject) return true;
  core.logger.info('received a message with higher term', {
    from: formatNodeId(message.from),
    type,
    term: message.term,
    ownTerm: core.term,
  });
  const fromLeader =
    type === MessageType.append || type === MessageType.heartbeat || type === MessageType.snapshot;
  becomeFollower(core, message.term, fromLeader ? message.from : NO_NODE);
  return true;
}

function handleLowerTerm(core: RaftCore, message: Message): void {
  const { type, from } = message;
  const isFromLeader = type === MessageType.append || type === MessageType.heartbeat;
  const { checkQuorum, preVote } = core.options;
  if (isFromLeader && (checkQuorum || preVote || !core.promotable)) {
    // Either a late message, or from a leader that does not know the term. A vote request would
    // tell it, but those are ignored while its lease lasts, and a learner never sends one.
    core.send({ type: MessageType.appendResponse, to: from });
  } else if (type === MessageType.preVote) {
    // Else two members with different terms could wait for each other for ever.
    core.send({ type: MessageType.preVoteResponse, to: from, term: core.term, reject: true });
  } else if (type === MessageType.storageAppendResponse) {
    // The entries may be overwritten by a write of the new term that is still on its way; a
    // snapshot holds committed entries only, so it is done whatever the term.
    snapshotApplied(core, message);
  } else {
    core.logger.debug('ignored a message with lower term', {
      from: formatNodeId(from),
      type,
      term: message.term,
      ownTerm: core.term,
    });
  }
}

function snapshotApplied(core: RaftCore, { snapshot }: Message): void {
  if (snapshot === undefined) return;
  core.log.unstable.stableSnapshotTo(snapshot.metadata.index);
  appliedTo(core, snapshot.metadata.index, 0);
}

function entriesApplied(core: RaftCore, { entries }: Message): void {
  const last = entries[entries.length - 1];
  if (last === undefined) return;
  appliedTo(core, last.index, entriesSizeBytes(entries));
  reduceUncommittedBytes(core, payloadsSizeBytes(entries));
}

/** Notes what is applied; a joint configuration that is to be left by itself is left here. */
function appliedTo(core: RaftCore, index: number, sizeBytes: number): void {
  core.log.appliedTo(Math.max(index, core.log.applied), sizeBytes);
  const { autoLeave } = core.tracker.configuration;
  const due = autoLeave && core.log.applied >= core.pendingConfIndex;
  if (!due || core.state !== RaftState.leader) return;
  try {
    // Without data: this is the empty change, and no size limit can refuse it.
    const leave = { type: EntryType.confChangeV2, term: 0, index: 0, data: EMPTY_BYTES };
    step(core, createMessage({ type: MessageType.propose, entries: [leave] }));
    core.logger.info('leaving the joint configuration');
  } catch (error) {
    // A leadership transfer holds it up: the next leader, or this one later, does it.
    if (!(error instanceof ProposalDroppedError)) throw error;
    core.logger.debug('not leaving the joint configuration yet', { reason: error.reason });
  }
}

/** One tick of the clock. */
export function tick(core: RaftCore): void {
  if (core.state === RaftState.leader) tickLeader(core);
  else tickElection(core);
}

function tickElection(core: RaftCore): void {
  core.electionElapsed++;
  if (!core.promotable || core.electionElapsed < core.randomizedElectionTicks) return;
  core.electionElapsed = 0;
  step(core, createMessage({ type: MessageType.hup, from: core.id }));
}

function tickLeader(core: RaftCore): void {
  core.heartbeatElapsed++;
  core.electionElapsed++;
  if (core.electionElapsed >= core.options.electionTicks) {
    core.electionElapsed = 0;
    if (core.options.checkQuorum) {
      step(core, createMessage({ type: MessageType.checkQuorum, from: core.id }));
    }
    // The transfer did not succeed in time: take proposals again.
    core.leadTransferee = NO_NODE;
  }
  // The quorum check may have ended the leadership.
  if (core.state === RaftState.leader && core.heartbeatElapsed >= core.options.heartbeatTicks) {
    core.heartbeatElapsed = 0;
    step(core, createMessage({ type: MessageType.beat, from: core.id }));
  }
}

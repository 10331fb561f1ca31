import type { RaftCore } from './core.js';
import { RaftInvariantError } from './errors.js';
import { voteResponseType } from './messages.js';
import { jointIds } from './quorum/joint.js';
import { VoteResult } from './quorum/majority.js';
import { broadcastAppend } from './replication.js';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
} from './transitions.js';
import { EntryType, formatNodeId, type Message, MessageType, NO_NODE, RaftState } from './types.js';

/** Elections (Raft paper §5.2, §5.4.1; pre-vote: Raft thesis §9.6). */

/** Why a member campaigns. */
export const Campaign = {
  /** To find out whether an election could be won. */
  preElection: 'CampaignPreElection',
  election: 'CampaignElection',
  /** Because the leader asked it to: voters do not wait for their lease to run out. */
  transfer: 'CampaignTransfer',
} as const;
export type Campaign = (typeof Campaign)[keyof typeof Campaign];

/** The context of votes in a leadership transfer (formats.md §1.3). */
const TRANSFER_CONTEXT = new TextEncoder().encode(Campaign.transfer);

/** True if the vote is asked for on the leader's own wish. */
export function isTransferVote({ context }: Message): boolean {
  return (
    context.length === TRANSFER_CONTEXT.length &&
    TRANSFER_CONTEXT.every((byte, position) => context[position] === byte)
  );
}

/** Starts an election, if this member may lead and knows the present configuration. */
export function startElection(core: RaftCore, campaign: Campaign): void {
  const id = formatNodeId(core.id);
  if (core.state === RaftState.leader) {
    core.logger.debug('no election: already leader', { id });
  } else if (!core.promotable) {
    core.logger.warn('no election: unpromotable', { id });
  } else if (hasUnappliedConfChange(core)) {
    core.logger.warn('no election: a configuration change is not applied yet', { id });
  } else {
    core.logger.info('starting an election', { id, term: core.term, campaign });
    runCampaign(core, campaign);
  }
}

/** Looks through the committed entries that are not applied, page by page. */
function hasUnappliedConfChange(core: RaftCore): boolean {
  const { log } = core;
  let low = log.applied + 1;
  while (low <= log.committed) {
    const page = log.slice(low, log.committed + 1, log.maxApplyingBytes);
    if (page === undefined || page.length === 0) {
      throw new RaftInvariantError(`unapplied entry ${low} is not in the log`);
    }
    if (page.some(({ type }) => type !== EntryType.normal)) return true;
    low += page.length;
  }
  return false;
}

function runCampaign(core: RaftCore, campaign: Campaign): void {
  const isPreElection = campaign === Campaign.preElection;
  if (isPreElection) becomePreCandidate(core);
  else becomeCandidate(core);
  const type = isPreElection ? MessageType.preVote : MessageType.vote;
  const term = isPreElection ? core.term + 1 : core.term;
  const last = core.log.lastEntryId();
  const context = campaign === Campaign.transfer ? TRANSFER_CONTEXT : undefined;
  for (const to of jointIds(core.tracker.voters)) {
    if (to === core.id) {
      // Its own vote counts once it is stable, like any other.
      core.send({ type: voteResponseType(type), to, term });
    } else {
      core.send({ type, to, term, index: last.index, logTerm: last.term, context });
    }
  }
}

/** Answers a vote or pre-vote request of this or a later term. */
export function handleVoteRequest(core: RaftCore, request: Message): void {
  const isPreVote = request.type === MessageType.preVote;
  const canVote =
    core.vote === request.from ||
    (core.vote === NO_NODE && core.leader === NO_NODE) ||
    (isPreVote && request.term > core.term);
  // A learner votes too: it may have become a voter in an entry it has not seen yet.
  const last = { term: request.logTerm, index: request.index };
  const granted = canVote && core.log.isUpToDate(last);
  core.logger.info(granted ? 'cast vote' : 'rejected vote', {
    id: formatNodeId(core.id),
    candidate: formatNodeId(request.from),
    isPreVote,
    term: request.term,
    ownTerm: core.term,
    ownVote: formatNodeId(core.vote),
  });
  const type = voteResponseType(request.type);
  if (!granted) {
    core.send({ type, to: request.from, term: core.term, reject: true });
    return;
  }
  // With the term of the request: a pre-candidate would ignore an answer of its own old term.
  core.send({ type, to: request.from, term: request.term });
  if (!isPreVote) {
    core.electionElapsed = 0;
    core.vote = request.from;
  }
}

/** Counts an answer to this member's own campaign. */
export function handleVoteResponse(core: RaftCore, response: Message): void {
  const isPreElection = core.state === RaftState.preCandidate;
  const expected = isPreElection ? MessageType.preVoteResponse : MessageType.voteResponse;
  if (response.type !== expected) return;
  core.tracker.recordVote(response.from, !response.reject);
  const { granted, rejected, result } = core.tracker.tallyVotes();
  core.logger.info('received vote', {
    id: formatNodeId(core.id),
    from: formatNodeId(response.from),
    granted,
    rejected,
    isPreElection,
  });
  if (result === VoteResult.lost) {
    // After a pre-vote with a higher term this is not reached: that message made it a follower.
    becomeFollower(core, core.term, NO_NODE);
  } else if (result === VoteResult.won) {
    if (isPreElection) {
      runCampaign(core, Campaign.election);
    } else {
      becomeLeader(core);
      broadcastAppend(core);
    }
  }
}

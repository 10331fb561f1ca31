import type { RaftCore } from './core.js';
import { ReadOnlyOption } from './options.js';
import { broadcastHeartbeat } from './replication.js';
import { EMPTY_BYTES, formatNodeId, type Message, MessageType, NO_NODE } from './types.js';

/** Linearizable reads on the leader (Raft thesis §6.4). */

/**
 * Takes a read, the leader's own or a follower's. It is answered with the present commit index as
 * soon as it is certain that no other member has committed more: the leadership has to be
 * confirmed, and an entry of this term committed.
 */
export function handleReadIndex(core: RaftCore, request: Message): void {
  if (request.entries.length !== 1) {
    core.logger.debug('read without its one entry ignored', { from: formatNodeId(request.from) });
    return;
  }
  if (core.committedInTerm) {
    startRead(core, request);
  } else if (core.readsBeforeFirstCommit.length < core.options.maxPendingReads) {
    core.readsBeforeFirstCommit.push(request);
  } else {
    core.logger.debug('read dropped: too many are waiting for the first commit of the term');
  }
}

/** Starts the reads that waited for the first commit of the term. */
export function releaseReadsAfterCommit(core: RaftCore): void {
  if (core.readsBeforeFirstCommit.length === 0 || !core.committedInTerm) return;
  const requests = core.readsBeforeFirstCommit;
  core.readsBeforeFirstCommit = [];
  for (const request of requests) startRead(core, request);
}

/** Answers the reads that a quorum has confirmed by now. */
export function releaseConfirmedReads(core: RaftCore): void {
  if (core.readOnly.length === 0) return;
  for (const { request, index } of core.readOnly.takeConfirmed(core.tracker.voters)) {
    answer(core, request, index);
  }
}

function startRead(core: RaftCore, request: Message): void {
  const index = core.log.committed;
  const leased = core.options.readOnlyOption === ReadOnlyOption.leaseBased && !core.leaseBroken;
  // The only voter needs nobody's word: no one else can be elected.
  if (leased || core.tracker.isOnlyVoter(core.id)) {
    answer(core, request, index);
    return;
  }
  if (core.readOnly.length >= core.options.maxPendingReads) {
    core.logger.debug('read dropped: too many are waiting for a quorum');
    return;
  }
  core.readOnly.add({ request, index });
  core.readOnly.acknowledgeUpTo(core.id);
  broadcastHeartbeat(core);
  releaseConfirmedReads(core);
}

function answer(core: RaftCore, request: Message, index: number): void {
  if (request.from === NO_NODE || request.from === core.id) {
    const requestContext = request.entries[0]?.data ?? EMPTY_BYTES;
    core.readStates.push({ index, requestContext });
    return;
  }
  core.send({
    type: MessageType.readIndexResponse,
    to: request.from,
    index,
    entries: request.entries,
  });
}

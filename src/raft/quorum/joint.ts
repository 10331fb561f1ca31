import type { NodeId } from '../types.js';
import { formatIdSet, type IdSet, idSet } from './id-set.js';
import {
  type AckedIndex,
  majorityCommittedIndex,
  majorityVoteResult,
  VoteResult,
} from './majority.js';

/**
 * The voters of a configuration. While `outgoing` is not empty the configuration is joint and every
 * decision needs a majority of both halves (Raft paper §6).
 */
export interface JointVoters {
  readonly incoming: IdSet;
  readonly outgoing: IdSet;
}

/** All voters of either half. */
export function jointIds(voters: JointVoters): IdSet {
  return voters.outgoing.length === 0
    ? voters.incoming
    : idSet([...voters.incoming, ...voters.outgoing]);
}

/** The highest index that both halves acknowledged; infinite without voters. */
export function jointCommittedIndex(voters: JointVoters, ackedIndex: AckedIndex): number {
  return Math.min(
    majorityCommittedIndex(voters.incoming, ackedIndex),
    majorityCommittedIndex(voters.outgoing, ackedIndex),
  );
}

/** What the votes decide: won if both halves won, lost if one lost. */
export function jointVoteResult(
  voters: JointVoters,
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const incoming = majorityVoteResult(voters.incoming, votes);
  const outgoing = majorityVoteResult(voters.outgoing, votes);
  if (incoming === outgoing) return incoming;
  return incoming === VoteResult.lost || outgoing === VoteResult.lost
    ? VoteResult.lost
    : VoteResult.pending;
}

/** `(1 2 3)` or, joint, `(1 2 3)&&(1 4)`. */
export function formatJointVoters(voters: JointVoters): string {
  const incoming = formatIdSet(voters.incoming);
  return voters.outgoing.length === 0 ? incoming : `${incoming}&&${formatIdSet(voters.outgoing)}`;
}

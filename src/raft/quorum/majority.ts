import type { NodeId } from '../types.js';
import type { IdSet } from './id-set.js';

/** The outcome of a vote so far. */
export const VoteResult = { pending: 'VotePending', lost: 'VoteLost', won: 'VoteWon' } as const;
export type VoteResult = (typeof VoteResult)[keyof typeof VoteResult];

/** The index a voter acknowledged, or undefined if nothing is known of it. */
export type AckedIndex = (id: NodeId) => number | undefined;

/**
 * The highest index that a majority of `indexes` has reached (one element per voter, 0 for
 * unknown); infinite for no voters, so that the empty half of a joint quorum never decides.
 * Sorts `indexes` in place: an insertion sort, as there are a handful and this runs per ack.
 */
export function majorityIndex(indexes: number[]): number {
  const count = indexes.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  for (let sorted = 1; sorted < count; sorted++) {
    const value = indexes[sorted] as number;
    let position = sorted;
    for (; position > 0 && (indexes[position - 1] as number) > value; position--) {
      indexes[position] = indexes[position - 1] as number;
    }
    indexes[position] = value;
  }
  return indexes[count - 1 - Math.floor(count / 2)] as number;
}

/** The highest index that a majority of the voters acknowledged; infinite for no voters. */
export function majorityCommittedIndex(voters: IdSet, ackedIndex: AckedIndex): number {
  return majorityIndex(voters.map((id) => ackedIndex(id) ?? 0));
}

/** What the votes (true = yes) decide. Nobody to ask means won: see {@link majorityIndex}. */
export function majorityVoteResult(voters: IdSet, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.length === 0) return VoteResult.won;
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const quorum = Math.floor(voters.length / 2) + 1;
  if (granted >= quorum) return VoteResult.won;
  return granted + missing >= quorum ? VoteResult.pending : VoteResult.lost;
}

import { EtcdError } from '../../base/errors.js';
import { type Member, quorumOf } from '../../membership/index.js';

/** How long a member must have been reached to count as connected. */
export const HEALTH_INTERVAL_MS = 5000;

/** The members with a vote, and since when they are reached, as one member sees them. */
export interface ClusterHealth {
  readonly localId: bigint;
  readonly nowMs: number;
  readonly voters: readonly Member[];
  /** Since when a member is reached, on the clock of `nowMs`; undefined if it is not. */
  readonly activeSinceMs: (id: bigint) => number | undefined;
}

/** A member counts as started once it has published its name. */
const isStarted = (member: Member): boolean => member.name !== '';

const startedCount = (members: readonly Member[]): number => members.filter(isStarted).length;

/** Whether this member has been connected with that one since `sinceMs`. */
export function isConnectedSince(health: ClusterHealth, id: bigint, sinceMs: number): boolean {
  const activeSinceMs = health.activeSinceMs(id);
  return id === health.localId || (activeSinceMs !== undefined && activeSinceMs < sinceMs);
}

function connectedCount(health: ClusterHealth): number {
  const sinceMs = health.nowMs - HEALTH_INTERVAL_MS;
  return health.voters.filter(({ id }) => isConnectedSince(health, id, sinceMs)).length;
}

/**
 * Refuses an addition that could cost the cluster its quorum (formats.md §8.3): the newcomer counts
 * as down until it has started.
 * @throws EtcdError MemberNotEnoughStarted, Unhealthy
 */
export function checkAddition(health: ClusterHealth, isLearner: boolean): void {
  const { voters } = health;
  const started = startedCount(voters);
  // From one member to two: the way out of a cluster that was restored or is just being made.
  const isFirst = started === 1 && voters.length === 1;
  if (!isLearner && !isFirst && started < quorumOf(voters.length + 1)) {
    throw new EtcdError('MemberNotEnoughStarted');
  }
  if (voters.length === 1) return;
  if (connectedCount(health) < quorumOf(voters.length + 1)) throw new EtcdError('Unhealthy');
}

/**
 * Refuses a removal after which too few of the remaining voters would be up. A member that is down
 * may always go. The id need not be that of a member.
 * @throws EtcdError MemberNotEnoughStarted, Unhealthy
 */
export function checkRemoval(health: ClusterHealth, id: bigint): void {
  const { voters, localId } = health;
  const remaining = voters.filter((voter) => voter.id !== id);
  if (startedCount(remaining) < quorumOf(remaining.length)) {
    throw new EtcdError('MemberNotEnoughStarted');
  }
  if (id !== localId && health.activeSinceMs(id) === undefined) return;
  const needed = 1 + Math.floor((voters.length - 1) / 2);
  if (connectedCount(health) - 1 < needed) throw new EtcdError('Unhealthy');
}

/**
 * Refuses to give a learner its vote while too few voters have started.
 * @throws EtcdError MemberNotEnoughStarted
 */
export function checkPromotion(voters: readonly Member[]): void {
  if (startedCount(voters) + 1 < quorumOf(voters.length + 1)) {
    throw new EtcdError('MemberNotEnoughStarted');
  }
}

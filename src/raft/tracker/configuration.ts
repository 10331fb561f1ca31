import { EMPTY_ID_SET, equalIdSets, formatIdSet, type IdSet, idSet } from '../quorum/id-set.js';
import { formatJointVoters, type JointVoters } from '../quorum/joint.js';
import type { ConfState, NodeId } from '../types.js';

/**
 * Who takes part. A node is a voter (of either half) or a learner, never both: a voter of the
 * outgoing half that is to become a learner waits in `learnersNext` until the joint state is left.
 */
export interface Configuration {
  readonly voters: JointVoters;
  readonly learners: IdSet;
  readonly learnersNext: IdSet;
  /** Leave the joint state as soon as the change that entered it is applied. */
  readonly autoLeave: boolean;
}

export const EMPTY_CONFIGURATION: Configuration = {
  voters: { incoming: EMPTY_ID_SET, outgoing: EMPTY_ID_SET },
  learners: EMPTY_ID_SET,
  learnersNext: EMPTY_ID_SET,
  autoLeave: false,
};

/** True while decisions need two majorities. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.voters.outgoing.length > 0;
}

/** The configuration in its persisted form. */
export function toConfState(configuration: Configuration): ConfState {
  return {
    voters: configuration.voters.incoming,
    learners: configuration.learners,
    votersOutgoing: configuration.voters.outgoing,
    learnersNext: configuration.learnersNext,
    autoLeave: configuration.autoLeave,
  };
}

/** True if the node takes part, in whatever role. */
export function confStateIncludes(state: ConfState, id: NodeId): boolean {
  const { voters, learners, votersOutgoing } = state;
  return voters.includes(id) || learners.includes(id) || votersOutgoing.includes(id);
}

/** True if both describe the same configuration, whatever the order of their ids. */
export function equivalentConfStates(left: ConfState, right: ConfState): boolean {
  return (
    equalIdSets(idSet(left.voters), idSet(right.voters)) &&
    equalIdSets(idSet(left.learners), idSet(right.learners)) &&
    equalIdSets(idSet(left.votersOutgoing), idSet(right.votersOutgoing)) &&
    equalIdSets(idSet(left.learnersNext), idSet(right.learnersNext)) &&
    left.autoLeave === right.autoLeave
  );
}

/** `voters=(1 2)&&(1) learners=(3) learners_next=(4) autoleave`; empty parts are left out. */
export function formatConfiguration(configuration: Configuration): string {
  let text = `voters=${formatJointVoters(configuration.voters)}`;
  if (configuration.learners.length > 0) text += ` learners=${formatIdSet(configuration.learners)}`;
  if (configuration.learnersNext.length > 0) {
    text += ` learners_next=${formatIdSet(configuration.learnersNext)}`;
  }
  return configuration.autoLeave ? `${text} autoleave` : text;
}

import { ConfChangeError } from '../errors.js';
import { idSet } from '../quorum/id-set.js';
import { jointIds } from '../quorum/joint.js';
import type { Configuration } from '../tracker/configuration.js';
import type { Progress } from '../tracker/progress.js';
import type { ConfState, NodeId } from '../types.js';
import { type ChangerOptions, checkMembership, type Membership, newProgress } from './changer.js';

/**
 * The membership that a persisted state describes, every node as if it just joined. Throws
 * {@link ConfChangeError} if the state contradicts itself.
 */
export function restoreMembership(state: ConfState, options: ChangerOptions): Membership {
  const configuration: Configuration = {
    voters: { incoming: idSet(state.voters), outgoing: idSet(state.votersOutgoing) },
    learners: idSet(state.learners),
    learnersNext: idSet(state.learnersNext),
    autoLeave: state.autoLeave,
  };
  const progress = new Map<NodeId, Progress>();
  for (const id of jointIds(configuration.voters)) {
    progress.set(id, newProgress(id, false, options));
  }
  for (const id of configuration.learners) {
    if (progress.has(id)) throw new ConfChangeError(`${id} is both learner and voter`);
    progress.set(id, newProgress(id, true, options));
  }
  if (configuration.voters.incoming.length === 0 && progress.size > 0) {
    throw new ConfChangeError('a configuration without voters cannot have other nodes');
  }
  checkMembership({ configuration, progress });
  return { configuration, progress };
}

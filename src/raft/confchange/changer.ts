import { ConfChangeError } from '../errors.js';
import { EMPTY_ID_SET, type IdSet, withId, withoutId } from '../quorum/id-set.js';
import { jointIds } from '../quorum/joint.js';
import { type Configuration, isJoint } from '../tracker/configuration.js';
import { type InflightLimits, Inflights } from '../tracker/inflights.js';
import { Progress } from '../tracker/progress.js';
import type { ProgressMap } from '../tracker/tracker.js';
import type { NodeId } from '../types.js';
import {
  type ConfChangeSingle,
  ConfChangeType,
  type ConfChangeV2,
  entersJoint,
  leavesJoint,
} from './types.js';

/** A configuration and the progress of its nodes. */
export interface Membership {
  readonly configuration: Configuration;
  readonly progress: ProgressMap;
}

/** What new nodes start from. */
export interface ChangerOptions {
  /** The last index of the leader's log: where a new node is probed first. */
  readonly lastIndex: number;
  readonly limits: InflightLimits;
}

/**
 * The membership after `change`; `from` is left as it is. Throws {@link ConfChangeError} if the
 * change does not fit the configuration.
 */
export function changeMembership(
  from: Membership,
  change: ConfChangeV2,
  options: ChangerOptions,
): Membership {
  if (leavesJoint(change)) return leaveJoint(from);
  const joint = entersJoint(change);
  return joint === undefined
    ? simpleChange(from, change.changes, options)
    : enterJoint(from, change.changes, joint.autoLeave, options);
}

/** Applies changes that alter at most one voter, without a joint state (Raft thesis §4.2). */
export function simpleChange(
  from: Membership,
  changes: readonly ConfChangeSingle[],
  options: ChangerOptions,
): Membership {
  const draft = new Draft(from, options);
  if (draft.joint) throw new ConfChangeError("can't apply simple config change in joint config");
  draft.apply(changes);
  const before = from.configuration.voters.incoming;
  if (differenceCount(before, draft.incoming) > 1) {
    throw new ConfChangeError('more than one voter changed without entering joint config');
  }
  return draft.finish();
}

/**
 * Makes the present voters the outgoing half and applies the changes to the incoming one (Raft
 * paper §6).
 */
export function enterJoint(
  from: Membership,
  changes: readonly ConfChangeSingle[],
  autoLeave: boolean,
  options: ChangerOptions,
): Membership {
  const draft = new Draft(from, options);
  if (draft.joint) throw new ConfChangeError('config is already joint');
  if (draft.incoming.length === 0) {
    throw new ConfChangeError("can't make a zero-voter config joint");
  }
  draft.outgoing = draft.incoming;
  draft.apply(changes);
  draft.autoLeave = autoLeave;
  return draft.finish();
}

/** Drops the outgoing half; voters waiting to become learners become learners. */
export function leaveJoint(from: Membership): Membership {
  const draft = new Draft(from, undefined);
  if (!draft.joint) throw new ConfChangeError("can't leave a non-joint config");
  draft.leave();
  return draft.finish();
}

/** How many ids are in one set only. */
function differenceCount(left: IdSet, right: IdSet): number {
  return (
    left.filter((id) => !right.includes(id)).length +
    right.filter((id) => !left.includes(id)).length
  );
}

/** A membership under change: a copy that is checked before it is handed out. */
class Draft {
  incoming: IdSet;
  outgoing: IdSet;
  autoLeave: boolean;
  #learners: IdSet;
  #learnersNext: IdSet;
  readonly #progress: Map<NodeId, Progress>;
  readonly #options: ChangerOptions | undefined;

  constructor({ configuration, progress }: Membership, options: ChangerOptions | undefined) {
    checkMembership({ configuration, progress });
    this.incoming = configuration.voters.incoming;
    this.outgoing = configuration.voters.outgoing;
    this.autoLeave = configuration.autoLeave;
    this.#learners = configuration.learners;
    this.#learnersNext = configuration.learnersNext;
    this.#progress = new Map([...progress].map(([id, value]) => [id, value.copy()]));
    this.#options = options;
  }

  get joint(): boolean {
    return this.outgoing.length > 0;
  }

  apply(changes: readonly ConfChangeSingle[]): void {
    for (const { type, nodeId } of changes) {
      // The application zeroes the id of a change it decides not to carry out.
      if (nodeId === 0n) continue;
      if (type === ConfChangeType.addNode) this.#makeVoter(nodeId);
      else if (type === ConfChangeType.addLearnerNode) this.#makeLearner(nodeId);
      else if (type === ConfChangeType.removeNode) this.#remove(nodeId);
      else if (type !== ConfChangeType.updateNode) {
        throw new ConfChangeError(`unexpected conf type ${type}`);
      }
    }
    if (this.incoming.length === 0) throw new ConfChangeError('removed all voters');
  }

  leave(): void {
    for (const id of this.#learnersNext) {
      this.#learners = withId(this.#learners, id);
      const progress = this.#progress.get(id);
      if (progress !== undefined) progress.isLearner = true;
    }
    this.#learnersNext = EMPTY_ID_SET;
    for (const id of this.outgoing) {
      if (!this.incoming.includes(id) && !this.#learners.includes(id)) this.#progress.delete(id);
    }
    this.outgoing = EMPTY_ID_SET;
    this.autoLeave = false;
  }

  finish(): Membership {
    const configuration: Configuration = {
      voters: { incoming: this.incoming, outgoing: this.outgoing },
      learners: this.#learners,
      learnersNext: this.#learnersNext,
      autoLeave: this.autoLeave,
    };
    checkMembership({ configuration, progress: this.#progress });
    return { configuration, progress: this.#progress };
  }

  #makeVoter(id: NodeId): void {
    const progress = this.#progress.get(id);
    this.incoming = withId(this.incoming, id);
    if (progress === undefined) {
      this.#progress.set(id, newProgress(id, false, this.#options));
      return;
    }
    progress.isLearner = false;
    this.#learners = withoutId(this.#learners, id);
    this.#learnersNext = withoutId(this.#learnersNext, id);
  }

  #makeLearner(id: NodeId): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) {
      this.#learners = withId(this.#learners, id);
      this.#progress.set(id, newProgress(id, true, this.#options));
      return;
    }
    if (progress.isLearner) return;
    this.#remove(id);
    this.#progress.set(id, progress);
    if (this.outgoing.includes(id)) {
      // Still a voter of the outgoing half: it becomes a learner when that is left.
      this.#learnersNext = withId(this.#learnersNext, id);
    } else {
      progress.isLearner = true;
      this.#learners = withId(this.#learners, id);
    }
  }

  #remove(id: NodeId): void {
    this.incoming = withoutId(this.incoming, id);
    this.#learners = withoutId(this.#learners, id);
    this.#learnersNext = withoutId(this.#learnersNext, id);
    if (!this.outgoing.includes(id)) this.#progress.delete(id);
  }
}

/** The progress of a node that just joined. */
export function newProgress(
  id: NodeId,
  isLearner: boolean,
  options: ChangerOptions | undefined,
): Progress {
  if (options === undefined) throw new ConfChangeError('no node can be added here');
  return new Progress(
    {
      id,
      match: 0,
      next: Math.max(options.lastIndex, 1),
      isLearner,
      // Give it the time until the next quorum check to be heard from.
      recentActive: true,
    },
    new Inflights(options.limits),
  );
}

/** Throws {@link ConfChangeError} if configuration and progress contradict each other. */
export function checkMembership({ configuration, progress }: Membership): void {
  const { voters, learners, learnersNext, autoLeave } = configuration;
  for (const id of [...jointIds(voters), ...learners, ...learnersNext]) {
    if (!progress.has(id)) throw new ConfChangeError(`no progress for ${id}`);
  }
  for (const id of learnersNext) {
    if (!voters.outgoing.includes(id)) {
      throw new ConfChangeError(`${id} is in LearnersNext, but not Voters[1]`);
    }
    if (progress.get(id)?.isLearner) {
      throw new ConfChangeError(`${id} is in LearnersNext, but is already marked as learner`);
    }
  }
  for (const id of learners) {
    if (voters.outgoing.includes(id) || voters.incoming.includes(id)) {
      throw new ConfChangeError(`${id} is both learner and voter`);
    }
    if (!progress.get(id)?.isLearner) {
      throw new ConfChangeError(`${id} is in Learners, but is not marked as learner`);
    }
  }
  if (!isJoint(configuration) && (learnersNext.length > 0 || autoLeave)) {
    throw new ConfChangeError('learners_next or autoleave outside of a joint configuration');
  }
}

import type { RaftCore } from './core.js';
import type { Configuration } from './tracker/configuration.js';
import type { Progress, ProgressState } from './tracker/progress.js';
import { type HardState, type NodeId, RaftState, type SoftState } from './types.js';

/** What a member knows of itself. */
export interface BasicStatus {
  readonly id: NodeId;
  readonly hardState: HardState;
  readonly softState: SoftState;
  /** The highest index reported as applied. */
  readonly applied: number;
  readonly leadTransferee: NodeId;
}

/** The leader's view of one node, frozen in time. */
export interface ProgressStatus {
  readonly id: NodeId;
  readonly match: number;
  readonly next: number;
  readonly state: ProgressState;
  readonly isLearner: boolean;
  readonly recentActive: boolean;
  readonly isPaused: boolean;
  readonly pendingSnapshot: number;
  readonly inflightCount: number;
  readonly inflightFull: boolean;
}

/** What a member knows of itself and, if it leads, of the others. */
export interface Status extends BasicStatus {
  readonly configuration: Configuration;
  /** By id, ascending; empty unless leader. */
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
}

export function basicStatus(core: RaftCore): BasicStatus {
  return {
    id: core.id,
    hardState: { term: core.term, vote: core.vote, commit: core.log.committed },
    softState: { leader: core.leader, state: core.state },
    applied: core.log.applied,
    leadTransferee: core.leadTransferee,
  };
}

export function status(core: RaftCore): Status {
  const nodes = core.state === RaftState.leader ? core.tracker.ordered : [];
  return {
    ...basicStatus(core),
    configuration: core.tracker.configuration,
    progress: new Map(nodes.map((progress) => [progress.id, progressStatus(progress)])),
  };
}

/** A copy of what is known of a node. */
export function progressStatus(progress: Progress): ProgressStatus {
  return {
    id: progress.id,
    match: progress.match,
    next: progress.next,
    state: progress.state,
    isLearner: progress.isLearner,
    recentActive: progress.recentActive,
    isPaused: progress.isPaused,
    pendingSnapshot: progress.pendingSnapshot,
    inflightCount: progress.inflights.count,
    inflightFull: progress.inflights.full,
  };
}

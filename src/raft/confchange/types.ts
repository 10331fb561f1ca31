import type { EntryType, NodeId } from '../types.js';
import { EntryType as Types } from '../types.js';

/** What is done to a node. */
export const ConfChangeType = {
  addNode: 0,
  removeNode: 1,
  updateNode: 2,
  addLearnerNode: 3,
} as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

/** How a change of several nodes is carried out. */
export const ConfChangeTransition = {
  /** Simple for a single change, else joint and left automatically. */
  auto: 0,
  /** Joint, left automatically. */
  jointImplicit: 1,
  /** Joint until an empty change is proposed. */
  jointExplicit: 2,
} as const;
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition];

/** The change of one node: the form the server uses (formats.md §1.4). */
export interface ConfChange {
  /** The proposer's own id for it, for example a request id; 0 for none. */
  readonly id: bigint;
  readonly type: ConfChangeType;
  /** The node; 0 makes the change a no-op. */
  readonly nodeId: NodeId;
  /** Opaque to the core. */
  readonly context: Uint8Array;
}

/** One step of a {@link ConfChangeV2}. */
export interface ConfChangeSingle {
  readonly type: ConfChangeType;
  readonly nodeId: NodeId;
}

/** The change of any number of nodes. Without changes and with `auto`: leave the joint state. */
export interface ConfChangeV2 {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeSingle[];
  readonly context: Uint8Array;
}

/** Either form. */
export type AnyConfChange = ConfChange | ConfChangeV2;

/** True for the form of several changes. */
export function isConfChangeV2(change: AnyConfChange): change is ConfChangeV2 {
  return 'changes' in change;
}

/** The same change in the form of several. */
export function toConfChangeV2(change: AnyConfChange): ConfChangeV2 {
  if (isConfChangeV2(change)) return change;
  return {
    transition: ConfChangeTransition.auto,
    changes: [{ type: change.type, nodeId: change.nodeId }],
    context: change.context,
  };
}

/** The entry type that carries the change. */
export function confChangeEntryType(change: AnyConfChange): EntryType {
  return isConfChangeV2(change) ? Types.confChangeV2 : Types.confChange;
}

/** True if the change leaves the joint state. */
export function leavesJoint(change: ConfChangeV2): boolean {
  return change.transition === ConfChangeTransition.auto && change.changes.length === 0;
}

/** How the change enters a joint state, or undefined if it is simple or leaves one. */
export function entersJoint(change: ConfChangeV2): { readonly autoLeave: boolean } | undefined {
  if (change.transition === ConfChangeTransition.auto && change.changes.length <= 1) {
    return undefined;
  }
  return { autoLeave: change.transition !== ConfChangeTransition.jointExplicit };
}

/**
 * The vocabulary of the Raft core: ids, entries, snapshots, states and messages, with etcd's numbers
 * (formats.md §1.1). Everything is treated as immutable once it is handed over: the core, the log
 * and the caller share the same objects.
 */

/** A member's id: the full 64 bits, never 0 and none of the two local targets below. */
export type NodeId = bigint;

/** "No node": no leader, no vote, nobody to transfer to. */
export const NO_NODE: NodeId = 0n;

/** The target of `storageAppend` messages (asynchronous storage writes). */
export const APPEND_THREAD: NodeId = 0xffff_ffff_ffff_ffffn;

/** The target of `storageApply` messages (asynchronous storage writes). */
export const APPLY_THREAD: NodeId = 0xffff_ffff_ffff_fffen;

/** "No bytes": the data of a leader's first entry, the context of a plain heartbeat. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** What an entry's data holds. */
export const EntryType = { normal: 0, confChange: 1, confChangeV2: 2 } as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** One slot of the log. Proposals on their way to the leader carry term 0 and index 0. */
export interface Entry {
  readonly type: EntryType;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

/** The position of an entry: what two logs compare. */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

/** The membership as it is persisted; joint while `votersOutgoing` is not empty. */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

/** Where a snapshot stands: it replaces all entries up to and including `index`. */
export interface SnapshotMetadata {
  readonly confState: ConfState;
  readonly index: number;
  readonly term: number;
}

/** A state of the application at an index. Index 0 means "none". */
export interface Snapshot {
  readonly data: Uint8Array;
  readonly metadata: SnapshotMetadata;
}

/** What must survive a restart beside the entries (Raft paper, figure 2: persistent state). */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId;
  readonly commit: number;
}

/** What is worth knowing but need not survive a restart. */
export interface SoftState {
  readonly leader: NodeId;
  readonly state: RaftState;
}

/** The roles of a member. */
export const RaftState = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
} as const;
export type RaftState = (typeof RaftState)[keyof typeof RaftState];

/** Message types with etcd's numbers (formats.md §1.1). */
export const MessageType = {
  hup: 0,
  beat: 1,
  propose: 2,
  append: 3,
  appendResponse: 4,
  vote: 5,
  voteResponse: 6,
  snapshot: 7,
  heartbeat: 8,
  heartbeatResponse: 9,
  unreachable: 10,
  snapshotStatus: 11,
  checkQuorum: 12,
  transferLeader: 13,
  timeoutNow: 14,
  readIndex: 15,
  readIndexResponse: 16,
  preVote: 17,
  preVoteResponse: 18,
  storageAppend: 19,
  storageAppendResponse: 20,
  storageApply: 21,
  storageApplyResponse: 22,
  forgetLeader: 23,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/**
 * One message between members, or between a member and its storage. Which fields mean something
 * depends on the type (formats.md §1.3); the others hold 0, false or nothing.
 */
export interface Message {
  readonly type: MessageType;
  readonly to: NodeId;
  readonly from: NodeId;
  /** The sender's term; 0 in messages that are exempt from the term rules (proposals, reads). */
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
  readonly vote: NodeId;
  readonly snapshot: Snapshot | undefined;
  readonly reject: boolean;
  readonly rejectHint: number;
  readonly context: Uint8Array;
  /** Messages to deliver once this one's storage write is done (local messages only). */
  readonly responses: readonly Message[];
}

/** A read that may be served once the application has applied `index`. */
export interface ReadState {
  readonly index: number;
  /** The bytes given to `readIndex`. */
  readonly requestContext: Uint8Array;
}

export const EMPTY_CONF_STATE: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export const EMPTY_HARD_STATE: HardState = { term: 0, vote: NO_NODE, commit: 0 };

export const EMPTY_SNAPSHOT: Snapshot = {
  data: EMPTY_BYTES,
  metadata: { confState: EMPTY_CONF_STATE, index: 0, term: 0 },
};

/** True if nothing of it was ever set, so there is nothing to persist. */
export function isEmptyHardState(state: HardState): boolean {
  return state.term === 0 && state.vote === NO_NODE && state.commit === 0;
}

/** True if the snapshot is "none". */
export function isEmptySnapshot(snapshot: Snapshot): boolean {
  return snapshot.metadata.index === 0;
}

/** The id as log lines and etcd's tools show it: lower-case hexadecimal. */
export function formatNodeId(id: NodeId): string {
  return id.toString(16);
}

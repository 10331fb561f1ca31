/** The options or the stored state do not allow a core to start. */
export class RaftConfigError extends Error {
  override readonly name = 'RaftConfigError';
}

/**
 * A rule that keeps the logs equal would be broken: the caller misused the core, or the disk lost
 * what it had acknowledged. The member must stop; going on could lose or fork data.
 */
export class RaftInvariantError extends Error {
  override readonly name = 'RaftInvariantError';
}

/** Why a proposal was not taken. */
export type ProposalDroppedReason =
  | 'no-leader'
  | 'forwarding-disabled'
  | 'leader-transferring'
  | 'not-a-member'
  | 'uncommitted-size-limit'
  | 'invalid';

/** The proposal was not taken; nothing of it entered the log. It may be tried again later. */
export class ProposalDroppedError extends Error {
  override readonly name = 'ProposalDroppedError';
  readonly reason: ProposalDroppedReason;

  constructor(reason: ProposalDroppedReason) {
    super('raft proposal dropped');
    this.reason = reason;
  }
}

/** A message that must not come from the network was stepped. It was ignored. */
export class LocalMessageError extends Error {
  override readonly name = 'LocalMessageError';

  constructor() {
    super('raft: cannot step raft local message');
  }
}

/** A response from a node that is not in the configuration was stepped. It was ignored. */
export class PeerNotFoundError extends Error {
  override readonly name = 'PeerNotFoundError';

  constructor() {
    super('raft: cannot step as peer not found');
  }
}

/** A configuration change cannot be applied to the present configuration. */
export class ConfChangeError extends Error {
  override readonly name = 'ConfChangeError';
}

/** Bytes that are not an encoded configuration change. */
export class ConfChangeDecodeError extends Error {
  override readonly name = 'ConfChangeDecodeError';
}

/** A snapshot older than the one the storage holds was offered. */
export class SnapshotOutOfDateError extends Error {
  override readonly name = 'SnapshotOutOfDateError';

  constructor() {
    super('requested index is older than the existing snapshot');
  }
}

/** The index has been compacted away. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';

  constructor() {
    super('requested index is unavailable due to compaction');
  }
}

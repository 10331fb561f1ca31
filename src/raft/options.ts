import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { NO_LIMIT } from './entry-size.js';
import { RaftConfigError } from './errors.js';
import { isLocalTarget } from './messages.js';
import type { Storage } from './storage.js';
import { NO_NODE, type NodeId } from './types.js';

/** How the leader makes sure that a read sees every write acknowledged before it. */
export const ReadOnlyOption = {
  /** A quorum confirms the leadership first (Raft thesis §6.4). Holds under any delay. */
  safe: 'safe',
  /**
   * The leader trusts its quorum checks: no message exchange, but right only while clocks drift
   * and messages linger less than an election timeout. Needs `checkQuorum`.
   */
  leaseBased: 'lease-based',
} as const;
export type ReadOnlyOption = (typeof ReadOnlyOption)[keyof typeof ReadOnlyOption];

/** How a core behaves. What is left out takes the default named with it. */
export interface RaftOptions {
  readonly id: NodeId;
  /** Ticks without a word from the leader before an election; more than `heartbeatTicks`. */
  readonly electionTicks: number;
  /** Ticks between heartbeats. */
  readonly heartbeatTicks: number;
  /** The last index the application has applied: nothing up to there is handed out again. 0. */
  readonly appliedIndex?: number | undefined;
  /** Hand out writes as `storageAppend` and `storageApply` messages. False: Ready and advance. */
  readonly asyncStorageWrites?: boolean | undefined;
  /** Limit of the entries in one append; one entry always goes. 1 MiB. */
  readonly maxMessageSizeBytes?: number | undefined;
  /** Limit of committed entries handed out and not yet reported as applied. As the message size. */
  readonly maxCommittedSizeBytes?: number | undefined;
  /** Limit of the proposals' data in the leader's log that is not yet applied. None. */
  readonly maxUncommittedSizeBytes?: number | undefined;
  /** Limit of appends on their way to one follower. 512. */
  readonly maxInflightMessages?: number | undefined;
  /** Limit of the data on its way to one follower; at least the message size. None. */
  readonly maxInflightBytes?: number | undefined;
  /** Limit of reads waiting for their confirmation; more are dropped. 65,536. */
  readonly maxPendingReads?: number | undefined;
  /** The leader steps down if it does not hear from a quorum for an election timeout. False. */
  readonly checkQuorum?: boolean | undefined;
  /** Ask for votes without raising the term first (Raft thesis §9.6). False. */
  readonly preVote?: boolean | undefined;
  /** `safe`. */
  readonly readOnlyOption?: ReadOnlyOption | undefined;
  /** Followers drop proposals instead of sending them to the leader. False. */
  readonly disableProposalForwarding?: boolean | undefined;
  /** The leader takes configuration changes unchecked: something above serialises them. False. */
  readonly disableConfChangeValidation?: boolean | undefined;
  /** The leader steps down once it is removed or made a learner. False. */
  readonly stepDownOnRemoval?: boolean | undefined;
}

/** What a core works with. */
export interface RaftDependencies {
  readonly storage: Storage;
  readonly random: Random;
  readonly logger: Logger;
}

/** Options with every default filled in. */
export type ResolvedOptions = {
  readonly [Name in keyof RaftOptions]-?: Exclude<RaftOptions[Name], undefined>;
};

const DEFAULT_MESSAGE_SIZE_BYTES = 1024 * 1024;
const DEFAULT_INFLIGHT_MESSAGES = 512;
const DEFAULT_PENDING_READS = 65_536;

/** Fills in the defaults. Throws {@link RaftConfigError} on options that contradict each other. */
export function resolveOptions(options: RaftOptions): ResolvedOptions {
  const maxMessageSizeBytes = options.maxMessageSizeBytes ?? DEFAULT_MESSAGE_SIZE_BYTES;
  const resolved: ResolvedOptions = {
    id: options.id,
    electionTicks: options.electionTicks,
    heartbeatTicks: options.heartbeatTicks,
    appliedIndex: options.appliedIndex ?? 0,
    asyncStorageWrites: options.asyncStorageWrites ?? false,
    maxMessageSizeBytes,
    maxCommittedSizeBytes: options.maxCommittedSizeBytes ?? Math.max(maxMessageSizeBytes, 1),
    maxUncommittedSizeBytes: options.maxUncommittedSizeBytes ?? NO_LIMIT,
    maxInflightMessages: options.maxInflightMessages ?? DEFAULT_INFLIGHT_MESSAGES,
    maxInflightBytes: options.maxInflightBytes ?? NO_LIMIT,
    maxPendingReads: options.maxPendingReads ?? DEFAULT_PENDING_READS,
    checkQuorum: options.checkQuorum ?? false,
    preVote: options.preVote ?? false,
    readOnlyOption: options.readOnlyOption ?? ReadOnlyOption.safe,
    disableProposalForwarding: options.disableProposalForwarding ?? false,
    disableConfChangeValidation: options.disableConfChangeValidation ?? false,
    stepDownOnRemoval: options.stepDownOnRemoval ?? false,
  };
  validate(resolved);
  return resolved;
}

function validate(options: ResolvedOptions): void {
  const demand = (holds: boolean, rule: string): void => {
    if (!holds) throw new RaftConfigError(rule);
  };
  demand(options.id !== NO_NODE, 'cannot use none as id');
  demand(!isLocalTarget(options.id), 'cannot use local target as id');
  demand(options.heartbeatTicks > 0, 'heartbeat tick must be greater than 0');
  demand(
    options.electionTicks > options.heartbeatTicks,
    'election tick must be greater than heartbeat tick',
  );
  demand(options.maxInflightMessages > 0, 'max inflight messages must be greater than 0');
  demand(options.maxPendingReads > 0, 'max pending reads must be greater than 0');
  demand(options.maxCommittedSizeBytes > 0, 'max committed size must be greater than 0');
  demand(
    options.maxInflightBytes >= options.maxMessageSizeBytes,
    'max inflight bytes must be >= max message size',
  );
  demand(
    options.readOnlyOption !== ReadOnlyOption.leaseBased || options.checkQuorum,
    'CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased',
  );
}

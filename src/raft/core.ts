import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { restoreMembership } from './confchange/restore.js';
import { RaftConfigError, RaftInvariantError } from './errors.js';
import { RaftLog } from './log/raft-log.js';
import { createMessage, type MessageFields } from './messages.js';
import {
  type RaftDependencies,
  type RaftOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js';
import { ReadOnlyQueue } from './read-only.js';
import { equivalentConfStates, toConfState } from './tracker/configuration.js';
import { ProgressTracker } from './tracker/tracker.js';
import {
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  RaftState,
  type ReadState,
} from './types.js';

/**
 * The state of one member: what the rules in the modules beside this one read and change. It does
 * nothing by itself; `step.ts` is where messages and ticks enter.
 */
export class RaftCore {
  readonly id: NodeId;
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly log: RaftLog;
  readonly tracker: ProgressTracker;
  readonly #random: Random;

  term = 0;
  vote: NodeId = NO_NODE;
  state: RaftState = RaftState.follower;
  leader: NodeId = NO_NODE;

  /** Messages that may be sent at once; none of them to this member. */
  messages: Message[] = [];
  /**
   * Votes and acks, which promise something about this member's disk: sent once everything that is
   * unstable now (term, vote, entries, snapshot) is stable. Some are to this member.
   */
  messagesAfterAppend: Message[] = [];
  /** Reads that may be served. */
  readStates: ReadState[] = [];

  /** Ticks since the leader was heard from; on the leader, since the last quorum check. */
  electionElapsed = 0;
  /** Leader only: ticks since the last heartbeat. */
  heartbeatElapsed = 0;
  /** Ticks until the next election, drawn anew with every change of role or term. */
  randomizedElectionTicks = 0;

  /** Leader only: whom the leadership is being handed to. */
  leadTransferee: NodeId = NO_NODE;
  /** Leader only: someone was told to campaign at once, so the lease proves nothing this term. */
  leaseBroken = false;
  /** Leader only: no change is proposed until everything up to here is applied. */
  pendingConfIndex = 0;
  /** Leader only: the data in the log that is not yet applied, approximately. */
  uncommittedBytes = 0;
  /** Leader only: reads that wait for a quorum. */
  readOnly = new ReadOnlyQueue();
  /** Leader only: reads that wait for the first commit of the term. */
  readsBeforeFirstCommit: Message[] = [];

  /** Throws {@link RaftConfigError} if options or stored state do not allow a start. */
  constructor(options: RaftOptions, dependencies: RaftDependencies) {
    this.options = resolveOptions(options);
    this.id = this.options.id;
    this.logger = dependencies.logger;
    this.#random = dependencies.random;
    const { storage } = dependencies;
    this.log = new RaftLog(storage, this.options.maxCommittedSizeBytes, this.logger);
    this.tracker = new ProgressTracker({
      maxMessages: this.options.maxInflightMessages,
      maxBytes: this.options.maxInflightBytes,
    });

    const { hardState, confState } = storage.initialState();
    const membership = restoreMembership(confState, {
      lastIndex: this.log.lastIndex(),
      limits: this.tracker.limits,
    });
    if (!equivalentConfStates(confState, toConfState(membership.configuration))) {
      throw new RaftConfigError('the stored configuration is inconsistent');
    }
    this.tracker.switchTo(membership.configuration, membership.progress);
    this.log.load(hardState.commit, this.options.appliedIndex);
    this.term = hardState.term;
    this.vote = hardState.vote;
  }

  /** Queues a message from this member in its present term. */
  send(fields: MessageFields): void {
    const from = fields.from ?? this.id;
    switch (fields.type) {
      case MessageType.vote:
      case MessageType.preVote:
        this.#queue(createMessage(fields, from));
        break;
      case MessageType.voteResponse:
      case MessageType.preVoteResponse:
        // Campaigns name their term themselves: a pre-vote asks for one that is not reached yet.
        this.messagesAfterAppend.push(createMessage(fields, from));
        break;
      case MessageType.appendResponse:
        this.messagesAfterAppend.push(createMessage(fields, from, this.term));
        break;
      case MessageType.propose:
      case MessageType.readIndex:
        // Forwarded to the leader as if made there: exempt from the term rules.
        this.#queue(createMessage(fields, from, 0));
        break;
      default:
        this.#queue(createMessage(fields, from, this.term));
    }
  }

  #queue(message: Message): void {
    if (message.to === this.id) {
      throw new RaftInvariantError(`message of type ${message.type} to itself`);
    }
    this.messages.push(message);
  }

  /** Draws the time until the next election: between one and two election timeouts. */
  resetRandomizedElectionTicks(): void {
    const { electionTicks } = this.options;
    this.randomizedElectionTicks = electionTicks + this.#random.below(electionTicks);
  }

  /** True if this member may become leader: a voter whose snapshot, if any, is stable. */
  get promotable(): boolean {
    const progress = this.tracker.get(this.id);
    return (
      progress !== undefined && !progress.isLearner && this.log.unstable.snapshot === undefined
    );
  }

  /** True if an entry of the present term is committed: only then is the commit index current. */
  get committedInTerm(): boolean {
    return this.log.term(this.log.committed) === this.term;
  }
}

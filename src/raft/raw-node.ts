import { encodeConfChange } from './confchange/codec.js';
import {
  type AnyConfChange,
  ConfChangeType,
  confChangeEntryType,
  toConfChangeV2,
} from './confchange/types.js';
import { RaftCore } from './core.js';
import {
  LocalMessageError,
  PeerNotFoundError,
  RaftConfigError,
  RaftInvariantError,
} from './errors.js';
import { applyConfChange } from './membership.js';
import {
  createMessage,
  isLocalMessageType,
  isLocalTarget,
  isResponseMessageType,
} from './messages.js';
import type { RaftDependencies, RaftOptions } from './options.js';
import {
  needsStorageAppend,
  type Ready,
  storageAppend,
  storageAppendResponse,
  storageApply,
  storageApplyResponse,
} from './ready.js';
import { type BasicStatus, basicStatus, type Status, status } from './status.js';
import { step, tick } from './step.js';
import { becomeFollower } from './transitions.js';
import {
  type ConfState,
  EMPTY_BYTES,
  EMPTY_HARD_STATE,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  RaftState,
  type SoftState,
} from './types.js';

/** A founding member of a new cluster. */
export interface BootstrapPeer {
  readonly id: NodeId;
  /** The context of the entry that adds it. */
  readonly context: Uint8Array;
}

/** Types that are exempt from the term rules when they come from another member. */
const TERMLESS_TYPES: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.propose,
  MessageType.readIndex,
  MessageType.transferLeader,
]);

/**
 * One member of a Raft group: a deterministic state machine without I/O, clock or promises, in the
 * shape of etcd-io/raft's RawNode. Its owner feeds it (`tick`, `step`, `propose`, …) and after each
 * turn, while {@link hasReady}, takes a {@link Ready} and does what that says:
 *
 * - **Synchronous writes:** persist `hardState`, `entries` and `snapshot` (and put them into the
 *   storage), send `messages`, apply `snapshot` and `committedEntries` (calling
 *   {@link applyConfChange} for configuration changes), then call {@link advance}.
 * - **Asynchronous writes** (`asyncStorageWrites`): send `messages` at once. Those to
 *   `APPEND_THREAD` ask to persist their entries, snapshot and hard state (`term`, `vote`,
 *   `commit`, unless all are 0), those to `APPLY_THREAD` to apply their entries; each thread does
 *   its messages in order, loses none, and after each delivers its `responses`, to other members
 *   or to this one by {@link step}. Further Readies may be taken meanwhile. Responses of a
 *   `storageAppend` go out only after its writes are durable and in the storage.
 *
 * Message and entry objects are shared and must not be changed.
 */
export class RawNode {
  readonly #core: RaftCore;
  #previousSoftState: SoftState;
  #previousHardState: HardState;
  /** Synchronous mode: what the core hears once the taken Ready is done. */
  #stepsOnAdvance: Message[] = [];
  #awaitsAdvance = false;

  /**
   * Starts from what the storage holds. Throws {@link RaftConfigError}, {@link ConfChangeError} or
   * {@link RaftInvariantError} if options or stored state are inconsistent.
   */
  constructor(options: RaftOptions, dependencies: RaftDependencies) {
    const core = new RaftCore(options, dependencies);
    this.#core = core;
    becomeFollower(core, core.term, NO_NODE);
    this.#previousSoftState = { leader: core.leader, state: core.state };
    this.#previousHardState = { term: core.term, vote: core.vote, commit: core.log.committed };
  }

  /** Founds a new cluster: every member starts with the same entries that add all of them. */
  bootstrap(peers: readonly BootstrapPeer[]): void {
    const core = this.#core;
    if (peers.length === 0) throw new RaftConfigError('bootstrap needs at least one peer');
    if (core.log.storage.lastIndex() !== 0) {
      throw new RaftConfigError("can't bootstrap a nonempty storage");
    }
    // Have the first Ready carry a hard state, whatever it is.
    this.#previousHardState = EMPTY_HARD_STATE;
    becomeFollower(core, 1, NO_NODE);
    const entries: Entry[] = peers.map(({ id, context }, position) => {
      const change = { id: 0n, type: ConfChangeType.addNode, nodeId: id, context };
      const data = encodeConfChange(change);
      return { type: EntryType.confChange, term: 1, index: position + 1, data };
    });
    core.log.append(entries);
    // Every member has them, so they are committed; the owner still applies them as usual. Doing it
    // here too lets this member campaign before that.
    core.log.commitTo(entries.length);
    for (const { id } of peers) {
      const change = { id: 0n, type: ConfChangeType.addNode, nodeId: id, context: EMPTY_BYTES };
      applyConfChange(core, toConfChangeV2(change));
    }
  }

  /** One tick of the logical clock: heartbeats, elections, quorum checks. */
  tick(): void {
    tick(this.#core);
  }

  /**
   * Takes a message from another member or from this member's storage.
   *
   * Throws {@link LocalMessageError} or {@link PeerNotFoundError} for one that must not come (it is
   * ignored), {@link ProposalDroppedError} for a forwarded proposal that is not taken, and
   * {@link RaftInvariantError} if going on would be unsafe.
   */
  step(message: Message): void {
    const { type, from, term } = message;
    if (!isLocalTarget(from)) {
      const isTermless = term === 0 && from !== this.#core.id && !TERMLESS_TYPES.has(type);
      if (isLocalMessageType(type) || isTermless) throw new LocalMessageError();
      if (isResponseMessageType(type) && this.#core.tracker.get(from) === undefined) {
        throw new PeerNotFoundError();
      }
    }
    step(this.#core, message);
  }

  /**
   * Proposes one entry per element, to be committed in this order (though not necessarily without
   * others between) or not at all. A follower forwards the batch to its leader, where it may be
   * lost. Throws {@link ProposalDroppedError} if it is certainly not taken.
   */
  propose(batch: readonly Uint8Array[]): void {
    const entries: Entry[] = [];
    for (const data of batch) entries.push({ type: EntryType.normal, term: 0, index: 0, data });
    this.#step({ type: MessageType.propose, from: this.#core.id, entries });
  }

  /**
   * Proposes a configuration change. A leader that finds it unfit or has another one under way
   * appends an entry without effect in its place. Throws {@link ProposalDroppedError}.
   */
  proposeConfChange(change: AnyConfChange): void {
    const data = encodeConfChange(change);
    const entry = { type: confChangeEntryType(change), term: 0, index: 0, data };
    this.#step({ type: MessageType.propose, entries: [entry] });
  }

  /**
   * Switches to the configuration after a change that has just been applied, and returns it. Not
   * called for a change that the application rejects. Throws {@link ConfChangeError} if the change
   * does not fit.
   */
  applyConfChange(change: AnyConfChange): ConfState {
    return applyConfChange(this.#core, toConfChangeV2(change));
  }

  /** Starts an election now. */
  campaign(): void {
    this.#step({ type: MessageType.hup });
  }

  /** Asks for a read: a read state with this context follows, or, if messages get lost, nothing. */
  readIndex(context: Uint8Array): void {
    const entry = { type: EntryType.normal, term: 0, index: 0, data: context };
    this.#step({ type: MessageType.readIndex, entries: [entry] });
  }

  /** Asks the leader (this or another member) to hand its leadership to `transferee`. */
  transferLeader(transferee: NodeId): void {
    this.#step({ type: MessageType.transferLeader, from: transferee });
  }

  /** Lets a follower vote at once although it has heard from its leader. */
  forgetLeader(): void {
    this.#step({ type: MessageType.forgetLeader });
  }

  /** Reports that messages to `id` do not get through. */
  reportUnreachable(id: NodeId): void {
    this.#step({ type: MessageType.unreachable, from: id });
  }

  /** Reports how the sending of a snapshot to `id` ended; without it no appends go there. */
  reportSnapshot(id: NodeId, ok: boolean): void {
    this.#step({ type: MessageType.snapshotStatus, from: id, reject: !ok });
  }

  #step(fields: Parameters<typeof createMessage>[0]): void {
    step(this.#core, createMessage(fields));
  }

  /** True if {@link ready} has something to do. */
  hasReady(): boolean {
    const core = this.#core;
    return (
      core.messages.length > 0 ||
      core.messagesAfterAppend.length > 0 ||
      core.readStates.length > 0 ||
      core.log.unstable.hasNextEntries ||
      core.log.hasNextCommittedEntries(this.#allowUnstable) ||
      this.#softStateChanged() ||
      this.#hardStateChanged() ||
      core.log.unstable.nextSnapshot() !== undefined
    );
  }

  /** Takes the outstanding work; see the class. Synchronous mode: one at a time. */
  ready(): Ready {
    const core = this.#core;
    if (this.#awaitsAdvance) throw new RaftInvariantError('ready() without advance()');
    const ready = core.options.asyncStorageWrites ? this.#asyncReady() : this.#syncReady();
    if (ready.softState !== undefined) this.#previousSoftState = ready.softState;
    if (ready.hardState !== undefined) this.#previousHardState = ready.hardState;
    core.readStates = [];
    core.messages = [];
    core.messagesAfterAppend = [];
    core.log.unstable.acceptInProgress();
    core.log.acceptApplying(ready.committedEntries, this.#allowUnstable);
    return ready;
  }

  #asyncReady(): Ready {
    const ready = this.#readyWith(this.#core.messages);
    if (needsStorageAppend(this.#core, ready)) {
      this.#core.messages.push(storageAppend(this.#core, ready));
    }
    if (ready.committedEntries.length > 0) {
      this.#core.messages.push(storageApply(this.#core, ready.committedEntries));
    }
    return ready;
  }

  #syncReady(): Ready {
    const core = this.#core;
    const ready = this.#readyWith(core.messages);
    for (const message of core.messagesAfterAppend) {
      (message.to === core.id ? this.#stepsOnAdvance : core.messages).push(message);
    }
    const appended = storageAppendResponse(core, ready.snapshot);
    if (appended !== undefined) this.#stepsOnAdvance.push(appended);
    if (ready.committedEntries.length > 0) {
      this.#stepsOnAdvance.push(storageApplyResponse(core, ready.committedEntries));
    }
    this.#awaitsAdvance = true;
    return ready;
  }

  #readyWith(messages: readonly Message[]): Ready {
    const core = this.#core;
    const { log, term, vote } = core;
    const { unstable, committed: commit } = log;
    const entries = unstable.hasNextEntries ? unstable.nextEntries() : [];
    const previous = this.#previousHardState;
    return {
      softState: this.#softStateChanged() ? { leader: core.leader, state: core.state } : undefined,
      hardState: this.#hardStateChanged() ? { term, vote, commit } : undefined,
      readStates: core.readStates,
      entries,
      snapshot: unstable.nextSnapshot(),
      committedEntries: log.nextCommittedEntries(this.#allowUnstable),
      messages,
      mustSync: entries.length > 0 || vote !== previous.vote || term !== previous.term,
    };
  }

  /**
   * Synchronous mode: tells that the taken Ready is done. Throws {@link RaftInvariantError} in the
   * asynchronous mode.
   */
  advance(): void {
    if (this.#core.options.asyncStorageWrites) {
      throw new RaftInvariantError('advance() must not be called with asynchronous writes');
    }
    const steps = this.#stepsOnAdvance;
    this.#stepsOnAdvance = [];
    this.#awaitsAdvance = false;
    for (const message of steps) step(this.#core, message);
  }

  /** What this member knows, with the progress of all if it leads. */
  status(): Status {
    return status(this.#core);
  }

  /** What this member knows of itself; cheap. */
  basicStatus(): BasicStatus {
    return basicStatus(this.#core);
  }

  get id(): NodeId {
    return this.#core.id;
  }

  get isLeader(): boolean {
    return this.#core.state === RaftState.leader;
  }

  /** The leader as far as this member knows, or `NO_NODE`. */
  get leader(): NodeId {
    return this.#core.leader;
  }

  get term(): number {
    return this.#core.term;
  }

  /** The highest index known to be committed. */
  get committedIndex(): number {
    return this.#core.log.committed;
  }

  /** The highest index reported as applied. */
  get appliedIndex(): number {
    return this.#core.log.applied;
  }

  /** Sets the ticks until the next election, until the role or term changes: for simulations. */
  setRandomizedElectionTicks(ticks: number): void {
    this.#core.randomizedElectionTicks = ticks;
  }

  /** Committed entries may be applied before they are stable only if both happen in one Ready. */
  get #allowUnstable(): boolean {
    return !this.#core.options.asyncStorageWrites;
  }

  #softStateChanged(): boolean {
    const { leader, state } = this.#previousSoftState;
    return this.#core.leader !== leader || this.#core.state !== state;
  }

  #hardStateChanged(): boolean {
    const { term, vote, commit } = this.#previousHardState;
    const core = this.#core;
    return core.term !== term || core.vote !== vote || core.log.committed !== commit;
  }
}

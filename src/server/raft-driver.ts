import type { Clock } from '../base/clock.js';
import { errorText } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import {
  type AnyConfChange,
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type HardState,
  isEmptySnapshot,
  LocalMessageError,
  type MemoryStorage,
  type Message,
  type NodeId,
  PeerNotFoundError,
  ProposalDroppedError,
  type RawNode,
  type ReadState,
  type Snapshot,
  type SoftState,
  type Status,
} from '../raft/index.js';
import type { Wal } from '../storage/wal/index.js';

/** One turn of applying takes no longer than this; then other work, heartbeats above all, has its turn. */
const APPLY_SLICE_MS = 5;
/**
 * Bytes that may wait in the write-ahead log before further appends wait here: a leader may send a
 * follower with a slow disk much more than the log takes (128 MiB).
 */
const MAX_WAL_PENDING_BYTES = 64 * 1024 * 1024;

export interface RaftDriverOptions {
  readonly tickMs: number;
}

/** Where the driver hands on what Raft decides. */
export interface RaftDriverEvents {
  /** Applies one committed entry, synchronously. Whatever it throws stops the member. */
  apply(entry: Entry): void;
  /** A promise while nothing more may be applied (the backend has to catch up first). */
  pause(): Promise<void> | undefined;
  /** Entries up to `index` are applied. */
  applied(index: number): void;
  /**
   * Puts the state of a snapshot in place of this member's. The entries before it are applied, none
   * after it is until the promise resolves; `persist` makes Raft's part of it durable and must have
   * resolved before the old state is given up.
   */
  install(snapshot: Snapshot, persist: () => Promise<void>): Promise<void>;
  readStates(states: readonly ReadState[]): void;
  softState(state: SoftState): void;
  /** Messages for other members. */
  send(messages: readonly Message[]): void;
  /** The member must not go on: its log could not be written, or its state is in doubt. */
  failed(error: Error): void;
}

export interface RaftDriverDependencies {
  readonly node: RawNode;
  readonly storage: MemoryStorage;
  readonly wal: Wal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: RaftDriverEvents;
}

/**
 * Runs a RawNode with asynchronous storage writes: feeds it ticks and messages, writes what it wants
 * written to the log, applies what it commits in slices, and hands on the rest. While an fsync is
 * under way the node goes on, so the next batch gathers and heartbeats never wait for the disk.
 */
export class RaftDriver {
  readonly #options: RaftDriverOptions;
  readonly #node: RawNode;
  readonly #storage: MemoryStorage;
  readonly #wal: Wal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: RaftDriverEvents;
  /** Storage-apply messages in order; `#applyOffset` entries of the first are done. */
  readonly #applyQueue: Message[] = [];
  #applyOffset = 0;
  #applyScheduled = false;
  /** Storage-append messages that wait: behind a snapshot, or for the disk. */
  readonly #appendQueue: Message[] = [];
  #installing: Promise<void> | undefined;
  /** Called when the apply queue is empty. */
  #whenApplied: (() => void) | undefined;
  #isProcessing = false;
  #cancelTicks: (() => void) | undefined;
  #leaderHeardMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: RaftDriverOptions, dependencies: RaftDriverDependencies) {
    this.#options = options;
    this.#node = dependencies.node;
    this.#storage = dependencies.storage;
    this.#wal = dependencies.wal;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger.child('server/raft');
    this.#events = dependencies.events;
  }

  start(): void {
    this.#cancelTicks = this.#clock.setInterval(() => {
      this.#node.tick();
      this.process();
    }, this.#options.tickMs);
    this.process();
  }

  /**
   * Ends ticks and applying; what is under way in the log completes without effect. Resolves when no
   * snapshot is being installed any more.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTicks?.();
    this.#whenApplied?.();
    await this.#installing;
  }

  /** Moves the logical clock on, as if so many ticks had passed. */
  advanceTicks(ticks: number): void {
    for (let count = 0; count < ticks; count++) this.#node.tick();
    this.process();
  }

  get isLeader(): boolean {
    return this.#node.isLeader;
  }

  get leader(): NodeId {
    return this.#node.leader;
  }

  get term(): number {
    return this.#node.term;
  }

  get committedIndex(): number {
    return this.#node.committedIndex;
  }

  /** Entries up to here have been reported to Raft as applied. */
  get appliedIndex(): number {
    return this.#node.appliedIndex;
  }

  get lastIndex(): number {
    return this.#storage.lastIndex();
  }

  /** Proposes entries as one batch. Throws ProposalDroppedError if it is certainly not taken. */
  propose(batch: readonly Uint8Array[]): void {
    this.#node.propose(batch);
    this.process();
  }

  /** Proposes a change of the membership. Throws ProposalDroppedError if it is certainly not taken. */
  proposeConfChange(change: AnyConfChange): void {
    this.#node.proposeConfChange(change);
    this.process();
  }

  /** When the leader was last heard, on the monotonic clock. */
  get leaderHeardMs(): number {
    return this.#leaderHeardMs;
  }

  /** Takes what other members sent. */
  receive(messages: readonly Message[]): void {
    if (this.#isStopped) return;
    for (const message of messages) this.#receiveOne(message);
    const { leader } = this.#node;
    if (messages.some(({ from }) => from === leader)) this.#leaderHeardMs = this.#clock.nowMs();
    this.process();
  }

  #receiveOne(message: Message): void {
    try {
      this.#node.step(message);
    } catch (error) {
      // What a member sends that is late or mistaken does no harm; its sender will find out.
      const isHarmless =
        error instanceof ProposalDroppedError ||
        error instanceof PeerNotFoundError ||
        error instanceof LocalMessageError;
      if (!isHarmless) this.#fail(error);
    }
  }

  reportUnreachable(id: NodeId): void {
    this.#node.reportUnreachable(id);
    this.process();
  }

  /** Tells Raft how the sending of a snapshot ended, so that appends go there again. */
  reportSnapshot(id: NodeId, succeeded: boolean): void {
    this.#node.reportSnapshot(id, succeeded);
    this.process();
  }

  /** Asks for the leadership to be handed to another member. */
  transferLeader(transferee: NodeId): void {
    this.#node.transferLeader(transferee);
    this.process();
  }

  /** The leader's view of how far the others are; empty on any other member. */
  get progress(): Status['progress'] {
    return this.#node.status().progress;
  }

  readIndex(context: Uint8Array): void {
    this.#node.readIndex(context);
    this.process();
  }

  /** Lets this member, a follower, vote for another leader at once. */
  forgetLeader(): void {
    this.#node.forgetLeader();
    this.process();
  }

  campaign(): void {
    this.#node.campaign();
    this.process();
  }

  /** Does all the work that the node has outstanding. */
  process(): void {
    if (this.#isProcessing || this.#isStopped) return;
    this.#isProcessing = true;
    try {
      while (!this.#isStopped && this.#node.hasReady()) this.#handleReady();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isProcessing = false;
    }
  }

  #handleReady(): void {
    const ready = this.#node.ready();
    if (ready.softState !== undefined) this.#events.softState(ready.softState);
    if (ready.readStates.length > 0) this.#events.readStates(ready.readStates);
    const outgoing: Message[] = [];
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) this.#append(message);
      else if (message.to === APPLY_THREAD) this.#queueApply(message);
      else outgoing.push(message);
    }
    if (outgoing.length > 0) this.#events.send(outgoing);
  }

  /** Appends are written in order: one waits behind a snapshot, and while the log is full. */
  #append(message: Message): void {
    this.#appendQueue.push(message);
    this.#pumpAppends();
  }

  #pumpAppends(): void {
    while (this.#installing === undefined && !this.#isStopped) {
      const message = this.#appendQueue[0];
      if (message === undefined || this.#wal.pendingBytes > MAX_WAL_PENDING_BYTES) return;
      this.#appendQueue.shift();
      const { snapshot } = message;
      if (snapshot === undefined || isEmptySnapshot(snapshot)) this.#write(message);
      else this.#startInstall(message, snapshot);
    }
  }

  #write(message: Message): void {
    const { entries } = message;
    const hardState = hardStateOf(message);
    if (hardState !== undefined) this.#storage.setHardState(hardState);
    // Readers of the storage see the entries before they are durable; what Raft concludes from
    // their being stable waits for the responses below.
    this.#storage.append(entries);
    this.#wal.append(hardState, entries, (error) => {
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#respond(message.responses);
      this.#pumpAppends();
    });
  }

  #startInstall(message: Message, snapshot: Snapshot): void {
    this.#installing = this.#install(message, snapshot)
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#installing = undefined;
        this.#pumpAppends();
      });
  }

  /**
   * Replaces the state by a snapshot's, and with it the log: entries behind it that come in the same
   * message follow it. Raft hands out nothing to apply meanwhile.
   */
  async #install(message: Message, snapshot: Snapshot): Promise<void> {
    await this.#allApplied();
    if (this.#isStopped) return;
    await this.#events.install(snapshot, () => this.#persistSnapshot(message, snapshot));
    this.#storage.applySnapshot(snapshot);
    this.#storage.append(message.entries);
    const hardState = hardStateOf(message);
    if (hardState !== undefined) this.#storage.setHardState(hardState);
    this.#respond(message.responses);
  }

  #persistSnapshot(message: Message, { metadata }: Snapshot): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => {
        if (error === null) resolve();
        else reject(error);
      };
      // A start takes the record for valid once the commit index has reached it, which comes second;
      // entries behind it would be a gap without.
      this.#wal.saveSnapshot(metadata, () => {});
      this.#wal.append(hardStateOf(message), [], () => {});
      this.#wal.append(undefined, message.entries, () => {});
      this.#wal.sync(settle);
    });
  }

  #allApplied(): Promise<void> {
    if (this.#applyQueue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenApplied = resolve;
    });
  }

  #respond(responses: readonly Message[]): void {
    if (this.#isStopped) return;
    const outgoing: Message[] = [];
    try {
      for (const response of responses) {
        if (response.to === this.#node.id) this.#node.step(response);
        else outgoing.push(response);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (outgoing.length > 0) this.#events.send(outgoing);
    this.process();
  }

  #queueApply(message: Message): void {
    this.#applyQueue.push(message);
    if (!this.#applyScheduled) this.#applySlice();
  }

  /** Leaves the rest of the applying to a later turn, or to when there is room for it. */
  #scheduleApply(until: Promise<void> | undefined): void {
    this.#applyScheduled = true;
    const resume = (): void => {
      if (!this.#isStopped) this.#guarded(() => this.#applySlice());
      this.process();
    };
    if (until === undefined) this.#clock.setImmediate(resume);
    else until.then(resume, (error: unknown) => this.#fail(error));
  }

  /** Applies for a few milliseconds. */
  #applySlice(): void {
    this.#applyScheduled = false;
    const deadlineMs = this.#clock.nowMs() + APPLY_SLICE_MS;
    for (let message = this.#applyQueue[0]; message !== undefined; message = this.#applyQueue[0]) {
      if (!this.#applyEntries(message, deadlineMs)) return;
      this.#applyQueue.shift();
      this.#applyOffset = 0;
      const last = message.entries[message.entries.length - 1];
      for (const response of message.responses) this.#node.step(response);
      if (last !== undefined) this.#events.applied(last.index);
    }
    this.#whenApplied?.();
    this.#whenApplied = undefined;
  }

  /** True if all entries of the message are applied; else the rest is scheduled. */
  #applyEntries(message: Message, deadlineMs: number): boolean {
    const { entries } = message;
    while (this.#applyOffset < entries.length) {
      const entry = entries[this.#applyOffset];
      if (entry === undefined) break;
      this.#events.apply(entry);
      this.#applyOffset++;
      const isMore = this.#applyOffset < entries.length;
      const pause = this.#events.pause();
      // Looking at the clock costs more than applying a small entry.
      const isLate = (this.#applyOffset & 31) === 0 && this.#clock.nowMs() > deadlineMs;
      if (isMore && (isLate || pause !== undefined)) {
        this.#events.applied(entry.index);
        this.#scheduleApply(pause);
        return false;
      }
    }
    return true;
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelTicks?.();
    this.#logger.error('the member stops', { error: errorText(error) });
    this.#events.failed(error instanceof Error ? error : new Error(errorText(error)));
  }
}

/** The hard state that a storage message asks to write; undefined if it has not changed. */
function hardStateOf({ term, vote, commit }: Message): HardState | undefined {
  return term !== 0 || vote !== 0n || commit !== 0 ? { term, vote, commit } : undefined;
}

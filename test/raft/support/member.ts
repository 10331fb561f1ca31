import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger.js';
import type { Random } from '../../../src/base/random.js';
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type ConfState,
  confChangeOfEntry,
  EMPTY_CONF_STATE,
  type Entry,
  type EntryId,
  EntryType,
  type HardState,
  isEmptyHardState,
  type MemoryStorage,
  type Message,
  type NodeId,
  type RaftOptions,
  RaftState,
  RawNode,
  type ReadState,
  type Snapshot,
} from '../../../src/raft/index.js';
import { nextDigest, type SafetyChecker } from './safety.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The application's state: what it has applied, as a digest, and the configuration then. */
interface Application {
  index: number;
  digest: number;
  confState: ConfState;
}

function applicationOf({ data, metadata }: Snapshot): Application {
  const digest = data.length === 0 ? 0 : Number(decoder.decode(data));
  return { index: metadata.index, digest, confState: metadata.confState };
}

export interface MemberDependencies {
  readonly random: Random;
  readonly checker: SafetyChecker;
  /** Takes what is sent to other members. */
  readonly post: (message: Message) => void;
  /** The disk of another member. */
  readonly diskOf: (id: NodeId) => MemoryStorage | undefined;
}

/**
 * One member with a disk that survives crashes, an application, and the two storage threads. Every
 * Ready goes past the safety checker.
 */
export class Member {
  readonly id: NodeId;
  readonly #options: RaftOptions;
  readonly #dependencies: MemberDependencies;
  /** The disk; also what the core reads. */
  readonly storage: MemoryStorage;
  raw: RawNode | undefined;
  application: Application = { index: 0, digest: 0, confState: EMPTY_CONF_STATE };
  /** Data of applied normal entries since the last start, first applied first. */
  readonly applied: string[] = [];
  readonly readStates: ReadState[] = [];
  #appendWork: Message[] = [];
  #applyWork: Message[] = [];
  /** The whole log as the core knows it, from the disk's first index on. */
  #log: Entry[] = [];
  /** What the log starts after. */
  #base: EntryId = { term: 0, index: 0 };
  #checkedCommit = 0;
  #checkedQuorum = 0;

  constructor(options: RaftOptions, storage: MemoryStorage, dependencies: MemberDependencies) {
    this.id = options.id;
    this.storage = storage;
    this.#options = options;
    this.#dependencies = dependencies;
    this.start();
  }

  get hasAppendWork(): boolean {
    return this.#appendWork.length > 0;
  }

  get hasApplyWork(): boolean {
    return this.#applyWork.length > 0;
  }

  /** The running core. Throws while the member is down. */
  get node(): RawNode {
    assert.ok(this.raw !== undefined, `member ${this.id} is down`);
    return this.raw;
  }

  /** Starts the core from the disk. */
  start(): void {
    const snapshot = this.storage.snapshot();
    assert.ok(snapshot !== undefined);
    this.application = applicationOf(snapshot);
    this.applied.length = 0;
    const first = this.storage.firstIndex();
    this.#base = { term: this.storage.term(first - 1) ?? 0, index: first - 1 };
    this.#log = [...(this.storage.entries(first, this.storage.lastIndex() + 1, 1e9) ?? [])];
    this.raw = new RawNode(
      { ...this.#options, appliedIndex: this.application.index },
      { storage: this.storage, random: this.#dependencies.random, logger: silentLogger },
    );
    this.#checkedCommit = first - 1;
    this.#checkedQuorum = this.node.committedIndex;
  }

  /**
   * Stops at once. Of the writes under way the first `written` reach the disk, and `torn` entries
   * of the next; nobody hears of them.
   */
  crash(written = 0, torn = 0): void {
    for (const message of this.#appendWork.slice(0, written)) this.#persistMessage(message);
    const next = this.#appendWork[written];
    if (next !== undefined && torn > 0) this.storage.append(next.entries.slice(0, torn));
    this.raw = undefined;
    this.#appendWork = [];
    this.#applyWork = [];
  }

  /** Takes and handles all Readies. */
  handleReadies(): void {
    // A Ready leads to the next one in the synchronous mode; it comes to rest after a few.
    while (this.raw?.hasReady()) this.#handleReady(this.raw);
  }

  #handleReady(raw: RawNode): void {
    const { checker, post } = this.#dependencies;
    this.#checkLeaderCommit(raw);
    const ready = raw.ready();
    this.#extendLog(ready.snapshot, ready.entries);
    this.#check(raw, ready.softState?.state === RaftState.leader);
    this.readStates.push(...ready.readStates);
    for (const { requestContext, index } of ready.readStates) {
      checker.readAnswered(decoder.decode(requestContext), index);
    }
    if (!this.#options.asyncStorageWrites) {
      this.#persist(ready.hardState, ready.entries, ready.snapshot);
      this.#apply(ready.committedEntries);
    }
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) this.#appendWork.push(message);
      else if (message.to === APPLY_THREAD) this.#applyWork.push(message);
      else this.#send(message, post);
    }
    if (!this.#options.asyncStorageWrites) raw.advance();
  }

  #send(message: Message, post: (message: Message) => void): void {
    this.#dependencies.checker.voteSent(message);
    post(message);
  }

  /** Has the append thread do one write. */
  processAppend(): void {
    const message = this.#appendWork.shift();
    if (message === undefined) return;
    this.#persistMessage(message);
    this.#deliverResponses(message);
  }

  /** Has the apply thread do one batch. */
  processApply(): void {
    const message = this.#applyWork.shift();
    if (message === undefined) return;
    this.#apply(message.entries);
    this.#deliverResponses(message);
  }

  #deliverResponses({ responses }: Message): void {
    for (const response of responses) {
      if (response.to !== this.id) this.#send(response, this.#dependencies.post);
      else this.stepOwn(response);
    }
  }

  /** Steps a response of this member's own storage. */
  stepOwn(message: Message): void {
    this.#dependencies.checker.voteSent(message);
    try {
      this.raw?.step(message);
    } catch (error) {
      // Removed from the configuration since: its own ack means nothing any more.
      if (!(error instanceof Error && error.name === 'PeerNotFoundError')) throw error;
    }
  }

  /** Snapshots the application and drops the log up to `keep` entries before it. */
  compact(keep: number): void {
    const { index, digest, confState } = this.application;
    const snapshot = this.storage.snapshot();
    if (snapshot === undefined || index <= snapshot.metadata.index) return;
    if (index > this.storage.lastIndex()) return;
    this.storage.createSnapshot(index, confState, encoder.encode(String(digest)));
    const to = index - keep;
    if (to >= this.storage.firstIndex()) this.storage.compact(to);
  }

  /** The term of an entry of the log as the core knows it. */
  termAt(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term;
    return this.#log[index - this.#base.index - 1]?.term;
  }

  /** The end of the log as the core knows it. */
  get lastId(): EntryId {
    const { term, index } = this.#log.at(-1) ?? this.#base;
    return { term, index };
  }

  #extendLog(snapshot: Snapshot | undefined, entries: readonly Entry[]): void {
    if (snapshot !== undefined) {
      this.#base = { term: snapshot.metadata.term, index: snapshot.metadata.index };
      this.#log = [];
    }
    for (const entry of entries) {
      this.#log.length = Math.min(this.#log.length, entry.index - this.#base.index - 1);
      const previousTerm = this.termAt(entry.index - 1);
      assert.ok(previousTerm !== undefined, `a gap before entry ${entry.index}`);
      this.#dependencies.checker.entryAppended(entry, previousTerm);
      this.#log.push(entry);
    }
  }

  #check(raw: RawNode, elected: boolean): void {
    const { checker } = this.#dependencies;
    if (raw.isLeader) checker.leaderSeen(this.id, raw.term);
    if (elected) {
      const first = this.#base.index + 1;
      const { id } = this;
      checker.leaderElected({ id, term: raw.term, first, termAt: (index) => this.termAt(index) });
    }
    const { committedIndex } = raw;
    assert.ok(committedIndex >= this.#checkedCommit, 'the commit index never falls');
    for (const entry of this.#log) {
      if (entry.index > this.#checkedCommit && entry.index <= committedIndex) {
        checker.entryCommitted(entry, raw.term);
      }
    }
    this.#checkedCommit = committedIndex;
  }

  /** What a leader has committed is durable on a quorum of the configuration it counts with. */
  #checkLeaderCommit(raw: RawNode): void {
    const index = raw.committedIndex;
    if (index <= this.#checkedQuorum) return;
    this.#checkedQuorum = index;
    if (!raw.isLeader) return;
    const term = this.termAt(index);
    if (term === undefined) return;
    const { configuration } = raw.status();
    const { checker, diskOf } = this.#dependencies;
    checker.leaderCommitted({ index, term, configuration }, diskOf);
  }

  #persistMessage({ term, vote, commit, entries, snapshot }: Message): void {
    this.#persist({ term, vote, commit }, entries, snapshot);
  }

  #persist(
    hardState: HardState | undefined,
    entries: readonly Entry[],
    snapshot: Snapshot | undefined,
  ): void {
    if (snapshot !== undefined) {
      this.storage.applySnapshot(snapshot);
      this.application = applicationOf(snapshot);
      this.#dependencies.checker.stateReached(this.application.index, this.application.digest);
    }
    this.storage.append(entries);
    if (hardState !== undefined && !isEmptyHardState(hardState)) {
      this.storage.setHardState(hardState);
    }
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { application } = this;
      // Handed out before a snapshot that is here already.
      if (entry.index <= application.index) continue;
      assert.equal(entry.index, application.index + 1, 'entries are applied without gaps');
      const change = confChangeOfEntry(entry);
      if (change !== undefined) {
        this.#checkLeaderCommit(this.node);
        application.confState = this.node.applyConfChange(change);
      }
      application.index = entry.index;
      application.digest = nextDigest(application.digest, entry);
      this.#dependencies.checker.entryApplied(entry, application.digest);
      if (entry.type === EntryType.normal && entry.data.length > 0) {
        this.applied.push(decoder.decode(entry.data));
      }
    }
  }
}

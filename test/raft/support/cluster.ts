import assert from 'node:assert/strict';
import { type Random, seededRandom } from '../../../src/base/random.js';
import {
  type Entry,
  EntryType,
  isEmptySnapshot,
  LocalMessageError,
  MemoryStorage,
  type Message,
  MessageType,
  type NodeId,
  PeerNotFoundError,
  ProposalDroppedError,
  type RaftOptions,
  RaftState,
  type Snapshot,
} from '../../../src/raft/index.js';
import { Member } from './member.js';
import { SafetyChecker } from './safety.js';

export interface ClusterOptions {
  /** Members 1 to this number run. */
  readonly members: number;
  /** Members 1 to this number are voters at first; all by default. */
  readonly voters?: number;
  /** The next so many are learners at first. */
  readonly learners?: number;
  readonly raft?: Partial<RaftOptions>;
  readonly seed?: number;
  /** The terms of the entries after {@link FIRST_INDEX} in the logs of members 1, 2, … */
  readonly logs?: readonly (readonly number[])[];
  /** The term that members with such a log have reached; by default that of their last entry. */
  readonly term?: number;
}

/** The log starts after this index, from a snapshot of term 1 that holds the configuration. */
export const FIRST_INDEX = 2;

const encoder = new TextEncoder();

/** A disk with a snapshot and entries of these terms after it. */
function storageOf(
  snapshot: Snapshot,
  terms: readonly number[],
  reached = Math.max(0, ...terms),
): MemoryStorage {
  const storage = new MemoryStorage();
  if (!isEmptySnapshot(snapshot)) storage.applySnapshot(snapshot);
  const { index } = snapshot.metadata;
  storage.append(terms.map((term, position) => oldEntry(term, index + position + 1)));
  if (terms.length > 0) storage.setHardState({ term: reached, vote: 0n, commit: index });
  return storage;
}

/** An entry of an earlier time. */
function oldEntry(term: number, index: number): Entry {
  return { type: EntryType.normal, term, index, data: encoder.encode(`old ${term}/${index}`) };
}

/** A group of members and the network between them. Nothing moves but by its methods. */
export class Cluster {
  readonly checker = new SafetyChecker();
  readonly members: readonly Member[];
  /** What is on its way, oldest first. */
  network: Message[] = [];
  /** What the network loses at once. */
  loses: (message: Message) => boolean = () => false;
  #reads = 0;
  readonly #random: Random;

  constructor(options: ClusterOptions) {
    const { members, voters = members, learners = 0 } = options;
    this.#random = seededRandom(options.seed ?? 1);
    const ids = Array.from({ length: members }, (_, position) => BigInt(position + 1));
    const initial: Snapshot = {
      data: encoder.encode('0'),
      metadata: {
        index: FIRST_INDEX,
        term: 1,
        confState: {
          voters: ids.slice(0, voters),
          learners: ids.slice(voters, voters + learners),
          votersOutgoing: [],
          learnersNext: [],
          autoLeave: false,
        },
      },
    };
    const empty: Snapshot = {
      data: new Uint8Array(0),
      metadata: { ...initial.metadata, index: 0, term: 0 },
    };
    this.members = ids.map((id, position) => {
      const raft = { electionTicks: 10, heartbeatTicks: 1, ...options.raft, id };
      const start = position < voters + learners ? initial : empty;
      return new Member(raft, storageOf(start, options.logs?.[position] ?? [], options.term), {
        random: this.#random,
        checker: this.checker,
        post: (message) => this.#post(message),
        diskOf: (other) => this.find(other)?.storage,
      });
    });
  }

  #post(message: Message): void {
    if (this.loses(message)) this.#lost(message);
    else this.network.push(message);
  }

  find(id: NodeId): Member | undefined {
    return this.members[Number(id) - 1];
  }

  member(id: NodeId | number): Member {
    const member = this.find(BigInt(id));
    assert.ok(member !== undefined, `no member ${id}`);
    return member;
  }

  /** The member that leads the highest term. */
  get leader(): Member | undefined {
    let leader: Member | undefined;
    for (const member of this.members) {
      if (member.raw?.isLeader && member.node.term >= (leader?.raw?.term ?? 0)) leader = member;
    }
    return leader;
  }

  /** Delivers one message, if its receiver runs. */
  deliver(message: Message): void {
    const { raw } = this.find(message.to) ?? {};
    if (raw === undefined) {
      this.#lost(message);
      return;
    }
    try {
      raw.step(message);
    } catch (error) {
      const expected =
        error instanceof ProposalDroppedError ||
        error instanceof PeerNotFoundError ||
        error instanceof LocalMessageError;
      if (!expected) throw error;
    }
    if (message.type === MessageType.snapshot) this.#reportSnapshot(message, true);
  }

  /** A transport tells the sender of a snapshot how it went. */
  #lost(message: Message): void {
    if (message.type === MessageType.snapshot) this.#reportSnapshot(message, false);
  }

  #reportSnapshot({ from, to }: Message, ok: boolean): void {
    this.find(from)?.raw?.reportSnapshot(to, ok);
  }

  /** Loses a message that was on its way. */
  drop(message: Message): void {
    this.#lost(message);
  }

  /** Cuts the group into parts that do not hear each other; who is not named is alone. */
  partition(...parts: readonly (readonly (NodeId | number)[])[]): void {
    const partOf = new Map<NodeId, number>();
    parts.forEach((ids, part) => {
      for (const id of ids) partOf.set(BigInt(id), part);
    });
    this.loses = ({ from, to }) => {
      const part = partOf.get(from);
      return part === undefined || part !== partOf.get(to);
    };
    const messages = this.network;
    this.network = [];
    for (const message of messages) this.#post(message);
  }

  heal(): void {
    this.loses = () => false;
  }

  /** Does everything there is to do, in order, until nothing is left. */
  settle(maxRounds = 10_000): void {
    for (let round = 0; round < maxRounds; round++) {
      let busy = false;
      for (const member of this.members) busy = this.settleMember(member) || busy;
      const messages = this.network;
      this.network = [];
      for (const message of messages) this.deliver(message);
      if (!busy && messages.length === 0) return;
    }
    assert.fail('the cluster does not come to rest');
  }

  /** Has a member do all it can without a message; true if there was anything. */
  settleMember(member: Member): boolean {
    let busy = false;
    while (member.raw?.hasReady() || member.hasAppendWork || member.hasApplyWork) {
      busy = true;
      member.handleReadies();
      member.processAppend();
      member.handleReadies();
      member.processApply();
    }
    return busy;
  }

  /** Ticks one member, or all that run, so often, and settles after each tick. */
  tick(ticks: number, id?: NodeId | number): void {
    for (let tick = 0; tick < ticks; tick++) {
      for (const member of this.members) {
        if (id === undefined || member.id === BigInt(id)) member.raw?.tick();
      }
      this.settle();
    }
  }

  /** Makes a member campaign and settles; it must win. */
  elect(id: NodeId | number): Member {
    const member = this.member(id);
    member.node.campaign();
    this.settle();
    assert.equal(member.node.basicStatus().softState.state, RaftState.leader);
    return member;
  }

  /** Proposes at a member and settles. */
  propose(id: NodeId | number, ...texts: string[]): void {
    this.member(id).node.propose(texts.map((text) => encoder.encode(text)));
    this.settle();
  }

  /** Asks a member for a read that has to see everything committed so far; returns its name. */
  read(id: NodeId | number): string {
    const name = `read-${++this.#reads}`;
    this.checker.readStarted(name);
    this.member(id).node.readIndex(encoder.encode(name));
    return name;
  }

  /** The index with which the read was answered at the member, or undefined. */
  answerOf(id: NodeId | number, name: string): number | undefined {
    const wanted = encoder.encode(name).join();
    const states = this.member(id).readStates;
    return states.find(({ requestContext }) => requestContext.join() === wanted)?.index;
  }
}

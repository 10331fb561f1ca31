import { silentLogger } from '../../../src/base/logger.js';
import { seededRandom } from '../../../src/base/random.js';
import {
  createMessage,
  EMPTY_BYTES,
  type Entry,
  EntryType,
  type HardState,
  MemoryStorage,
  type Message,
  type MessageFields,
  type NodeId,
  type RaftOptions,
  RawNode,
  type ReadState,
} from '../../../src/raft/index.js';

export interface LoneNodeOptions {
  readonly voters?: readonly NodeId[];
  readonly learners?: readonly NodeId[];
  /** The terms of the entries from index 1 on. */
  readonly terms?: readonly number[];
  readonly hardState?: HardState;
  readonly raft?: Partial<RaftOptions>;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function entry(term: number, index: number, text = ''): Entry {
  const data = text === '' ? EMPTY_BYTES : bytes(text);
  return { type: EntryType.normal, term, index, data };
}

/** Node 1 of a group whose other members are played by the test; its disk works at once. */
export class LoneNode {
  readonly storage = new MemoryStorage();
  readonly raw: RawNode;
  readonly applied: Entry[] = [];
  readonly readStates: ReadState[] = [];

  constructor(options: LoneNodeOptions = {}) {
    const { voters = [1n, 2n, 3n], learners = [], terms = [], hardState } = options;
    const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
    this.storage.applySnapshot({ data: EMPTY_BYTES, metadata: { confState, index: 0, term: 0 } });
    this.storage.append(terms.map((term, position) => entry(term, position + 1)));
    if (hardState !== undefined) this.storage.setHardState(hardState);
    this.raw = new RawNode(
      { id: 1n, electionTicks: 10, heartbeatTicks: 1, ...options.raft },
      { storage: this.storage, random: seededRandom(1), logger: silentLogger },
    );
  }

  /** Steps a message to this node and returns what it sends. */
  step(fields: MessageFields): Message[] {
    this.raw.step(createMessage({ to: 1n, ...fields }));
    return this.sent();
  }

  /** Ticks so often and returns what is sent meanwhile. */
  tick(ticks: number): Message[] {
    const sent: Message[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      this.raw.tick();
      sent.push(...this.sent());
    }
    return sent;
  }

  /** Does all outstanding work and returns the messages to others. */
  sent(): Message[] {
    const sent: Message[] = [];
    while (this.raw.hasReady()) {
      const ready = this.raw.ready();
      if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState);
      if (ready.snapshot !== undefined) this.storage.applySnapshot(ready.snapshot);
      this.storage.append(ready.entries);
      this.applied.push(...ready.committedEntries);
      this.readStates.push(...ready.readStates);
      sent.push(...ready.messages);
      this.raw.advance();
    }
    return sent;
  }

  /**
   * Makes it leader of its next term with the vote of node 2, if that is needed; returns what
   * it sends then.
   */
  becomeLeader(): Message[] {
    this.raw.campaign();
    const sent = this.sent();
    if (this.raw.isLeader) return sent;
    return this.step({ type: 6, from: 2n, term: this.raw.term });
  }

  /** Node `from` acknowledges everything up to `index`. */
  ack(from: NodeId, index: number): Message[] {
    return this.step({ type: 4, from, term: this.raw.term, index });
  }

  get state(): string {
    return this.raw.basicStatus().softState.state;
  }

  /** The terms of the whole log from index 1 on, as it is on disk. */
  get terms(): number[] {
    const last = this.storage.lastIndex();
    return Array.from({ length: last }, (_, position) => this.storage.term(position + 1) ?? 0);
  }
}

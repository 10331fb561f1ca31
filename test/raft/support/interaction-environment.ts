import { silentLogger } from '../../../src/base/logger.js';
import { seededRandom } from '../../../src/base/random.js';
import {
  confChangeOfEntry,
  EMPTY_BYTES,
  EMPTY_CONF_STATE,
  EMPTY_HARD_STATE,
  EMPTY_SNAPSHOT,
  type Entry,
  type HardState,
  isEmptyHardState,
  isEmptySnapshot,
  isLocalTarget,
  MemoryStorage,
  type Message,
  MessageType,
  NO_LIMIT,
  type NodeId,
  type RaftOptions,
  RawNode,
  type Snapshot,
} from '../../../src/raft/index.js';
import { describeEntries, describeMessage, describeProgress, describeReady } from './describe.js';
import { InteractionOutput } from './interaction-output.js';

/** Options of a scenario's nodes, all but their ids. */
export type NodeTemplate = Omit<RaftOptions, 'id'>;

export const NODE_TEMPLATE: NodeTemplate = {
  electionTicks: 3,
  heartbeatTicks: 1,
  maxMessageSizeBytes: NO_LIMIT,
  maxInflightMessages: 2 ** 31 - 1,
};

/** Offers the newest state of the application as snapshot, whatever was compacted. */
class HistoryStorage extends MemoryStorage {
  readonly history: Snapshot[];

  constructor(initial: Snapshot) {
    super();
    this.history = [initial];
  }

  get newest(): Snapshot {
    return this.history.at(-1) ?? EMPTY_SNAPSHOT;
  }

  override snapshot(): Snapshot {
    return this.newest;
  }
}

/** One node and what its storage threads have to do. */
export interface ScenarioNode {
  readonly id: NodeId;
  readonly options: RaftOptions;
  readonly raw: RawNode;
  readonly storage: HistoryStorage;
  appendWork: Message[];
  applyWork: Message[];
}

/** Which messages to deliver or drop. */
export interface Recipient {
  readonly id: NodeId;
  readonly drop: boolean;
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length);
  bytes.set(left);
  bytes.set(right, left.length);
  return bytes;
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  throw error;
}

/** A group of nodes, driven step by step, that prints what happens. */
export class InteractionEnvironment {
  readonly output = new InteractionOutput();
  readonly nodes: ScenarioNode[] = [];
  messages: Message[] = [];

  node(number: number): ScenarioNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`no node ${number}`);
    return node;
  }

  /** Adds nodes with the next ids, started from a snapshot (or nothing). */
  addNodes(count: number, template: NodeTemplate, snapshot: Snapshot): void {
    const { index, confState } = snapshot.metadata;
    const starts =
      index > 0 ||
      snapshot.data.length > 0 ||
      confState.voters.length > 0 ||
      confState.learners.length > 0;
    if (starts && index <= 1) {
      throw new Error('index must be specified as > 1 due to bootstrap');
    }
    const initial = starts
      ? { data: snapshot.data, metadata: { confState, index, term: 1 } }
      : snapshot;
    for (let added = 0; added < count; added++) {
      const id = BigInt(this.nodes.length + 1);
      const storage = new HistoryStorage(initial);
      if (starts) storage.applySnapshot(initial);
      const options = { ...template, id };
      const random = seededRandom(Number(id));
      const raw = new RawNode(options, { storage, random, logger: silentLogger });
      this.nodes.push({ id, options, raw, storage, appendWork: [], applyWork: [] });
    }
  }

  processReady(node: ScenarioNode): void {
    const ready = node.raw.ready();
    const { asyncStorageWrites } = node.options;
    this.output.write(describeReady(ready));
    if (!asyncStorageWrites) {
      const hardState = ready.hardState ?? EMPTY_HARD_STATE;
      persist(node, hardState, ready.entries, ready.snapshot ?? EMPTY_SNAPSHOT);
      apply(node, ready.committedEntries);
    }
    for (const message of ready.messages) {
      if (message.type === MessageType.storageAppend) node.appendWork.push(message);
      else if (message.type === MessageType.storageApply) node.applyWork.push(message);
      else this.messages.push(message);
    }
    if (!asyncStorageWrites) node.raw.advance();
  }

  processAppendThread(node: ScenarioNode): void {
    this.#processThread(node.appendWork.shift(), 'append', (message) => {
      const { term, vote, commit, entries, snapshot } = message;
      persist(node, { term, vote, commit }, entries, snapshot ?? EMPTY_SNAPSHOT);
    });
  }

  processApplyThread(node: ScenarioNode): void {
    this.#processThread(node.applyWork.shift(), 'apply', ({ entries }) => apply(node, entries));
  }

  #processThread(
    message: Message | undefined,
    thread: string,
    work: (message: Message) => void,
  ): void {
    if (message === undefined) {
      this.output.write(`no ${thread} work to perform`);
      return;
    }
    this.output.writeLine('Processing:');
    this.output.writeLine(describeMessage({ ...message, responses: [] }));
    work(message);
    this.output.writeLine('Responses:');
    for (const response of message.responses) this.output.writeLine(describeMessage(response));
    this.messages.push(...message.responses);
  }

  /** Delivers or drops messages; returns how many. `type` undefined: of all types. */
  deliver(recipients: readonly Recipient[], type: MessageType | undefined): number {
    let count = 0;
    for (const { id, drop } of recipients) {
      const chosen = this.#messagesTo(id, type, drop);
      this.messages = this.messages.filter((message) => !chosen.includes(message));
      count += chosen.length;
      for (const message of chosen) {
        this.output.writeLine(`${drop ? 'dropped: ' : ''}${describeMessage(message)}`);
        if (!drop) this.#step(message);
      }
    }
    return count;
  }

  #step(message: Message): void {
    try {
      this.node(Number(message.to)).raw.step(message);
    } catch (error) {
      this.output.writeLine(messageOf(error));
    }
  }

  #messagesTo(id: NodeId, type: MessageType | undefined, drop: boolean): Message[] {
    return this.messages.filter((message) => {
      const { from, to } = message;
      // Local messages are not lost.
      const isLocal = from === to || isLocalTarget(from) || isLocalTarget(to);
      return to === id && !(drop && isLocal) && (type === undefined || message.type === type);
    });
  }

  /** Does everything there is to do for these nodes until nothing is left. */
  stabilize(nodes: readonly ScenarioNode[]): void {
    for (let busy = true; busy; ) {
      busy = false;
      const each = (title: string, due: (node: ScenarioNode) => boolean, work: Work): void => {
        for (const node of nodes) {
          if (!due(node)) continue;
          busy = true;
          this.output.writeLine(`> ${node.id} ${title}`);
          do this.output.indented(() => work(node));
          while (title.startsWith('processing') && due(node));
        }
      };
      each(
        'handling Ready',
        ({ raw }) => raw.hasReady(),
        (node) => this.processReady(node),
      );
      each(
        'receiving messages',
        ({ id }) => this.#messagesTo(id, undefined, false).length > 0,
        ({ id }) => this.deliver([{ id, drop: false }], undefined),
      );
      each(
        'processing append thread',
        ({ appendWork }) => appendWork.length > 0,
        (node) => this.processAppendThread(node),
      );
      each(
        'processing apply thread',
        ({ applyWork }) => applyWork.length > 0,
        (node) => this.processApplyThread(node),
      );
    }
  }

  printLog({ storage }: ScenarioNode): void {
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    if (last < first) {
      this.output.write(`log is empty: first index=${first}, last index=${last}`);
    } else {
      this.output.write(describeEntries(storage.entries(first, last + 1, NO_LIMIT) ?? []));
    }
  }

  printStatus({ raw }: ScenarioNode): void {
    this.output.write(describeProgress(raw.status().progress.values()));
  }

  printStates(): void {
    for (const { id, raw } of this.nodes) {
      const { configuration, softState, hardState } = raw.status();
      const { incoming, outgoing } = configuration.voters;
      const voter = incoming.includes(id) || outgoing.includes(id) ? '(Voter)' : '(Non-Voter)';
      const { state, leader } = softState;
      this.output.writeLine(`${id}: ${state} ${voter} Term:${hardState.term} Lead:${leader}`);
    }
  }

  sendSnapshot(from: ScenarioNode, to: ScenarioNode): void {
    const { term } = from.raw.basicStatus().hardState;
    const message: Message = {
      ...EMPTY_MESSAGE,
      type: MessageType.snapshot,
      term,
      from: from.id,
      to: to.id,
      snapshot: from.storage.snapshot(),
    };
    this.messages.push(message);
    this.output.write(describeMessage(message));
  }
}

type Work = (node: ScenarioNode) => void;

const EMPTY_MESSAGE: Message = {
  type: MessageType.hup,
  to: 0n,
  from: 0n,
  term: 0,
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 0,
  vote: 0n,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: EMPTY_BYTES,
  responses: [],
};

function persist(
  { storage }: ScenarioNode,
  hardState: HardState,
  entries: readonly Entry[],
  snapshot: Snapshot,
): void {
  if (!isEmptyHardState(hardState)) storage.setHardState(hardState);
  if (isEmptySnapshot(snapshot)) {
    storage.append(entries);
    return;
  }
  if (entries.length > 0) throw new Error("can't apply snapshot and entries at the same time");
  storage.applySnapshot(snapshot);
}

/** The application: it appends all data it sees to one byte string. */
function apply({ raw, storage }: ScenarioNode, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const change = confChangeOfEntry(entry);
    const confState = change === undefined ? undefined : raw.applyConfChange(change);
    const update = change === undefined ? entry.data : change.context;
    const { data, metadata } = storage.newest;
    storage.history.push({
      data: concat(data, update),
      metadata: {
        index: entry.index,
        term: entry.term,
        confState: confState ?? metadata.confState ?? EMPTY_CONF_STATE,
      },
    });
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import {
  APPEND_THREAD,
  APPLY_THREAD,
  confChangeOfEntry,
  createMessage,
  EMPTY_BYTES,
  type Entry,
  EntryType,
  isLocalTarget,
  LocalMessageError,
  MemoryStorage,
  type Message,
  MessageType,
  PeerNotFoundError,
  ProposalDroppedError,
  RaftConfigError,
  RaftInvariantError,
  RaftState,
  RawNode,
  ReadOnlyOption,
} from '../../src/raft/index.js';
import { bytes, LoneNode } from './support/lone-node.js';

const text = (data: Uint8Array): string => new TextDecoder().decode(data);

function newNode(storage: MemoryStorage, asyncStorageWrites: boolean): RawNode {
  return new RawNode(
    { id: 1n, electionTicks: 10, heartbeatTicks: 1, preVote: true, asyncStorageWrites },
    { storage, random: seededRandom(1), logger: silentLogger },
  );
}

/** Runs a one-voter node in the asynchronous mode until it rests; returns what it applied. */
function runAsync(node: RawNode, storage: MemoryStorage): string[] {
  const applied: string[] = [];
  while (node.hasReady()) {
    const { messages } = node.ready();
    for (const message of messages) {
      assert.ok(isLocalTarget(message.to), 'a lone voter sends to its storage only');
      if (message.to === APPEND_THREAD) persist(storage, message);
      if (message.to === APPLY_THREAD) applied.push(...apply(node, message));
      for (const response of message.responses) node.step(response);
    }
  }
  return applied;
}

function persist(storage: MemoryStorage, { term, vote, commit, entries }: Message): void {
  if (term > 0) storage.setHardState({ term, vote, commit });
  storage.append(entries);
}

function apply(node: RawNode, { entries }: Message): string[] {
  const applied: string[] = [];
  for (const entry of entries) {
    const change = confChangeOfEntry(entry);
    if (change !== undefined) node.applyConfChange(change);
    if (entry.type === EntryType.normal && entry.data.length > 0) applied.push(text(entry.data));
  }
  return applied;
}

test('one voter, asynchronous writes: bootstrap, elect, propose a batch, read', () => {
  const storage = new MemoryStorage();
  const node = newNode(storage, true);
  node.bootstrap([{ id: 1n, context: bytes('{"id":1}') }]);
  assert.deepEqual(runAsync(node, storage), []);
  node.campaign();
  assert.deepEqual(runAsync(node, storage), []);
  assert.equal(node.isLeader, true);

  node.propose([bytes('a'), bytes('b'), bytes('c')]);
  assert.deepEqual(runAsync(node, storage), ['a', 'b', 'c']);
  assert.equal(storage.lastIndex(), 5, 'the founding entry, the first of the term, and three');

  node.readIndex(bytes('read'));
  const [read] = node.ready().readStates;
  assert.equal(read?.index, 5);
  assert.equal(text(read?.requestContext ?? EMPTY_BYTES), 'read');
});

test('one voter, synchronous writes', () => {
  const storage = new MemoryStorage();
  const node = newNode(storage, false);
  node.bootstrap([{ id: 1n, context: EMPTY_BYTES }]);
  const applied: string[] = [];
  const run = (): void => {
    while (node.hasReady()) {
      const ready = node.ready();
      if (ready.hardState !== undefined) storage.setHardState(ready.hardState);
      storage.append(ready.entries);
      for (const entry of ready.committedEntries) {
        const change = confChangeOfEntry(entry);
        if (change !== undefined) node.applyConfChange(change);
        else if (entry.data.length > 0) applied.push(text(entry.data));
      }
      node.advance();
    }
  };
  run();
  node.campaign();
  run();
  node.propose([bytes('a'), bytes('b')]);
  run();
  assert.deepEqual(applied, ['a', 'b']);
});

test('a restarted voter continues where its storage ends', () => {
  const storage = new MemoryStorage();
  const first = newNode(storage, true);
  first.bootstrap([{ id: 1n, context: EMPTY_BYTES }]);
  runAsync(first, storage);
  first.campaign();
  runAsync(first, storage);
  first.propose([bytes('a')]);
  runAsync(first, storage);

  const second = newNode(storage, true);
  assert.throws(() => second.propose([bytes('b')]), ProposalDroppedError, 'there is no leader yet');
  assert.deepEqual(runAsync(second, storage), ['a'], 'committed entries are applied again');
  for (let ticks = 0; ticks < 20; ticks++) second.tick();
  runAsync(second, storage);
  second.propose([bytes('b')]);
  assert.deepEqual(runAsync(second, storage), ['b']);
  assert.equal(second.term, 3);
});

test('options that contradict each other are refused', () => {
  const bad = [
    { id: 0n },
    { id: APPEND_THREAD },
    { heartbeatTicks: 0 },
    { electionTicks: 1 },
    { maxInflightMessages: 0 },
    { maxInflightBytes: 10, maxMessageSizeBytes: 20 },
    { readOnlyOption: ReadOnlyOption.leaseBased },
  ];
  for (const part of bad) {
    const options = { id: 1n, electionTicks: 10, heartbeatTicks: 1, ...part };
    const dependencies = {
      storage: new MemoryStorage(),
      random: seededRandom(1),
      logger: silentLogger,
    };
    assert.throws(() => new RawNode(options, dependencies), RaftConfigError);
  }
});

test('bootstrap needs peers and an empty storage', () => {
  assert.throws(() => newNode(new MemoryStorage(), true).bootstrap([]), RaftConfigError);
  const storage = new MemoryStorage();
  storage.append([{ type: EntryType.normal, term: 1, index: 1, data: EMPTY_BYTES }]);
  const peers = [{ id: 1n, context: EMPTY_BYTES }];
  assert.throws(() => newNode(storage, true).bootstrap(peers), RaftConfigError);
});

test('what must not come from the network is refused', () => {
  const node = new LoneNode();
  const { hup, beat, checkQuorum, forgetLeader, append, appendResponse } = MessageType;
  for (const type of [hup, beat, checkQuorum, forgetLeader]) {
    assert.throws(() => node.step({ type, from: 2n, term: 1 }), LocalMessageError);
  }
  const termless = { type: append, from: 2n, term: 0 } as const;
  assert.throws(() => node.step(termless), LocalMessageError, 'it would pass the term rules');
  const stranger = { type: appendResponse, from: 9n, term: 1 } as const;
  assert.throws(() => node.step(stranger), PeerNotFoundError);
  assert.equal(node.raw.term, 0);
});

test('the two modes of storage do not mix', () => {
  const asynchronous = newNode(new MemoryStorage(), true);
  assert.throws(() => asynchronous.advance(), RaftInvariantError);
  const synchronous = newNode(new MemoryStorage(), false);
  synchronous.bootstrap([{ id: 1n, context: EMPTY_BYTES }]);
  synchronous.ready();
  assert.throws(() => synchronous.ready(), RaftInvariantError);
});

test('asynchronous writes: entries replaced and restored while being written stay unstable', () => {
  // Follower 1 gets an entry of term 1, then one of term 2 in its place, then the first again from
  // a leader of term 3. When the first write is confirmed, the second is still to come and would
  // overwrite it: the log must not be read from disk yet.
  const node = new LoneNode({ raft: { asyncStorageWrites: true } });
  const writes: Message[] = [];
  const append = (from: bigint, term: number, entries: readonly Entry[]): void => {
    const { append: type } = MessageType;
    node.raw.step(createMessage({ type, to: 1n, from, term, entries }));
    const { messages } = node.raw.ready();
    writes.push(...messages.filter(({ to }) => to === APPEND_THREAD));
  };
  const first = { type: EntryType.normal, term: 1, index: 1, data: bytes('first') };
  append(2n, 1, [first]);
  append(3n, 2, [{ ...first, term: 2, data: bytes('second') }]);
  append(2n, 3, [first]);
  assert.equal(writes.length, 3);
  const lastIndexAfter = writes.map((write) => {
    persist(node.storage, write);
    for (const response of write.responses) if (response.to === 1n) node.raw.step(response);
    const { append: type } = MessageType;
    // The leader commits entry 1: what is applied must be the first, whatever is on disk.
    node.raw.step(
      createMessage({ type, to: 1n, from: 2n, term: 3, index: 1, logTerm: 1, commit: 1 }),
    );
    return node.raw.ready().committedEntries.map(({ data }) => text(data));
  });
  assert.deepEqual(lastIndexAfter, [[], [], ['first']]);
});

test('asynchronous writes: heartbeats are answered while a write is under way', () => {
  const node = new LoneNode({ raft: { asyncStorageWrites: true } });
  const entries = [{ type: EntryType.normal, term: 1, index: 1, data: bytes('a') }];
  node.raw.step(createMessage({ type: MessageType.append, to: 1n, from: 2n, term: 1, entries }));
  node.raw.ready();
  node.raw.step(createMessage({ type: MessageType.heartbeat, to: 1n, from: 2n, term: 1 }));
  const types = node.raw.ready().messages.map(({ type }) => type);
  assert.deepEqual(types, [MessageType.heartbeatResponse]);
});

test('a batch of proposals is one append, and costs by its own size, not the log', () => {
  const node = new LoneNode();
  node.becomeLeader();
  node.ack(2n, 1);
  const batch = Array.from({ length: 300 }, (_, position) => bytes(`p${position}`));
  node.raw.propose(batch);
  const ready = node.raw.ready();
  assert.equal(ready.entries.length, 300);
  assert.equal(ready.messages.filter(({ to }) => to === 2n).length, 1);
});

test('status: the leader knows of all, the others of themselves', () => {
  const node = new LoneNode();
  assert.equal(node.raw.status().progress.size, 0);
  node.becomeLeader();
  const { progress, configuration, softState, hardState } = node.raw.status();
  assert.deepEqual([...progress.keys()], [1n, 2n, 3n]);
  assert.deepEqual(configuration.voters.incoming, [1n, 2n, 3n]);
  assert.deepEqual(softState, { leader: 1n, state: RaftState.leader });
  assert.deepEqual(hardState, { term: 1, vote: 1n, commit: 0 });
});

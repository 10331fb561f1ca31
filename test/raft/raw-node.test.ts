import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import {
  APPEND_THREAD,
  APPLY_THREAD,
  confChangeOfEntry,
  EMPTY_BYTES,
  EntryType,
  isLocalTarget,
  MemoryStorage,
  type Message,
  ProposalDroppedError,
  RawNode,
} from '../../src/raft/index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
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

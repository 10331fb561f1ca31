import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, MessageType, ReadOnlyOption } from '../../src/raft/index.js';
import { Cluster } from './support/cluster.js';
import { bytes, LoneNode } from './support/lone-node.js';

const LEASE = { readOnlyOption: ReadOnlyOption.leaseBased, checkQuorum: true } as const;

/** A leader of three that has committed the first entry of its term. */
function readyLeader(raft = {}): LoneNode {
  const node = new LoneNode({ raft });
  node.becomeLeader();
  node.ack(2n, 1);
  node.ack(3n, 1);
  return node;
}

function contexts(messages: readonly Message[]): string[] {
  return messages
    .filter(({ type }) => type === MessageType.heartbeat)
    .map(({ context }) => Buffer.from(context).toString('hex'));
}

function read(node: LoneNode, name: string): Message[] {
  node.raw.readIndex(bytes(name));
  return node.sent();
}

/** Node 2 answers a heartbeat. */
function echo(node: LoneNode, context: Uint8Array, from = 2n, term = node.raw.term): Message[] {
  return node.step({ type: MessageType.heartbeatResponse, from, term, context });
}

function answers(node: LoneNode): [string, number][] {
  const decoder = new TextDecoder();
  return node.readStates.map(({ requestContext, index }) => [
    decoder.decode(requestContext),
    index,
  ]);
}

test('a read is answered once a quorum has confirmed the leadership after it', () => {
  const node = readyLeader();
  const sent = read(node, 'a');
  assert.deepEqual(contexts(sent), ['0100000000000000', '0100000000000000'], 'formats.md §1.3');
  assert.deepEqual(answers(node), []);
  echo(node, sent[0]?.context ?? bytes(''));
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('a later echo confirms all reads before it, an earlier one only those', () => {
  const node = readyLeader();
  const first = read(node, 'a');
  const second = read(node, 'b');
  const third = read(node, 'c');
  assert.deepEqual(contexts(third), ['0300000000000000', '0300000000000000']);
  echo(node, second[0]?.context ?? bytes(''));
  assert.deepEqual(answers(node), [
    ['a', 1],
    ['b', 1],
  ]);
  echo(node, first[0]?.context ?? bytes(''));
  assert.equal(answers(node).length, 2);
  echo(node, third[0]?.context ?? bytes(''), 3n);
  assert.equal(answers(node).length, 3);
});

test('in a group of five two others have to confirm', () => {
  const node = new LoneNode({ voters: [1n, 2n, 3n, 4n, 5n] });
  node.becomeLeader();
  node.step({ type: MessageType.voteResponse, from: 3n, term: 1 });
  node.ack(2n, 1);
  node.ack(3n, 1);
  const [heartbeat] = read(node, 'a');
  const context = heartbeat?.context ?? bytes('');
  echo(node, context, 2n);
  echo(node, context, 2n);
  assert.deepEqual(answers(node), [], 'the same voter twice');
  echo(node, context, 5n);
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('the index is that of the arrival: commits after it do not count', () => {
  const node = readyLeader();
  const [heartbeat] = read(node, 'a');
  node.raw.propose([bytes('x')]);
  node.sent();
  node.ack(2n, 2);
  echo(node, heartbeat?.context ?? bytes(''));
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('before the first commit of the term a read waits: the commit index may be old', () => {
  const node = new LoneNode({ terms: [1, 1], hardState: { term: 1, vote: 0n, commit: 1 } });
  node.becomeLeader();
  assert.deepEqual(contexts(read(node, 'a')), []);
  const [heartbeat] = node.ack(2n, 3).filter(({ type }) => type === MessageType.heartbeat);
  assert.ok(heartbeat !== undefined);
  assert.deepEqual(answers(node), []);
  echo(node, heartbeat.context);
  assert.deepEqual(answers(node), [['a', 3]]);
});

test('a lone voter answers at once, but not before the first commit of its term either', () => {
  const node = new LoneNode({
    voters: [1n],
    terms: [1, 1],
    hardState: { term: 1, vote: 0n, commit: 1 },
    raft: { asyncStorageWrites: true },
  });
  const { raw, storage } = node;
  const names = (): string[] =>
    raw.ready().messages.flatMap(({ type, entries, responses }) => {
      if (type === MessageType.storageAppend) storage.append(entries);
      for (const response of responses) raw.step(response);
      return [];
    });
  raw.campaign();
  names();
  assert.equal(raw.isLeader, true);
  assert.equal(raw.committedIndex, 1, 'entry 2 was acknowledged before the restart');
  raw.readIndex(bytes('early'));
  assert.deepEqual(raw.ready().readStates, []);
});

test('when the leadership is lost, unconfirmed reads are never answered', () => {
  const node = readyLeader();
  const [heartbeat] = read(node, 'a');
  node.step({ type: MessageType.append, from: 2n, term: 2, index: 1, logTerm: 1 });
  echo(node, heartbeat?.context ?? bytes(''), 3n, 1);
  node.raw.campaign();
  node.sent();
  node.step({ type: MessageType.voteResponse, from: 3n, term: 3 });
  node.ack(3n, 2);
  echo(node, heartbeat?.context ?? bytes(''), 3n, 3);
  assert.deepEqual(answers(node), [], 'the number of an earlier leadership confirms nothing');
});

test('lost acks: the context is repeated with the heartbeats until confirmed', () => {
  const node = readyLeader();
  read(node, 'a');
  assert.deepEqual(contexts(node.tick(1)), ['0100000000000000', '0100000000000000']);
  const [heartbeat] = node.tick(1);
  echo(node, heartbeat?.context ?? bytes(''));
  assert.deepEqual(answers(node), [['a', 1]]);
  assert.deepEqual(contexts(node.tick(1)), ['', '']);
});

test('echoes that are not ours do no harm: short, long, from the future', () => {
  const node = readyLeader();
  read(node, 'a');
  for (const hex of ['01', '0000000000000100000000', 'ffffffffffffffff', '0200000000000000']) {
    echo(node, Buffer.from(hex, 'hex'));
  }
  assert.deepEqual(answers(node), []);
});

test('a learner confirms nothing', () => {
  const node = new LoneNode({ voters: [1n, 2n], learners: [3n] });
  node.becomeLeader();
  node.ack(2n, 1);
  const [heartbeat] = read(node, 'a');
  echo(node, heartbeat?.context ?? bytes(''), 3n);
  assert.deepEqual(answers(node), []);
  echo(node, heartbeat?.context ?? bytes(''), 2n);
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('followers and learners forward their reads and get the answer', () => {
  const cluster = new Cluster({ members: 4, voters: 3, learners: 1 });
  cluster.elect(1);
  cluster.propose(1, 'x');
  const names = [2, 4].map((id) => [id, cluster.read(id)] as const);
  cluster.settle();
  for (const [id, name] of names) {
    assert.equal(cluster.answerOf(id, name), cluster.member(1).node.committedIndex);
  }
});

test('a follower without a leader drops the read; the asker tries again', () => {
  const node = new LoneNode();
  assert.deepEqual(read(node, 'a'), []);
  node.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  const [forwarded] = read(node, 'b');
  assert.deepEqual(
    [forwarded?.type, forwarded?.to, forwarded?.term],
    [MessageType.readIndex, 2n, 0],
  );
  const entries = forwarded?.entries ?? [];
  node.step({ type: MessageType.readIndexResponse, from: 2n, term: 1, index: 9, entries });
  assert.deepEqual(answers(node), [['b', 9]]);
  node.step({ type: MessageType.readIndexResponse, from: 2n, term: 1, index: 9 });
  assert.equal(answers(node).length, 1, 'an answer without its entry is ignored');
});

test('an old leader that was cut off answers nothing', () => {
  const cluster = new Cluster({ members: 3 });
  cluster.elect(1);
  cluster.partition([1], [2, 3]);
  cluster.elect(2);
  cluster.propose(2, 'newer');
  const name = cluster.read(1);
  cluster.settle();
  cluster.tick(5, 1);
  assert.equal(cluster.answerOf(1, name), undefined);
});

test('many reads at once, from everywhere, all see what was committed before', () => {
  const cluster = new Cluster({ members: 5 });
  cluster.elect(3);
  for (let round = 0; round < 20; round++) {
    const names = [1, 2, 3, 4, 5].map((id) => [id, cluster.read(id)] as const);
    cluster.propose(1 + (round % 5), `x${round}`);
    for (const [id, name] of names) assert.ok(cluster.answerOf(id, name) !== undefined);
  }
});

test('waiting reads are bounded', () => {
  const node = readyLeader({ maxPendingReads: 2 });
  const sent = ['a', 'b', 'c'].flatMap((name) => read(node, name));
  echo(node, sent.at(-1)?.context ?? bytes(''));
  assert.deepEqual(
    answers(node).map(([name]) => name),
    ['a', 'b'],
  );

  const early = new LoneNode({ raft: { maxPendingReads: 2 } });
  early.becomeLeader();
  for (const name of ['a', 'b', 'c']) read(early, name);
  const [heartbeat] = early.ack(2n, 1).filter(({ context }) => context[0] === 2);
  echo(early, heartbeat?.context ?? bytes(''));
  assert.deepEqual(
    answers(early).map(([name]) => name),
    ['a', 'b'],
  );
});

test('a removed leader may not think itself a lone voter', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  node.becomeLeader();
  node.ack(2n, 1);
  node.raw.applyConfChange({ id: 0n, type: 1, nodeId: 1n, context: bytes('') });
  const [heartbeat] = read(node, 'a');
  assert.deepEqual(answers(node), [], 'voter 2 may have been elected by its own vote');
  echo(node, heartbeat?.context ?? bytes(''));
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('a joint configuration whose halves are both this member needs no echo', () => {
  const node = new LoneNode({ voters: [1n] });
  node.becomeLeader();
  node.raw.applyConfChange({
    transition: 2,
    changes: [{ type: 3, nodeId: 2n }],
    context: bytes(''),
  });
  read(node, 'a');
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('when a voter is removed, its missing confirmation is no longer waited for', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  node.becomeLeader();
  node.ack(2n, 1);
  read(node, 'a');
  node.raw.applyConfChange({ id: 0n, type: 1, nodeId: 2n, context: bytes('') });
  node.sent();
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('lease-based: answered at once while the lease lasts', () => {
  const node = readyLeader(LEASE);
  assert.deepEqual(read(node, 'a'), []);
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('lease-based: not before the first commit of the term', () => {
  const node = new LoneNode({ raft: LEASE });
  node.becomeLeader();
  read(node, 'a');
  assert.deepEqual(answers(node), []);
  node.ack(2n, 1);
  assert.deepEqual(answers(node), [['a', 1]]);
});

test('lease-based: once another was told to campaign, a quorum is asked again', () => {
  const node = readyLeader(LEASE);
  node.raw.transferLeader(2n);
  const sent = node.sent();
  assert.equal(sent[0]?.type, MessageType.timeoutNow);
  const [heartbeat] = read(node, 'a');
  assert.deepEqual(answers(node), [], 'voters need not wait for the lease to run out');
  echo(node, heartbeat?.context ?? bytes(''), 3n);
  assert.deepEqual(answers(node), [['a', 1]]);
});

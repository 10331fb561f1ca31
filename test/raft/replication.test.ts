import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageType, NO_LIMIT, ProgressState, RaftInvariantError } from '../../src/raft/index.js';
import { Cluster, FIRST_INDEX } from './support/cluster.js';
import { bytes, entry, LoneNode } from './support/lone-node.js';

/** A leader of three whose followers have everything. */
function settledLeader(raft = {}): LoneNode {
  const node = new LoneNode({ raft });
  node.becomeLeader();
  node.ack(2n, 1);
  node.ack(3n, 1);
  return node;
}

test('§5.3: a leader appends, sends to all, and commits once a majority has it', () => {
  const node = settledLeader();
  node.raw.propose([bytes('a'), bytes('b')]);
  const sent = node.sent();
  assert.deepEqual(
    sent.map(({ type, to, index, logTerm, entries }) => [type, to, index, logTerm, entries.length]),
    [
      [MessageType.append, 2n, 1, 1, 2],
      [MessageType.append, 3n, 1, 1, 2],
    ],
  );
  assert.equal(node.raw.committedIndex, 1);
  const told = node.ack(3n, 3);
  assert.equal(node.raw.committedIndex, 3);
  assert.deepEqual(
    told.map(({ to, commit, entries }) => [to, commit, entries.length]),
    [
      [2n, 3, 0],
      [3n, 3, 0],
    ],
    'the commit is told at once',
  );
  assert.deepEqual(
    node.applied.map(({ index }) => index),
    [1, 2, 3],
  );
});

test('§5.3: an append is taken only after an entry that matches', () => {
  const cases: readonly [readonly number[], number, number, boolean][] = [
    [[1, 2], 0, 0, true],
    [[1, 2], 1, 1, true],
    [[1, 2], 2, 2, true],
    [[1, 2], 2, 1, false],
    [[1, 2], 3, 2, false],
    [[1, 2], 3, 3, false],
  ];
  for (const [terms, index, logTerm, taken] of cases) {
    const node = new LoneNode({ terms, hardState: { term: 2, vote: 0n, commit: 0 } });
    const [response] = node.step({ type: MessageType.append, from: 2n, term: 3, index, logTerm });
    assert.equal(response?.reject, !taken, `own ${terms}, after ${logTerm}/${index}`);
    assert.equal(response?.index, index);
  }
});

test('§5.3: conflicting entries are replaced, matching ones stay', () => {
  const cases: readonly [number, number, readonly number[], readonly number[]][] = [
    [2, 2, [3], [1, 2, 3]],
    [1, 1, [3, 4], [1, 3, 4]],
    [0, 0, [1], [1, 2]],
    [0, 0, [3], [3]],
    [1, 1, [2], [1, 2]],
  ];
  for (const [index, logTerm, terms, expected] of cases) {
    const node = new LoneNode({ terms: [1, 2], hardState: { term: 2, vote: 0n, commit: 0 } });
    const entries = terms.map((term, position) => entry(term, index + position + 1));
    node.step({ type: MessageType.append, from: 2n, term: 4, index, logTerm, entries });
    assert.deepEqual(node.terms, expected);
  }
});

test('a follower commits no further than what the append showed to match', () => {
  const node = new LoneNode({ terms: [1, 1, 1], hardState: { term: 1, vote: 0n, commit: 0 } });
  node.step({ type: MessageType.append, from: 2n, term: 2, index: 1, logTerm: 1, commit: 3 });
  assert.equal(node.raw.committedIndex, 1, 'entries 2 and 3 may not be those of the leader');
});

test('§5.3, figure 7: followers that lack or have extra entries come to equal the leader', () => {
  const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const logs = [
    leader,
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  for (const maxMessageSizeBytes of [0, NO_LIMIT]) {
    const cluster = new Cluster({ members: 7, logs, term: 7, raft: { maxMessageSizeBytes } });
    cluster.elect(1);
    assert.equal(cluster.leader?.node.term, 8);
    cluster.tick(2);
    const terms = (number: number): (number | undefined)[] =>
      Array.from({ length: 20 }, (_, position) =>
        cluster.member(number).storage.term(FIRST_INDEX + 1 + position),
      );
    for (let number = 2; number <= 7; number++) assert.deepEqual(terms(number), terms(1));
  }
});

test('backtracking skips all entries of a term at once', () => {
  // The follower has 500 entries of a term that the leader never saw.
  const logs = [
    [...Array<number>(100).fill(1), ...Array<number>(300).fill(3)],
    [...Array<number>(100).fill(1), ...Array<number>(500).fill(2)],
  ];
  const cluster = new Cluster({ members: 3, logs: [...logs, logs[0] ?? []] });
  let rejections = 0;
  cluster.partition([1, 3], [2]);
  cluster.elect(1);
  cluster.loses = ({ type, reject }) => {
    if (type === MessageType.appendResponse && reject) rejections++;
    return false;
  };
  cluster.tick(3);
  assert.equal(cluster.member(2).storage.term(FIRST_INDEX + 400), 3);
  assert.ok(rejections > 0 && rejections <= 3, `${rejections} rejections`);
});

test('§5.4.2, figure 8: an entry of an older term is not committed by counting', () => {
  // Member 1 leads term 4 with an entry of term 2 that a majority gets; it is committed only
  // together with an entry of term 4.
  const node = new LoneNode({
    voters: [1n, 2n, 3n, 4n, 5n],
    terms: [1, 2],
    hardState: { term: 3, vote: 0n, commit: 1 },
  });
  node.raw.campaign();
  node.sent();
  node.step({ type: MessageType.voteResponse, from: 2n, term: 4 });
  node.step({ type: MessageType.voteResponse, from: 3n, term: 4 });
  assert.equal(node.state, 'StateLeader');
  node.ack(2n, 2);
  node.ack(3n, 2);
  assert.equal(node.raw.committedIndex, 1, 'entry 2 of term 2 is on three of five');
  node.ack(2n, 3);
  node.ack(3n, 3);
  assert.equal(node.raw.committedIndex, 3);
});

test('§5.4, figure 8 in full: an old entry on a majority may still be replaced', () => {
  const cluster = new Cluster({
    members: 5,
    logs: [[1, 2], [1, 2], [1], [1], [1, 3]],
  });
  cluster.partition([2, 3, 4, 5]);
  cluster.member(5).node.campaign();
  cluster.settle();
  const first = cluster.leader;
  assert.equal(first?.id, 5n, 'its last term is the highest');
  assert.equal(cluster.member(2).storage.term(FIRST_INDEX + 2), 3, 'entry 2 of term 2 is replaced');
  cluster.heal();
  cluster.tick(30);
  for (const { storage } of cluster.members) assert.equal(storage.term(FIRST_INDEX + 2), 3);
});

test('a leader counts itself only once its own entries are stable', () => {
  const node = new LoneNode({ voters: [1n], raft: { asyncStorageWrites: true } });
  const step = (): void => {
    for (const message of node.raw.ready().messages) {
      node.storage.append(message.type === MessageType.storageAppend ? message.entries : []);
      for (const response of message.responses) node.raw.step(response);
    }
  };
  node.raw.campaign();
  step();
  while (node.raw.hasReady()) step();
  node.raw.propose([bytes('a')]);
  const { messages } = node.raw.ready();
  assert.equal(node.raw.committedIndex, 1);
  for (const response of messages[0]?.responses ?? []) node.raw.step(response);
  assert.equal(node.raw.committedIndex, 2);
});

test('acks arrive doubled, late and out of order', () => {
  const node = settledLeader();
  for (const text of ['a', 'b', 'c']) node.raw.propose([bytes(text)]);
  node.sent();
  node.ack(2n, 4);
  assert.equal(node.raw.committedIndex, 4);
  node.ack(2n, 2);
  node.ack(2n, 4);
  const late = { type: MessageType.appendResponse, from: 2n, term: 1, index: 2 } as const;
  node.step({ ...late, reject: true, rejectHint: 1 });
  const { progress } = node.raw.status();
  assert.equal(progress.get(2n)?.match, 4);
  assert.equal(progress.get(2n)?.state, ProgressState.replicate);
});

test('an ack of what the leader does not have is ignored', () => {
  const node = settledLeader();
  node.ack(2n, 99);
  assert.equal(node.raw.status().progress.get(2n)?.match, 1);
  assert.equal(node.raw.committedIndex, 1);
});

test('a malformed append is ignored: gaps, falling terms, terms of the future', () => {
  const malformed = [
    [entry(1, 1), entry(1, 3)],
    [entry(1, 2)],
    [entry(2, 1), entry(1, 2)],
    [entry(9, 1)],
  ];
  for (const entries of malformed) {
    const node = new LoneNode();
    assert.deepEqual(node.step({ type: MessageType.append, from: 2n, term: 2, entries }), []);
    assert.equal(node.storage.lastIndex(), 0);
  }
});

test('a follower whose log is shorter than what it had acknowledged stops', () => {
  const node = new LoneNode();
  assert.throws(
    () => node.step({ type: MessageType.heartbeat, from: 2n, term: 1, commit: 5 }),
    RaftInvariantError,
  );
});

test('messages are limited in size, but one entry always goes', () => {
  const node = settledLeader({ maxMessageSizeBytes: 50, maxInflightMessages: 2 });
  node.raw.propose(['a', 'b', 'c'].map((letter) => bytes(letter.repeat(20))));
  const first = node.sent().filter(({ to }) => to === 2n);
  assert.deepEqual(
    first.map(({ entries }) => entries.length),
    [1],
    'two entries of 26 bytes exceed 50',
  );
  node.raw.propose([bytes('d'.repeat(500))]);
  node.sent();
  const next = node.ack(2n, 2).filter(({ to, entries }) => to === 2n && entries.length > 0);
  assert.ok(next.length > 0 && next.every(({ entries }) => entries.length === 1));
});

test('appends run ahead of acks up to the window, by count and by bytes', () => {
  const limits = [
    { maxInflightMessages: 3 },
    { maxInflightMessages: 100, maxMessageSizeBytes: 30, maxInflightBytes: 30 },
  ];
  for (const raft of limits) {
    const node = settledLeader(raft);
    let sent = 0;
    for (let count = 0; count < 10; count++) {
      node.raw.propose([bytes('0123456789')]);
      sent += node.sent().filter(({ to, entries }) => to === 2n && entries.length > 0).length;
    }
    assert.equal(sent, 3);
    assert.equal(node.raw.status().progress.get(2n)?.isPaused, true);
    const more = node.ack(2n, 2).filter(({ to, entries }) => to === 2n && entries.length > 0);
    assert.ok(more.length >= 1, 'an ack makes room');
  }
});

test('a follower whose window was lost as a whole recovers by a heartbeat', () => {
  const node = settledLeader({ maxInflightMessages: 2 });
  for (const text of ['a', 'b', 'c']) {
    node.raw.propose([bytes(text)]);
    node.sent();
  }
  const [empty] = node.step({ type: MessageType.heartbeatResponse, from: 2n, term: 1 });
  assert.deepEqual([empty?.type, empty?.index, empty?.entries.length], [MessageType.append, 3, 0]);
  const rejection = { type: MessageType.appendResponse, from: 2n, term: 1, index: 3 } as const;
  const [again] = node.step({ ...rejection, reject: true, rejectHint: 1, logTerm: 1 });
  assert.deepEqual([again?.index, again?.entries.length], [1, 3]);
});

test('a follower that is probed gets one append at a time', () => {
  const node = new LoneNode();
  node.becomeLeader();
  node.raw.propose([bytes('a')]);
  assert.deepEqual(node.sent(), [], 'the probe of the new term is still out');
  assert.ok(node.step({ type: MessageType.heartbeatResponse, from: 2n, term: 1 }).length === 1);
  node.ack(2n, 2);
  assert.equal(node.raw.status().progress.get(2n)?.state, ProgressState.replicate);
  node.raw.reportUnreachable(2n);
  assert.equal(node.raw.status().progress.get(2n)?.state, ProgressState.probe);
});

test('a follower behind the compaction gets a snapshot and then the rest', () => {
  const cluster = new Cluster({ members: 3 });
  cluster.elect(1);
  cluster.partition([1, 2], [3]);
  cluster.propose(1, 'a', 'b', 'c');
  cluster.member(1).compact(0);
  cluster.propose(1, 'd');
  cluster.heal();
  cluster.tick(2);
  assert.deepEqual(cluster.member(3).applied, ['d']);
  assert.equal(cluster.member(3).application.digest, cluster.member(1).application.digest);
  const progress = cluster.member(1).node.status().progress.get(3n);
  assert.equal(progress?.state, ProgressState.replicate);
});

test('a snapshot that failed is sent again, after a heartbeat answer', () => {
  const node = compactedLeader([1n, 2n, 3n]);
  const wakeUp = { type: MessageType.heartbeatResponse, from: 3n, term: 1 } as const;
  const [snapshot] = refused(node);
  assert.equal(snapshot?.type, MessageType.snapshot);
  assert.deepEqual(node.step(wakeUp), [], 'nothing else goes meanwhile');
  node.raw.reportSnapshot(3n, false);
  assert.deepEqual(node.sent(), []);
  const [probe] = node.step(wakeUp);
  assert.equal(probe?.type, MessageType.snapshot);
});

test('no snapshot that does not know the follower: it would be refused for ever', () => {
  const node = compactedLeader([1n, 2n]);
  assert.deepEqual(refused(node), []);
});

/** A leader that has compacted its whole log into a snapshot of the given configuration. */
function compactedLeader(voters: readonly bigint[]): LoneNode {
  const node = new LoneNode();
  node.becomeLeader();
  node.ack(2n, 1);
  node.raw.propose([bytes('a')]);
  node.sent();
  node.ack(2n, 2);
  const confState = {
    voters,
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  node.storage.createSnapshot(2, confState, bytes('state'));
  node.storage.compact(2);
  return node;
}

/** Follower 3 refuses its probe, having nothing. */
function refused(node: LoneNode) {
  const index = (node.raw.status().progress.get(3n)?.next ?? 0) - 1;
  const rejection = { type: MessageType.appendResponse, from: 3n, term: 1, index } as const;
  return node.step({ ...rejection, reject: true, rejectHint: 0 });
}

test('a snapshot the log already contains only moves the commit index', () => {
  const node = new LoneNode({ terms: [1, 1, 1], hardState: { term: 1, vote: 0n, commit: 1 } });
  const metadata = { confState: node.storage.initialState().confState, index: 3, term: 1 };
  const snapshot = { data: bytes('x'), metadata };
  const [response] = node.step({ type: MessageType.snapshot, from: 2n, term: 1, snapshot });
  assert.equal(response?.index, 3);
  assert.equal(node.storage.firstIndex(), 1, 'the log stays');
  assert.equal(node.raw.committedIndex, 3);
});

test('proposals: forwarded to the leader, or dropped with a reason', () => {
  const reasonOf = (propose: () => void): string => {
    try {
      propose();
    } catch (error) {
      if (error instanceof Error && 'reason' in error) return String(error.reason);
      throw error;
    }
    return 'none';
  };
  const follower = new LoneNode();
  assert.equal(
    reasonOf(() => follower.raw.propose([bytes('a')])),
    'no-leader',
  );
  follower.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  follower.raw.propose([bytes('a'), bytes('b')]);
  const [forwarded] = follower.sent();
  assert.deepEqual(
    [forwarded?.type, forwarded?.to, forwarded?.term, forwarded?.entries.length],
    [MessageType.propose, 2n, 0, 2],
  );

  const keeping = new LoneNode({ raft: { disableProposalForwarding: true } });
  keeping.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  assert.equal(
    reasonOf(() => keeping.raw.propose([bytes('a')])),
    'forwarding-disabled',
  );

  const leader = settledLeader({ maxUncommittedSizeBytes: 10 });
  assert.equal(
    reasonOf(() => leader.raw.propose([bytes('x'.repeat(50))])),
    'none',
    'the first',
  );
  assert.equal(
    reasonOf(() => leader.raw.propose([bytes('y')])),
    'uncommitted-size-limit',
  );
  leader.sent();
  leader.ack(2n, 2);
  assert.equal(
    reasonOf(() => leader.raw.propose([bytes('y')])),
    'none',
    'applied makes room',
  );
  assert.equal(
    reasonOf(() => leader.raw.propose([])),
    'invalid',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import { MemoryStorage, MessageType, type RaftOptions, RawNode } from '../../src/raft/index.js';
import { Cluster } from './support/cluster.js';
import { bytes, LoneNode } from './support/lone-node.js';

const TRANSFER = bytes('CampaignTransfer');

test('§5.1: a member with a higher term is followed from every role', () => {
  for (const prepare of [
    () => {},
    (node: LoneNode) => node.raw.campaign(),
    (node: LoneNode) => node.becomeLeader(),
  ]) {
    const node = new LoneNode();
    prepare(node);
    node.step({ type: MessageType.append, from: 2n, term: 7 });
    assert.deepEqual([node.state, node.raw.term, node.raw.leader], ['StateFollower', 7, 2n]);
  }
});

test('§5.1: requests of an older term have no effect', () => {
  const node = new LoneNode({ hardState: { term: 3, vote: 0n, commit: 0 } });
  const entries = [{ type: 0, term: 2, index: 1, data: bytes('x') }] as const;
  assert.deepEqual(node.step({ type: MessageType.append, from: 2n, term: 2, entries }), []);
  assert.equal(node.storage.lastIndex(), 0);
});

test('§5.2: without a leader an election starts, within one to two election timeouts', () => {
  const timeouts = new Set<number>();
  for (let seed = 1; seed <= 100; seed++) {
    const storage = new MemoryStorage();
    storage.applySnapshot(confOf([1n, 2n]));
    const options: RaftOptions = { id: 1n, electionTicks: 10, heartbeatTicks: 1 };
    const dependencies = { storage, random: seededRandom(seed), logger: silentLogger };
    const node = new RawNode(options, dependencies);
    let ticks = 0;
    while (node.term === 0) {
      node.tick();
      ticks++;
    }
    timeouts.add(ticks);
  }
  const sorted = [...timeouts].sort((left, right) => left - right);
  assert.deepEqual(sorted, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

function confOf(voters: readonly bigint[]) {
  const confState = {
    voters,
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  return { data: bytes(''), metadata: { confState, index: 0, term: 0 } };
}

test('§5.2: a candidate asks all voters, with its new term and the end of its log', () => {
  const node = new LoneNode({ terms: [1, 2], hardState: { term: 2, vote: 0n, commit: 0 } });
  node.raw.campaign();
  const requests = node.sent();
  assert.deepEqual(
    requests.map(({ type, to, term, logTerm, index }) => [type, to, term, logTerm, index]),
    [
      [MessageType.vote, 2n, 3, 2, 2],
      [MessageType.vote, 3n, 3, 2, 2],
    ],
  );
});

test('§5.2: an election is won by a majority, lost by one, or stays open', () => {
  const outcome = (voters: number, votes: readonly boolean[]): string => {
    const ids = Array.from({ length: voters }, (_, position) => BigInt(position + 1));
    const node = new LoneNode({ voters: ids });
    node.raw.campaign();
    node.sent();
    votes.forEach((granted, position) => {
      const from = BigInt(position + 2);
      node.step({ type: MessageType.voteResponse, from, term: 1, reject: !granted });
    });
    return node.state;
  };
  assert.equal(outcome(1, []), 'StateLeader');
  assert.equal(outcome(3, []), 'StateCandidate');
  assert.equal(outcome(3, [true]), 'StateLeader');
  assert.equal(outcome(3, [false]), 'StateCandidate');
  assert.equal(outcome(3, [false, false]), 'StateFollower');
  assert.equal(outcome(5, [true]), 'StateCandidate');
  assert.equal(outcome(5, [true, true]), 'StateLeader');
  assert.equal(outcome(4, [true]), 'StateCandidate');
  assert.equal(outcome(4, [false, false]), 'StateFollower');
  assert.equal(outcome(5, [true, false, false, true]), 'StateLeader');
});

test('§5.2: one vote per term, first come, and it survives a restart', () => {
  const vote = (node: LoneNode, from: bigint, term: number): boolean => {
    const [response] = node.step({ type: MessageType.vote, from, term });
    return response?.reject === false;
  };
  const node = new LoneNode();
  assert.equal(vote(node, 2n, 1), true);
  assert.equal(vote(node, 3n, 1), false);
  assert.equal(vote(node, 2n, 1), true, 'the answer may have been lost');
  assert.equal(vote(node, 3n, 2), true, 'a new term, a new vote');
  const { hardState } = node.storage.initialState();
  const restarted = new LoneNode({ hardState });
  assert.equal(vote(restarted, 2n, 2), false);
});

test('§5.4.1: a vote only for a log that is at least as complete', () => {
  const cases: readonly [readonly number[], number, number, boolean][] = [
    [[1], 1, 1, true],
    [[1], 1, 2, true],
    [[1, 1], 1, 1, false],
    [[1], 2, 1, true],
    [[1], 2, 2, true],
    [[1, 1], 2, 1, true],
    [[2], 1, 1, false],
    [[2], 1, 2, false],
    [[1, 2], 1, 3, false],
  ];
  for (const [terms, logTerm, index, granted] of cases) {
    const node = new LoneNode({ terms, hardState: { term: 2, vote: 0n, commit: 0 } });
    const [response] = node.step({ type: MessageType.vote, from: 2n, term: 3, logTerm, index });
    assert.equal(response?.reject, !granted, `own ${terms}, candidate ${logTerm}/${index}`);
  }
});

test('a granted vote is sent only once it is stable', () => {
  const node = new LoneNode({ raft: { asyncStorageWrites: true } });
  node.raw.step({ ...emptyVote, type: MessageType.vote, from: 2n, to: 1n, term: 1 });
  const { messages } = node.raw.ready();
  assert.equal(messages.length, 1, 'nothing goes out but the write');
  assert.equal(messages[0]?.type, MessageType.storageAppend);
  assert.deepEqual(
    messages[0]?.responses.map(({ type, to }) => [type, to]),
    [[MessageType.voteResponse, 2n]],
  );
});

const emptyVote = {
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 0,
  vote: 0n,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: bytes(''),
  responses: [],
};

test('a learner does not campaign but votes: it may be a voter and not know it yet', () => {
  const node = new LoneNode({ voters: [2n, 3n], learners: [1n] });
  assert.deepEqual(node.tick(50), []);
  const [response] = node.step({ type: MessageType.vote, from: 2n, term: 1 });
  assert.equal(response?.reject, false);
});

test('a split vote is resolved by a later term', () => {
  const cluster = new Cluster({ members: 4 });
  cluster.partition([1, 3], [2, 4]);
  cluster.member(1).node.campaign();
  cluster.member(2).node.campaign();
  cluster.settle();
  const leads = cluster.members.some(({ node }) => node.isLeader);
  assert.equal(leads, false, 'each has two votes of four');
  cluster.heal();
  cluster.tick(60);
  assert.ok((cluster.leader?.node.term ?? 0) > 1);
});

test('pre-vote: a member that was cut off neither raises terms nor unseats the leader', () => {
  const cluster = new Cluster({ members: 3, raft: { preVote: true, checkQuorum: true } });
  cluster.elect(1);
  cluster.partition([1, 2], [3]);
  cluster.tick(100);
  assert.equal(cluster.member(3).node.term, 1);
  cluster.heal();
  cluster.tick(30);
  assert.equal(cluster.leader?.id, 1n);
  assert.equal(cluster.member(3).node.leader, 1n);
  assert.equal(cluster.leader?.node.term, 1);
});

test('pre-vote: asking changes neither term nor vote of those asked', () => {
  const node = new LoneNode();
  const [response] = node.step({ type: MessageType.preVote, from: 2n, term: 5 });
  assert.deepEqual([response?.reject, response?.term], [false, 5]);
  assert.deepEqual(node.raw.basicStatus().hardState, { term: 0, vote: 0n, commit: 0 });
});

test('pre-vote: a refusal tells the higher term, and is followed', () => {
  const voter = new LoneNode({ terms: [6], hardState: { term: 6, vote: 0n, commit: 0 } });
  const [refusal] = voter.step({ type: MessageType.preVote, from: 2n, term: 3 });
  assert.deepEqual([refusal?.reject, refusal?.term], [true, 6]);

  const asking = new LoneNode({ raft: { preVote: true } });
  asking.raw.campaign();
  asking.sent();
  asking.step({ type: MessageType.preVoteResponse, from: 2n, term: 6, reject: true });
  assert.deepEqual([asking.state, asking.raw.term], ['StateFollower', 6]);
});

test('pre-vote: members of different terms still elect a leader', () => {
  const cluster = new Cluster({
    members: 3,
    raft: { preVote: true },
    logs: [
      [1, 1],
      [1, 1],
      [1, 4],
    ],
  });
  cluster.partition([1], [2, 3]);
  cluster.tick(60);
  assert.equal(cluster.leader?.id, 3n, 'only its log is complete enough');
});

test('check quorum: a leader without a quorum steps down after an election timeout', () => {
  const node = new LoneNode({ raft: { checkQuorum: true } });
  node.becomeLeader();
  node.ack(2n, 1);
  node.tick(10);
  assert.equal(node.state, 'StateLeader', 'node 2 was heard from');
  node.tick(10);
  assert.equal(node.state, 'StateFollower');
  assert.equal(node.raw.term, 1);
});

test('check quorum: votes are refused while the leader is heard, except on its own wish', () => {
  const node = new LoneNode({ raft: { checkQuorum: true } });
  node.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  assert.deepEqual(node.step({ type: MessageType.vote, from: 3n, term: 9 }), []);
  assert.equal(node.raw.term, 1, 'not even the term is taken');
  const wish = { type: MessageType.vote, from: 3n, term: 9, context: TRANSFER } as const;
  assert.equal(node.step(wish)[0]?.reject, false);

  const waiting = new LoneNode({ raft: { checkQuorum: true } });
  waiting.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  waiting.raw.setRandomizedElectionTicks(1000);
  waiting.tick(10);
  assert.equal(waiting.step({ type: MessageType.vote, from: 3n, term: 9 })[0]?.reject, false);
});

test('check quorum: a leader of an old term is told, so that it steps down', () => {
  const node = new LoneNode({
    hardState: { term: 5, vote: 0n, commit: 0 },
    raft: { checkQuorum: true },
  });
  for (const type of [MessageType.heartbeat, MessageType.append]) {
    const [response] = node.step({ type, from: 2n, term: 3 });
    assert.deepEqual([response?.type, response?.term], [MessageType.appendResponse, 5]);
  }
});

test('a learner with a higher term tells the leader even without check quorum', () => {
  const hardState = { term: 5, vote: 0n, commit: 0 };
  const node = new LoneNode({ voters: [2n, 3n], learners: [1n], hardState });
  const [response] = node.step({ type: MessageType.heartbeat, from: 2n, term: 3 });
  assert.deepEqual([response?.type, response?.term], [MessageType.appendResponse, 5]);
});

test('no election while a committed change of membership is not applied', () => {
  const node = new LoneNode();
  const data = bytes('');
  const entries = [{ type: 2, term: 1, index: 1, data }] as const;
  node.raw.step({
    ...emptyVote,
    type: MessageType.append,
    from: 2n,
    to: 1n,
    term: 1,
    entries,
    commit: 1,
  });
  node.raw.campaign();
  assert.equal(node.raw.term, 1);
  assert.equal(node.state, 'StateFollower');
});

test('forget leader: a follower votes at once, in its term', () => {
  const node = new LoneNode({ raft: { checkQuorum: true, preVote: true } });
  node.step({ type: MessageType.heartbeat, from: 2n, term: 1 });
  node.raw.forgetLeader();
  assert.equal(node.raw.leader, 0n);
  assert.equal(node.raw.term, 1);
  assert.equal(node.step({ type: MessageType.preVote, from: 3n, term: 2 })[0]?.reject, false);
});

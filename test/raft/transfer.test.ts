import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageType, NO_NODE, ProposalDroppedError } from '../../src/raft/index.js';
import { Cluster } from './support/cluster.js';
import { bytes, LoneNode } from './support/lone-node.js';

/** Leader 1 of three; whether its followers are up to date is said by `behind`. */
function leader(raft = {}): LoneNode {
  const node = new LoneNode({ raft });
  node.becomeLeader();
  node.ack(2n, 1);
  node.ack(3n, 1);
  return node;
}

test('to a follower that has everything: at once', () => {
  const cluster = new Cluster({ members: 3, raft: { checkQuorum: true, preVote: true } });
  cluster.elect(1);
  cluster.member(1).node.transferLeader(3n);
  cluster.settle();
  assert.equal(cluster.leader?.id, 3n);
  assert.equal(cluster.leader.node.term, 2, 'one round, although the lease was fresh');
});

test('asked of a follower, it is forwarded to the leader', () => {
  const cluster = new Cluster({ members: 3 });
  cluster.elect(1);
  cluster.member(2).node.transferLeader(2n);
  cluster.settle();
  assert.equal(cluster.leader?.id, 2n);
});

test('to a follower that is behind: once it has caught up', () => {
  const node = leader();
  node.raw.propose([bytes('a')]);
  node.sent();
  node.raw.transferLeader(2n);
  assert.ok(node.sent().every(({ type }) => type !== MessageType.timeoutNow));
  const sent = node.ack(2n, 2);
  assert.equal(sent.at(-1)?.type, MessageType.timeoutNow);
});

test('to a follower that needs a snapshot', () => {
  const cluster = new Cluster({ members: 3 });
  cluster.elect(1);
  cluster.partition([1, 2], [3]);
  cluster.propose(1, 'a', 'b');
  cluster.member(1).compact(0);
  cluster.heal();
  cluster.member(1).node.transferLeader(3n);
  cluster.tick(2);
  assert.equal(cluster.leader?.id, 3n);
});

test('meanwhile proposals are dropped; after an election timeout the leader goes on', () => {
  const node = leader();
  node.raw.transferLeader(2n);
  node.sent();
  assert.throws(() => node.raw.propose([bytes('a')]), ProposalDroppedError);
  node.tick(10);
  assert.equal(node.raw.basicStatus().leadTransferee, NO_NODE);
  node.raw.propose([bytes('a')]);
  assert.equal(node.state, 'StateLeader');
});

test('a transfer to another replaces the first, one to the same is ignored', () => {
  const node = leader();
  node.raw.propose([bytes('a')]);
  node.sent();
  node.raw.transferLeader(2n);
  node.tick(5);
  node.raw.transferLeader(2n);
  node.tick(5);
  assert.equal(node.raw.basicStatus().leadTransferee, NO_NODE, 'the time was not extended');
  node.raw.transferLeader(2n);
  node.raw.transferLeader(3n);
  assert.equal(node.raw.basicStatus().leadTransferee, 3n);
});

test('not to itself, a learner or a stranger', () => {
  const node = new LoneNode({ voters: [1n, 2n], learners: [4n] });
  node.becomeLeader();
  for (const id of [1n, 4n, 99n]) {
    node.raw.transferLeader(id);
    assert.equal(node.raw.basicStatus().leadTransferee, NO_NODE);
  }
});

test('a learner that is told to campaign does not', () => {
  const node = new LoneNode({ voters: [2n, 3n], learners: [1n] });
  assert.deepEqual(node.step({ type: MessageType.timeoutNow, from: 2n, term: 1 }), []);
  assert.equal(node.state, 'StateFollower');
});

test('removing the target ends the transfer; so does losing the leadership', () => {
  const node = leader();
  node.raw.propose([bytes('a')]);
  node.sent();
  node.raw.transferLeader(3n);
  node.raw.applyConfChange({ id: 0n, type: 1, nodeId: 3n, context: bytes('') });
  assert.equal(node.raw.basicStatus().leadTransferee, NO_NODE);

  const other = leader();
  other.raw.transferLeader(2n);
  other.step({ type: MessageType.append, from: 2n, term: 2, index: 1, logTerm: 1 });
  assert.equal(other.raw.basicStatus().leadTransferee, NO_NODE);
});

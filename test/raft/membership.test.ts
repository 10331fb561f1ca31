import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AnyConfChange,
  ConfChangeError,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  EMPTY_BYTES,
  EntryType,
  encodeConfChange,
  formatConfiguration,
  MessageType,
  type NodeId,
} from '../../src/raft/index.js';
import { Cluster } from './support/cluster.js';
import { parseChanges } from './support/describe.js';
import { bytes, LoneNode } from './support/lone-node.js';

function single(text: string): AnyConfChange {
  const [change] = parseChanges(text);
  assert.ok(change !== undefined);
  return { id: 0n, ...change, context: EMPTY_BYTES };
}

function several(
  text: string,
  transition: ConfChangeTransition = ConfChangeTransition.auto,
): AnyConfChange {
  return { transition, changes: parseChanges(text), context: EMPTY_BYTES };
}

const LEAVE = several('');

function configurationOf(cluster: Cluster, id: NodeId | number): string {
  return formatConfiguration(cluster.member(id).node.status().configuration);
}

function change(cluster: Cluster, id: number, wanted: AnyConfChange): void {
  cluster.member(id).node.proposeConfChange(wanted);
  cluster.settle();
  cluster.tick(2);
}

test('a voter, a learner, a promotion and a removal, one by one', () => {
  const cluster = new Cluster({ members: 4, voters: 2 });
  cluster.elect(1);
  const steps = [
    ['v3', 'voters=(1 2 3)'],
    ['l4', 'voters=(1 2 3) learners=(4)'],
    ['v4', 'voters=(1 2 3 4)'],
    ['r2', 'voters=(1 3 4)'],
    ['l3', 'voters=(1 4) learners=(3)'],
    ['u1', 'voters=(1 4) learners=(3)'],
  ] as const;
  for (const [text, expected] of steps) {
    change(cluster, 1, single(text));
    cluster.member(1).compact(1);
    cluster.tick(3);
    for (const id of [1, 2, 3, 4].filter((member) => expected.includes(String(member)))) {
      assert.equal(configurationOf(cluster, id), expected, `member ${id}`);
    }
  }
});

test('joint, left by itself: replace two voters in one step', () => {
  const cluster = new Cluster({ members: 5, voters: 3 });
  cluster.elect(1);
  cluster.member(1).compact(0);
  change(cluster, 1, several('r2 r3 v4 v5'));
  cluster.member(1).compact(0);
  cluster.tick(3);
  for (const id of [1, 4, 5]) assert.equal(configurationOf(cluster, id), 'voters=(1 4 5)');
});

test('joint, explicit: both majorities decide until it is left', () => {
  const cluster = new Cluster({ members: 5, voters: 3 });
  cluster.elect(1);
  change(cluster, 1, several('r2 r3 v4 v5', ConfChangeTransition.jointExplicit));
  cluster.member(1).compact(0);
  cluster.tick(3);
  assert.equal(configurationOf(cluster, 4), 'voters=(1 4 5)&&(1 2 3)');

  const committed = (): number => cluster.member(1).node.committedIndex;
  const before = committed();
  cluster.partition([1, 4, 5], [2], [3]);
  cluster.propose(1, 'a');
  assert.equal(committed(), before, 'the old majority is missing');
  cluster.partition([1, 2, 3], [4], [5]);
  cluster.propose(1, 'b');
  cluster.tick(2);
  assert.equal(committed(), before + 1, 'only a: for b the new majority is missing');
  cluster.partition([1, 2, 4], [3], [5]);
  cluster.tick(2);
  assert.equal(committed(), before + 2);
  cluster.heal();
  change(cluster, 1, LEAVE);
  assert.equal(configurationOf(cluster, 5), 'voters=(1 4 5)');
});

test('a voter that becomes a learner waits until the joint state is left', () => {
  const cluster = new Cluster({ members: 3 });
  cluster.elect(1);
  change(cluster, 1, several('l3 l2', ConfChangeTransition.jointExplicit));
  assert.equal(configurationOf(cluster, 1), 'voters=(1)&&(1 2 3) learners_next=(2 3)');
  change(cluster, 1, LEAVE);
  assert.equal(configurationOf(cluster, 3), 'voters=(1) learners=(2 3)');
});

test('changes that do not fit become entries without effect', () => {
  const refused: readonly [string, readonly AnyConfChange[], AnyConfChange][] = [
    ['leaving without being joint', [], LEAVE],
    ['all voters removed', [], several('r1 r2 r3')],
    ['changing while joint', [several('v4', ConfChangeTransition.jointExplicit)], single('v5')],
    [
      'an empty change that is not a plain leave',
      [several('v4', ConfChangeTransition.jointExplicit)],
      several('', ConfChangeTransition.jointExplicit),
    ],
  ];
  for (const [why, prepare, wanted] of refused) {
    const cluster = new Cluster({ members: 5, voters: 3 });
    cluster.elect(1);
    for (const first of prepare) change(cluster, 1, first);
    const before = configurationOf(cluster, 1);
    change(cluster, 1, wanted);
    assert.equal(configurationOf(cluster, 1), before, why);
    cluster.propose(1, 'still alive');
    assert.equal(cluster.member(2).applied.at(-1), 'still alive');
  }
});

test('only one change at a time: a second in the same batch or before it applies is refused', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  node.becomeLeader();
  node.ack(2n, 1);
  const data = encodeConfChange(single('v3'));
  const proposed = { type: EntryType.confChange, term: 0, index: 0, data };
  const sent = node.step({ type: MessageType.propose, from: 2n, entries: [proposed, proposed] });
  assert.deepEqual(
    sent[0]?.entries.map(({ type }) => type),
    [EntryType.confChange, EntryType.normal],
  );
  node.ack(2n, 3);
  const later = node.step({ type: MessageType.propose, from: 2n, entries: [proposed] });
  assert.equal(later[0]?.entries[0]?.type, EntryType.confChange, 'the first is applied by now');
});

test('a change whose bytes make no sense never enters the log', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  node.becomeLeader();
  node.ack(2n, 1);
  for (const hex of ['ff', '1004', '0a', '120510']) {
    for (const type of [EntryType.confChange, EntryType.confChangeV2]) {
      const proposed = { type, term: 0, index: 0, data: Buffer.from(hex, 'hex') };
      const [append] = node.step({ type: MessageType.propose, from: 2n, entries: [proposed] });
      assert.equal(append?.entries[0]?.type, EntryType.normal, hex);
      node.ack(2n, append?.entries[0]?.index ?? 0);
    }
  }
});

test('a change that was not refused and does not fit throws, and nothing changes', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  for (const text of ['r1 r2', 'v3 v4 r1']) {
    const bad = several(text, ConfChangeTransition.auto);
    if (text === 'r1 r2') assert.throws(() => node.raw.applyConfChange(bad), ConfChangeError);
  }
  assert.throws(() => node.raw.applyConfChange(LEAVE), ConfChangeError);
  assert.equal(formatConfiguration(node.raw.status().configuration), 'voters=(1 2)');
});

test('the change with node id 0 is one that the application decided against', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  const confState = node.raw.applyConfChange(single('v0'));
  assert.deepEqual(confState.voters, [1n, 2n]);
});

test('a removed leader commits its removal, then steps down or goes on without proposals', () => {
  for (const stepDownOnRemoval of [true, false]) {
    const cluster = new Cluster({ members: 3, raft: { stepDownOnRemoval } });
    cluster.elect(1);
    cluster.member(1).node.proposeConfChange(single('r1'));
    cluster.settle();
    assert.equal(cluster.member(1).node.isLeader, !stepDownOnRemoval);
    assert.throws(() => cluster.member(1).node.propose([bytes('a')]));
    assert.equal(configurationOf(cluster, 2), 'voters=(2 3)');
    cluster.member(1).crash();
    cluster.tick(40);
    cluster.propose(2, 'a');
    assert.equal(cluster.member(3).applied.at(-1), 'a');
  }
});

test('a smaller quorum commits what was waiting', () => {
  const node = new LoneNode({ voters: [1n, 2n] });
  node.becomeLeader();
  node.ack(2n, 1);
  node.raw.propose([bytes('a')]);
  node.sent();
  assert.equal(node.raw.committedIndex, 1);
  node.raw.applyConfChange(single('r2'));
  assert.equal(node.raw.committedIndex, 2);
});

test('a new voter is not held against the leader before it could answer', () => {
  const node = new LoneNode({ voters: [1n], raft: { checkQuorum: true } });
  node.becomeLeader();
  node.raw.applyConfChange(single('v2'));
  node.tick(10);
  assert.equal(node.state, 'StateLeader');
});

test('a change handed out before a snapshot came is not applied over the snapshot', () => {
  const node = new LoneNode({
    voters: [2n, 3n],
    learners: [1n],
    raft: { asyncStorageWrites: true },
  });
  const confState = {
    voters: [1n, 2n, 3n],
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  const snapshot = { data: EMPTY_BYTES, metadata: { confState, index: 9, term: 1 } };
  node.raw.step({
    ...(node.raw.ready().messages[0] ?? EMPTY_MESSAGE),
    type: MessageType.snapshot,
    from: 2n,
    to: 1n,
    term: 1,
    snapshot,
  });
  const changes: ConfChangeSingle[] = [{ type: ConfChangeType.addLearnerNode, nodeId: 4n }];
  const result = node.raw.applyConfChange({ transition: 0, changes, context: EMPTY_BYTES });
  assert.deepEqual(result, confState);
});

const EMPTY_MESSAGE = {
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 0,
  vote: 0n,
  reject: false,
  rejectHint: 0,
  context: EMPTY_BYTES,
  responses: [],
};

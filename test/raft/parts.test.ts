import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeMembership, type Membership } from '../../src/raft/confchange/changer.js';
import { restoreMembership } from '../../src/raft/confchange/restore.js';
import {
  type AnyConfChange,
  ConfChangeDecodeError,
  ConfChangeError,
  ConfChangeTransition,
  ConfChangeType,
  decodeConfChange,
  decodeConfChangeV2,
  EMPTY_BYTES,
  EMPTY_CONF_STATE,
  encodeConfChange,
  formatConfiguration,
  isJoint,
} from '../../src/raft/index.js';
import { jointVoteResult } from '../../src/raft/quorum/joint.js';
import { majorityIndex, VoteResult } from '../../src/raft/quorum/majority.js';
import { EMPTY_CONFIGURATION, toConfState } from '../../src/raft/tracker/configuration.js';
import { Inflights } from '../../src/raft/tracker/inflights.js';
import { bytes } from './support/lone-node.js';

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const id64 = fc.bigInt({ min: 1n, max: 0xffff_ffff_ffff_fffdn });
const context = fc.uint8Array({ maxLength: 300 });
const type = fc.constantFrom(...Object.values(ConfChangeType));

test('configuration changes in protobuf, as recorded (formats.md §1.4, §2.4)', () => {
  const json = bytes(
    '{"id":3436166032597103870,"peerURLs":["http://127.0.0.1:32390"],"isLearner":true}',
  );
  const added = {
    id: 7460953863365052933n,
    type: ConfChangeType.addLearnerNode,
    nodeId: 3436166032597103870n,
    context: json,
  };
  const encoded = encodeConfChange(added);
  assert.equal(hex(encoded), `088594cfbba4c0a8c567100318fee9da91d1d9edd72f2251${hex(json)}`);
  assert.deepEqual(decodeConfChange(encoded), added);
  const founding = { id: 0n, type: ConfChangeType.addNode, nodeId: 5n, context: bytes('{}') };
  assert.equal(hex(encodeConfChange(founding)), '1000180522027b7d', 'no id field');
});

test('an empty change of several leaves the joint state and may come without any bytes', () => {
  const leave = { transition: ConfChangeTransition.auto, changes: [], context: EMPTY_BYTES };
  assert.deepEqual(decodeConfChangeV2(EMPTY_BYTES), leave);
  assert.deepEqual(decodeConfChangeV2(encodeConfChange(leave)), leave);
});

test('configuration changes come back as they went', () => {
  const single = fc.record({ type, nodeId: id64 }, { noNullPrototype: true });
  const v1 = fc.record({ id: id64, type, nodeId: id64, context });
  const v2 = fc.record({
    transition: fc.constantFrom(...Object.values(ConfChangeTransition)),
    changes: fc.array(single, { maxLength: 8 }),
    context,
  });
  const plain = (change: AnyConfChange) => ({ ...change, context: hex(change.context) });
  fc.assert(
    fc.property(v1, v2, (one, several) => {
      assert.deepEqual(plain(decodeConfChange(encodeConfChange(one))), plain(one));
      assert.deepEqual(plain(decodeConfChangeV2(encodeConfChange(several))), plain(several));
    }),
    { seed: 5 },
  );
});

test('bytes that are no configuration change give an error, never another', () => {
  const valid = encodeConfChange({
    transition: ConfChangeTransition.jointExplicit,
    changes: [{ type: ConfChangeType.removeNode, nodeId: 300n }],
    context: bytes('abc'),
  });
  const flipped = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length))
    .map(([position, value, end]) => {
      const copy = Uint8Array.from(valid);
      copy[position] = value;
      return copy.subarray(0, end);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), flipped), (data) => {
      for (const decode of [decodeConfChange, decodeConfChangeV2]) {
        try {
          decode(data);
        } catch (error) {
          assert.ok(error instanceof ConfChangeDecodeError, String(error));
        }
      }
    }),
    { seed: 5, numRuns: 3000 },
  );
});

test('unknown fields are skipped', () => {
  const data = Buffer.from(
    '10021803280930ffffffffffffffffff013d0102030441010203040506070852026869',
    'hex',
  );
  const { type: kind, nodeId } = decodeConfChange(data);
  assert.deepEqual([kind, nodeId], [ConfChangeType.updateNode, 3n]);
});

test('the majority index equals counting', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }), (indexes) => {
      const reached = (index: number): boolean =>
        indexes.filter((other) => other >= index).length > indexes.length / 2;
      const expected = Math.max(0, ...indexes.filter(reached));
      assert.equal(majorityIndex([...indexes]), expected);
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('two quorums of a joint configuration always share a voter', () => {
  const set = fc.uniqueArray(fc.bigInt({ min: 1n, max: 6n }), { minLength: 1, maxLength: 5 });
  const yes = fc.uniqueArray(fc.bigInt({ min: 1n, max: 6n }));
  fc.assert(
    fc.property(set, set, yes, yes, (incoming, outgoing, left, right) => {
      const won = (granted: readonly bigint[]): boolean => {
        const votes = new Map(granted.map((id) => [id, true]));
        return jointVoteResult({ incoming, outgoing }, votes) === VoteResult.won;
      };
      if (won(left) && won(right)) {
        for (const half of [incoming, outgoing]) {
          assert.ok(half.some((id) => left.includes(id) && right.includes(id)));
        }
      }
    }),
    { seed: 11, numRuns: 1000 },
  );
});

const LIMITS = { maxMessages: 10, maxBytes: Number.POSITIVE_INFINITY };

test('any changes lead from valid to valid; a joint way ends where the simple way ends', () => {
  const single = fc.record({ type, nodeId: fc.bigInt({ min: 0n, max: 5n }) });
  const options = { lastIndex: 9, limits: LIMITS };
  const apply = (from: Membership, change: Parameters<typeof changeMembership>[1]) => {
    try {
      return changeMembership(from, change, options);
    } catch (error) {
      assert.ok(error instanceof ConfChangeError);
      return undefined;
    }
  };
  fc.assert(
    fc.property(fc.array(single, { minLength: 1, maxLength: 12 }), (steps) => {
      let membership = restoreMembership({ ...EMPTY_CONF_STATE, voters: [1n] }, options);
      for (const step of steps) {
        const { auto, jointExplicit } = ConfChangeTransition;
        const simple = { transition: auto, changes: [step], context: EMPTY_BYTES };
        const joint = { ...simple, transition: jointExplicit };
        const direct = apply(membership, simple);
        const entered = apply(membership, joint);
        assert.equal(direct === undefined, entered === undefined);
        if (direct === undefined || entered === undefined) continue;
        assert.ok(isJoint(entered.configuration));
        const left = changeMembership(entered, { ...simple, changes: [] }, options);
        const [viaJoint, viaSimple] = [left, direct].map(({ configuration }) =>
          formatConfiguration(configuration),
        );
        assert.equal(viaJoint, viaSimple);
        for (const each of [direct, entered, left]) {
          const restored = restoreMembership(toConfState(each.configuration), options);
          assert.deepEqual(restored.configuration, each.configuration);
          assert.deepEqual([...restored.progress.keys()].sort(), [...each.progress.keys()].sort());
        }
        membership = direct;
      }
    }),
    { seed: 13, numRuns: 300 },
  );
});

test('a change leaves the membership it started from as it was', () => {
  const options = { lastIndex: 9, limits: LIMITS };
  const before = restoreMembership({ ...EMPTY_CONF_STATE, voters: [1n, 2n] }, options);
  const changes = [{ type: ConfChangeType.addLearnerNode, nodeId: 2n }];
  changeMembership(before, { transition: 0, changes, context: EMPTY_BYTES }, options);
  assert.equal(before.progress.get(2n)?.isLearner, false);
  assert.equal(EMPTY_CONFIGURATION.voters.incoming.length, 0);
});

test('stored configurations that contradict themselves are not taken', () => {
  const bad = [
    { voters: [1n], learners: [1n] },
    { learners: [1n] },
    { voters: [1n], learnersNext: [2n] },
    { voters: [1n], autoLeave: true },
  ];
  for (const state of bad) {
    assert.throws(
      () => restoreMembership({ ...EMPTY_CONF_STATE, ...state }, { lastIndex: 0, limits: LIMITS }),
      ConfChangeError,
    );
  }
});

test('inflights equal a plain queue, within both limits', () => {
  const step = fc.oneof(fc.record({ add: fc.nat(30) }), fc.record({ free: fc.nat(10) }));
  const limits = fc.record({
    maxMessages: fc.integer({ min: 1, max: 40 }),
    maxBytes: fc.constantFrom(50, Number.POSITIVE_INFINITY),
  });
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 200 }), (limit, steps) => {
      const inflights = new Inflights(limit);
      let queue: { index: number; size: number }[] = [];
      let next = 1;
      for (const each of steps) {
        if ('add' in each && !inflights.full) {
          inflights.add(next, each.add);
          queue.push({ index: next++, size: each.add });
        } else if ('free' in each) {
          const upTo = (queue[0]?.index ?? 0) + each.free - 1;
          inflights.freeUpTo(upTo);
          queue = queue.filter(({ index }) => index > upTo);
        }
        const size = queue.reduce((sum, item) => sum + item.size, 0);
        assert.equal(inflights.count, queue.length);
        assert.equal(inflights.full, queue.length >= limit.maxMessages || size >= limit.maxBytes);
      }
    }),
    { seed: 17, numRuns: 200 },
  );
});

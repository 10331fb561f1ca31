import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../../src/base/logger.js';
import type { Cluster, Member, MembershipChange } from '../../src/membership/index.js';
import { AppendStreamDecoder } from '../../src/peer/append-stream.js';
import { MessageStreamDecoder } from '../../src/peer/message-stream.js';
import {
  type ConfChange,
  ConfChangeTransition,
  type ConfState,
  decodeConfChange,
  EMPTY_BYTES,
  type Entry,
  EntryType,
  encodeConfChange,
  type Message,
} from '../../src/raft/index.js';
import { toConfChange, toMembershipChange } from '../../src/server/membership/conf-changes.js';
import { ConfChangeApplier } from '../../src/server/membership/index.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { recordedStreams } from '../peer/recorded.js';
import { LoneNode } from '../raft/support/lone-node.js';

const newMember = (id: bigint, isLearner = false, port = id): Member => ({
  id,
  peerUrls: [`http://127.0.0.1:${port}`],
  isLearner,
  name: '',
  clientUrls: [],
});

/** Member 1 of the founders, with a real Raft node, and a record of what it does. */
class AppliedLog {
  readonly entries: Entry[] = [];
  readonly connections: string[] = [];
  readonly saved: ConfState[] = [];
  readonly node: LoneNode;
  readonly cluster: Cluster;
  readonly applier: ConfChangeApplier;

  constructor(founders: readonly bigint[] = [1n], connectionFailure?: Error) {
    const start = { votersOutgoing: [], learnersNext: [], learners: [], autoLeave: false };
    this.node = new LoneNode({ voters: founders });
    const members = founders.map((id) => newMember(id));
    this.cluster = unsavedCluster(members, { maxLearners: 2 });
    const record =
      (what: string) =>
      (id: bigint, urls?: readonly string[]): void => {
        this.connections.push([what, id, ...(urls ?? [])].join(' '));
        if (connectionFailure !== undefined) throw connectionFailure;
      };
    this.applier = new ConfChangeApplier(
      { localId: 1n },
      {
        node: this.node.raw,
        cluster: this.cluster,
        connections: {
          addPeer: record('add'),
          updatePeer: record('update'),
          removePeer: record('remove'),
        },
        logger: silentLogger,
        saveConfState: (confState) => this.saved.push(confState),
      },
      { ...start, voters: founders },
    );
  }

  apply(change: MembershipChange) {
    return this.applyConfChange(toConfChange(7n, change));
  }

  applyConfChange(confChange: ConfChange) {
    return this.applyEntry(EntryType.confChange, encodeConfChange(confChange));
  }

  applyEntry(type: EntryType, data: Uint8Array) {
    const entry = { type, term: 1, index: this.entries.length + 1, data };
    this.entries.push(entry);
    return this.applier.apply(entry);
  }

  /** Whom Raft counts, as `voters/learners`. */
  get raftMembers(): string {
    const { voters, learners } = this.applier.confState;
    return `${voters.join()}/${learners.join()}`;
  }
}

describe('configuration changes', () => {
  it('have the form that etcd gives them', () => {
    const context = (change: MembershipChange) =>
      Buffer.from(toConfChange(5n, change).context).toString();
    assert.equal(
      context({ kind: 'add', member: newMember(9n) }),
      '{"id":9,"peerURLs":["http://127.0.0.1:9"]}',
    );
    assert.equal(context({ kind: 'promote', id: 9n }), '{"id":9,"peerURLs":null,"isPromote":true}');
    assert.equal(
      context({ kind: 'update', id: 9n, peerUrls: ['http://a:1'] }),
      '{"id":9,"peerURLs":["http://a:1"]}',
    );
    assert.equal(context({ kind: 'remove', id: 9n }), '');
  });

  it('that real members have sent come out of their meaning byte for byte', () => {
    const kinds = new Set<string>();
    for (const { type, data } of recordedEntries()) {
      if (type !== EntryType.confChange) continue;
      const { change, encoded } = again(data);
      assert.equal(Buffer.from(encoded).toString('latin1'), Buffer.from(data).toString('latin1'));
      kinds.add(change.kind);
    }
    assert.deepEqual([...kinds].sort(), ['add', 'promote', 'remove', 'update']);
  });
});

describe('ConfChangeApplier', () => {
  it('adds, promotes, moves and removes a member everywhere at once', () => {
    const log = new AppliedLog();
    const added = log.apply({ kind: 'add', member: newMember(2n, true) });
    assert.deepEqual([added.changeId, added.error, added.removedSelf], [7n, null, false]);
    assert.equal(log.raftMembers, '1/2');
    log.apply({ kind: 'promote', id: 2n });
    assert.equal(log.raftMembers, '1,2/');
    log.apply({ kind: 'update', id: 2n, peerUrls: ['http://b:1'] });
    assert.deepEqual(log.cluster.member(2n), { ...newMember(2n), peerUrls: ['http://b:1'] });
    const removed = log.apply({ kind: 'remove', id: 2n });
    assert.equal(log.raftMembers, '1/');
    assert.deepEqual(removed.members, [newMember(1n)]);
    assert.deepEqual(log.connections, [
      'add 2 http://127.0.0.1:2',
      'update 2 http://b:1',
      'remove 2',
    ]);
    assert.equal(log.saved.length, 4);
  });

  it('refuses what does not fit, and tells only the proposer', () => {
    const log = new AppliedLog();
    const outcome = log.apply({ kind: 'add', member: newMember(2n, false, 1n) });
    assert.equal(outcome.error?.message, 'etcdserver: Peer URLs already exists');
    assert.equal(log.raftMembers, '1/');
    assert.deepEqual([log.connections, log.saved], [[], []]);
  });

  it('says when this member itself is removed, and keeps no connection with it', () => {
    const log = new AppliedLog([1n, 2n]);
    assert.equal(log.apply({ kind: 'remove', id: 2n }).removedSelf, false);
    const other = new AppliedLog([1n, 2n]);
    assert.equal(other.apply({ kind: 'remove', id: 1n }).removedSelf, true);
    assert.equal(other.apply({ kind: 'remove', id: 1n }).removedSelf, false);
    assert.deepEqual(other.connections, []);
  });

  it('survives what would stop a real member', () => {
    const log = new AppliedLog();
    const utf8 = (text: string) => Buffer.from(text);
    const fields = { id: 7n, type: 0, nodeId: 2n } as const;
    for (const context of [EMPTY_BYTES, utf8('{'), utf8('null'), utf8('{"id":3,"peerURLs":[]}')]) {
      assert.ok(log.applyConfChange({ ...fields, context }).error !== null);
    }
    const transition = ConfChangeTransition.jointExplicit;
    const changes = [{ type: 0, nodeId: 2n } as const];
    const several = encodeConfChange({ transition, changes, context: EMPTY_BYTES });
    assert.ok(log.applyEntry(EntryType.confChangeV2, several).error !== null);
    assert.ok(log.applyEntry(EntryType.confChangeV2, EMPTY_BYTES).error !== null);
    assert.equal(log.raftMembers, '1/');
  });

  it('carries out a change that leaves a member out of reach', () => {
    const log = new AppliedLog([1n], new Error('not a peer URL'));
    assert.equal(log.apply({ kind: 'add', member: newMember(2n) }).error, null);
    assert.equal(log.raftMembers, '1,2/');
  });

  it('keeps Raft and the membership in step, whatever is proposed, and is the same everywhere', () => {
    const id = fc.bigInt({ min: 1n, max: 6n });
    const change: fc.Arbitrary<MembershipChange> = fc.oneof(
      fc
        .tuple(id, fc.boolean(), fc.bigInt({ min: 1n, max: 9n }))
        .map(([added, isLearner, port]) => ({
          kind: 'add' as const,
          member: newMember(added, isLearner, port),
        })),
      id.map((promoted) => ({ kind: 'promote' as const, id: promoted })),
      id.map((removed) => ({ kind: 'remove' as const, id: removed })),
      fc.tuple(id, fc.bigInt({ min: 1n, max: 9n })).map(([updated, port]) => ({
        kind: 'update' as const,
        id: updated,
        peerUrls: [`http://127.0.0.1:${port}`],
      })),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const log = new AppliedLog();
        const twin = new AppliedLog();
        for (const each of changes) {
          // A leader lets nothing in that takes the last vote.
          const [voter, ...more] = log.cluster.votingMembers();
          if (each.kind === 'remove' && more.length === 0 && voter?.id === each.id) continue;
          const outcome = log.apply(each);
          assert.deepEqual(twin.apply(each), outcome);
          checkAgreement(log);
        }
      }),
    );
  });
});

/** All entries that the recorded members have sent each other. */
function recordedEntries(): Entry[] {
  return recordedStreams().flatMap(({ kind, receiver, sender, payload }) => {
    const messages: Message[] = [];
    const decoder =
      kind === 'message'
        ? new MessageStreamDecoder()
        : new AppendStreamDecoder({ local: receiver, remote: sender });
    decoder.push(payload, messages);
    return messages.flatMap((message) => [...message.entries]);
  });
}

function checkAgreement({ cluster, node, applier }: AppliedLog): void {
  const { configuration } = node.raw.status();
  const ids = (members: readonly Member[]) => members.map((member) => member.id);
  const voters = ids(cluster.votingMembers());
  const learners = ids(cluster.members().filter((member) => member.isLearner));
  assert.deepEqual([...configuration.voters.incoming], voters);
  assert.deepEqual([...configuration.learners], learners);
  assert.deepEqual([applier.confState.voters, applier.confState.learners], [voters, learners]);
  assert.ok(learners.length <= 2);
  for (const id of cluster.removedIds()) assert.equal(cluster.member(id), undefined);
  const urls = cluster.members().flatMap((member) => member.peerUrls);
  assert.equal(new Set(urls).size, urls.length);
}

function again(data: Uint8Array): { change: MembershipChange; encoded: Uint8Array } {
  const confChange = decodeConfChange(data);
  const change = toMembershipChange(confChange);
  return { change, encoded: encodeConfChange(toConfChange(confChange.id, change)) };
}

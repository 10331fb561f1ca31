import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogFields, Logger } from '../../src/base/logger.js';
import {
  Cluster,
  type ClusterSettings,
  type Member,
  type MembershipChange,
} from '../../src/membership/index.js';

const member = (id: bigint, fields: Partial<Member> = {}): Member => ({
  id,
  peerUrls: [`http://127.0.0.1:${id}`],
  isLearner: false,
  name: `m${id}`,
  clientUrls: [],
  ...fields,
});
const learner = (id: bigint): Member => member(id, { isLearner: true, name: '' });

/** A cluster and its two buckets, keys and values as text. */
function createCluster(members: readonly Member[], settings: ClusterSettings = {}) {
  const memberBucket = new Map<string, string>();
  const removedBucket = new Map<string, string>();
  const cluster = new Cluster(
    0xcn,
    {
      putMember: (key, value) => memberBucket.set(key.toString(), value.toString()),
      deleteMember: (key) => memberBucket.delete(key.toString()),
      putRemovedMember: (key, value) => removedBucket.set(key.toString(), value.toString()),
      putVersion() {},
      putStorageVersion() {},
      deleteStorageVersion() {},
    },
    settings,
  );
  for (const each of members) cluster.addMember(each);
  return { cluster, memberBucket, removedBucket };
}

function refusal(cluster: Cluster, change: MembershipChange): string {
  try {
    cluster.validate(change);
    return 'passes';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a change of the membership', () => {
  it('is persisted as etcd does it', () => {
    const { cluster, memberBucket, removedBucket } = createCluster([member(0xa1n)]);
    cluster.apply({ kind: 'add', member: learner(0xb2n) });
    assert.equal(
      memberBucket.get('b2'),
      '{"id":178,"peerURLs":["http://127.0.0.1:178"],"isLearner":true}',
    );
    cluster.apply({ kind: 'promote', id: 0xb2n });
    cluster.apply({ kind: 'update', id: 0xb2n, peerUrls: ['http://z:1', 'http://y:1'] });
    cluster.setAttributes(0xb2n, 'b', ['http://c:1']);
    assert.equal(
      memberBucket.get('b2'),
      '{"id":178,"peerURLs":["http://z:1","http://y:1"],"name":"b","clientURLs":["http://c:1"]}',
    );
    cluster.apply({ kind: 'remove', id: 0xa1n });
    assert.deepEqual([...memberBucket.keys()], ['b2']);
    assert.deepEqual([...removedBucket], [['a1', 'removed']]);
  });

  it('is refused if its id was removed before, whatever it is', () => {
    const { cluster } = createCluster([member(1n), member(2n)]);
    cluster.removeMember(2n);
    const changes: MembershipChange[] = [
      { kind: 'add', member: member(2n) },
      { kind: 'promote', id: 2n },
      { kind: 'update', id: 2n, peerUrls: [] },
      { kind: 'remove', id: 2n },
    ];
    for (const change of changes) {
      assert.equal(refusal(cluster, change), 'etcdserver: member not found');
    }
  });

  it('adds no member that is there, or whose URLs another one has', () => {
    const { cluster } = createCluster([member(1n)]);
    const add = (added: Member) => refusal(cluster, { kind: 'add', member: added });
    assert.equal(add(member(1n)), 'etcdserver: member ID already exist');
    const peerUrls = ['http://127.0.0.1:9', 'http://127.0.0.1:1'];
    assert.equal(add(member(2n, { peerUrls })), 'etcdserver: Peer URLs already exists');
    assert.equal(add(member(2n)), 'passes');
  });

  it('adds no more learners than may be', () => {
    const tooMany = 'etcdserver: too many learner members in cluster';
    const { cluster } = createCluster([member(1n), learner(2n)]);
    assert.equal(refusal(cluster, { kind: 'add', member: learner(3n) }), tooMany);
    assert.equal(refusal(cluster, { kind: 'add', member: member(3n) }), 'passes');
    const two = createCluster([member(1n), learner(2n)], { maxLearners: 2 }).cluster;
    assert.equal(refusal(two, { kind: 'add', member: learner(3n) }), 'passes');
    const none = createCluster([member(1n)], { maxLearners: 0 }).cluster;
    assert.equal(refusal(none, { kind: 'add', member: learner(3n) }), tooMany);
  });

  it('promotes learners only, and touches members only', () => {
    const { cluster } = createCluster([member(1n), learner(2n)]);
    const notLearner = 'etcdserver: can only promote a learner member';
    const notFound = 'etcdserver: member not found';
    assert.equal(refusal(cluster, { kind: 'promote', id: 1n }), notLearner);
    assert.equal(refusal(cluster, { kind: 'promote', id: 2n }), 'passes');
    assert.equal(refusal(cluster, { kind: 'promote', id: 3n }), notFound);
    assert.equal(refusal(cluster, { kind: 'remove', id: 3n }), notFound);
    assert.equal(refusal(cluster, { kind: 'update', id: 3n, peerUrls: [] }), notFound);
  });

  it('moves a member to URLs of its own, but not to those of another one', () => {
    const { cluster } = createCluster([member(1n), member(2n)]);
    const move = (url: string) => refusal(cluster, { kind: 'update', id: 2n, peerUrls: [url] });
    assert.equal(move('http://127.0.0.1:1'), 'etcdserver: Peer URLs already exists');
    assert.equal(move('http://127.0.0.1:2'), 'passes');
  });
});

describe('Cluster', () => {
  it('tells the members, by id and by name, and who votes', () => {
    const { cluster } = createCluster([member(3n), member(1n), learner(2n), member(4n)]);
    assert.deepEqual(
      cluster.members().map(({ id }) => id),
      [1n, 2n, 3n, 4n],
    );
    assert.deepEqual(
      cluster.votingMembers().map(({ id }) => id),
      [1n, 3n, 4n],
    );
    assert.equal(cluster.quorumSize(), 2);
    assert.equal(cluster.memberByName('m3')?.id, 3n);
    assert.equal(cluster.memberByName('m9'), undefined);
    assert.deepEqual([cluster.isLearner(2n), cluster.isLearner(1n)], [true, false]);
    cluster.setAttributes(1n, 'a', ['http://z:1']);
    cluster.setAttributes(3n, 'c', ['http://b:1', 'http://a:1']);
    assert.deepEqual(cluster.clientUrls(), ['http://a:1', 'http://b:1', 'http://z:1']);
  });

  it('ignores what unknown and removed members publish, with a warning', () => {
    const warnings: [string, LogFields | undefined][] = [];
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (message, fields) => warnings.push([message, fields]),
      error() {},
      child: () => logger,
    };
    const { cluster, memberBucket } = createCluster([member(1n), member(2n)], { logger });
    cluster.removeMember(2n);
    cluster.setAttributes(2n, 'b', []);
    cluster.setAttributes(0xffn, 'f', []);
    assert.deepEqual(warnings, [
      [
        'skipped attributes update of removed member',
        { 'cluster-id': 'c', 'updated-peer-id': '2' },
      ],
      [
        'skipped attributes update of unknown member',
        { 'cluster-id': 'c', 'updated-peer-id': 'ff' },
      ],
    ]);
    assert.deepEqual([...memberBucket.keys()], ['1']);
  });

  it('forgets everything, and takes over what was persisted', () => {
    const { cluster, memberBucket, removedBucket } = createCluster([member(1n), learner(2n)]);
    cluster.removeMember(1n);
    cluster.setVersion('3.7.0');
    const before = cluster.members();
    const [members, removed] = [[...memberBucket.values()], [...removedBucket.keys()]];
    cluster.reset();
    assert.deepEqual(
      [cluster.members(), cluster.removedIds(), cluster.version],
      [[], [], undefined],
    );
    for (const value of members) cluster.restoreMember(Buffer.from(value));
    for (const key of removed) cluster.restoreRemoved(Buffer.from(key));
    assert.deepEqual(cluster.members(), before);
    assert.equal(cluster.isRemoved(1n), true);
  });
});

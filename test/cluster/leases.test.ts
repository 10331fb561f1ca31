import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  KV,
  Lease,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { GrpcError } from '../support/grpc.js';
import { Cluster, waitUntil } from './support/cluster.js';
import type { ClusterMember } from './support/cluster-member.js';

const { leaseGrant, leaseKeepAlive, leaseTimeToLive, leaseLeases } = Lease.methods;

async function grant(member: ClusterMember, id: bigint, ttl: number): Promise<void> {
  await member.client.call(leaseGrant, { id, ttl });
  const key = Buffer.from(`key of ${id}`);
  await member.client.call(KV.methods.put, { key, value: key, lease: id });
}

/** Seconds left according to a member; -1 for no such lease. */
async function secondsLeft(member: ClusterMember, id: bigint): Promise<number> {
  const answer = await member.client.call(leaseTimeToLive, { id, keys: true });
  if (answer.ttl >= 0) {
    assert.deepEqual(
      answer.keys.map((key) => key.toString()),
      [`key of ${id}`],
    );
  }
  return answer.ttl;
}

/** A stream of keep-alives, and the answers to it: ids and TTLs. */
function keepAlive(member: ClusterMember) {
  const stream = member.client.grpc.bidirectional(leaseKeepAlive.path);
  return {
    stream,
    send: (id: bigint) => stream.send(LeaseKeepAliveRequest.encode({ id })),
    answers: () =>
      stream.received.map((bytes): [bigint, number] => {
        const { id, ttl } = LeaseKeepAliveResponse.decode(bytes);
        return [id, ttl];
      }),
  };
}

test('leases: any member renews them and tells of them; only the leader lets them end', async (context) => {
  const cluster = await Cluster.start(context, { size: 3 });
  const follower = await cluster.follower();
  await grant(follower, 7n, 60);
  await grant(follower, 8n, 2);
  for (const member of cluster.members) {
    assert.ok((await secondsLeft(member, 7n)) >= 50, member.name);
    assert.equal(await secondsLeft(member, 99n), -1, member.name);
  }
  const { stream, send, answers } = keepAlive(follower);
  const ids = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? 99n : 7n));
  for (const id of ids) send(id);
  assert.ok(await stream.until(() => answers().length === ids.length, 10_000));
  assert.deepEqual(
    answers(),
    ids.map((id) => [id, id === 7n ? 60 : 0]),
  );
  await waitUntil('the end of the short lease', async () => (await secondsLeft(follower, 8n)) < 0);
  for (const member of cluster.members) {
    assert.equal(await member.client.get('key of 8'), undefined);
    const { leases } = await member.client.call(leaseLeases, {});
    assert.deepEqual(
      leases.map(({ id }) => id),
      [7n],
    );
  }
});

test('leases: a new leader gives them their time again, and they are renewed through it', async (context) => {
  const cluster = await Cluster.start(context, { size: 3 });
  const leader = await cluster.waitForLeader();
  const follower = await cluster.follower();
  await grant(follower, 7n, 5);
  await grant(follower, 8n, 5);
  await delay(3000);
  const renewals = keepAlive(follower);
  await leader.kill();
  // Asked while nobody leads, it is answered as soon as somebody does.
  renewals.send(7n);
  assert.ok(await renewals.stream.until(() => renewals.answers().length === 1, 10_000));
  assert.deepEqual(renewals.answers(), [[7n, 5]]);
  assert.ok((await secondsLeft(follower, 8n)) >= 3, 'never early');
  await waitUntil('the end of both', async () => {
    const left = [await secondsLeft(follower, 7n), await secondsLeft(follower, 8n)];
    return left.every((seconds) => seconds < 0);
  });
  assert.equal(await follower.client.get('key of 7'), undefined);
});

test('without a quorum: streams that want a leader end, others stay; leases are not told', async (context) => {
  const cluster = await Cluster.start(context, { size: 3 });
  const [survivor, ...others] = cluster.members;
  assert.ok(survivor !== undefined);
  await grant(survivor, 7n, 600);
  const create = { key: Buffer.from('key') };
  const wanting = survivor.client.watch(create, { metadata: { hasleader: 'true' } });
  const indifferent = survivor.client.watch(create);
  await wanting.waitFor('its creation', ({ responses }) => responses.length === 1);
  await indifferent.waitFor('its creation', ({ responses }) => responses.length === 1);
  await Promise.all(others.map((member) => member.kill()));
  assert.ok(await wanting.stream.until(() => wanting.stream.ending !== undefined, 15_000));
  assert.equal(wanting.stream.ending?.message, 'UNAVAILABLE: etcdserver: no leader');
  assert.equal(indifferent.stream.ending, undefined);
  await assert.rejects(secondsLeft(survivor, 7n), (error) => {
    assert.ok(error instanceof GrpcError);
    assert.equal(error.message, 'UNAVAILABLE: etcdserver: no leader');
    return true;
  });
});

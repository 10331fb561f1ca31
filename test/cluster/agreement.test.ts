import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { KV, Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { Backend, Bucket } from '../../src/storage/backend/index.js';
import { GrpcError } from '../support/grpc.js';
import { Cluster, waitUntil } from './support/cluster.js';
import type { ClusterMember } from './support/cluster-member.js';

const CORRUPT = 2;

/** The backend of a stopped member. */
function openBackend(member: ClusterMember): Promise<Backend> {
  return Backend.open(
    {
      path: join(member.dataFolder, 'member', 'backend'),
      batchIntervalMs: 100,
      batchLimit: 1000,
    },
    {
      clock: systemClock,
      logger: silentLogger,
      onFailure: (error) => {
        throw error;
      },
    },
  );
}

/** Changes one stored value of a stopped member, as a bad disk might. */
async function corrupt(member: ClusterMember): Promise<void> {
  const backend = await openBackend(member);
  const pairs: [Buffer, Buffer][] = [];
  for await (const batch of backend.scan(Bucket.key)) {
    for (const [key, value] of batch) pairs.push([Buffer.from(key), Buffer.from(value)]);
  }
  const pair = pairs.find(([, value]) => value.includes('value'));
  assert.ok(pair !== undefined);
  const [key, value] = pair;
  value.write('VALUE', value.indexOf('value'), 'latin1');
  backend.put(Bucket.key, key, value);
  await backend.sync();
  await backend.close();
}

/** Writes until the member has applied it, then stops the member and changes what it has stored. */
async function corruptFollower(cluster: Cluster): Promise<ClusterMember> {
  const follower = await cluster.follower();
  let revision = 0;
  for (let index = 0; index < 20; index++) {
    revision = await follower.client.put(`key ${index}`, `value ${index}`);
  }
  await cluster.hashAt(follower, revision);
  await follower.stop();
  await corrupt(follower);
  return follower;
}

test('a member whose data differs does not start', async (context) => {
  const flags = ['--feature-gates=InitialCorruptCheck=true'];
  const cluster = await Cluster.start(context, { size: 3, flags });
  const follower = await corruptFollower(cluster);
  await assert.rejects(follower.start());
  assert.match(follower.output, new RegExp(`${follower.id.toString(16)} found data inconsistency`));
  const [other] = cluster.running;
  assert.ok(other !== undefined);
  assert.deepEqual((await other.client.call(Maintenance.methods.alarm, {})).alarms, []);
  await other.client.put('others', 'go on');
});

test('a member whose data differs is named by an alarm, and nobody writes any more', async (context) => {
  const cluster = await Cluster.start(context, { size: 3, flags: ['--corrupt-check-time=1s'] });
  const follower = await corruptFollower(cluster);
  await follower.start();
  for (const member of cluster.members) {
    await waitUntil(`the alarm on ${member.name}`, async () => {
      const errors = (await cluster.status(member))?.errors ?? [];
      return errors.includes(`memberID:${follower.id} alarm:CORRUPT`);
    });
    const request = { key: Buffer.from('a'), value: Buffer.from('b') };
    await assert.rejects(member.client.call(KV.methods.put, request), (error) => {
      assert.ok(error instanceof GrpcError);
      assert.equal(error.message, 'DATA_LOSS: etcdserver: corrupt cluster');
      return true;
    });
  }
  const { alarms } = await follower.client.call(Maintenance.methods.alarm, {});
  assert.deepEqual(alarms, [{ memberId: follower.id, alarm: CORRUPT }]);
});

test('members whose data agrees are left alone by all checks', async (context) => {
  const flags = [
    '--feature-gates=InitialCorruptCheck=true,CompactHashCheck=true',
    '--corrupt-check-time=200ms',
    '--compact-hash-check-time=200ms',
  ];
  const cluster = await Cluster.start(context, { size: 3, flags });
  for (let round = 0; round < 5; round++) {
    const leader = await cluster.waitForLeader();
    let revision = 0;
    for (let index = 0; index < 20; index++) {
      revision = await leader.client.put(`key ${index % 7}`, `value ${index}`);
      if (index % 5 === 0) await leader.client.delete(`key ${index % 7}`);
    }
    await leader.client.call(KV.methods.compact, { revision, physical: true });
    await leader.client.put('still', 'open');
  }
  const follower = await cluster.follower();
  await follower.stop();
  await follower.start();
  await waitUntil('a comparison of a compaction', async () => {
    const leader = await cluster.waitForLeader();
    return leader.output.includes('successfully checked hash on whole cluster');
  });
  for (const member of cluster.members) {
    assert.deepEqual((await cluster.status(member))?.errors, [], member.name);
  }
});

test('a member that the cluster has left behind does not start', async (context) => {
  const cluster = await Cluster.start(context, { size: 1 });
  const [member] = cluster.members;
  assert.ok(member !== undefined);
  await member.stop();
  const backend = await openBackend(member);
  backend.put(Bucket.cluster, Buffer.from('clusterVersion'), Buffer.from('3.8.0'));
  await backend.sync();
  await backend.close();
  await assert.rejects(member.start());
  const reason = 'invalid downgrade; server version is lower than determined cluster version';
  assert.ok(member.output.includes(reason), member.output);
});

test('a downgrade takes the cluster one version down, and its end up again', async (context) => {
  const cluster = await Cluster.start(context, { size: 3 });
  const { downgrade } = Maintenance.methods;
  const follower = await cluster.follower();
  const storageVersions = async (): Promise<(string | undefined)[]> =>
    Promise.all(
      cluster.members.map(async (member) => (await cluster.status(member))?.storageVersion),
    );
  const allAre = (version: string) => async (): Promise<boolean> =>
    (await storageVersions()).every((storageVersion) => storageVersion === version);
  await waitUntil('version 3.7', allAre('3.7.0'));
  const enabled = await follower.client.call(downgrade, { action: 1, version: '3.6' });
  assert.equal(enabled.version, '3.7');
  for (const member of cluster.members) {
    await waitUntil(`the job on ${member.name}`, async () => {
      const info = (await cluster.status(member))?.downgradeInfo;
      return info?.enabled === true && info.targetVersion === '3.6.0';
    });
  }
  await waitUntil('version 3.6', allAre('3.6.0'));
  // The job is part of what members keep.
  await follower.stop();
  await follower.start();
  await waitUntil('the job after a restart', async () => {
    return (await cluster.status(follower))?.downgradeInfo?.enabled === true;
  });
  await follower.client.call(downgrade, { action: 2 });
  await waitUntil('version 3.7 again', allAre('3.7.0'));
});

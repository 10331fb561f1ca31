import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster as ClusterService } from '../../src/proto/generated/etcdserverpb.js';
import { ClusterRun } from './support/run.js';

for (const size of [3, 5]) {
  test(`${size} members of one --initial-cluster serve as one`, async (context) => {
    const run = await ClusterRun.start(context, { size });
    const { cluster } = run;
    const leader = await cluster.waitForLeader();
    for (const member of cluster.members) {
      const { header, members } = await member.client.call(ClusterService.methods.memberList, {});
      assert.deepEqual(members.map(({ name }) => name).sort(), namesOf(cluster.members));
      assert.equal(header?.memberId, member.id);
      const status = await cluster.status(member);
      assert.equal(status?.leader, leader.id);
      assert.equal(status?.isLearner, false);
    }
    await run.finish();
  });
}

function namesOf(members: readonly { name: string }[]): string[] {
  return members.map(({ name }) => name).sort();
}

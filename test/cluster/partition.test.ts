import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Cluster } from './support/cluster.js';
import type { ClusterMember } from './support/cluster-member.js';
import type { PeerNetwork } from './support/peer-network.js';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 4 : 1;

test('a follower is cut off and comes back; then the leader; then everybody', async (context) => {
  const { run, cluster, network } = await start(context);
  for (let round = 0; round < ROUNDS; round++) {
    const follower = await cluster.follower();
    network.isolate(follower.name, namesOf(cluster.others(follower)));
    await run.progress();
    network.healAll();
    await run.progress();

    const leader = await cluster.waitForLeader();
    network.isolate(leader.name, namesOf(cluster.others(leader)));
    const successor = await cluster.waitForLeader(cluster.others(leader));
    assert.notEqual(successor, leader);
    await run.progress();
    network.healAll();
    await cluster.waitForLeader();

    for (const { name } of cluster.members) network.isolate(name, namesOf(cluster.members));
    await run.standstill();
    network.healAll();
    await run.progress();
  }
  await run.finish();
});

test('the others do not hear the leader, while it hears them; then the other way round', async (context) => {
  const { run, cluster, network } = await start(context);
  for (let round = 0; round < ROUNDS; round++) {
    const silent = await cluster.waitForLeader();
    for (const { name } of cluster.others(silent)) network.cut(silent.name, name);
    await cluster.waitForLeader(cluster.others(silent));
    await run.progress();
    network.healAll();

    const deaf = await cluster.waitForLeader();
    for (const { name } of cluster.others(deaf)) network.cut(name, deaf.name);
    // Without answers from a quorum it may not keep the others from electing.
    await cluster.waitForLeader(cluster.others(deaf));
    await run.progress();
    network.healAll();
    await cluster.waitForLeader();
  }
  await run.finish();
});

test('connections break in the middle of a record, on a network with delays', async (context) => {
  const { run, cluster, network } = await start(context);
  const names = namesOf(cluster.members);
  for (let round = 0; round < 8 * ROUNDS; round++) {
    const [one = '', other = ''] = run.dice.distinct(2, names.length).map((at) => names[at] ?? '');
    network.delay(one, other, run.dice.below(30));
    network.reset(one, other);
    await run.progress(10);
  }
  network.healAll();
  await run.finish();
});

interface Parts {
  readonly run: ClusterRun;
  readonly cluster: Cluster;
  readonly network: PeerNetwork;
}

async function start(context: TestContext): Promise<Parts> {
  const run = await ClusterRun.start(context, { size: 3, withNetwork: true });
  const { cluster } = run;
  const { network } = cluster;
  assert.ok(network !== undefined);
  return { run, cluster, network };
}

function namesOf(members: readonly ClusterMember[]): string[] {
  return members.map(({ name }) => name);
}

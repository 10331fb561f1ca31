import { test } from 'node:test';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 5 : 1;

test('three members: kill -9 of a follower, of the leader, of all at once', async (context) => {
  const run = await ClusterRun.start(context, { size: 3 });
  const { cluster } = run;
  for (let round = 0; round < ROUNDS; round++) {
    const follower = await cluster.follower();
    await follower.kill();
    await run.progress();
    await follower.start();
    await run.progress();

    const leader = await cluster.waitForLeader();
    await leader.kill();
    await run.progress();
    await leader.start();
    await run.progress();

    await Promise.all(cluster.members.map((member) => member.kill()));
    await Promise.all(cluster.members.map((member) => member.start()));
    await run.progress();
  }
  await run.finish();
});

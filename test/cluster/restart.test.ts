import { test } from 'node:test';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 4 : 1;

test('a rolling restart: each member stops by SIGTERM and starts again', async (context) => {
  const run = await ClusterRun.start(context, { size: 3 });
  const { cluster } = run;
  for (let round = 0; round < ROUNDS; round++) {
    for (const member of cluster.members) {
      await member.stop();
      await run.progress(10);
      await member.start();
      await cluster.waitForLeader();
    }
  }
  await run.finish();
});

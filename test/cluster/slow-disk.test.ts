import { test } from 'node:test';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 4 : 1;
const SYNC_DELAY_MS = 150;

test('the disk of a follower, then that of the leader, is slow', async (context) => {
  const run = await ClusterRun.start(context, { size: 3 });
  const { cluster } = run;
  for (let round = 0; round < ROUNDS; round++) {
    for (const slow of [await cluster.follower(), await cluster.waitForLeader()]) {
      slow.slowDownDisk(SYNC_DELAY_MS);
      await run.progress();
      slow.recoverDisk();
      await run.progress();
    }
  }
  await run.finish();
});

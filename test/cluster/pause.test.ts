import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 5 : 1;

test('SIGSTOP and SIGCONT: a follower catches up, a leader learns that it was replaced', async (context) => {
  const run = await ClusterRun.start(context, { size: 3 });
  const { cluster } = run;
  for (let round = 0; round < ROUNDS; round++) {
    const follower = await cluster.follower();
    follower.pause();
    await run.progress();
    follower.resume();
    await run.progress();

    const leader = await cluster.waitForLeader();
    leader.pause();
    const successor = await cluster.waitForLeader(cluster.others(leader));
    assert.notEqual(successor, leader);
    await run.progress();
    // It believes to lead when it wakes up: what it is asked then must not be answered from the past.
    leader.resume();
    await run.progress();
    await cluster.waitForLeader();
  }
  await run.finish();
});

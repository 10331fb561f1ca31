import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterRun, isLong } from './support/run.js';

/** With the check, a change waits until all members were connected for five seconds. */
const FLAGS = isLong ? [] : ['--strict-reconfig-check=false'];
const ROUNDS = isLong ? 3 : 1;

test('a member that lost its disk is removed, and replaced under its name with a new data directory', async (context) => {
  const run = await ClusterRun.start(context, { size: 3, flags: FLAGS });
  const { cluster } = run;
  for (let round = 0; round < ROUNDS; round++) {
    for (const lost of [await cluster.follower(), await cluster.waitForLeader()]) {
      await lost.kill();
      await cluster.waitForLeader();
      await cluster.remove(lost);
      await run.progress(10);
      const replacement = await cluster.add(lost.name);
      assert.notEqual(replacement.id, lost.id);
      await run.progress(10);
    }
  }
  await run.finish();
});

test('a learner is added under load, follows, serves no linearizable reads, and is promoted', async (context) => {
  const run = await ClusterRun.start(context, { size: 3, flags: FLAGS });
  const { cluster } = run;
  const learner = await cluster.add('learner', { isLearner: true });
  assert.equal((await cluster.status(learner))?.isLearner, true);
  await assert.rejects(learner.client.get('register/0'), /rpc not supported for learner/);
  await run.progress();
  await cluster.promote(learner);
  await run.progress();
  await run.finish();
});

test('a cluster grows from one member to three to five and shrinks back to one', async (context) => {
  const run = await ClusterRun.start(context, { size: 1, flags: FLAGS });
  const { cluster } = run;
  for (const name of ['m2', 'm3', 'm4', 'm5']) {
    await cluster.add(name);
    await run.progress(10);
  }
  const leader = await cluster.waitForLeader();
  // The leader of five goes first, then any.
  for (const member of [leader, ...cluster.others(leader).slice(0, 3)]) {
    await cluster.remove(member);
    await run.progress(10);
  }
  await run.finish();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterMember } from './support/cluster-member.js';
import { ClusterRun, isLong } from './support/run.js';

const STEPS = Number(process.env.KVORUM_TEST_STEPS ?? (isLong ? 60 : 3));

const FAULTS = {
  kill: 4,
  pause: 3,
  isolate: 3,
  cutOneWay: 3,
  slowDisk: 2,
  delay: 2,
  reset: 2,
  stop: 1,
} as const;

/** Faults in any order, two at a time: what a minority suffers must stop nobody. */
test(`${STEPS} random faults among five members`, async (context) => {
  const run = await ClusterRun.start(context, {
    size: 5,
    withNetwork: true,
    flags: ['--snapshot-count=50'],
  });
  for (let step = 0; step < STEPS; step++) {
    const victims = run.dice.distinct(2, run.cluster.members.length);
    const repairs: (() => void | Promise<void>)[] = [];
    for (const index of victims) {
      const victim = run.cluster.members[index];
      if (victim !== undefined) repairs.push(await inflict(run, victim));
      await delay(run.dice.below(300));
    }
    await run.progress(10);
    await Promise.all(repairs.map((repair) => repair()));
    run.cluster.network?.healAll();
    await run.progress(10);
  }
  await run.finish();
});

/** Does something to a member and resolves to what ends it. */
async function inflict(
  run: ClusterRun,
  victim: ClusterMember,
): Promise<() => void | Promise<void>> {
  const { dice, cluster } = run;
  const { network } = cluster;
  assert.ok(network !== undefined);
  const others = cluster.others(victim).map(({ name }) => name);
  switch (dice.weighted(FAULTS)) {
    case 'kill':
      await victim.kill();
      return () => victim.start();
    case 'stop':
      await victim.stop();
      return () => victim.start();
    case 'pause':
      victim.pause();
      return () => victim.resume();
    case 'isolate':
      network.isolate(victim.name, others);
      break;
    case 'cutOneWay': {
      const isDeaf = dice.chance(50);
      for (const other of others) {
        if (isDeaf) network.cut(other, victim.name);
        else network.cut(victim.name, other);
      }
      break;
    }
    case 'slowDisk':
      victim.slowDownDisk(dice.between(20, 300));
      return () => victim.recoverDisk();
    case 'delay':
      for (const other of others) network.delay(victim.name, other, dice.between(1, 200));
      break;
    default:
      for (const other of others) network.reset(victim.name, other);
  }
  return () => {};
}

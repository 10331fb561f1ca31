import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdVersion, serverUnderTest } from '../support/programs.js';
import type { ClusterMember } from './support/cluster-member.js';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 6 : 1;
/** etcd 3.4 always keeps 5000 entries for members that lag. */
const keepsMany = etcdVersion(serverUnderTest()).startsWith('3.4.');
const LAG_ENTRIES = keepsMany ? 6000 : 300;
const FLAGS = ['--snapshot-count=50', ...(keepsMany ? [] : ['--snapshot-catchup-entries=20'])];
const KILLS = isLong ? 6 : 3;
/** A member that got nothing by then (what an earlier attempt left may be enough) is killed anyway. */
const INSTALLATION_WAIT_MS = 1500;

test('a member that was down for longer than the log reaches back gets a snapshot', async (context) => {
  const run = await ClusterRun.start(context, { size: 3, flags: FLAGS });
  for (let round = 0; round < ROUNDS; round++) {
    const lagging = await run.cluster.follower();
    await lagging.kill();
    await writeMany(run);
    const before = snapshotsOf(lagging);
    await lagging.start();
    await run.progress();
    assert.notDeepEqual(snapshotsOf(lagging), before, 'it got no snapshot');

    // The same, but it is killed while it takes the snapshot, again and again.
    await lagging.kill();
    await writeMany(run);
    for (let kills = 0; kills < KILLS; kills++) await killWhileInstalling(run, lagging);
    await lagging.start();
    await run.progress();
  }
  await run.finish();
});

/** Writes more than the log keeps, through a member that serves. */
async function writeMany(run: ClusterRun): Promise<void> {
  const leader = await run.cluster.waitForLeader();
  const wanted = run.load.acknowledgedWrites + LAG_ENTRIES;
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    while (run.load.acknowledgedWrites < wanted) await run.load.putLarge(`bulk${writer}`, leader);
  });
  await Promise.all(writers);
}

/** Starts a member and kills it some moments after something came into its folder of snapshots. */
async function killWhileInstalling(run: ClusterRun, member: ClusterMember): Promise<void> {
  const before = allFilesOf(member);
  const started = member.start().catch(() => {});
  const deadlineMs = performance.now() + INSTALLATION_WAIT_MS;
  while (performance.now() < deadlineMs && allFilesOf(member).join() === before.join()) {
    await delay(1);
  }
  await delay(run.dice.below(run.dice.pick([1, 10, 60]) ?? 1));
  await member.kill();
  await started;
}

function allFilesOf(member: ClusterMember): string[] {
  return readdirSync(join(member.dataFolder, 'member', 'snap')).sort();
}

/** Names of the snapshot files. */
function snapshotsOf(member: ClusterMember): string[] {
  return allFilesOf(member).filter((name) => name.endsWith('.snap'));
}

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdVersion, serverUnderTest } from '../support/programs.js';
import type { ClusterMember } from './support/cluster-member.js';
import { ClusterRun, isLong } from './support/run.js';

const ROUNDS = isLong ? 4 : 1;
/** etcd 3.4 always keeps 5000 entries for members that lag. */
const keepsMany = etcdVersion(serverUnderTest()).startsWith('3.4.');
const LAG_ENTRIES = keepsMany ? 6000 : 300;
const FLAGS = ['--snapshot-count=50', ...(keepsMany ? [] : ['--snapshot-catchup-entries=20'])];
const KILLS = isLong ? 5 : 3;
const KILL_WITHIN_MS = [1, 30, 300];

test('a member that lags too far gets a snapshot, though it is killed while it installs one', async (context) => {
  const run = await ClusterRun.start(context, { size: 3, flags: FLAGS });
  for (let round = 0; round < ROUNDS; round++) {
    const lagging = await run.cluster.follower();
    await lagging.kill();
    await writeMany(run);
    const before = snapshotsOf(lagging);
    for (let kills = 0; kills < KILLS; kills++) await killWhileInstalling(run, lagging);
    await lagging.start();
    await run.progress();
    assert.notDeepEqual(snapshotsOf(lagging), before, 'it got no snapshot');
    if (round + 1 < ROUNDS) await changeLeader(run);
  }
  await run.finish();
});

/** A leader that has just sent a snapshot keeps its whole log for half a minute; another one does not. */
async function changeLeader(run: ClusterRun): Promise<void> {
  const leader = await run.cluster.waitForLeader();
  await leader.kill();
  await run.cluster.waitForLeader();
  await leader.start();
}

/** Writes more than the log keeps, through a member that serves. */
async function writeMany(run: ClusterRun): Promise<void> {
  const leader = await run.cluster.waitForLeader();
  const wanted = run.load.acknowledgedWrites + LAG_ENTRIES;
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    while (run.load.acknowledgedWrites < wanted) await run.load.putLarge(`bulk${writer}`, leader);
  });
  await Promise.all(writers);
}

/** Starts a member and kills it some moments after it has begun to receive a database. */
async function killWhileInstalling(run: ClusterRun, member: ClusterMember): Promise<void> {
  let isStarting = true;
  let failure: unknown;
  const started = member.start().catch((error) => {
    failure = error;
  });
  void started.then(() => {
    isStarting = false;
  });
  // What an earlier attempt left may be enough: then it gets none.
  while (isStarting && unfinishedFilesOf(member).length === 0) await delay(1);
  if (failure !== undefined) throw failure;
  await delay(run.dice.below(run.dice.pick(KILL_WITHIN_MS) ?? 1));
  await member.kill();
  await started;
  run.diagnostic(`killed with: ${unfinishedFilesOf(member).join(' ')}`);
}

/** Databases that are being received or put in place. */
function unfinishedFilesOf(member: ClusterMember): string[] {
  const folder = join(member.dataFolder, 'member');
  return [...readdirSync(folder), ...readdirSync(join(folder, 'snap'))].filter((name) =>
    /\.snap\.db$|^tmp\d+$|^backend[-.]/.test(name),
  );
}

/** Names of the snapshot files. */
function snapshotsOf(member: ClusterMember): string[] {
  const names = readdirSync(join(member.dataFolder, 'member', 'snap'));
  return names.filter((name) => name.endsWith('.snap'));
}

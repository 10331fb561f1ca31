/** The stock etcdctl on a running cluster: members come, get a vote, lead, move and go. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { Member } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { requireProgram } from '../support/programs.js';
import { Cluster } from './support/cluster.js';

/** What clients try again, as kubeadm does: members have to be connected for a while, or to catch up. */
const PASSING =
  /unhealthy cluster|in sync with leader|request timed out|leader changed|deadline exceeded/;
const PATIENCE_MS = 30_000;

test('members are added, promoted, moved and removed by stock etcdctl', async (context) => {
  const etcdctl = requireProgram(context, 'etcdctl');
  if (etcdctl === undefined) return;
  let fourth: Member | undefined;
  context.after(() => fourth?.kill());
  const cluster = await Cluster.start(context, { size: 3 });
  const endpoints = cluster.members.map(({ clientPort }) => `127.0.0.1:${clientPort}`);
  const run = async (...args: string[]) => {
    const target = args[0] === '--endpoints' ? [] : ['--endpoints', endpoints.join()];
    return await runCommand(etcdctl, [...target, ...args], { environment: { ETCDCTL_API: '3' } });
  };
  const decided = async (...args: string[]) => {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const result = await run(...args);
      const isPassing = result.exitCode !== 0 && PASSING.test(result.stderr);
      if (!isPassing || performance.now() > deadlineMs) return result;
      await delay(500);
    }
  };
  const patiently = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await decided(...args);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const members = async (): Promise<string[][]> =>
    (await patiently('member', 'list'))
      .trim()
      .split('\n')
      .map((line) => line.split(', '));

  // Three members, as everybody sees them.
  assert.deepEqual(
    (await members()).map(([, state, , , , isLearner]) => [state, isLearner]),
    [1, 2, 3].map(() => ['started', 'false']),
  );
  await patiently('put', 'greeting', 'hello');

  // A fourth joins as kubeadm has it join: first a learner, then a voter.
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const peerUrl = `--peer-urls=http://127.0.0.1:${peerPort}`;
  const added = await patiently('member', 'add', 'four', '--learner', peerUrl);
  const id = /^Member +([0-9a-f]+) added/.exec(added)?.[1] ?? '';
  assert.notEqual(id, '', added);
  const again = await run('member', 'add', 'four', '--learner', peerUrl);
  // Within the same second even the id is the same.
  assert.match(again.stderr, /Peer URLs already exists|member ID already exist/);
  const initialCluster = /ETCD_INITIAL_CLUSTER="([^"]*)"/.exec(added)?.[1] ?? '';
  fourth = new Member({
    name: 'four',
    dataFolder: join(temporaryFolder(context), 'four'),
    ...{ clientPort, peerPort },
    flags: [`--initial-cluster=${initialCluster}`, '--initial-cluster-state=existing'],
  });
  await fourth.start();
  await patiently('member', 'promote', id);
  const promoted = await run('member', 'promote', id);
  assert.match(promoted.stderr, /can only promote a learner member/);
  assert.equal((await members()).find(([each]) => each === id)?.[5], 'false');

  // It leads; all say so.
  const leader = await cluster.waitForLeader();
  const leading = ['--endpoints', `127.0.0.1:${leader.clientPort}`];
  assert.match((await run(...leading, 'move-leader', id)).stdout, /Leadership transferred/);
  const status = await patiently('endpoint', 'status', '--cluster');
  const led = status.split('\n').filter((line) => line.split(', ')[4] === 'true');
  assert.deepEqual(
    led.map((line) => line.split(', ')[1]),
    [id],
    status,
  );

  // A backup of it has everything.
  const file = join(temporaryFolder(context), 'backup.db');
  await patiently('--endpoints', `127.0.0.1:${clientPort}`, 'snapshot', 'save', file);
  assert.match(await patiently('snapshot', 'status', file), /^[0-9a-f]+, 2, /);

  // It moves, and goes; its process ends with that.
  await patiently('member', 'update', id, `--peer-urls=http://localhost:${peerPort}`);
  assert.equal(
    (await members()).find(([each]) => each === id)?.[3],
    `http://localhost:${peerPort}`,
  );
  await patiently('member', 'remove', id);
  await fourth.waitForExit();
  assert.equal((await members()).length, 3);
  const gone = await decided('member', 'remove', id);
  assert.match(gone.stderr, /member not found/i);
  assert.equal((await patiently('get', 'greeting')).trim(), 'greeting\nhello');
});

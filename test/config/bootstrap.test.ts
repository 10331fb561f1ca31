import assert from 'node:assert/strict';
import test from 'node:test';
import { loadConfig, verifyBootstrap } from '../../src/config/index.js';

async function verify(argv: readonly string[]) {
  const request = await loadConfig(argv, {});
  if (request.action !== 'start') throw new Error('no configuration');
  return verifyBootstrap(request.config);
}

test('a member is listed with exactly the URLs it advertises', async () => {
  const members = await verify([
    '--name=a',
    '--initial-advertise-peer-urls=http://h:2,http://h:1',
    '--initial-cluster=a=http://h:1,b=http://i:1,a=http://h:2',
  ]);
  assert.deepEqual(
    [...members],
    [
      ['a', ['http://h:1', 'http://h:2']],
      ['b', ['http://i:1']],
    ],
  );
});

test('who is to be discovered is not known yet', async () => {
  assert.deepEqual(await verify(['--discovery-srv=x']), new Map());
  assert.deepEqual(await verify(['--discovery-token=t', '--discovery-endpoints=e:1']), new Map());
});

test('anything else is refused in the words of etcd', async () => {
  const own = '--initial-advertise-peer-urls=http://h:1';
  const cases: readonly [string[], string][] = [
    [
      ['--initial-cluster=a=http://h:1'],
      `couldn't find local name "default" in the initial cluster configuration`,
    ],
    [
      ['--initial-cluster='],
      `couldn't find local name "default" in the initial cluster configuration`,
    ],
    [
      ['--name=a', '--initial-cluster=a=foo'],
      'error setting up initial cluster: URL scheme must be http, https, unix, or unixs: foo',
    ],
    [
      ['--name=a', '--initial-cluster=a=http://h:1'],
      '--initial-cluster has a=http://h:1 but missing from --initial-advertise-peer-urls=http://localhost:2380 (resolved urls: "http://localhost:2380" != "http://h:1")',
    ],
    [
      [own, '--initial-cluster=default=http://h:1,default=http://h:2'],
      '--initial-cluster has default=http://h:2 but missing from --initial-advertise-peer-urls=http://h:1 (len(["http://h:1"]) != len(["http://h:1" "http://h:2"]))',
    ],
    [
      [
        '--initial-advertise-peer-urls=http://h:1,http://h:2',
        '--initial-cluster=default=http://h:1',
      ],
      '--initial-advertise-peer-urls has http://h:2 but missing from --initial-cluster=default=http://h:1,default=http://h:2',
    ],
    [
      [own, '--initial-cluster=default=http://h:1,default=http://h:1'],
      'failed to resolve http://h:1 to match --initial-cluster=default=http://h:1 (len(["http://h:1"]) != len(["http://h:1" "http://h:1"]))',
    ],
    [
      [own, '--initial-cluster=default=http://h:1,b=http://h:1'],
      'initial cluster b=http://h:1,default=http://h:1 has duplicate url',
    ],
  ];
  for (const [argv, message] of cases) {
    await assert.rejects(verify(argv), { name: 'StartError', message, exitCode: 1 });
  }
});

test('a member that joins is not asked about its own URLs', async () => {
  const argv = ['--name=a', '--initial-cluster=a=http://h:1', '--initial-cluster-state=existing'];
  assert.equal((await verify(argv)).size, 1);
});

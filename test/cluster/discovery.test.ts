import assert from 'node:assert/strict';
import { Resolver as DnsResolver } from 'node:dns/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { type LogFields, silentLogger } from '../../src/base/logger.js';
import { type Config, loadConfig } from '../../src/config/index.js';
import { discoverCluster, type Resolver, systemResolver } from '../../src/embed/discovery/index.js';
import { startServer } from '../../src/embed/index.js';
import { Cluster as ClusterService } from '../../src/proto/generated/etcdserverpb.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { Member, startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { missingProgramNotice, oracleServer } from '../support/programs.js';
import { DnsServer } from './support/dns-server.js';

const REGISTRY = '/_etcd/registry';

/** A member that is not running yet, with ports and a folder of its own. */
async function newMember(
  context: TestContext,
  name: string,
  flags: readonly string[],
): Promise<Member> {
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const dataFolder = join(temporaryFolder(context), 'data');
  const all = ['--initial-cluster=', ...flags];
  const member = new Member({ name, clientPort, peerPort, dataFolder, flags: all });
  context.after(async () => {
    await member.kill();
  });
  return member;
}

/** Starts a member that must not come up; returns what it wrote. */
async function failedStart(member: Member): Promise<string> {
  const error = await member.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, `${member.name} serves`);
  const { code } = await member.waitForExit();
  assert.equal(code, 1);
  return error.message;
}

async function memberNames(member: Member): Promise<string[]> {
  const client = new EtcdClient(member.clientAddress);
  try {
    const { members } = await client.call(ClusterService.methods.memberList, {});
    return members.map(({ name }) => name).sort();
  } finally {
    client.close();
  }
}

test('three members find together through another cluster, a fourth finds no room', async (t) => {
  const service = await startMember(t);
  const client = new EtcdClient(service.clientAddress);
  t.after(() => client.close());
  const token = 'a-token';
  await client.put(`${REGISTRY}/${token}/_config/size`, '3');
  // The first endpoint does not answer.
  const [deadPort] = await freePorts(1);
  const endpoints = `127.0.0.1:${deadPort},${service.clientUrl}`;
  const flags = [`--discovery-token=${token}`, `--discovery-endpoints=${endpoints}`];
  const members = await Promise.all(['a', 'b', 'c'].map((name) => newMember(t, name, flags)));
  await Promise.all(members.map((member) => member.start()));
  for (const member of members) assert.deepEqual(await memberNames(member), ['a', 'b', 'c']);
  const { kvs } = await client.range(`${REGISTRY}/${token}/members/`);
  assert.deepEqual(
    kvs.map(({ value }) => value.toString()).sort(),
    members.map(({ name, peerUrl }) => `${name}=${peerUrl}`),
  );

  const output = await failedStart(await newMember(t, 'd', flags));
  const [warning, advice] = output.split('\n').slice(-2).map(parseLine);
  assert.equal(warning?.msg, 'failed to bootstrap; discovery token was already used');
  assert.equal(warning?.error, 'failed to join discovery cluster (discovery: cluster is full)');
  assert.equal(
    advice?.msg,
    'do not reuse discovery token; generate a new one to bootstrap a cluster',
  );

  // Who has a log needs no discovery any more.
  const [restarted] = members;
  await service.kill();
  await restarted?.kill();
  await restarted?.start();
});

test('a registry in a real etcd serves as well', async (t) => {
  const program = oracleServer();
  if (program === undefined) return t.skip(missingProgramNotice('etcd'));
  const service = await startMember(t, { program });
  const client = new EtcdClient(service.clientAddress);
  t.after(() => client.close());
  await client.put(`${REGISTRY}/a-token/_config/size`, '3');
  const find = (port: number): Promise<Config> =>
    discover([
      `--name=m${port}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${port}`,
      '--discovery-token=a-token',
      `--discovery-endpoints=${service.clientUrl}`,
    ]);
  const found = await Promise.all([find(1), find(2), find(3)]);
  const [{ initialCluster } = { initialCluster: '' }] = found;
  const expected = [1, 2, 3].map((port) => `m${port}=http://127.0.0.1:${port}`);
  assert.deepEqual(initialCluster.split(',').sort(), expected);
  for (const config of found) {
    assert.equal(config.initialCluster, initialCluster);
    assert.equal(config.initialClusterToken, 'a-token');
  }
  await assert.rejects(find(4), /discovery: cluster is full/);
});

function parseLine(line: string): LogFields {
  return JSON.parse(line) as LogFields;
}

test('a registry that does not say how many members there are is refused', async (t) => {
  const service = await startMember(t);
  const client = new EtcdClient(service.clientAddress);
  t.after(() => client.close());
  const join = (token: string): Promise<Config> =>
    discover([`--discovery-token=${token}`, `--discovery-endpoints=${service.clientUrl}`]);
  await assert.rejects(join('unknown'), {
    message: 'failed to join discovery cluster (discovery: size key not found)',
  });
  for (const size of ['none', '0', '-1', '']) {
    await client.put(`${REGISTRY}/bad/_config/size`, size);
    await assert.rejects(join('bad'), {
      message: 'failed to join discovery cluster (discovery: size key is bad)',
    });
  }
  await client.put(`${REGISTRY}/foreign/_config/size`, '2');
  await client.put(`${REGISTRY}/foreign/members/1`, 'other=nonsense');
  await assert.rejects(join('foreign'), {
    message: 'failed to join discovery cluster (discovery: invalid peer URL)',
  });
  await client.put(`${REGISTRY}/namesakes/_config/size`, '2');
  await client.put(`${REGISTRY}/namesakes/members/1`, 'default=http://127.0.0.1:1');
  await assert.rejects(join('namesakes'), /missing from --initial-advertise-peer-urls/);
  await assert.rejects(
    discover([
      '--discovery-token=a',
      `--discovery-endpoints=${service.clientUrl}`,
      '--initial-cluster-state=existing',
    ]),
    { message: 'discovery URL should not be set when joining existing initial cluster' },
  );
});

async function configOf(flags: readonly string[]): Promise<Config> {
  const request = await loadConfig(flags, {});
  assert.ok(request.action === 'start');
  return request.config;
}

/** What discovery makes of these flags, in a folder without data. */
async function discover(flags: readonly string[], resolver = systemResolver): Promise<Config> {
  const config = await configOf(['--data-dir=/nonexistent', ...flags]);
  return await discoverCluster(config, { clock: systemClock, logger: silentLogger, resolver });
}

function resolverOf(dns: DnsServer): Resolver {
  const resolver = new DnsResolver();
  resolver.setServers([dns.address]);
  return {
    resolveSrv: (name) => resolver.resolveSrv(name),
    async lookup(host) {
      if (host === 'localhost' || /^[\d.]+$/.test(host)) return '127.0.0.1';
      const [address] = await resolver.resolve4(host);
      return address ?? '';
    },
  };
}

const srv = (target: string, port: number, priority = 0) => ({ target, port, priority, weight: 0 });

test('SRV records name the members; the one at an own URL is this member', async (t) => {
  const dns = await DnsServer.start(t);
  const resolver = resolverOf(dns);
  for (const host of ['m1.example', 'm2.example', 'm3.example']) dns.hosts.add(host);
  const find = (flags: readonly string[]): Promise<Config> =>
    discover(['--discovery-srv=example', '--name=own', ...flags], resolver);

  dns.services.set('_etcd-server._tcp.example', [
    srv('m3.example', 3, 9),
    srv('m1.example', 1, 1),
    srv('m2.example', 2, 5),
  ]);
  const plain = await find(['--initial-advertise-peer-urls=http://127.0.0.1:2']);
  assert.equal(
    plain.initialCluster,
    '0=http://m1.example:1,own=http://m2.example:2,1=http://m3.example:3',
  );

  dns.services.set('_etcd-server-ssl-blue._tcp.example', [srv('m1.example', 1)]);
  const secure = await find([
    '--discovery-srv-name=blue',
    '--initial-advertise-peer-urls=https://m1.example:1',
  ]);
  assert.equal(secure.initialCluster, 'own=https://m1.example:1');

  await assert.rejects(find(['--initial-advertise-peer-urls=http://127.0.0.1:4']), {
    message: 'error setting up initial cluster: cannot find local etcd member "own" in SRV records',
  });
  await assert.rejects(
    find(['--discovery-srv-name=blue', '--initial-advertise-peer-urls=http://m1.example:1']),
    /bootstrap at https:\/\/m1.example:1 from DNS for etcd-server-ssl-blue has scheme mismatch with expected peer http:\/\/m1.example:1/,
  );
  await assert.rejects(
    find(['--discovery-srv-name=green', '--initial-advertise-peer-urls=http://m1.example:1']),
    /^StartError: error setting up initial cluster: error querying DNS SRV records for _etcd-server-ssl-green .*\nerror querying DNS SRV records for _etcd-server-green /,
  );
});

test('three members find together through DNS', async (t) => {
  const dns = await DnsServer.start(t);
  const ports = await freePorts(6);
  const peerPorts = ports.slice(0, 3);
  dns.services.set(
    '_etcd-server._tcp.example',
    peerPorts.map((port) => srv('localhost', port)),
  );
  const servers = await Promise.all(
    peerPorts.map(async (peerPort, index) => {
      const clientUrl = `http://127.0.0.1:${ports[3 + index]}`;
      const config = await configOf([
        `--name=m${index}`,
        `--data-dir=${join(temporaryFolder(t), 'data')}`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
        '--discovery-srv=example',
      ]);
      return await startServer(config, { resolver: resolverOf(dns) });
    }),
  );
  t.after(async () => {
    for (const server of servers) await server.stop();
  });
  const client = new EtcdClient(`127.0.0.1:${ports[3]}`);
  t.after(() => client.close());
  const { members } = await client.call(ClusterService.methods.memberList, {});
  assert.deepEqual(
    members.map(({ name, peerUrls }) => `${name} ${peerUrls}`).sort(),
    peerPorts.map((port, index) => `m${index} http://localhost:${port}`),
  );
});

/**
 * Backups from end to end: saved from a member, looked into, restored by `etcdutl`, served again; and
 * the same file in the hands of a real etcd's tools, where there are any.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { runEtcdutl } from '../../src/cli/etcdutl.js';
import { defragmentOffline } from '../../src/embed/snapshot-files.js';
import { BackendLockedError } from '../../src/storage/backend/index.js';
import { nodeDisk } from '../../src/storage/disk.js';
import {
  listSegments,
  RECORD_ENTRY,
  RECORD_SNAPSHOT,
  readRecords,
} from '../../src/storage/wal/index.js';
import {
  type EtcdRelease,
  requireDebianRelease,
  requireNewRelease,
} from '../storage/bolt/etcd-release.js';
import { CleanupList } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';
import type { Program } from '../support/programs.js';
import { etcdctl } from './golden-replay.js';
import { ownProgram } from './member.js';

const LEASE = '4d2';
const KEYS = 300;

/** The member that this build has, whatever else is built. */
function ownEtcd(): Program {
  const { file, arguments: leadingArguments } = ownProgram('etcd');
  return { command: file, leadingArguments, label: 'etcd of this build' };
}

async function etcdutl(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await runEtcdutl(argv, {
    write: (bytes) => {
      stdout += bytes.toString();
    },
    writeError: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

/** What clients see: all records, older ones too, the hash of the history, leases with their keys. */
async function viewOf(member: Member, revision: number): Promise<string[]> {
  const view: string[] = [];
  for (const argv of [
    ['get', '', '--prefix', '-w', 'json'],
    ['get', '', '--prefix', '-w', 'json', `--rev=${revision - 5}`],
    ['endpoint', 'hashkv', '-w', 'json'],
    ['endpoint', 'hashkv', '-w', 'json', `--rev=${revision - 5}`],
    ['lease', 'list'],
    ['lease', 'timetolive', LEASE, '--keys', '-w', 'json'],
    ['alarm', 'list'],
  ]) {
    const { stdout, code, stderr } = await ctl(member, ...argv);
    const text = `${stdout}${stderr
      .split('\n')
      .filter((line) => !line.startsWith('{'))
      .join('\n')}`;
    const named = text.replaceAll(member.clientAddress, '<CLIENT>');
    view.push(`${argv.join(' ')}: ${code} ${withoutIds(named)}`);
  }
  return view;
}

/** A restored member has its own ids, terms, and a lease begins anew. */
const withoutIds = (text: string): string =>
  text.replaceAll(/"(cluster_id|member_id|raft_term|ttl)":\d+/g, '"$1":0');

const ctl = (member: Member, ...argv: string[]) =>
  etcdctl([...argv, `--endpoints=${member.clientAddress}`]);

describe('a snapshot file', () => {
  const cleanup = new CleanupList();
  let folder: string;
  let file: string;
  let member: Member;
  let revision: number;

  before(async () => {
    folder = temporaryFolder(cleanup);
    file = join(folder, 'saved.db');
    member = await startMember(cleanup, { program: ownEtcd() });
    await fill(member);
    const saved = await ctl(member, 'snapshot', 'save', file);
    assert.equal(saved.stdout.toString(), `Snapshot saved at ${file}\nServer version 3.7.0\n`);
    const { stdout } = await ctl(member, 'get', 'x', '-w', 'json');
    revision = JSON.parse(stdout.toString()).header.revision;
  });
  after(() => cleanup.run());

  /** The settings of a member that has its ports already. */
  const cluster = (port: number) => [
    `--initial-cluster=m1=http://127.0.0.1:${port}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${port}`,
    '--name=m1',
  ];

  test('status tells what is in it, in every format', async () => {
    const { stdout } = await etcdutl('snapshot', 'status', file, '-w', 'json');
    const status = JSON.parse(stdout);
    assert.equal(status.revision, revision);
    assert.equal(status.totalKey, KEYS);
    assert.equal(status.version, '3.7.0');
    assert.equal(status.totalSize, readFileSync(file).length - 32);
    const { hash, totalKey, totalSize } = status;
    const simple = await etcdutl('snapshot', 'status', file);
    assert.match(simple.stdout, new RegExp(`^${hash.toString(16)}, ${revision}, ${totalKey}, `));
    const fields = await etcdutl('snapshot', 'status', file, '-w', 'fields');
    assert.ok(fields.stdout.includes(`"Size" : ${totalSize}\n`));
    const table = await etcdutl('snapshot', 'status', file, '-w', 'table');
    assert.match(table.stdout, /│ +HASH +│ REVISION │ TOTAL KEYS │ TOTAL SIZE │ VERSION │/);
    assert.equal((await etcdutl('snapshot', 'status', file, '-w', 'protobuf')).code, 4);
  });

  test('hashkv is what the server says', async () => {
    for (const asked of [0, revision - 3]) {
      const { stdout } = await ctl(member, 'endpoint', 'hashkv', '-w', 'json', `--rev=${asked}`);
      const served = JSON.parse(stdout.toString())[0].HashKV;
      const told = JSON.parse(
        (await etcdutl('hashkv', file, '-w', 'json', `--rev=${asked}`)).stdout,
      );
      assert.deepEqual(told, {
        hash: served.hash,
        hashRevision: served.hash_revision,
        compactRevision: served.compact_revision,
      });
    }
    const { code, stderr } = await etcdutl('hashkv', file, '--rev=100000');
    assert.equal(code, 1);
    assert.match(stderr, /required revision is a future revision/);
  });

  test('restores into a member that serves the same', async (t) => {
    const dataFolder = join(temporaryFolder(t), 'data');
    const { freePorts } = await import('../support/ports.js');
    const [peerPort = 0] = await freePorts(1);
    const run = await etcdutl(
      'snapshot',
      'restore',
      file,
      '--data-dir',
      dataFolder,
      ...cluster(peerPort),
    );
    assert.equal(run.code, 0, run.stderr);
    const flags = [`--name=m1`];
    const options = { program: ownEtcd(), dataFolder, peerPort, name: 'm1', flags };
    const restored = await startMember(t, options);
    assert.deepEqual(await viewOf(restored, revision), await viewOf(member, revision));
    const put = await ctl(restored, 'put', 'after', 'x', '-w', 'json');
    assert.equal(JSON.parse(put.stdout.toString()).header.revision, revision + 1);
    await restored.kill();
    await restored.start();
    assert.equal((await ctl(restored, 'get', 'after')).stdout.toString(), 'after\nx\n');
    const inUse = defragmentOffline(
      { dataDir: dataFolder, lockTimeoutMs: 1 },
      { clock: systemClock, logger: silentLogger },
    );
    await assert.rejects(inUse, BackendLockedError);
    await restored.stop();
    const { code, stderr } = await etcdutl('defrag', '--data-dir', dataFolder);
    assert.equal(code, 0, stderr);
    await restored.start();
    assert.equal((await ctl(restored, 'get', 'after')).stdout.toString(), 'after\nx\n');
  });

  test('a bumped revision is never seen twice, and what was before is compacted', async (t) => {
    const dataFolder = join(temporaryFolder(t), 'data');
    const { freePorts } = await import('../support/ports.js');
    const [peerPort = 0] = await freePorts(1);
    const bump = ['--bump-revision=1000', '--mark-compacted'];
    await etcdutl(
      'snapshot',
      'restore',
      file,
      '--data-dir',
      dataFolder,
      ...cluster(peerPort),
      ...bump,
    );
    const options = { program: ownEtcd(), dataFolder, peerPort, name: 'm1' };
    const restored = await startMember(t, options);
    const keys = async (of: Member): Promise<unknown> => {
      const { stdout } = await ctl(of, 'get', '', '--prefix', '-w', 'json');
      return JSON.parse(stdout.toString()).kvs;
    };
    assert.deepEqual(await keys(restored), await keys(member));
    const put = await ctl(restored, 'put', 'after', 'x', '-w', 'json');
    assert.equal(JSON.parse(put.stdout.toString()).header.revision, revision + 1001);
    const old = await ctl(restored, 'get', 'k1', `--rev=${revision}`);
    assert.equal(old.code, 1);
    assert.match(old.stderr, /required revision has been compacted/);
  });

  test('three members are founded with the same entries', async (t) => {
    const urls = [1, 2, 3].map((number) => `m${number}=http://127.0.0.1:${20_000 + number}`);
    const logs: unknown[] = [];
    for (const [index, url] of urls.entries()) {
      const dataFolder = join(temporaryFolder(t), 'data');
      const { code, stderr } = await etcdutl(
        ...['snapshot', 'restore', file, '--data-dir', dataFolder, `--name=m${index + 1}`],
        ...[`--initial-cluster=${urls.join(',')}`, '--initial-cluster-token=t'],
        `--initial-advertise-peer-urls=${url.split('=')[1]}`,
      );
      assert.equal(code, 0, stderr);
      const records: string[] = [];
      const segments = await listSegments(nodeDisk, join(dataFolder, 'member', 'wal'));
      await readRecords(nodeDisk, segments, (type, data, start, end) => {
        if (type !== RECORD_ENTRY && type !== RECORD_SNAPSHOT) return;
        records.push(Buffer.from(data.subarray(start, end)).toString('hex'));
      });
      // Three members added, and the snapshots before and after.
      assert.equal(records.length, 5);
      logs.push(records);
    }
    assert.deepEqual(logs[1], logs[0]);
    assert.deepEqual(logs[2], logs[0]);
  });

  test('three restored members form a cluster that has all of it', async (t) => {
    const { freePorts } = await import('../support/ports.js');
    const peerPorts = await freePorts(3);
    const urls = peerPorts.map((port, index) => `m${index + 1}=http://127.0.0.1:${port}`).join(',');
    const flags = [`--initial-cluster=${urls}`, '--initial-cluster-token=t'];
    const members = await Promise.all(
      peerPorts.map(async (peerPort, index) => {
        const dataFolder = join(temporaryFolder(t), 'data');
        const own = [
          `--name=m${index + 1}`,
          `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
        ];
        const { code, stderr } = await etcdutl(
          ...['snapshot', 'restore', file, '--data-dir', dataFolder, ...own, ...flags],
        );
        assert.equal(code, 0, stderr);
        const name = `m${index + 1}`;
        return startMember(t, { program: ownEtcd(), dataFolder, peerPort, name, flags });
      }),
    );
    const expected = await viewOf(member, revision);
    for (const restored of members) assert.deepEqual(await viewOf(restored, revision), expected);
    const [first, second] = members;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal((await ctl(first, 'put', 'after', 'x')).code, 0);
    assert.equal((await ctl(second, 'get', 'after')).stdout.toString(), 'after\nx\n');
  });

  test('what cannot be restored is told, and nothing is changed', async (t) => {
    const scratch = temporaryFolder(t);
    const target = join(scratch, 'data');
    const full = join(scratch, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'precious'), '');
    const bytes = readFileSync(file);
    const variant = (name: string, content: Buffer): string => {
      writeFileSync(join(scratch, name), content);
      return join(scratch, name);
    };
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(9000) ^ 0xff, 9000);
    const bare = variant('bare.db', bytes.subarray(0, -32));
    const cases: readonly [string[], number, RegExp][] = [
      [[variant('damaged.db', damaged)], 1, /expected sha256 [0-9a-f]{64}, got/],
      [[variant('short.db', bytes.subarray(0, 20_000))], 1, /ends after 20000 bytes/],
      [[variant('text.db', Buffer.from('no database'))], 1, /bbolt/],
      [[bare], 1, /snapshot missing hash but --skip-hash-check=false/],
      [[join(scratch, 'none.db')], 1, /no such file or directory/],
      [[file, '--wal-dir', full], 1, /wal-dir ".*" exists/],
      [[file, '--name=other'], 1, /couldn't find local name "other"/],
      [[file, '--initial-cluster=default=http://h:1'], 1, /missing from --initial-advertise/],
      [[file, '--bump-revision=5'], 128, /--mark-compacted required/],
      [[file, '--mark-compacted'], 128, /--mark-compacted required/],
      [[file, '--bump-revision=-5', '--mark-compacted'], 1, /ParseUint/],
      [[], 128, /requires exactly one argument/],
    ];
    for (const [argv, code, text] of cases) {
      const outcome = await etcdutl('snapshot', 'restore', '--data-dir', target, ...argv);
      assert.equal(outcome.code, code, argv.join(' '));
      assert.match(outcome.stderr, text);
      assert.ok(!existsSync(target), argv.join(' '));
    }
    const occupied = await etcdutl('snapshot', 'restore', file, '--data-dir', full);
    assert.deepEqual([occupied.code, existsSync(join(full, 'precious'))], [1, true]);
    assert.match(occupied.stderr, /not empty or could not be read/);
    const running = await etcdutl('snapshot', 'restore', file, '--data-dir', member.dataFolder);
    assert.equal(running.code, 1);
    const unchecked = ['--skip-hash-check', '--data-dir', target];
    assert.equal((await etcdutl('snapshot', 'restore', bare, ...unchecked)).code, 0);
  });

  for (const [label, requireRelease] of [
    ['Debian', requireDebianRelease],
    ['a newer release', requireNewRelease],
  ] as const) {
    test(`saved from the etcd of ${label} it restores, and goes back there`, async (t) => {
      const release = requireRelease(t);
      if (release !== undefined) await migrate(t, release);
    });
  }

  /** A real etcd's data into a member of ours and from there into a real etcd again. */
  async function migrate(t: import('node:test').TestContext, release: EtcdRelease): Promise<void> {
    const scratch = temporaryFolder(t);
    const source = await startMember(t, { program: release.etcd });
    await fill(source);
    const saved = join(scratch, 'theirs.db');
    assert.equal((await ctl(source, 'snapshot', 'save', saved)).code, 0);
    const theirs = await release.status(saved);
    const ours = JSON.parse((await etcdutl('snapshot', 'status', saved, '-w', 'json')).stdout);
    assert.deepEqual([ours.hash, ours.revision], [theirs.hash, theirs.revision]);
    if (release.countsLiveKeys) assert.deepEqual(ours, theirs);
    const dataFolder = join(scratch, 'data');
    const { freePorts } = await import('../support/ports.js');
    const [peerPort = 0] = await freePorts(1);
    const run = await etcdutl(
      'snapshot',
      'restore',
      saved,
      '--data-dir',
      dataFolder,
      ...cluster(peerPort),
    );
    assert.equal(run.code, 0, run.stderr);
    const options = { program: ownEtcd(), dataFolder, peerPort, name: 'm1' };
    const restored = await startMember(t, options);
    const expected = await viewOf(source, theirs.revision);
    const comparable = (view: string[]): string[] =>
      view.map((line) =>
        line.replace(/,"hash_revision":\d+/, '').replaceAll(/"revision":\d+/g, ''),
      );
    assert.deepEqual(comparable(await viewOf(restored, theirs.revision)), comparable(expected));
    const back = join(scratch, 'back.db');
    await ctl(restored, 'snapshot', 'save', back);
    const third = join(scratch, 'third');
    await release.restore(back, third);
    const again = await startMember(t, { program: release.etcd, dataFolder: third });
    assert.deepEqual(comparable(await viewOf(again, theirs.revision)), comparable(expected));
  }
});

/** Puts, overwrites, deletions, a compaction, a lease with keys. */
async function fill(member: Member): Promise<void> {
  const lines = Array.from({ length: KEYS }, (_, index) => index);
  for (let start = 0; start < KEYS; start += 100) {
    const puts = lines.slice(start, start + 100).map((index) => `put k${index} value${index}`);
    await etcdctl(['txn', `--endpoints=${member.clientAddress}`], {
      stdin: `\n${puts.join('\n')}\n\n\n`,
    });
  }
  for (let index = 0; index < 12; index++) await ctl(member, 'put', `k${index}`, 'again');
  const { stdout } = await ctl(member, 'del', 'k7', '-w', 'json');
  const { revision } = JSON.parse(stdout.toString()).header;
  await ctl(member, 'compaction', String(revision - 6), '--physical');
  await grant(member);
  await ctl(member, 'put', 'leased', 'x', '--lease', LEASE);
}

/** Grants a lease with an id of our choice, which etcdctl has no option for. */
async function grant(member: Member): Promise<void> {
  const { EtcdClient } = await import('../support/etcd-client.js');
  const { Lease } = await import('../../src/proto/generated/etcdserverpb.js');
  const client = new EtcdClient(member.clientAddress);
  await client.call(Lease.methods.leaseGrant, { id: BigInt(`0x${LEASE}`), ttl: 9000 });
  client.close();
}

test('the program tells usage, version, and what it does not know', async () => {
  assert.match((await etcdutl('version')).stdout, /^etcdutl version: 3\.\d+\.\d+\n/);
  assert.match((await etcdutl()).stdout, /^Usage:\n {2}etcdutl \[command\]\n\nAvailable Commands:/);
  assert.match((await etcdutl('snapshot')).stdout, / {2}restore +\S/);
  assert.match((await etcdutl('snapshot', 'restore', '-h')).stdout, /--bump-revision uint/);
  assert.equal((await etcdutl('nosuch')).code, 1);
  assert.match((await etcdutl('defrag')).stderr, /required flag\(s\) "data-dir" not set/);
  assert.match((await etcdutl('completion', 'bash')).stdout, /complete .*etcdutl\n$/);
  const program = ownProgram('etcdutl');
  const run = await runCommand(program.file, [...program.arguments, 'version']);
  assert.equal(run.exitCode, 0);
});

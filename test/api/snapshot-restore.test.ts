/**
 * Backups as operators make them: `etcdctl snapshot save` against a running member, `snapshot status`,
 * `snapshot restore`, and a real etcd that goes on where the member was.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import {
  KV,
  Lease,
  Maintenance,
  SnapshotRequest,
  SnapshotResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { KeyValue } from '../../src/proto/generated/mvccpb.js';
import { BUCKET_NAMES } from '../../src/storage/backend/index.js';
import {
  type EtcdRelease,
  requireDebianRelease,
  requireNewRelease,
} from '../storage/bolt/etcd-release.js';
import { checkPages } from '../storage/bolt/page-census.js';
import { type Content, lookUp, readContent, statusOf } from '../storage/bolt/support.js';
import { CleanupList } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';
import { requireProgram } from '../support/programs.js';

const KEYS = 400;
const LEASE = 4711n;
const DIGEST_BYTES = 32;

describe('a backup', () => {
  const cleanup = new CleanupList();
  let member: Member;
  let client: EtcdClient;

  before(async () => {
    member = await startMember(cleanup);
    client = new EtcdClient(member.clientAddress);
    cleanup.after(() => client.close());
    await fill(client);
  });
  after(() => cleanup.run());

  /** The file that Maintenance.Snapshot sends, without its SHA-256, which is checked. */
  async function snapshotFile(): Promise<Buffer> {
    const messages = await client.collect(Maintenance.methods.snapshot, {});
    return checkedFile(messages.map(({ blob }) => blob));
  }

  it('holds the whole state, in all ten buckets', async () => {
    const file = await snapshotFile();
    checkPages(file);
    const content = await readContent(file);
    assert.deepEqual([...content.keys()], BUCKET_NAMES);
    const { header, raftAppliedIndex, raftTerm, storageVersion } = await client.call(
      Maintenance.methods.status,
      {},
    );
    const number = (key: string) => Number(lookUp(content, 'meta', key)?.readBigUInt64BE());
    assert.deepEqual([number('consistent_index'), number('term')], [raftAppliedIndex, raftTerm]);
    assert.equal(lookUp(content, 'meta', 'storageVersion')?.toString(), storageVersion);
    assert.equal(lookUp(content, 'cluster', 'clusterVersion')?.toString(), storageVersion);
    const memberId = header?.memberId ?? 0n;
    const confState = `{"voters":[${memberId}],"auto_leave":false}`;
    assert.equal(lookUp(content, 'meta', 'confState')?.toString(), confState);
    const stored = lookUp(content, 'members', memberId.toString(16))?.toString() ?? '';
    assert.deepEqual(JSON.parse(stored.replace(/"id":\d+,/, '')), {
      peerURLs: [member.peerUrl],
      name: member.name,
      clientURLs: [member.clientUrl],
    });
    assert.equal(content.get('lease')?.length, 1);
    assert.ok(lookUp(content, 'meta', 'finishedCompactRev') !== undefined);
    assert.deepEqual(liveKeys(content), await currentKeys(client));
  });

  it('is saved by etcdctl, and found right by it', async (test) => {
    const release = requireDebianRelease(test);
    const etcdctl = requireProgram(test, 'etcdctl');
    if (release === undefined || etcdctl === undefined) return;
    const path = join(temporaryFolder(test), 'saved.db');
    const saved = await runCommand(
      etcdctl,
      ['--endpoints', member.clientAddress, 'snapshot', 'save', path],
      { environment: { ETCDCTL_API: '3' } },
    );
    assert.equal(saved.exitCode, 0, saved.stderr);
    const bytes = readFileSync(path);
    const file = checkedFile([bytes.subarray(0, -DIGEST_BYTES), bytes.subarray(-DIGEST_BYTES)]);
    const { hash, revision, pairs } = statusOf(await readContent(file));
    const told = await release.status(path);
    assert.deepEqual(
      [told.hash, told.revision, told.totalKey, told.totalSize],
      [hash, revision, pairs, file.length],
    );
  });

  it('is restored by the etcd of Debian, which serves the same', async (test) => {
    const release = requireDebianRelease(test);
    if (release !== undefined) await restores(test, release);
  });

  it('is restored by a newer etcd, which serves the same', async (test) => {
    const release = requireNewRelease(test);
    if (release !== undefined) await restores(test, release);
  });

  async function restores(test: TestContext, release: EtcdRelease): Promise<void> {
    const path = join(temporaryFolder(test), 'snapshot.db');
    const file = await snapshotFile();
    writeFileSync(path, Buffer.concat([file, createHash('sha256').update(file).digest()]));
    const told = await release.status(path);
    assert.equal(told.hash, statusOf(await readContent(file)).hash);
    const dataFolder = join(temporaryFolder(test), 'data');
    await release.restore(path, dataFolder);
    const restored = await startMember(test, { program: release.etcd, dataFolder });
    const other = new EtcdClient(restored.clientAddress);
    test.after(() => other.close());

    assert.deepEqual(await currentKeys(other), await currentKeys(client));
    const { header } = await client.call(Maintenance.methods.status, {});
    const current = header?.revision ?? 0;
    for (const revision of [current, current - 1, current - 100]) {
      const own = await client.call(Maintenance.methods.hashKv, { revision: BigInt(revision) });
      const theirs = await other.call(Maintenance.methods.hashKv, { revision: BigInt(revision) });
      assert.deepEqual(
        [theirs.hash, theirs.compactRevision],
        [own.hash, own.compactRevision],
        `revision ${revision}`,
      );
    }
    const lease = await other.call(Lease.methods.leaseTimeToLive, { id: LEASE, keys: true });
    assert.deepEqual([lease.grantedTtl, lease.keys], [5000, [Buffer.from('leased')]]);
    assert.equal(await other.put('after', 'the restore'), current + 1);
  }

  it('is one moment of the state, while writes go on', async () => {
    let isOver = false;
    let acknowledged = 0;
    const writers = ['a', 'b', 'c', 'd'].map(async (name) => {
      for (let value = 1; !isOver; value++) {
        acknowledged = Math.max(acknowledged, await putBoth(client, name, `${value}`));
      }
    });
    try {
      for (let round = 0; round < 5; round++) {
        const before = acknowledged;
        const content = await readContent(await snapshotFile());
        const { revision } = statusOf(content);
        assert.ok(revision >= before, `has ${revision}, but ${before} was acknowledged before`);
        const keys = liveKeys(content);
        for (const name of ['a', 'b', 'c', 'd']) {
          assert.equal(keys.get(`left ${name}`), keys.get(`right ${name}`));
        }
      }
    } finally {
      isOver = true;
      await Promise.all(writers);
    }
  });

  it('reaches a client that stops reading for a while, and disturbs nobody', async () => {
    for (let index = 0; index < 20; index++) {
      await client.put(`large ${index}`, `${index}`.repeat(500_000));
    }
    const { path } = Maintenance.methods.snapshot;
    const stream = client.grpc.serverStream(path, SnapshotRequest.encode({}));
    const blobs: Buffer[] = [];
    stream.on('data', (message: Buffer) => {
      blobs.push(SnapshotResponse.decode(message).blob);
      if (blobs.length === 3) stream.pause();
    });
    const ended = once(stream, 'end');
    await once(stream, 'pause');
    const revision = await client.put('meanwhile', 'x');
    await client.call(KV.methods.compact, { revision, physical: true });
    stream.resume();
    await ended;
    const content = await readContent(checkedFile(blobs));
    const keys = liveKeys(content);
    assert.equal(keys.get('large 19'), '19'.repeat(500_000));
    assert.equal(keys.get('meanwhile'), undefined);

    const abandoned = client.grpc.serverStream(path, SnapshotRequest.encode({}));
    abandoned.on('error', () => {});
    abandoned.once('data', () => abandoned.cancel());
    await once(abandoned, 'error');
    await client.put('meanwhile', 'y');
  });
});

/** Blobs in order; the last is the SHA-256 of the others. */
function checkedFile(blobs: readonly Buffer[]): Buffer {
  const file = Buffer.concat(blobs.slice(0, -1));
  assert.deepEqual(blobs.at(-1), createHash('sha256').update(file).digest());
  assert.equal(file.length % 512, 0);
  return file;
}

/** Puts, overwrites, deletions, a lease, a large value, a compaction, and some more. */
async function fill(client: EtcdClient): Promise<void> {
  for (let index = 0; index < KEYS; index++) await client.put(`key ${index % 250}`, `${index}`);
  for (const key of ['key 3', 'key 77', 'key 249']) await client.delete(key);
  const revision = await client.put('large', 'x'.repeat(1_000_000));
  await client.call(KV.methods.compact, { revision: revision - 150, physical: true });
  await client.call(Lease.methods.leaseGrant, { id: LEASE, ttl: 5000 });
  const leased = { key: Buffer.from('leased'), value: Buffer.from('v'), lease: LEASE };
  await client.call(KV.methods.put, leased);
  await client.put('key 77', 'again');
  await putBoth(client, 'a', '0');
}

/** Two keys in one transaction; returns its revision. */
async function putBoth(client: EtcdClient, name: string, value: string): Promise<number> {
  const put = (side: string) => ({
    requestPut: { key: Buffer.from(`${side} ${name}`), value: Buffer.from(value) },
  });
  const success = [put('left'), put('right')];
  const { header } = await client.call(KV.methods.txn, { success });
  return header?.revision ?? 0;
}

/** Keys and values that are live at the end of the key bucket. */
function liveKeys(content: Content): Map<string, string> {
  const live = new Map<string, string>();
  for (const [key, record] of content.get('key') ?? []) {
    const { key: name, value } = KeyValue.decode(record);
    if (key.length === 18) live.delete(name.toString());
    else live.set(name.toString(), value.toString());
  }
  return new Map([...live].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function currentKeys(client: EtcdClient): Promise<Map<string, string>> {
  const { kvs } = await client.range('');
  return new Map(kvs.map(({ key, value }) => [key.toString(), value.toString()]));
}

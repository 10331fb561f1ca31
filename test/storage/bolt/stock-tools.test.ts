/**
 * Real etcd on files we wrote: its tool finds nothing wrong with them, and a member that starts on one
 * serves it, changes it and rewrites it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { crc32c } from '../../../src/base/crc32c.js';
import { encodeRevisionKey } from '../../../src/mvcc/revision-key.js';
import { KV, Maintenance } from '../../../src/proto/generated/etcdserverpb.js';
import { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import { BUCKET_NAMES } from '../../../src/storage/backend/index.js';
import { EtcdClient } from '../../support/etcd-client.js';
import { temporaryFolder } from '../../support/folders.js';
import { startMember } from '../../support/member.js';
import { type EtcdRelease, requireDebianRelease, requireNewRelease } from './etcd-release.js';
import { checkPages } from './page-census.js';
import { type Content, fileOf, statusOf } from './support.js';

const KEYS = 20_000;
const LAST_REVISION = KEYS + 1;

describe('real etcd', () => {
  let content: Content;
  let file: Buffer;

  before(async () => {
    content = new Map(BUCKET_NAMES.map((name) => [name, []]));
    content.set(
      'key',
      Array.from({ length: KEYS }, (_, index) => change(index)),
    );
    content.set('cluster', [[Buffer.from('clusterVersion'), Buffer.from('3.4.0')]]);
    content.set('meta', [
      [Buffer.from('consistent_index'), Buffer.from('0000000000000009', 'hex')],
    ]);
    file = await fileOf(content);
    assert.equal(checkPages(file), 3);
  });

  it('of Debian accepts and serves a file', async (test) => {
    const release = requireDebianRelease(test);
    if (release !== undefined) await accepts(test, release);
  });

  it('of a newer release accepts and serves a file', async (test) => {
    const release = requireNewRelease(test);
    if (release !== undefined) await accepts(test, release);
  });

  async function accepts(test: TestContext, release: EtcdRelease): Promise<void> {
    const path = join(temporaryFolder(test), 'snapshot.db');
    writeFileSync(path, Buffer.concat([file, createHash('sha256').update(file).digest()]));
    const { hash, revision, liveKeys, pairs } = statusOf(content);
    assert.equal(revision, LAST_REVISION);
    const told = await release.status(path);
    assert.deepEqual(
      [told.hash, told.revision, told.totalKey, told.totalSize],
      [hash, revision, release.countsLiveKeys ? liveKeys : pairs, file.length],
    );

    const dataFolder = join(temporaryFolder(test), 'data');
    await release.restore(path, dataFolder);
    const member = await startMember(test, { program: release.etcd, dataFolder });
    const client = new EtcdClient(member.clientAddress);
    test.after(() => client.close());
    await serves(client);
    await changes(client);
  }

  /** The member has what the file has. */
  async function serves(client: EtcdClient): Promise<void> {
    const { hash } = await client.call(Maintenance.methods.hashKv, {
      revision: BigInt(LAST_REVISION),
    });
    const pairs = content.get('key') ?? [];
    const seed = crc32c(Buffer.from('key'));
    const expected = pairs.reduce((state, [k, v]) => crc32c(v, crc32c(k, state)), seed);
    assert.equal(hash, expected);
    const stored = await client.get('key 00777');
    assert.deepEqual(stored, KeyValue.decode(change(777)[1]));
    const { count } = await client.call(KV.methods.range, {
      key: Buffer.from('key'),
      rangeEnd: Buffer.from('kez'),
      countOnly: true,
    });
    assert.equal(count, KEYS);
  }

  /** bbolt can take the trees apart, put them together and write them anew. */
  async function changes(client: EtcdClient): Promise<void> {
    const { deleted } = await client.call(KV.methods.deleteRange, {
      key: Buffer.from('key 00100'),
      rangeEnd: Buffer.from('key 19900'),
    });
    assert.equal(deleted, KEYS - 200);
    const revision = await client.put('another', 'x'.repeat(10_000));
    await client.call(KV.methods.compact, { revision, physical: true });
    await client.call(Maintenance.methods.defragment, {});
    const { count } = await client.range('');
    assert.equal(count, 201);
  }
});

/** The change that puts one key: small values, and a large one now and then. */
function change(index: number): [Buffer, Buffer] {
  const revision = index + 2;
  const sizeBytes = index % 2000 === 777 ? 100_000 : index % 150;
  const record = KeyValue.encode({
    key: Buffer.from(`key ${index.toString().padStart(5, '0')}`),
    createRevision: revision,
    modRevision: revision,
    version: 1,
    value: Buffer.alloc(sizeBytes, index),
  });
  return [encodeRevisionKey(revision, 0), record];
}

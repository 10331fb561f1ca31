/** Database files of real etcd, with what the server said about them (test/data/etcd-data). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import type { MvccStore } from '../../../src/mvcc/index.js';
import { Role, User } from '../../../src/proto/generated/authpb.js';
import { Lease } from '../../../src/proto/generated/leasepb.js';
import { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import { Backend, BUCKET_NAMES } from '../../../src/storage/backend/index.js';
import { BoltFile } from '../../../src/storage/bolt/index.js';
import { openStore } from '../../mvcc/support.js';
import { temporaryFolder } from '../../support/folders.js';
import { testDataPath } from '../../support/repository.js';
import { BytesFile, type Content, lookUp, readContent, statusOf } from './support.js';

interface ExpectedKey {
  key: string;
  value: string;
  createRevision: number;
  modRevision: number;
  version: number;
  lease: string;
}

interface Expected {
  clusterVersion: string;
  storageVersion: string | null;
  members: unknown[];
  removedMembers: string[];
  revision: number;
  compactRevision: number;
  consistentIndex: number;
  consistentTerm: number;
  hashKV: { revision: number; hash: number; compactRevision: number }[];
  leases: { id: string; grantedTTL: number }[];
  users: { name: string; roles: string[]; password: string | null }[];
  roles: {
    name: string;
    permissions: { type: string; key: string; rangeEnd: string }[];
  }[];
  authRevision?: number;
  keys: ExpectedKey[];
  keysAtRevision: Record<string, ExpectedKey[]>;
  snapshotStatus: { hash: number; revision: number; totalKey: number; totalSize: number };
  files: Record<string, number>;
}

const SHA256_BYTES = 32;
const PERMISSION_TYPES = ['READ', 'WRITE', 'READWRITE'];

for (const version of ['3.7.1', '3.4.23']) {
  describe(`the database of etcd ${version}`, () => {
    const file = (...path: string[]) =>
      gunzipSync(readFileSync(testDataPath('etcd-data', version, ...path)));
    const expected: Expected = JSON.parse(
      readFileSync(testDataPath('etcd-data', version, 'expected.json'), 'utf8'),
    );
    const snapshot = file('snapshot.db.gz');
    const db = file('data-dir', 'member', 'snap', 'db.gz');
    let content: Content;
    before(async () => {
      content = await readContent(snapshot);
    });

    it('has all buckets, and the same pairs in the live file and the saved one', async () => {
      assert.deepEqual([...content.keys()], BUCKET_NAMES);
      assert.deepEqual(await readContent(db), content);
    });

    it('says how much of the file is in use', async () => {
      const { totalSize } = expected.snapshotStatus;
      assert.equal((await BoltFile.open(new BytesFile(db))).sizeBytes, totalSize);
      assert.equal((await BoltFile.open(new BytesFile(snapshot))).sizeBytes, totalSize);
      assert.equal(db.length, expected.files['member/snap/db']);
      assert.equal(snapshot.length % 512, SHA256_BYTES);
    });

    it('ends with the SHA-256 of all before, if saved', () => {
      const digest = createHash('sha256').update(snapshot.subarray(0, -SHA256_BYTES)).digest();
      assert.deepEqual(digest, snapshot.subarray(-SHA256_BYTES));
    });

    it('has the hash, revision and keys that snapshot status told', () => {
      const { hash, revision, liveKeys, pairs } = statusOf(content);
      const { snapshotStatus } = expected;
      const totalKey = version === '3.4.23' ? pairs : liveKeys;
      assert.deepEqual(
        { hash, revision, totalKey },
        {
          hash: snapshotStatus.hash,
          revision: snapshotStatus.revision,
          totalKey: snapshotStatus.totalKey,
        },
      );
    });

    it('has the index and term up to which the log is applied, and the versions', () => {
      const index = lookUp(content, 'meta', 'consistent_index');
      const term = lookUp(content, 'meta', 'term');
      assert.equal(index?.readBigUInt64BE(), BigInt(expected.consistentIndex));
      if (version === '3.4.23') assert.equal(term, undefined);
      else assert.equal(term?.readBigUInt64BE(), BigInt(expected.consistentTerm));
      const storageVersion = lookUp(content, 'meta', 'storageVersion')?.toString() ?? null;
      assert.equal(storageVersion, expected.storageVersion);
      const clusterVersion = lookUp(content, 'cluster', 'clusterVersion')?.toString();
      assert.equal(clusterVersion, expected.clusterVersion);
    });

    it('has the members, removed members and leases', () => {
      const members = (content.get('members') ?? []).map(([key, value]) => {
        const { name, peerURLs, clientURLs, isLearner = false } = JSON.parse(value.toString());
        return { id: idOf(key), name, peerURLs, clientURLs, isLearner };
      });
      assert.deepEqual(members, expected.members);
      const removed = content.get('members_removed') ?? [];
      assert.deepEqual(
        removed.map(([key]) => idOf(key)),
        expected.removedMembers,
      );
      const leases = (content.get('lease') ?? []).map(([, value]) => Lease.decode(value));
      assert.deepEqual(
        leases.map(({ id, ttl }) => ({ id: id.toString(), ttl })),
        expected.leases.map(({ id, grantedTTL }) => ({ id, ttl: grantedTTL })),
      );
      assert.deepEqual(content.get('alarm'), []);
    });

    it('has the users and roles', () => {
      const users = (content.get('authUsers') ?? []).map(([, value]) => User.decode(value));
      assert.deepEqual(
        users.map(({ name, roles, password }) => [name.toString(), roles, password.length > 0]),
        expected.users.map(({ name, roles, password }) => [name, roles, password !== null]),
      );
      for (const { name, permissions } of expected.roles) {
        const value = lookUp(content, 'authRoles', name);
        const stored = Role.decode(value ?? Buffer.alloc(0)).keyPermission;
        // What 3.7.1 tells of root is built in.
        if (name === 'root') assert.deepEqual(stored, []);
        else {
          assert.deepEqual(
            stored.map(({ permType, key, rangeEnd }) => ({
              type: PERMISSION_TYPES[permType],
              key: key.toString('base64'),
              rangeEnd: rangeEnd.toString('base64'),
            })),
            permissions,
          );
        }
      }
      const authRevision = lookUp(content, 'auth', 'authRevision')?.readBigUInt64BE();
      assert.equal(authRevision, BigInt(expected.authRevision ?? 18));
    });

    it('gives our store the same keys at every revision, and the same HashKV', async (test) => {
      const store = await storeOf(test, content);
      assert.equal(store.revision, expected.revision);
      assert.deepEqual(keysOf(store), expected.keys);
      for (const [revision, keys] of Object.entries(expected.keysAtRevision)) {
        assert.deepEqual(keysOf(store, Number(revision)), keys);
      }
      for (const { revision, hash, compactRevision } of expected.hashKV) {
        const hashRevision = revision;
        const computed = await store.hashByRevision(revision);
        assert.deepEqual(computed, { hash, compactRevision, hashRevision });
      }
    });
  });
}

/** The decimal form of an id in hexadecimal. */
const idOf = (key: Buffer): string => BigInt(`0x${key}`).toString();

/** A multi-version store on a backend that was filled from a database file. */
async function storeOf(test: TestContext, content: Content): Promise<MvccStore> {
  const backend = await Backend.open(
    { path: join(temporaryFolder(test), 'backend') },
    { clock: systemClock, logger: silentLogger },
  );
  for (const bucket of BUCKET_NAMES) {
    for (const [key, value] of content.get(bucket) ?? []) {
      if (bucket === 'key' || key.toString().endsWith('CompactRev')) {
        backend.put(bucket, key, value);
      }
    }
  }
  backend.commit();
  const store = await openStore(backend);
  test.after(async () => {
    await store.close();
    await backend.close();
  });
  return store;
}

function keysOf(store: MvccStore, revision = 0): ExpectedKey[] {
  const { records } = store.range({ start: '\0', end: '\0', revision });
  return records.map((record) => {
    const { key, value, createRevision, modRevision, version, lease } = KeyValue.decode(record);
    return {
      key: key.toString('base64'),
      value: value.toString('base64'),
      ...{ createRevision, modRevision, version },
      lease: lease.toString(),
    };
  });
}

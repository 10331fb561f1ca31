/** Snapshot files: those of real etcd, our own, and damaged ones. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { silentLogger } from '../../../src/base/logger.js';
import { nodeDisk } from '../../../src/storage/disk.js';
import { simpleConfState } from '../../../src/storage/raftcodec.js';
import type { RaftSnapshot } from '../../../src/storage/snap/index.js';
import {
  decodeSnapFile,
  encodeSnapFile,
  encodeV2Store,
  SnapFileError,
  Snapshotter,
} from '../../../src/storage/snap/index.js';
import { temporaryFolder } from '../../support/folders.js';
import { testDataPath } from '../../support/repository.js';

const NAMES = ['0000000000000002-000000000000003d.snap', '0000000000000002-000000000000007a.snap'];

function etcdSnapFile(version: string, name: string): Buffer {
  const path = testDataPath('etcd-data', version, 'data-dir', 'member', 'snap', `${name}.gz`);
  return gunzipSync(readFileSync(path));
}

async function makeSnapshotter(
  test: TestContext,
  maxSnapshots?: number,
): Promise<{ directory: string; snapshotter: Snapshotter }> {
  const directory = join(temporaryFolder(test), 'snap');
  const options = maxSnapshots === undefined ? { directory } : { directory, maxSnapshots };
  const snapshotter = new Snapshotter(options, { disk: nodeDisk, logger: silentLogger });
  await snapshotter.prepare();
  return { directory, snapshotter };
}

const snapshotAt = (index: number, term: number): RaftSnapshot => ({
  index,
  term,
  confState: simpleConfState([1n, 2n ** 64n - 1n], [3n]),
  data: Buffer.from(`data at ${index}`),
});

describe('the snap files of real etcd', () => {
  for (const version of ['3.4.23', '3.7.1']) {
    for (const name of NAMES) {
      it(`${version} ${name} is read, and written back byte for byte`, () => {
        const file = etcdSnapFile(version, name);
        const snapshot = decodeSnapFile(file);
        const index = Number.parseInt(name.slice(17, 33), 16);
        assert.deepEqual([snapshot.term, snapshot.index], [2, index]);
        assert.ok(Buffer.from(encodeSnapFile(snapshot)).equals(file));
      });
    }
  }

  it('3.7.1 lists the members in the very tree that we write', () => {
    const dump = JSON.parse(
      Buffer.from(decodeSnapFile(etcdSnapFile('3.7.1', NAMES[1] ?? '')).data).toString(),
    );
    const ours = JSON.parse(
      encodeV2Store({
        members: [
          {
            id: 6460897294680759689n,
            peerUrls: ['http://127.0.0.1:43380'],
            isLearner: false,
            name: 'm1',
            clientUrls: ['http://127.0.0.1:43379'],
          },
        ],
        removedIds: [5216388500113322717n],
        clusterVersion: '3.7.0',
      }).toString(),
    );
    assert.deepEqual(ours.Root, dump.Root);
    assert.equal(JSON.stringify(ours.Root), JSON.stringify(dump.Root));
    assert.equal(ours.CurrentIndex, dump.CurrentIndex);
    assert.equal(ours.CurrentVersion, dump.CurrentVersion);
  });
});

describe('the v2 store', () => {
  it('marks learners and leaves out attributes that are not known', () => {
    const members = [
      { id: 0xabcn, peerUrls: ['http://a&b:1'], isLearner: true, name: '', clientUrls: [] },
    ];
    const text = encodeV2Store({ members, removedIds: [] }).toString();
    const folder = JSON.parse(text).Root.Children['0'].Children.members.Children.abc;
    assert.deepEqual(Object.keys(folder.Children), ['raftAttributes']);
    assert.deepEqual(JSON.parse(folder.Children.raftAttributes.Value), {
      peerURLs: ['http://a&b:1'],
      isLearner: true,
    });
    assert.ok(!text.includes('&'), 'Go escapes the ampersand');
  });
});

describe('the snapshotter', () => {
  it('loads the newest snapshot, or the newest that the log knows', async (test) => {
    const { snapshotter } = await makeSnapshotter(test);
    assert.equal(await snapshotter.loadNewest(), undefined);
    for (const index of [10, 20, 30]) await snapshotter.save(snapshotAt(index, 2));
    assert.equal((await snapshotter.loadNewest())?.index, 30);
    const known = [
      { index: 10, term: 2 },
      { index: 20, term: 2 },
      { index: 30, term: 3 },
    ];
    assert.equal((await snapshotter.loadNewest(known))?.index, 20);
    assert.equal(await snapshotter.loadNewest([]), undefined);
  });

  it('renames a damaged file and takes the one before', async (test) => {
    const { directory, snapshotter } = await makeSnapshotter(test);
    for (const index of [10, 20, 30]) await snapshotter.save(snapshotAt(index, 1));
    const damaged = join(directory, '0000000000000001-000000000000001e.snap');
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 20));
    writeFileSync(join(directory, '0000000000000001-0000000000000014.snap'), '');
    assert.equal((await snapshotter.loadNewest())?.index, 10);
    assert.ok(existsSync(`${damaged}.broken`) && !existsSync(damaged));
  });

  it('keeps the newest files of each kind and removes left-overs', async (test) => {
    const { directory, snapshotter } = await makeSnapshotter(test, 2);
    for (let index = 1; index <= 4; index++) {
      await snapshotter.save(snapshotAt(index, 1));
      writeFileSync(snapshotter.databasePath(index), '');
    }
    writeFileSync(join(directory, 'tmp-interrupted'), '');
    writeFileSync(join(directory, 'db'), '');
    await snapshotter.prepare();
    await snapshotter.purge();
    await snapshotter.releaseDatabases(4);
    assert.deepEqual(readdirSync(directory).sort(), [
      '0000000000000001-0000000000000003.snap',
      '0000000000000001-0000000000000004.snap',
      '0000000000000004.snap.db',
      'db',
    ]);
  });
});

describe('reading snap files', () => {
  it('refuses every cut and every flipped bit of a file', () => {
    const file = Buffer.from(encodeSnapFile(snapshotAt(77, 5)));
    for (let size = 0; size < file.length; size++) {
      assert.throws(() => decodeSnapFile(file.subarray(0, size)), SnapFileError);
    }
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Buffer.from(file);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.throws(() => decodeSnapFile(flipped), SnapFileError, `bit ${bit}`);
    }
  });

  it('answers random bytes with an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.throws(() => decodeSnapFile(bytes), SnapFileError);
      }),
    );
  });
});

/** Databases on their way in: real ones, and everything that can be wrong with one. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { DatabaseSnapshot } from '../../../src/server/snapshot-stream.js';
import {
  IncomingSnapshots,
  SnapshotRefusedError,
  StagingFolder,
} from '../../../src/server/snapshots/index.js';
import { Backend, BUCKET_NAMES } from '../../../src/storage/backend/index.js';
import { BoltCorruptError } from '../../../src/storage/bolt/index.js';
import { type Disk, nodeDisk } from '../../../src/storage/disk.js';
import { openStore } from '../../mvcc/support.js';
import { applyEntry, findInconsistency } from '../../storage/backend/entries.js';
import { readContent } from '../../storage/bolt/support.js';
import { temporaryFolder } from '../../support/folders.js';
import { etcdDatabase, streamOf } from './support.js';

interface Receiver {
  incoming: IncomingSnapshots;
  staging: StagingFolder;
  folder: string;
  /** The entries of the member's folder and its snap folder. */
  content: () => string[];
}

function createReceiver(
  test: TestContext,
  maxDatabaseBytes?: number,
  disk: Disk = nodeDisk,
): Receiver {
  const folder = temporaryFolder(test);
  const snapFolder = join(folder, 'snap');
  mkdirSync(snapFolder);
  const staging = new StagingFolder(folder, disk);
  const incoming = new IncomingSnapshots(
    maxDatabaseBytes === undefined ? { snapFolder } : { snapFolder, maxDatabaseBytes },
    { staging, disk, clock: systemClock, logger: silentLogger },
  );
  const content = (): string[] => [...readdirSync(folder), ...readdirSync(snapFolder)].sort();
  return { incoming, staging, folder, content };
}

/** A disk whose second write to a file, or every rename, fails. */
function failingDisk(fault: 'write' | 'rename'): Disk {
  const fail = (code: string): Error => Object.assign(new Error(`${code}: ${fault}`), { code });
  if (fault === 'rename') return { ...nodeDisk, rename: () => Promise.reject(fail('EIO')) };
  return {
    ...nodeDisk,
    async open(path, mode, options) {
      const file = await nodeDisk.open(path, mode, options);
      let writes = 0;
      return {
        read: (...request) => file.read(...request),
        sync: (done) => file.sync(done),
        writeThrough: (...request) => file.writeThrough(...request),
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        sizeBytes: () => file.sizeBytes(),
        close: () => file.close(),
        write(bytes, sizeBytes, position, done) {
          if (++writes === 2) setImmediate(() => done(fail('ENOSPC')));
          else file.write(bytes, sizeBytes, position, done);
        },
      };
    },
  };
}

const openBackend = (path: string): Promise<Backend> =>
  Backend.open({ path }, { clock: systemClock, logger: silentLogger });

/** A stream that ends with an error after a part of the bytes. */
async function* brokenOff(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* streamOf(bytes.subarray(0, bytes.length / 2));
  throw new Error('the sender broke off');
}

for (const version of ['3.7.1', '3.4.23'] as const) {
  describe(`a database of etcd ${version} on its way in`, () => {
    const database = etcdDatabase(version);

    it('becomes a backend with every pair, and the hashes that the member told', async (test) => {
      const { incoming, staging, content } = createReceiver(test);
      await incoming.save(database.index, streamOf(database.bytes), database.term);
      const name = `backend-${database.index.toString(16).padStart(16, '0')}`;
      assert.deepEqual(content(), [name, 'snap']);
      const backend = await openBackend(staging.finishedPath(database.index));
      test.after(() => backend.close());
      assert.equal(backend.consistentIndex, database.index);
      assert.equal(backend.consistentTerm, database.term);
      const expected = await readContent(database.bytes);
      for (const bucket of BUCKET_NAMES) {
        const pairs: [Buffer, Buffer][] = [];
        for await (const batch of backend.scan(bucket)) pairs.push(...batch);
        // The one thing that is added where it was missing.
        const isAdded = ([key]: [Buffer, Buffer]): boolean =>
          bucket === 'meta' && version === '3.4.23' && key.toString() === 'term';
        assert.deepEqual(
          pairs.filter((pair) => !isAdded(pair)),
          expected.get(bucket),
        );
      }
      const store = await openStore(backend);
      test.after(() => store.close());
      assert.equal(store.revision, database.revision);
      for (const { revision, hash, compactRevision } of database.hashes) {
        const computed = await store.hashByRevision(revision);
        assert.deepEqual([computed.hash, computed.compactRevision], [hash, compactRevision]);
      }
    });

    it('is refused if it is not the state that the snapshot tells', async (test) => {
      const { incoming, content } = createReceiver(test);
      for (const index of [database.index + 1, database.index - 1]) {
        const saved = incoming.save(index, streamOf(database.bytes));
        await assert.rejects(saved, SnapshotRefusedError);
      }
      assert.deepEqual(content(), ['snap']);
    });

    it('leaves nothing behind if the sender breaks off, or if a byte of it is wrong', async (test) => {
      const { incoming, content } = createReceiver(test);
      const { bytes, index } = database;
      await assert.rejects(incoming.save(index, brokenOff(bytes)), /the sender broke off/);
      const part = bytes.subarray(0, 5 * 4096);
      await assert.rejects(incoming.save(index, streamOf(part)), BoltCorruptError);
      await assert.rejects(incoming.save(index, streamOf(Buffer.alloc(0))), BoltCorruptError);
      const damaged = Buffer.from(bytes);
      damaged.fill(0xff, 3 * 4096, 3 * 4096 + 4096);
      damaged.fill(0xff, 4 * 4096);
      await assert.rejects(incoming.save(index, streamOf(damaged)), BoltCorruptError);
      assert.deepEqual(content(), ['snap']);
    });
  });
}

describe('databases on their way in', () => {
  const database = etcdDatabase('3.7.1');

  it('may not be larger than the limit', async (test) => {
    const { incoming, content } = createReceiver(test, database.bytes.length - 1);
    await assert.rejects(
      incoming.save(database.index, streamOf(database.bytes)),
      SnapshotRefusedError,
    );
    assert.deepEqual(content(), ['snap']);
  });

  it('leave nothing behind on a disk that is full, or that cannot rename', async (test) => {
    for (const fault of ['write', 'rename'] as const) {
      const { incoming, content } = createReceiver(test, undefined, failingDisk(fault));
      const saved = incoming.save(database.index, streamOf(database.bytes));
      await assert.rejects(saved, { code: fault === 'write' ? 'ENOSPC' : 'EIO' });
      assert.deepEqual(content(), ['snap']);
    }
  });

  it('come one at a time; the same one may come twice', async (test) => {
    const { incoming, staging } = createReceiver(test);
    const first = incoming.save(database.index, streamOf(database.bytes));
    await assert.rejects(
      incoming.save(database.index, streamOf(database.bytes)),
      SnapshotRefusedError,
    );
    await first;
    await incoming.save(database.index, streamOf(database.bytes));
    assert.deepEqual(await staging.indexes(), [database.index]);
  });

  it('take no more disk than that of two, whatever is never installed', async (test) => {
    const { incoming, staging, folder } = createReceiver(test);
    const source = await openBackend(join(folder, 'source'));
    test.after(() => source.close());
    for (let index = 1; index <= 5; index++) {
      applyEntry(source, index);
      const snapshot = await DatabaseSnapshot.open(source);
      await incoming.save(index, snapshot.blocks());
      await snapshot.close();
    }
    assert.deepEqual(await staging.indexes(), [4, 5]);
  });

  it('are broken off when the member stops', async (test) => {
    const { incoming, content } = createReceiver(test);
    const refused = assert.rejects(
      incoming.save(database.index, streamOf(database.bytes, 100)),
      SnapshotRefusedError,
    );
    await incoming.stop();
    await refused;
    await assert.rejects(
      incoming.save(database.index, streamOf(database.bytes)),
      SnapshotRefusedError,
    );
    assert.deepEqual(content(), ['snap']);
  });

  it('do not hold up the event loop', async (test) => {
    const { incoming, staging, folder } = createReceiver(test);
    const source = await openBackend(join(folder, 'source'));
    for (let index = 1; index <= 40_000; index++) {
      applyEntry(source, index);
      if (source.isFull) await source.whenNotFull();
    }
    const snapshot = await DatabaseSnapshot.open(source);
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    await incoming.save(40_000, snapshot.blocks());
    delays.disable();
    test.diagnostic(
      `100,000 records of 230 bytes; turns of at most ${(delays.max / 1e6).toFixed(1)} ms, ` +
        `99 of 100 below ${(delays.percentile(99) / 1e6).toFixed(1)} ms`,
    );
    await snapshot.close();
    await source.close();
    const staged = await openBackend(staging.finishedPath(40_000));
    assert.equal(await findInconsistency(staged), undefined);
    await staged.close();
  });
});

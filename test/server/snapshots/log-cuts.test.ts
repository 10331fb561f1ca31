/** How the log is cut where members lag, join, or are sent the whole state. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import {
  type ConfState,
  EMPTY_CONF_STATE,
  type Entry,
  MemoryStorage,
} from '../../../src/raft/index.js';
import { RaftSnapshots } from '../../../src/server/raft-snapshots.js';
import { Snapshotter } from '../../../src/storage/snap/index.js';
import { createWal, nodeDisk } from '../../../src/storage/wal/index.js';
import { temporaryFolder } from '../../support/folders.js';

const conf = (...voters: bigint[]): ConfState => ({ ...EMPTY_CONF_STATE, voters });

const entriesTo = (first: number, last: number): Entry[] =>
  Array.from({ length: last - first + 1 }, (_, position) => ({
    type: 0 as const,
    term: 1,
    index: first + position,
    data: Buffer.alloc(10),
  }));

async function createCutter(test: TestContext, lastIndex: number) {
  const folder = temporaryFolder(test);
  const snapFolder = join(folder, 'snap');
  mkdirSync(snapFolder);
  const failed = (error: Error): never => assert.fail(error);
  const wal = await createWal(
    { directory: join(folder, 'wal') },
    { disk: nodeDisk, clock: systemClock, logger: silentLogger, onFailure: failed },
    Buffer.alloc(4),
  );
  test.after(() => wal.close());
  const storage = new MemoryStorage();
  storage.append(entriesTo(1, lastIndex));
  const held: { index?: number } = {};
  const cutter = new RaftSnapshots(
    { snapshotCount: 100, catchupEntries: 50, maxWals: 5 },
    {
      ...{ wal, storage, clock: systemClock, logger: silentLogger, failed },
      syncBackend: async () => {},
      snapshotter: new Snapshotter(
        { directory: snapFolder },
        { disk: nodeDisk, logger: silentLogger },
      ),
      membership: () => ({ members: [], removedIds: [] }),
      lowestHeldIndex: () => held.index,
    },
    0,
  );
  test.after(() => cutter.stop());
  return { storage, cutter, held, files: () => readdirSync(snapFolder) };
}

describe('a cut of the log', () => {
  it('keeps what members that lag a little need', async (test) => {
    const { storage, cutter, files } = await createCutter(test, 300);
    cutter.maybeCut(100, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.firstIndex(), 1, 'not due yet');
    cutter.maybeCut(300, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.firstIndex(), 250);
    assert.equal(storage.snapshot()?.metadata.index, 300);
    assert.deepEqual(files(), ['0000000000000001-000000000000012c.snap']);
  });

  it('keeps the log behind a snapshot that is being sent', async (test) => {
    const { storage, cutter, held } = await createCutter(test, 600);
    held.index = 40;
    cutter.maybeCut(300, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.firstIndex(), 41);
    delete held.index;
    cutter.maybeCut(500, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.firstIndex(), 450);
  });

  it('offers members that have just joined a snapshot that knows them', async (test) => {
    const { storage, cutter } = await createCutter(test, 600);
    cutter.maybeCut(300, conf(1n));
    await cutter.whenIdle();
    cutter.configurationChanged(310, conf(1n, 2n));
    assert.deepEqual(storage.snapshot()?.metadata, {
      index: 310,
      term: 1,
      confState: conf(1n, 2n),
    });
    assert.equal(storage.firstIndex(), 250, 'nothing is cut for that');
    cutter.configurationChanged(305, conf(1n));
    assert.equal(storage.snapshot()?.metadata.index, 310, 'an older one changes nothing');
  });

  it('may meet a change of the configuration, and goes on', async (test) => {
    const { storage, cutter } = await createCutter(test, 600);
    cutter.maybeCut(300, conf(1n));
    cutter.configurationChanged(320, conf(1n, 2n));
    await cutter.whenIdle();
    assert.equal(storage.snapshot()?.metadata.index, 320);
    assert.equal(storage.firstIndex(), 250);
  });

  it('counts from an installed snapshot', async (test) => {
    const { storage, cutter } = await createCutter(test, 10);
    const metadata = { index: 1000, term: 1, confState: conf(1n) };
    storage.applySnapshot({ data: Buffer.alloc(0), metadata });
    storage.append(entriesTo(1001, 1200));
    cutter.noteInstalled(1000);
    cutter.maybeCut(1100, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.snapshot()?.metadata.index, 1000);
    cutter.maybeCut(1101, conf(1n));
    await cutter.whenIdle();
    assert.equal(storage.snapshot()?.metadata.index, 1101);
  });
});

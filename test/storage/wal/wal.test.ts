/** Appending to the log: durability, order, group commit, segments, failures. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { WireReader } from '../../../src/storage/protowire.js';
import { decodeEntry } from '../../../src/storage/raftcodec.js';
import type { HardState, LogEntry, WalOptions } from '../../../src/storage/wal/index.js';
import {
  createWal,
  listSegments,
  newestSnapshotEntry,
  openWal,
  RECORD_CRC,
  RECORD_ENTRY,
  RECORD_METADATA,
  RECORD_STATE,
  readLog,
  readRecords,
  simpleConfState,
  validSnapshotEntries,
  type Wal,
  WalClosedError,
  WalCorruptError,
  WalDirectoryError,
  WalFailedError,
  WalQueueFullError,
  WalSnapshotError,
} from '../../../src/storage/wal/index.js';
import { MemoryDisk } from '../support/memory-disk.js';

const METADATA = Buffer.from('metadata');
const SMALL: WalOptions = { directory: '/wal', segmentSizeBytes: 4096 };

const dependencies = (disk: MemoryDisk) => ({ disk, clock: systemClock, logger: silentLogger });

function entry(index: number, sizeBytes = 20, term = 1): LogEntry {
  return { type: 0, term, index, data: Buffer.alloc(sizeBytes, index) };
}

const entries = (first: number, count: number, sizeBytes?: number): LogEntry[] =>
  Array.from({ length: count }, (_, position) => entry(first + position, sizeBytes));

const state = (commit: number, term = 1, vote = 7n): HardState => ({ term, vote, commit });

function append(wal: Wal, batch: LogEntry[], hardState?: HardState): Promise<void> {
  return new Promise((resolve, reject) => {
    wal.append(hardState, batch, (error) => (error === null ? resolve() : reject(error)));
  });
}

describe('the log', () => {
  it('gives back what was appended, in order', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    await append(wal, entries(1, 3), state(0));
    await append(wal, entries(4, 2), state(3));
    await wal.close();
    const log = await readLog(disk, '/wal');
    assert.deepEqual(log.entries.map(plain), entries(1, 5).map(plain));
    assert.deepEqual(log.hardState, state(3));
    assert.deepEqual(Buffer.from(log.metadata), METADATA);
  });

  it('goes on after it was opened again, with later entries replacing earlier ones', async () => {
    const disk = new MemoryDisk();
    const first = await createWal(SMALL, dependencies(disk), METADATA);
    await append(first, entries(1, 5), state(2));
    await first.close();
    const second = await openWal(SMALL, dependencies(disk));
    assert.deepEqual(
      second.entries.map(({ index }) => index),
      [1, 2, 3, 4, 5],
    );
    await append(second.wal, [entry(4, 9, 2)], state(2, 2));
    await second.wal.close();
    const log = await readLog(disk, '/wal');
    assert.deepEqual(
      log.entries.map(({ index, term }) => [index, term]),
      [
        [1, 1],
        [2, 1],
        [3, 1],
        [4, 2],
      ],
    );
  });

  it('takes entries of an older term over uncommitted ones of a newer (Raft §5.3, figure 7)', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    await append(wal, [entry(1, 5, 1), entry(2, 5, 1), entry(3, 5, 2)], state(1, 2));
    await append(wal, [entry(3, 5, 1), entry(4, 5, 3)], state(4, 3));
    await wal.close();
    const opened = await openWal(SMALL, dependencies(disk));
    await opened.wal.close();
    assert.deepEqual(
      opened.entries.map(({ term }) => term),
      [1, 1, 1, 3],
    );
  });

  it('is created once and opened only where it is', async () => {
    const disk = new MemoryDisk();
    await assert.rejects(openWal(SMALL, dependencies(disk)), WalDirectoryError);
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    await wal.close();
    await assert.rejects(createWal(SMALL, dependencies(disk), METADATA), WalDirectoryError);
  });

  it('survives a crash at any call while it is created: no log, or a whole one', async () => {
    for (const operation of ['write', 'sync', 'truncate', 'rename', 'syncDirectory']) {
      for (let callNumber = 0; callNumber < 2; callNumber++) {
        const disk = new MemoryDisk();
        disk.fault = { operation, callNumber };
        const created = await createWal(SMALL, dependencies(disk), METADATA).catch(() => undefined);
        await created?.close().catch(() => {});
        disk.fault = undefined;
        const segments = await listSegments(disk, '/wal');
        if (segments.length > 0) assert.deepEqual((await readLog(disk, '/wal')).entries, []);
        else await (await createWal(SMALL, dependencies(disk), METADATA)).close();
      }
    }
  });
});

describe('group commit', () => {
  it('puts everything appended during a write into one write and one sync', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal({ directory: '/wal' }, dependencies(disk), METADATA);
    const [writesBefore, syncsBefore] = [disk.writeCount, disk.syncCount];
    const done: number[] = [];
    const all = Array.from({ length: 50 }, (_, call) =>
      append(wal, [entry(call + 1)]).then(() => done.push(call)),
    );
    await Promise.all(all);
    assert.deepEqual(
      done,
      Array.from({ length: 50 }, (_, call) => call),
    );
    assert.equal(disk.writeCount - writesBefore, 2);
    assert.equal(disk.syncCount - syncsBefore, 2);
    await wal.close();
  });

  it('needs no sync for a commit index alone, and takes it along with the next write', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal({ directory: '/wal' }, dependencies(disk), METADATA);
    await append(wal, entries(1, 2), state(0));
    const [writesBefore, syncsBefore] = [disk.writeCount, disk.syncCount];
    await append(wal, [], state(2));
    assert.deepEqual([disk.writeCount, disk.syncCount], [writesBefore, syncsBefore]);
    await append(wal, [], state(2, 2));
    assert.deepEqual([disk.writeCount, disk.syncCount], [writesBefore + 1, syncsBefore + 1]);
    await append(wal, [], state(2, 2, 8n));
    assert.equal(disk.syncCount, syncsBefore + 2, 'a vote must be durable');
    await wal.close();
  });

  it('completes calls in order whatever they need, never inside the call', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            entryCount: fc.integer({ min: 0, max: 5 }),
            sizeBytes: fc.integer({ min: 0, max: 3000 }),
            hasState: fc.boolean(),
            waits: fc.boolean(),
          }),
          { maxLength: 30 },
        ),
        async (calls) => {
          const disk = new MemoryDisk();
          const wal = await createWal(SMALL, dependencies(disk), METADATA);
          const order: number[] = [];
          const written: LogEntry[] = [];
          const pending: Promise<void>[] = [];
          for (const [number, { entryCount, sizeBytes, hasState, waits }] of calls.entries()) {
            const batch = entries(written.length + 1, entryCount, sizeBytes);
            written.push(...batch);
            let isInside = true;
            const call = new Promise<void>((resolve) => {
              wal.append(hasState ? state(number) : undefined, batch, (error) => {
                assert.equal(error, null);
                assert.equal(isInside, false);
                order.push(number);
                resolve();
              });
            });
            isInside = false;
            pending.push(call);
            if (waits) await call;
          }
          await Promise.all(pending);
          await wal.close();
          assert.deepEqual(order, [...calls.keys()]);
          const log = await readLog(disk, '/wal');
          assert.deepEqual(log.entries.map(plain), written.map(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses more than may wait, and takes it later', async () => {
    const disk = new MemoryDisk();
    const options = { directory: '/wal', maxPendingBytes: 1000 };
    const wal = await createWal(options, dependencies(disk), METADATA);
    const large = append(wal, [entry(1, 5000)]);
    assert.throws(() => wal.append(undefined, [entry(2)], () => {}), WalQueueFullError);
    await large;
    await append(wal, [entry(2)]);
    await wal.close();
    assert.equal((await readLog(disk, '/wal')).entries.length, 2);
  });

  it('never syncs if told so, and completes all the same', async () => {
    const disk = new MemoryDisk();
    const options = { ...SMALL, unsafeNoSync: true };
    const wal = await createWal(options, dependencies(disk), METADATA);
    const syncsBefore = disk.syncCount;
    for (let index = 1; index <= 20; index++) await append(wal, [entry(index, 500)], state(index));
    await new Promise((resolve) => wal.sync(resolve));
    await wal.close();
    assert.equal(disk.syncCount, syncsBefore);
    assert.equal((await readLog(disk, '/wal')).entries.length, 20);
  });

  it('does not depend on the buffers of the caller after the call', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal({ directory: '/wal' }, dependencies(disk), METADATA);
    const data = Buffer.from('before');
    const done = append(wal, [{ type: 0, term: 1, index: 1, data }]);
    data.fill('x');
    await done;
    await wal.close();
    const [read] = (await readLog(disk, '/wal')).entries;
    assert.equal(Buffer.from(read?.data ?? []).toString(), 'before');
  });
});

describe('segments', () => {
  it('are cut at their size, continue the checksums and start with the state', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    for (let index = 1; index <= 40; index++) await append(wal, [entry(index, 500)], state(index));
    await wal.close();
    const segments = await listSegments(disk, '/wal');
    assert.ok(segments.length > 4);
    for (const segment of segments.slice(1)) {
      const types: number[] = [];
      let firstEntry: LogEntry | undefined;
      await readRecords(disk, [segment], (type, data, start, end) => {
        types.push(type);
        if (type === RECORD_ENTRY) firstEntry ??= decodeEntry(new WireReader(data, start, end));
      });
      assert.deepEqual(types.slice(0, 3), [RECORD_CRC, RECORD_METADATA, RECORD_STATE]);
      assert.equal(firstEntry?.index ?? segment.firstIndex, segment.firstIndex);
    }
    assert.equal((await readLog(disk, '/wal')).entries.length, 40);
  });

  it('behind a snapshot are released and then purged, never those that are needed', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n]);
    for (let index = 1; index <= 60; index++) await append(wal, [entry(index, 500)], state(index));
    const before = await listSegments(disk, '/wal');
    assert.deepEqual(await wal.purge(2), [], 'nothing was released');
    await new Promise((resolve) => wal.saveSnapshot({ index: 30, term: 1, confState }, resolve));
    wal.release(30);
    const kept = before.findLastIndex((segment) => segment.firstIndex < 30);
    assert.deepEqual(
      (await wal.purge(1)).map((path) => basename(path)),
      before.slice(0, kept).map((segment) => basename(segment.path)),
    );
    await wal.close();
    const opened = await openWal(SMALL, dependencies(disk), { index: 30, term: 1 });
    assert.deepEqual([opened.entries.at(0)?.index, opened.entries.length], [31, 30]);
    await opened.wal.close();
    await assert.rejects(openWal(SMALL, dependencies(disk)), WalDirectoryError);
  });

  it('keep as many files as --max-wals says, and all with 0', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    for (let index = 1; index <= 60; index++) await append(wal, [entry(index, 500)], state(index));
    wal.release(60);
    assert.deepEqual(await wal.purge(0), []);
    await wal.purge(3);
    assert.equal((await listSegments(disk, '/wal')).length, 3);
    await wal.close();
  });
});

describe('snapshot records', () => {
  it('are where reading starts, and must match in term', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n], [9n]);
    await append(wal, entries(1, 10), state(5));
    for (const index of [4, 5, 9]) {
      await new Promise((resolve) => wal.saveSnapshot({ index, term: 1, confState }, resolve));
    }
    assert.throws(() => wal.saveSnapshot({ index: 3, term: 1 }, () => {}), WalSnapshotError);
    await wal.close();
    const valid = await validSnapshotEntries(disk, '/wal');
    assert.deepEqual(valid, [
      { index: 0, term: 0 },
      { index: 4, term: 1, confState },
      { index: 5, term: 1, confState },
    ]);
    assert.deepEqual(await newestSnapshotEntry(disk, '/wal'), valid.at(-1));
    const log = await readLog(disk, '/wal', { index: 4, term: 1 });
    assert.equal(log.entries[0]?.index, 5);
    await assert.rejects(readLog(disk, '/wal', { index: 4, term: 2 }), WalSnapshotError);
    await assert.rejects(readLog(disk, '/wal', { index: 3, term: 1 }), WalSnapshotError);
  });

  it('are found from the newest segment backwards, without reading what lies before', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n]);
    const newestOf = async (): Promise<number> => {
      const newest = await newestSnapshotEntry(disk, '/wal');
      assert.deepEqual(newest, (await validSnapshotEntries(disk, '/wal')).at(-1));
      return newest.index;
    };
    for (let index = 1; index <= 60; index++) {
      await append(wal, [entry(index, 500)], state(index));
      if (index === 10 || index === 40) {
        // The second of them is not committed yet.
        for (const at of index === 10 ? [9] : [38, 50]) {
          await new Promise((resolve) =>
            wal.saveSnapshot({ index: at, term: 1, confState }, resolve),
          );
        }
      }
      if (index === 5) assert.equal(await newestOf(), 0);
      if (index === 30) assert.equal(await newestOf(), 9);
      if (index === 45) assert.equal(await newestOf(), 38);
    }
    assert.equal(await newestOf(), 50);
    await wal.close();
    const [oldest] = await listSegments(disk, '/wal');
    const file = await disk.open(oldest?.path ?? '', 'write');
    await new Promise((done) => file.write(Buffer.alloc(64, 0xff), 64, 512, done));
    await file.close();
    assert.equal((await newestSnapshotEntry(disk, '/wal')).index, 50);
    await assert.rejects(validSnapshotEntries(disk, '/wal'), WalCorruptError);
  });

  it('of a snapshot that came from the leader let the log go on behind it', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n]);
    await append(wal, entries(1, 3), state(3));
    await new Promise((resolve) => wal.saveSnapshot({ index: 6540, term: 1, confState }, resolve));
    await append(wal, [], state(6540));
    await append(wal, entries(6541, 30, 500), state(6541));
    await wal.close();
    const opened = await openWal(SMALL, dependencies(disk), { index: 6540, term: 1 });
    assert.deepEqual([opened.entries.at(0)?.index, opened.entries.length], [6541, 30]);
    await opened.wal.close();
  });

  it('of a snapshot that came from the leader end the log that it replaced', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n]);
    // Entries 4 to 9 of term 1 were never committed: elsewhere entry 5 is of term 2.
    await append(wal, entries(1, 9), state(3));
    await new Promise((resolve) => wal.saveSnapshot({ index: 5, term: 2, confState }, resolve));
    await append(wal, [], state(5, 2));
    await wal.close();
    const opened = await openWal(SMALL, dependencies(disk), { index: 5, term: 2 });
    assert.deepEqual(opened.entries, []);
    await append(opened.wal, [entry(6, 20, 2)], state(6, 2));
    await opened.wal.close();
    const log = await readLog(disk, '/wal', { index: 5, term: 2 });
    assert.deepEqual(log.entries.map(plain), [plain(entry(6, 20, 2))]);
  });

  it('forget entries behind them that an earlier one has replaced', async () => {
    const disk = new MemoryDisk();
    const wal = await createWal(SMALL, dependencies(disk), METADATA);
    const confState = simpleConfState([7n]);
    await append(wal, entries(1, 9), state(3));
    await append(wal, [entry(4, 20, 2), entry(5, 20, 2)], state(5, 2));
    await new Promise((resolve) => wal.saveSnapshot({ index: 5, term: 2, confState }, resolve));
    await wal.close();
    const log = await readLog(disk, '/wal', { index: 5, term: 2 });
    assert.deepEqual(log.entries, []);
  });
});

describe('a failing disk', () => {
  for (const operation of ['write', 'sync', 'truncate', 'rename', 'syncDirectory']) {
    it(`ends the log at the first ${operation} that fails, told once, nothing lost before`, async () => {
      for (let callNumber = 0; callNumber < 12; callNumber++) {
        const disk = new MemoryDisk();
        disk.fault = { operation, callNumber };
        const failures: WalFailedError[] = [];
        const onFailure = (error: WalFailedError) => failures.push(error);
        const wal = await createWal(SMALL, { ...dependencies(disk), onFailure }, METADATA).catch(
          () => undefined,
        );
        if (wal === undefined) continue;
        const acknowledged = await appendUntilFailure(wal, 30);
        await wal.close().catch(() => {});
        if (acknowledged < 30) {
          assert.equal(failures.length, 1);
          assert.equal(wal.failure, failures[0]);
          await assert.rejects(append(wal, [entry(99)]), WalFailedError);
        }
        const after = disk.afterPowerLoss(() => false);
        const { entries: read, wal: reopened } = await openWal(SMALL, dependencies(after));
        await reopened.close();
        assert.ok(read.length >= acknowledged, `${read.length} of ${acknowledged}`);
      }
    });
  }

  it('fails calls after the close', async () => {
    const wal = await createWal(SMALL, dependencies(new MemoryDisk()), METADATA);
    await wal.close();
    await wal.close();
    await assert.rejects(append(wal, [entry(1)]), WalClosedError);
  });
});

async function appendUntilFailure(wal: Wal, count: number): Promise<number> {
  for (let index = 1; index <= count; index++) {
    try {
      await append(wal, [entry(index, 600)], state(index));
    } catch (error) {
      assert.ok(error instanceof WalFailedError);
      return index - 1;
    }
  }
  return count;
}

function plain({ type, term, index, data }: LogEntry) {
  return { type, term, index, data: Buffer.from(data).toString('hex') };
}

/**
 * Damaged logs. Whatever happens to the bytes, opening gives a prefix of what was written that has
 * every record before the damage, or refuses with a typed error; it never invents or changes anything.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { seededRandom } from '../../../src/base/random.js';
import type { HardState, LogEntry } from '../../../src/storage/wal/index.js';
import {
  createWal,
  EMPTY_HARD_STATE,
  listSegments,
  openWal,
  RecordEncoder,
  readLog,
  readRecords,
  repairWal,
  WalCorruptError,
  WalError,
} from '../../../src/storage/wal/index.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryDisk } from '../support/memory-disk.js';

const OPTIONS = { directory: '/wal', segmentSizeBytes: 8192 };
const VOTE = 0x59a9b7dbb3ba9d89n;
const METADATA = Buffer.from('0889bbedddfdf6eda95910b0a2c9f5dfbdada414', 'hex');

const dependencies = (disk: MemoryDisk) => ({ disk, clock: systemClock, logger: silentLogger });

/** What was written, and where each record ends in the file. */
interface WrittenLog {
  readonly path: string;
  readonly bytes: Buffer;
  readonly entries: LogEntry[];
  readonly states: HardState[];
  /** Ends of the entry records. */
  readonly entryEnds: number[];
  readonly length: number;
}

/** A log of one segment with entries of many sizes, some over sector borders, and states. */
async function writeLog(): Promise<WrittenLog> {
  const disk = new MemoryDisk();
  const wal = await createWal(OPTIONS, dependencies(disk), METADATA);
  const encoder = new RecordEncoder(0, new Uint8Array(0));
  const entries: LogEntry[] = [];
  const states = [EMPTY_HARD_STATE];
  for (const [position, sizeBytes] of [0, 3, 40, 700, 1, 1300, 64, 520, 9, 2].entries()) {
    const term = position < 6 ? 2 : 3;
    const data = Buffer.alloc(sizeBytes, 0x40 + position);
    const entry = { type: 0, term, index: position + 1, data };
    const state = { term, vote: VOTE, commit: position };
    entries.push(entry);
    states.push(state);
    wal.append(state, [entry], assert.ifError);
  }
  await wal.close();
  const path = disk.paths()[0] ?? '';
  const bytes = Buffer.from(disk.content(path));
  const entryEnds: number[] = [];
  await readRecords(disk, await listSegments(disk, '/wal'), (type, data, start, end) => {
    if (type === 4) encoder.writeCrc();
    else encoder.writeRecord(type, data.subarray(start, end));
    if (type === 2) entryEnds.push(encoder.length);
  });
  return { path, bytes, entries, states, entryEnds, length: encoder.length };
}

/** Opens the damaged log and checks the promise. `damagedAt` is the first byte that changed. */
async function assertPrefixOrRefusal(
  log: WrittenLog,
  damaged: Uint8Array,
  damagedAt: number,
): Promise<'opened' | 'refused'> {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/wal');
  disk.setContent(log.path, damaged);
  try {
    const { wal, entries, hardState } = await openWal(OPTIONS, dependencies(disk));
    await wal.close();
    const intact = log.entryEnds.filter((end) => end <= damagedAt).length;
    assert.ok(entries.length >= intact, `${entries.length} of ${intact} before ${damagedAt}`);
    assert.deepEqual(entries.map(plain), log.entries.slice(0, entries.length).map(plain));
    assert.ok(
      log.states.some(
        (state) => JSON.stringify(jsonState(state)) === JSON.stringify(jsonState(hardState)),
      ),
      `unknown state at ${damagedAt}`,
    );
    assert.ok(hardState.commit <= entries.length);
    // What was repaired stays readable, and goes on.
    assert.equal((await readLog(disk, '/wal')).entries.length, entries.length);
    return 'opened';
  } catch (error) {
    assert.ok(error instanceof WalError, String(error));
    return 'refused';
  }
}

const jsonState = (state: HardState) => [state.term, `${state.vote}`, state.commit];
const plain = ({ type, term, index, data }: LogEntry) =>
  `${type} ${term} ${index} ${Buffer.from(data).toString('hex')}`;

describe('a damaged log', () => {
  let log: WrittenLog;
  before(async () => {
    log = await writeLog();
  });

  it('cut at any byte opens with everything before the cut', async () => {
    for (let size = 0; size <= log.length; size++) {
      const outcome = await assertPrefixOrRefusal(log, log.bytes.subarray(0, size), size);
      // Without the head there is no log; a cut behind it is always repaired.
      if (size >= 100) assert.equal(outcome, 'opened', `cut at ${size}`);
    }
  });

  it('with zeros from any byte on opens, or is refused', async () => {
    for (let start = 0; start <= log.length; start++) {
      const damaged = Buffer.from(log.bytes).fill(0, start);
      await assertPrefixOrRefusal(log, damaged, start);
    }
  });

  it('with zeros from a sector on, as a torn write leaves them, always opens', async () => {
    for (let start = 512; start <= log.length; start += 512) {
      const damaged = Buffer.from(log.bytes).fill(0, start);
      assert.equal(await assertPrefixOrRefusal(log, damaged, start), 'opened');
    }
  });

  it('with any byte changed, or any bit, opens with a prefix or is refused', async () => {
    const random = seededRandom(7);
    for (let offset = 0; offset < log.length; offset++) {
      for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 1 + random.below(255)]) {
        const damaged = Buffer.from(log.bytes);
        damaged.writeUInt8(damaged.readUInt8(offset) ^ mask, offset);
        await assertPrefixOrRefusal(log, damaged, offset);
      }
    }
  });

  it('with any sector zeroed or repeated opens with a prefix or is refused', async () => {
    for (let start = 0; start < log.length; start += 512) {
      await assertPrefixOrRefusal(log, Buffer.from(log.bytes).fill(0, start, start + 512), start);
      const repeated = Buffer.from(log.bytes);
      log.bytes.copy(repeated, start, Math.max(0, start - 512), start);
      await assertPrefixOrRefusal(log, repeated, start);
    }
  });

  it('with garbage behind its end opens whole: that was never synced', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const damaged = Buffer.from(log.bytes);
      seededRandom(seed)
        .bytes(600)
        .copy(damaged, log.length + 8);
      assert.equal(await assertPrefixOrRefusal(log, damaged, log.length), 'opened');
    }
  });
});

describe('repair', () => {
  it('keeps a copy of the torn segment and cuts the original', async () => {
    const log = await writeLog();
    const disk = new MemoryDisk();
    await disk.makeDirectory('/wal');
    const torn = log.bytes.subarray(0, (log.entryEnds[4] ?? 0) + 100);
    disk.setContent(log.path, torn);
    assert.equal(await repairWal(disk, '/wal', silentLogger), true);
    assert.ok(disk.content(`${log.path}.broken`).equals(torn));
    assert.equal((await readLog(disk, '/wal')).entries.length, 5);
    assert.equal(await repairWal(disk, '/wal', silentLogger), false);
  });

  it('leaves a log alone whose damage is no torn write', async () => {
    const log = await writeLog();
    const disk = new MemoryDisk();
    await disk.makeDirectory('/wal');
    const corrupt = Buffer.from(log.bytes);
    const insideThirdEntry = (log.entryEnds[2] ?? 0) - 20;
    corrupt.writeUInt8(corrupt.readUInt8(insideThirdEntry) ^ 1, insideThirdEntry);
    disk.setContent(log.path, corrupt);
    await assert.rejects(repairWal(disk, '/wal', silentLogger), WalCorruptError);
    await assert.rejects(openWal(OPTIONS, dependencies(disk)), WalCorruptError);
    assert.deepEqual(disk.paths(), [log.path]);
    assert.ok(disk.content(log.path).equals(corrupt));
  });

  it('does not touch a log that misses the end of an earlier segment', async () => {
    const disk = new MemoryDisk();
    const options = { directory: '/wal', segmentSizeBytes: 2048 };
    const wal = await createWal(options, dependencies(disk), METADATA);
    for (let index = 1; index <= 10; index++) {
      const entry = { type: 0, term: 1, index, data: Buffer.alloc(500, index) };
      wal.append({ term: 1, vote: VOTE, commit: index - 1 }, [entry], assert.ifError);
    }
    await wal.close();
    const [first] = disk.paths();
    assert.ok(first !== undefined && disk.paths().length > 2);
    const whole = Buffer.from(disk.content(first));
    for (let size = 0; size < whole.length; size += 8) {
      disk.setContent(first, whole.subarray(0, size));
      await assert.rejects(openWal(options, dependencies(disk)), WalError, `cut at ${size}`);
    }
  });
});

describe('a loss of power', () => {
  it('with any part of the unsynced sectors kept leaves every acknowledged entry', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(),
        async (sizes, turns, seed) => {
          const disk = new MemoryDisk();
          const wal = await createWal(OPTIONS, dependencies(disk), METADATA);
          const entries: LogEntry[] = [];
          let acknowledged = 0;
          for (const [position, sizeBytes] of sizes.entries()) {
            const index = position + 1;
            const entry = { type: 0, term: 1, index, data: Buffer.alloc(sizeBytes, index) };
            entries.push(entry);
            wal.append({ term: 1, vote: VOTE, commit: position }, [entry], () => {
              acknowledged = index;
            });
            if (seed % 3 === 0) await nextTurn();
          }
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          const acknowledgedBefore = acknowledged;
          const random = seededRandom(seed);
          const share = random.below(5);
          const after = disk.afterPowerLoss(() => random.below(4) < share);
          const opened = await openWal(OPTIONS, dependencies(after));
          await wal.close();
          await opened.wal.close();
          const read: LogEntry[] = opened.entries;
          assert.ok(read.length >= acknowledgedBefore);
          assert.deepEqual(read.map(plain), entries.slice(0, read.length).map(plain));
        },
      ),
      { numRuns: 150 },
    );
  });
});

it('a commit index that was written alone is durable with the entries behind it', async () => {
  const disk = new MemoryDisk();
  const clock = new ManualClock();
  const wal = await createWal(OPTIONS, { ...dependencies(disk), clock }, METADATA);
  const append = (commit: number, entries: LogEntry[]): Promise<void> =>
    new Promise((resolve) => wal.append({ term: 1, vote: VOTE, commit }, entries, () => resolve()));
  const entry = (index: number): LogEntry => ({
    type: 0,
    term: 1,
    index,
    data: Buffer.alloc(700, index),
  });
  await append(0, [entry(1)]);
  const writes = disk.writeCount;
  await append(1, []);
  clock.advance(1000);
  while (disk.writeCount === writes) await nextTurn();
  await append(1, [entry(2)]);
  const opened = await openWal(OPTIONS, dependencies(disk.afterPowerLoss(() => false)));
  assert.deepEqual(opened.entries.map(plain), [entry(1), entry(2)].map(plain));
  await Promise.all([wal.close(), opened.wal.close()]);
});

describe('random bytes', () => {
  it('are no log: an error, without hanging or taking memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, hasHead) => {
        const disk = new MemoryDisk();
        await disk.makeDirectory('/wal');
        const head = new RecordEncoder(0, new Uint8Array(0));
        head.writeCrc();
        head.writeRecord(1, METADATA);
        head.writeRecord(5, Buffer.from('08001000', 'hex'));
        const length = head.length;
        const prefix = head.takeBuffer(new Uint8Array(0)).subarray(0, hasHead ? length : 0);
        const path = '/wal/0000000000000000-0000000000000000.wal';
        disk.setContent(path, Buffer.concat([prefix, bytes]));
        const opened = await openWal(OPTIONS, dependencies(disk)).catch((error) => error);
        if (opened instanceof WalError) return;
        assert.ok(hasHead, String(opened));
        assert.deepEqual(opened.entries, []);
        await opened.wal.close();
      }),
      { numRuns: 500 },
    );
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A frozen state read out of LevelDB's tables, against a scan of the same state, with work going on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import {
  Backend,
  BackendClosedError,
  BackendCorruptError,
  BackendReplacedError,
  BUCKET_NAMES,
  type BucketName,
  type FrozenState,
} from '../../../src/storage/backend/index.js';
import { type Disk, nodeDisk } from '../../../src/storage/disk.js';
import { temporaryFolder } from '../../support/folders.js';
import { revisionKey } from './entries.js';

type Content = Map<BucketName, [string, string][]>;

function openAt(path: string, disk: Disk = nodeDisk): Promise<Backend> {
  return Backend.open({ path }, { clock: systemClock, logger: silentLogger, disk });
}

/** A disk with that much room, or as much as there is; `asked` is when somebody last wanted to know. */
class RoomyDisk {
  asked: Promise<void> = Promise.resolve();
  readonly disk: Disk;

  constructor(freeBytes?: number) {
    this.disk = {
      ...nodeDisk,
      freeBytes: (path) => {
        const room =
          freeBytes === undefined ? nodeDisk.freeBytes(path) : Promise.resolve(freeBytes);
        this.asked = room.then(() => nextTurn());
        return room;
      },
    };
  }
}

async function openNew(test: TestContext): Promise<Backend> {
  const backend = await openAt(join(temporaryFolder(test), 'backend'));
  test.after(() => backend.close());
  return backend;
}

/** What a frozen state shows of every bucket. */
async function frozenContent(frozen: FrozenState): Promise<Content> {
  const content: Content = new Map();
  for (const bucket of BUCKET_NAMES) {
    const records: [string, string][] = [];
    const walk = frozen.visit(bucket, (key, source, start, end) => {
      records.push([key.toString('hex'), source.toString('hex', start, end)]);
    });
    for await (const _ of walk);
    content.set(bucket, records);
  }
  return content;
}

/** The same through LevelDB. */
async function scannedContent(backend: Backend): Promise<Content> {
  const content: Content = new Map();
  const view = await backend.snapshot();
  for (const bucket of BUCKET_NAMES) {
    const records: [string, string][] = [];
    for await (const batch of view.scan(bucket)) {
      for (const [key, value] of batch) records.push([key.toString('hex'), value.toString('hex')]);
    }
    content.set(bucket, records);
  }
  await view.close();
  return content;
}

/** Puts revisions of 300 bytes, an entry each. */
async function fill(backend: Backend, from: number, below: number): Promise<void> {
  for (let number = from; number < below; number++) {
    backend.put('key', revisionKey(number, 0), Buffer.alloc(300, `value ${number} `));
    backend.setConsistentIndex(number + 1, 1);
    if (backend.isFull) await backend.whenNotFull();
  }
}

describe('a frozen state', () => {
  it('shows what was put before the call, whatever is put and deleted after it', async (test) => {
    const operation = fc.record({
      bucket: fc.constantFrom<BucketName>('meta', 'lease', 'members'),
      key: fc.nat(12),
      valueBytes: fc.oneof(
        { weight: 10, arbitrary: fc.nat(300) },
        { weight: 1, arbitrary: fc.nat(600_000) },
      ),
      isDelete: fc.boolean(),
      rewrites: fc.nat(15).map((pick) => pick === 0),
    });
    const folder = temporaryFolder(test);
    let runs = 0;
    const property = fc.asyncProperty(
      fc.array(fc.array(operation, { maxLength: 25 }), { minLength: 2, maxLength: 5 }),
      async (phases) => {
        const room = new RoomyDisk();
        const backend = await openAt(join(folder, String(runs++)), room.disk);
        const taken: { frozen: FrozenState; expected: Content }[] = [];
        for (const [phase, operations] of phases.entries()) {
          for (const { bucket, key, valueBytes, isDelete, rewrites } of operations) {
            const name = Buffer.from(`key ${key}`);
            if (isDelete) backend.delete(bucket, name);
            else backend.put(bucket, name, Buffer.alloc(valueBytes, `${phase} `));
            if (rewrites) await backend.compactRange();
          }
          backend.setConsistentIndex(phase + 1, 1);
          const expected = scannedContent(backend);
          const freezing = backend.freeze();
          await nextTurn();
          await room.asked;
          // While the state is still on its way into tables.
          backend.put('meta', Buffer.from('key 1'), Buffer.from(`after ${phase}`));
          backend.delete('lease', Buffer.from('key 2'));
          taken.push({ frozen: await freezing, expected: await expected });
        }
        await backend.compactRange();
        for (const [phase, { frozen, expected }] of taken.entries()) {
          assert.equal(frozen.consistentIndex, phase + 1);
          assert.deepEqual(await frozenContent(frozen), expected);
          await frozen.close();
        }
        await backend.close();
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it('stays the same while LevelDB merges tables under it and writes go on', async (test) => {
    const backend = await openNew(test);
    await fill(backend, 0, 20_000);
    const expected = await scannedContent(backend);
    const frozen = await backend.freeze();
    for (let number = 0; number < 20_000; number += 2)
      backend.delete('key', revisionKey(number, 0));
    const busy = { goesOn: true };
    const writing = (async () => {
      for (let from = 20_000; busy.goesOn; from += 2000) {
        await fill(backend, from, from + 2000);
        await backend.compactRange();
      }
    })();
    for (let time = 0; time < 3; time++) assert.deepEqual(await frozenContent(frozen), expected);
    busy.goesOn = false;
    await writing;
    assert.equal(frozen.consistentIndex, 20_000);
    assert.equal(frozen.term, 1);
    await frozen.close();
    assert.equal(backend.openViewCount, 0);
  });

  it('may be taken several times at once, and in each life of a store', async (test) => {
    const path = join(temporaryFolder(test), 'backend');
    for (let life = 0; life < 3; life++) {
      const room = new RoomyDisk();
      const backend = await openAt(path, room.disk);
      const freezing: Promise<FrozenState>[] = [];
      for (let time = 1; time <= 4; time++) {
        await fill(backend, life * 4 + time - 1, life * 4 + time);
        freezing.push(backend.freeze());
        await nextTurn();
        await room.asked;
      }
      for (const [time, frozen] of (await Promise.all(freezing)).entries()) {
        const index = life * 4 + time + 1;
        assert.equal(frozen.consistentIndex, index);
        assert.equal((await frozenContent(frozen)).get('key')?.length, index);
        await frozen.close();
      }
      await backend.close();
    }
  });

  it('of an empty store has nothing in it', async (test) => {
    const frozen = await (await openNew(test)).freeze();
    assert.equal(frozen.consistentIndex, 0);
    for (const records of (await frozenContent(frozen)).values()) assert.deepEqual(records, []);
  });

  it('holds no file open after its walks, left early or not', async (test) => {
    const backend = await openNew(test);
    await fill(backend, 0, 10_000);
    const frozen = await backend.freeze();
    const openTables = (): number =>
      readdirSync('/proc/self/fd').filter((name) => linkOf(name).endsWith('.ldb')).length;
    const before = openTables();
    for await (const _ of frozen.visit('key', () => {})) break;
    await frozenContent(frozen);
    assert.equal(openTables(), before);
  });
});

describe('on a disk that is almost full a frozen state', () => {
  it('writes nothing, and shows the same', async (test) => {
    const path = join(temporaryFolder(test), 'backend');
    const backend = await openAt(path, new RoomyDisk(255 << 20).disk);
    test.after(() => backend.close());
    await fill(backend, 0, 5000);
    await backend.writeTables();
    await fill(backend, 5000, 10_000);
    const expected = await scannedContent(backend);
    const before = filesOf(path);
    const frozen = await backend.freeze();
    assert.deepEqual(filesOf(path), before);
    await fill(backend, 10_000, 12_000);
    backend.delete('key', revisionKey(1, 0));
    assert.deepEqual(await frozenContent(frozen), expected);
    assert.equal(frozen.consistentIndex, 10_000);
    assert.equal(frozen.term, 1);
    await frozen.close();
    assert.equal(backend.openViewCount, 0);
  });

  it('ends with the store', async (test) => {
    const path = join(temporaryFolder(test), 'backend');
    const backend = await openAt(path, new RoomyDisk(0).disk);
    await fill(backend, 0, 10_000);
    const frozen = await backend.freeze();
    const walk = frozen.visit('key', () => {});
    await walk.next();
    await backend.close();
    await assert.rejects(async () => {
      for await (const _ of walk);
    }, BackendClosedError);
  });

  const unknownRoom = { ...nodeDisk, freeBytes: () => Promise.reject(new Error('ENOSYS')) };
  const withTables = {
    'once there is room for them': new RoomyDisk(256 << 20).disk,
    'where the system does not tell the room': unknownRoom,
  };
  for (const [where, disk] of Object.entries(withTables)) {
    it(`is read from tables ${where}`, async (test) => {
      const path = join(temporaryFolder(test), 'backend');
      const backend = await openAt(path, disk);
      test.after(() => backend.close());
      await fill(backend, 0, 5000);
      const before = filesOf(path);
      const frozen = await backend.freeze();
      assert.notDeepEqual(filesOf(path), before);
      await frozen.close();
    });
  }
});

/** Names and sizes of the files of a store. */
function filesOf(path: string): string[] {
  return readdirSync(path).map((name) => `${name} ${statSync(join(path, name)).size}`);
}

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // The one that read the folder.
    return '';
  }
}

describe('the walk over a frozen state ends', () => {
  it('when the store is replaced, and shows nothing of the new one', async (test) => {
    const folder = temporaryFolder(test);
    const other = await openAt(join(folder, 'other'));
    await fill(other, 0, 5000);
    await other.sync();
    await other.close();
    const backend = await openAt(join(folder, 'backend'));
    test.after(() => backend.close());
    await fill(backend, 0, 10_000);
    const frozen = await backend.freeze();
    let seen = 0;
    const walk = frozen.visit('key', () => void seen++);
    await walk.next();
    const seenBefore = seen;
    await backend.replace(join(folder, 'other'));
    await assert.rejects(async () => {
      for await (const _ of walk);
    }, BackendReplacedError);
    assert.equal(seen, seenBefore);
    await assert.rejects(frozen.visit('key', () => {}).next(), BackendReplacedError);
    await frozen.close();
  });

  it('when the store is closed', async (test) => {
    const backend = await openNew(test);
    await fill(backend, 0, 10_000);
    const frozen = await backend.freeze();
    const walk = frozen.visit('key', () => {});
    await walk.next();
    await backend.close();
    await assert.rejects(async () => {
      for await (const _ of walk);
    }, BackendClosedError);
    await assert.rejects(backend.freeze(), BackendClosedError);
  });

  it('at a damaged table', async (test) => {
    const path = join(temporaryFolder(test), 'backend');
    const backend = await openAt(path);
    test.after(() => backend.close());
    await fill(backend, 0, 10_000);
    const frozen = await backend.freeze();
    for (const name of readdirSync(path).filter((file) => file.endsWith('.ldb'))) {
      const table = readFileSync(join(path, name));
      table[table.length >> 1] = (table[table.length >> 1] ?? 0) ^ 1;
      writeFileSync(join(path, name), table);
    }
    await assert.rejects(frozenContent(frozen), BackendCorruptError);
  });
});

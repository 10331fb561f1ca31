/** A store that takes the place of another one. */
import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import {
  Backend,
  BackendFailedError,
  BackendReplacedError,
  moveIntoPlace,
  type ReplaceStep,
} from '../../../src/storage/backend/index.js';
import { nodeDisk } from '../../../src/storage/disk.js';
import { temporaryFolder } from '../../support/folders.js';
import { applyEntry, findInconsistency } from './entries.js';

const open = (path: string): Promise<Backend> =>
  Backend.open({ path, batchIntervalMs: 5 }, { clock: systemClock, logger: silentLogger });

/** A closed store with entries 1 to `last`. */
async function storeWith(path: string, last: number): Promise<string> {
  const backend = await open(path);
  for (let index = 1; index <= last; index++) applyEntry(backend, index);
  await backend.sync();
  await backend.close();
  return path;
}

/** A store with 200 entries, open, and a closed one with 900. */
async function twoStores(test: TestContext) {
  const folder = temporaryFolder(test);
  const path = await storeWith(join(folder, 'live'), 200);
  const other = await storeWith(join(folder, 'other'), 900);
  const backend = await open(path);
  test.after(() => backend.close().catch(() => {}));
  return { folder, path, other, backend };
}

describe('a store that is replaced', () => {
  it('holds just the other one afterwards, and goes on as that', async (test) => {
    const { path, other, backend } = await twoStores(test);
    applyEntry(backend, 201);
    await backend.replace(other);
    assert.equal(backend.consistentIndex, 900);
    assert.equal(await findInconsistency(backend), undefined);
    assert.deepEqual([existsSync(other), existsSync(`${path}.replaced`)], [false, false]);
    for (let index = 901; index <= 950; index++) applyEntry(backend, index);
    await backend.close();
    const reopened = await open(path);
    assert.equal(reopened.consistentIndex, 950);
    assert.equal(await findInconsistency(reopened), undefined);
    await reopened.close();
  });

  it('ends the views of the old one with an error of their own', async (test) => {
    const { other, backend } = await twoStores(test);
    const reading = await backend.snapshot();
    const idle = await backend.snapshot();
    const scan = reading.scan('key');
    await scan.next();
    const underWay = scan.next().catch((error: unknown) => error);
    const ended = backend.replace(other);
    // What was being read arrives or not; after that there is nothing more.
    await underWay;
    await ended;
    await assert.rejects(async () => {
      for await (const _ of reading.scan('key'));
    }, BackendReplacedError);
    await assert.rejects(async () => {
      for await (const _ of idle.scan('key'));
    }, BackendReplacedError);
    await Promise.all([reading.close(), idle.close()]);
    assert.equal(await findInconsistency(backend), undefined);
  });

  it('cannot be used at once meanwhile, while scans wait for the new one', async (test) => {
    const { other, backend } = await twoStores(test);
    const unflushed = backend.whenNotFull();
    const replaced = backend.replace(other);
    assert.throws(() => backend.getSync('cluster', Buffer.from('last')), BackendReplacedError);
    assert.throws(() => applyEntry(backend, 201), BackendReplacedError);
    const position = backend.snapshot().then(async (view) => {
      await view.close();
      return view.consistentIndex;
    });
    await unflushed;
    await replaced;
    assert.equal(await position, 900);
  });

  it('is replaced under many readers and a full buffer without trouble', async (test) => {
    const { folder, other, backend } = await twoStores(test);
    for (let round = 0; round < 5; round++) {
      const copy = join(folder, `copy-${round}`);
      cpSync(other, copy, { recursive: true });
      const readers = Array.from({ length: 20 }, async () => {
        for await (const _ of backend.scan('key'));
      });
      for (let index = backend.consistentIndex + 1; index < 1500; index++) {
        applyEntry(backend, index);
      }
      const ended = Promise.allSettled([...readers, backend.flush()]);
      await backend.replace(copy);
      for (const outcome of await ended) {
        if (outcome.status === 'rejected')
          assert.ok(outcome.reason instanceof BackendReplacedError);
      }
      assert.equal(backend.consistentIndex, 900);
      assert.equal(await findInconsistency(backend), undefined);
    }
  });

  it('ends a rewriting of the old tables', async (test) => {
    const { other, backend } = await twoStores(test);
    const rewritten = assert.rejects(backend.compactRange(), BackendReplacedError);
    await backend.flush();
    await backend.replace(other);
    await rewritten;
    await backend.compactRange();
    assert.equal(await findInconsistency(backend), undefined);
  });

  it('has failed if the other one is not there', async (test) => {
    const { folder, backend } = await twoStores(test);
    await assert.rejects(backend.replace(join(folder, 'nothing')), BackendFailedError);
    assert.throws(() => applyEntry(backend, 201), BackendFailedError);
  });
});

describe('a move into place', () => {
  it('can be done again after an end at any of its steps', async (test) => {
    const steps: ReplaceStep[] = [
      'old store set aside',
      'new store in place',
      'replacement durable',
    ];
    for (const last of steps) {
      const folder = temporaryFolder(test);
      const path = await storeWith(join(folder, 'live'), 20);
      const other = await storeWith(join(folder, 'other'), 90);
      const interrupted = moveIntoPlace(nodeDisk, path, other, (step) => {
        if (step === last) throw new Error('the process ended');
      });
      await assert.rejects(interrupted, /the process ended/);
      if (existsSync(other)) await moveIntoPlace(nodeDisk, path, other);
      const backend = await open(path);
      assert.equal(backend.consistentIndex, 90);
      await backend.close();
    }
  });
});

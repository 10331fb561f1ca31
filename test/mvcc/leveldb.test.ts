/** The store on the real backend, with a memory too small for anything: what is read comes from disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import type { MvccStore } from '../../src/mvcc/index.js';
import { Backend } from '../../src/storage/backend/index.js';
import { temporaryFolder } from '../support/folders.js';
import { bucketOf, keyBucket, randomOperations, transact } from './history.js';
import { Model } from './model.js';
import { describeEvent, openStore, turns, until, watchRequest } from './support.js';

const all = { start: '\0', end: '\0' };

function openBackend(path: string): Promise<Backend> {
  return Backend.open({ path }, { clock: systemClock, logger: silentLogger });
}

test('a history on LevelDB reads the same before and after a restart', async (t) => {
  const path = temporaryFolder(t);
  const options = { cacheSizeBytes: 0, sliceWork: 50, compactionBatchLimit: 100 };
  const model = new Model();
  let backend = await openBackend(path);
  let store = await openStore(backend, options);
  const random = seededRandom(5);
  for (let step = 0; step < 400; step++) {
    transact(store, model, randomOperations(random, 40, 400));
    backend.setConsistentIndex(step + 1, 1);
    if (step % 50 === 0) await turns();
  }
  const done = store.compact(200);
  backend.setConsistentIndex(401, 1);
  model.compact(200);
  assert.equal(await done, 'finished');
  for (let life = 0; life < 2; life++) {
    for (const revision of [200, 201, 250, 333, model.revision]) {
      const read = store.range({ ...all, revision });
      assert.deepEqual(read.records, model.range('\0', '\0', revision));
      const sliced = await store.rangeSliced({ ...all, revision });
      assert.deepEqual(sliced.records, read.records);
      assert.equal(
        (await store.hashByRevision(life * revision)).hash,
        hashOf(model, life * revision),
      );
    }
    assert.deepEqual(await keyBucket(backend), bucketOf(model));
    await assertReplay(store, model);
    await store.close();
    await backend.close();
    backend = await openBackend(path);
    store = await openStore(backend, options);
  }
  await store.close();
  await backend.close();
});

const hashOf = (model: Model, revision: number): number => model.hashAt(revision || model.revision);

/** A watch of everything since the compaction gets every change there was. */
async function assertReplay(store: MvccStore, model: Model): Promise<void> {
  const seen: string[] = [];
  const stream = store.openWatchStream({
    events: (_id, _revision, events) => {
      for (const event of events) seen.push(describeEvent(event));
      return true;
    },
    progress: () => {},
    compacted: () => assert.fail('the start is not compacted'),
  });
  stream.create(watchRequest('\0', { end: '\0', startRevision: 201 }));
  await until(() => store.watcherCounts.unsynced === 0);
  stream.close();
  const expected = model.changes
    .filter((change) => change.main > 200)
    .map(({ main, key, value }) =>
      value === undefined ? `DELETE ${key}@${main}` : `PUT ${key}=${value}@${main}`,
    );
  assert.deepEqual(seen, expected);
}

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { EtcdError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import {
  type AutoCompactionOptions,
  type AutoCompactor,
  createAutoCompactor,
} from '../../src/server/auto-compaction/index.js';
import { ManualClock } from '../support/manual-clock.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('automatic compaction', () => {
  let clock: ManualClock;
  let revision: number;
  let isLeader: boolean;
  let failure: Error | undefined;
  let compacted: number[];

  beforeEach(() => {
    clock = new ManualClock();
    revision = 1;
    isLeader = true;
    failure = undefined;
    compacted = [];
  });

  function create(options: AutoCompactionOptions): AutoCompactor | undefined {
    return createAutoCompactor(options, {
      clock,
      logger: silentLogger,
      isLeader: () => isLeader,
      revision: () => revision,
      compact: async (target) => {
        compacted.push(target);
        if (failure !== undefined) throw failure;
      },
    });
  }

  /** Lets steps pass, in each of which one revision is written. */
  async function pass(stepMs: number, steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      revision++;
      clock.advance(stepMs);
      await settled();
    }
  }

  /** What waits for promises goes on. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('is off with a retention of 0', () => {
    assert.equal(create({ mode: 'periodic', retentionMs: 0 }), undefined);
    assert.equal(create({ mode: 'revision', retentionRevisions: 0 }), undefined);
  });

  test('periodic, an hour: after the first hour, what was newest an hour ago, hour by hour', async () => {
    create({ mode: 'periodic', retentionMs: HOUR_MS })?.start();
    await pass(6 * MINUTE_MS, 9);
    assert.deepEqual(compacted, []);
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [1], 'the revision of the start, an hour later');
    await pass(6 * MINUTE_MS, 9);
    assert.deepEqual(compacted, [1]);
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [1, 10]);
  });

  test('periodic, ten hours: ten hours of nothing, then every hour', async () => {
    create({ mode: 'periodic', retentionMs: 10 * HOUR_MS })?.start();
    await pass(6 * MINUTE_MS, 99);
    assert.deepEqual(compacted, []);
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [1]);
    await pass(6 * MINUTE_MS, 10);
    assert.deepEqual(compacted, [1, 10]);
  });

  test('periodic, five minutes: every five minutes', async () => {
    create({ mode: 'periodic', retentionMs: 5 * MINUTE_MS })?.start();
    await pass(MINUTE_MS / 2, 9);
    assert.deepEqual(compacted, []);
    await pass(MINUTE_MS / 2, 1);
    assert.deepEqual(compacted, [1]);
    await pass(MINUTE_MS / 2, 10);
    assert.deepEqual(compacted, [1, 10]);
  });

  test('a member that does not lead waits, and goes on with what it noted meanwhile', async () => {
    isLeader = false;
    create({ mode: 'periodic', retentionMs: HOUR_MS })?.start();
    await pass(6 * MINUTE_MS, 20);
    assert.deepEqual(compacted, []);
    isLeader = true;
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [11], 'the oldest that was noted');
  });

  test('what fails is tried again after a tenth of the period, with the then oldest note', async () => {
    create({ mode: 'periodic', retentionMs: HOUR_MS })?.start();
    failure = new EtcdError('NoLeader');
    await pass(6 * MINUTE_MS, 11);
    assert.deepEqual(compacted, [1, 1]);
    failure = undefined;
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [1, 1, 2]);
    await pass(6 * MINUTE_MS, 9);
    assert.equal(compacted.length, 3);
    await pass(6 * MINUTE_MS, 1);
    assert.deepEqual(compacted, [1, 1, 2, 12]);
  });

  test('that somebody else has compacted already is as good', async () => {
    create({ mode: 'revision', retentionRevisions: 10 })?.start();
    revision = 100;
    failure = new EtcdError('Compacted');
    clock.advance(5 * MINUTE_MS);
    await settled();
    failure = undefined;
    clock.advance(5 * MINUTE_MS);
    await settled();
    assert.deepEqual(compacted, [90]);
  });

  test('revision: every five minutes all but the newest, if there is anything new', async () => {
    create({ mode: 'revision', retentionRevisions: 10 })?.start();
    revision = 10;
    clock.advance(5 * MINUTE_MS);
    await settled();
    assert.deepEqual(compacted, []);
    revision = 99;
    clock.advance(5 * MINUTE_MS);
    await settled();
    assert.deepEqual(compacted, [89]);
    clock.advance(5 * MINUTE_MS);
    await settled();
    assert.deepEqual(compacted, [89]);
    revision = 199;
    clock.advance(5 * MINUTE_MS);
    await settled();
    assert.deepEqual(compacted, [89, 189]);
  });

  test('nothing happens any more once it is stopped', async () => {
    const compactor = create({ mode: 'revision', retentionRevisions: 10 });
    compactor?.start();
    revision = 100;
    compactor?.stop();
    clock.advance(HOUR_MS);
    await settled();
    assert.deepEqual(compacted, []);
  });
});

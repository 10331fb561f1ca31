import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEtcdError } from '../../src/base/errors.js';
import { LinearizableReads } from '../../src/server/linearizable-reads.js';
import { RequestIds } from '../../src/server/request-id.js';
import { ManualClock } from '../support/manual-clock.js';

function createReads(overrides: { hasLeader?: boolean; maxWaiting?: number } = {}) {
  const clock = new ManualClock();
  const asked: Uint8Array[] = [];
  const state = { appliedIndex: 10, isReadable: true, hasLeader: overrides.hasLeader ?? true };
  const reads = new LinearizableReads(
    { timeoutMs: 7000, maxWaiting: overrides.maxWaiting ?? 100 },
    {
      clock,
      ids: new RequestIds(0x1234n, clock.unixMs()),
      readIndex: (context) => asked.push(context),
      appliedIndex: () => state.appliedIndex,
      isReadable: () => state.isReadable,
      hasLeader: () => state.hasLeader,
    },
  );
  reads.start();
  const results: string[] = [];
  const wait = (name: string): void =>
    reads.wait((error) => results.push(error === null ? name : `${name}: ${error.message}`));
  const answer = (round: number, index: number): void => {
    const requestContext = asked[round];
    assert.ok(requestContext !== undefined);
    reads.readStates([{ index, requestContext }]);
  };
  return { clock, reads, asked, state, results, wait, answer };
}

describe('LinearizableReads', () => {
  it('asks once for all reads of a turn', () => {
    const { clock, asked, results, wait, answer } = createReads();
    wait('a');
    wait('b');
    assert.equal(asked.length, 0);
    clock.runImmediates();
    assert.equal(asked.length, 1);
    answer(0, 10);
    assert.deepEqual(results, ['a', 'b']);
  });

  it('takes no answer to a question of an earlier run', () => {
    const { clock, reads, asked, results, wait } = createReads();
    wait('a');
    clock.runImmediates();
    const [context = Buffer.alloc(0)] = asked;
    const later = Buffer.from(context);
    later.writeUIntBE(later.readUIntBE(2, 6) + 57, 2, 6);
    reads.readStates([{ index: 0, requestContext: later }]);
    assert.deepEqual(results, []);
  });

  it('holds reads while the state is being replaced', () => {
    const { clock, reads, state, results, wait, answer } = createReads();
    wait('a');
    clock.runImmediates();
    state.isReadable = false;
    answer(0, 10);
    assert.deepEqual(results, []);
    state.isReadable = true;
    reads.applied();
    assert.deepEqual(results, ['a']);
  });

  it('holds a read until the index is applied', () => {
    const { clock, reads, state, results, wait, answer } = createReads();
    wait('a');
    clock.runImmediates();
    answer(0, 12);
    reads.applied();
    assert.deepEqual(results, []);
    state.appliedIndex = 12;
    reads.applied();
    assert.deepEqual(results, ['a']);
  });

  it('never serves a read with the answer to an earlier question', () => {
    const { clock, results, wait, answer } = createReads();
    wait('a');
    clock.runImmediates();
    wait('b');
    clock.runImmediates();
    answer(0, 10);
    assert.deepEqual(results, ['a']);
    answer(1, 10);
    assert.deepEqual(results, ['a', 'b']);
  });

  it('takes the answer to a later question for the earlier ones too', () => {
    const { clock, results, wait, answer } = createReads();
    wait('a');
    clock.runImmediates();
    wait('b');
    clock.runImmediates();
    answer(1, 10);
    assert.deepEqual(results, ['a', 'b']);
  });

  it('asks again when an answer does not come, and gives up in the end', () => {
    const { clock, asked, results, wait } = createReads();
    wait('a');
    clock.runImmediates();
    clock.advance(1000);
    assert.ok(asked.length >= 2);
    clock.advance(6500);
    assert.deepEqual(results, ['a: etcdserver: request timed out']);
  });

  it('asks a new leader for what the old one did not answer', () => {
    const { clock, reads, asked, state, results, wait, answer } = createReads({ hasLeader: false });
    wait('a');
    clock.runImmediates();
    assert.equal(asked.length, 0);
    state.hasLeader = true;
    reads.leaderChanged();
    assert.equal(asked.length, 1);
    answer(0, 10);
    assert.deepEqual(results, ['a']);
  });

  it('limits how many reads wait, and ends all of them when the member stops', () => {
    const { reads, wait, results } = createReads({ maxWaiting: 1 });
    wait('a');
    wait('b');
    assert.deepEqual(results, ['b: etcdserver: too many requests']);
    reads.stop();
    let failure: Error | null = null;
    reads.wait((error) => {
      failure = error;
    });
    assert.ok(isEtcdError(failure, 'Stopped'));
    assert.equal(results[1], 'a: etcdserver: server stopped');
  });
});

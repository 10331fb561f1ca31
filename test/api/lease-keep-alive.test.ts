import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeepAliveCall } from '../../src/api/lease-keep-alive.js';
import { ResponseHeaders } from '../../src/api/response-header.js';
import { EtcdError } from '../../src/base/errors.js';
import {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { bytesOf } from '../../src/transport/index.js';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A stream on a member that answers at once (`isLeader`), or when the test lets it. */
function createStream(isLeader: boolean) {
  const store = { revision: 1 };
  const written: [bigint, number, number][] = [];
  const state = { ended: undefined as string | undefined, hasRoom: true };
  const waiting = new Map<bigint, { answer(ttl: number): void; fail(error: Error): void }>();
  const begun: bigint[] = [];
  const callers: { isGone: boolean }[] = [];
  const call = new KeepAliveCall(
    {
      store,
      headers: new ResponseHeaders({ clusterId: 1n, memberId: 2n, term: 3 }),
      renewals: {
        renewNow: (id) => (isLeader ? Number(id) : undefined),
        renew: (id, caller) => {
          begun.push(id);
          if (caller !== undefined) callers.push(caller);
          return new Promise((resolve, reject) => {
            waiting.set(id, { answer: resolve, fail: reject });
          });
        },
      },
    },
    {
      metadata: () => undefined,
      write: (message) => {
        const { header, id, ttl } = LeaseKeepAliveResponse.decode(bytesOf(message));
        written.push([id, ttl, header?.revision ?? 0]);
        return state.hasRoom;
      },
      end: (error) => {
        state.ended = error === null ? 'OK' : error.message;
        call.closed();
      },
    },
  );
  const ask = (...ids: bigint[]): void => {
    for (const id of ids) call.message(Buffer.from(LeaseKeepAliveRequest.encode({ id })));
  };
  return { call, store, written, state, waiting, begun, callers, ask };
}

describe('A stream of keep-alives', () => {
  it('is answered within the call where this member decides', () => {
    const { call, written, state, ask } = createStream(true);
    ask(5n, 6n);
    assert.deepEqual(written, [
      [5n, 5, 1],
      [6n, 6, 1],
    ]);
    call.halfClosed();
    assert.equal(state.ended, 'OK');
  });

  it('is answered in order, with the revision of before the renewal', async () => {
    const { call, store, written, state, waiting, ask } = createStream(false);
    ask(5n, 6n);
    call.halfClosed();
    store.revision = 9;
    waiting.get(6n)?.answer(60);
    await settle();
    assert.deepEqual(written, []);
    waiting.get(5n)?.answer(50);
    await settle();
    assert.deepEqual(written, [
      [5n, 50, 1],
      [6n, 60, 1],
    ]);
    assert.equal(state.ended, 'OK');
  });

  it('has few renewals under way at a time', async () => {
    const { begun, waiting, written, ask } = createStream(false);
    const ids = Array.from({ length: 100 }, (_, index) => BigInt(index + 1));
    ask(...ids);
    assert.equal(begun.length, 16);
    for (const id of ids) {
      await settle();
      waiting.get(id)?.answer(Number(id));
    }
    await settle();
    assert.deepEqual(
      written.map(([id]) => id),
      ids,
    );
  });

  it('waits for a client that reads slowly', () => {
    const { call, state, written, ask } = createStream(true);
    state.hasRoom = false;
    ask(1n, 2n, 3n);
    assert.equal(written.length, 1);
    call.drained();
    assert.equal(written.length, 2);
    state.hasRoom = true;
    call.drained();
    assert.equal(written.length, 3);
  });

  it('ends with a failure, after the answers before it', async () => {
    const { written, state, waiting, ask } = createStream(false);
    ask(1n, 2n, 3n);
    waiting.get(2n)?.fail(new EtcdError('NoLeader'));
    await settle();
    assert.equal(state.ended, undefined);
    waiting.get(1n)?.answer(10);
    await settle();
    assert.deepEqual(written, [[1n, 10, 1]]);
    assert.equal(state.ended, 'etcdserver: no leader');
  });

  it('lets go of what is under way when the client is gone', async () => {
    const { call, callers, waiting, written, ask } = createStream(false);
    ask(1n);
    call.closed();
    assert.deepEqual(callers, [{ isGone: true }]);
    waiting.get(1n)?.answer(10);
    await settle();
    assert.deepEqual(written, []);
  });

  it('ends if a client asks without end and reads nothing', () => {
    const { state, ask } = createStream(false);
    for (let id = 1n; id <= 100_017n; id++) ask(id);
    assert.equal(state.ended, 'etcdserver: too many requests');
  });
});

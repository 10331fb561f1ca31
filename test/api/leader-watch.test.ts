import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeaderWatch } from '../../src/api/leader-watch.js';
import { requireLeader } from '../../src/api/rpc.js';
import type { RpcError } from '../../src/base/errors.js';
import type { StreamCall, StreamMethod, StreamReceiver } from '../../src/transport/index.js';
import { ManualClock } from '../support/manual-clock.js';

const ELECTION_TIMEOUT_MS = 1000;
const NO_LEADER = 'etcdserver: no leader';

/** A stream method behind {@link requireLeader}, on a member whose leader the test decides. */
function createMember() {
  const clock = new ManualClock();
  const state = { hasLeader: true };
  const hasLeader = (): boolean => state.hasLeader;
  const watch = new LeaderWatch({ clock, hasLeader, electionTimeoutMs: ELECTION_TIMEOUT_MS });
  watch.start();
  const opened: string[] = [];
  const method: StreamMethod = {
    kind: 'bidi',
    path: '/test/Stream',
    open: (call): StreamReceiver => {
      opened.push('open');
      return {
        message: (bytes) => call.write(bytes),
        halfClosed: () => call.end(null),
        drained: () => {},
        closed: () => opened.push('closed'),
      };
    },
  };
  const [guarded] = requireLeader([method], hasLeader, watch);
  assert.ok(guarded?.kind === 'bidi');
  /** Opens a stream as a carrier does: the receiver hears of the end, once. */
  const open = (hasleader?: string) => {
    const outcome: { ended: string | undefined; written: number } = {
      ended: undefined,
      written: 0,
    };
    let receiver: StreamReceiver | undefined;
    const call: StreamCall = {
      metadata: (name) => (name === 'hasleader' ? hasleader : undefined),
      write: () => {
        outcome.written++;
        return true;
      },
      end: (error: RpcError | null) => {
        if (outcome.ended !== undefined) return;
        outcome.ended = error === null ? 'OK' : error.message;
        receiver?.closed();
      },
    };
    receiver = guarded.open(call);
    if (outcome.ended !== undefined) receiver.closed();
    return { outcome, receiver };
  };
  return { clock, state, watch, open, opened };
}

describe('A stream that wants a leader', () => {
  it('works while there is one', () => {
    const { clock, open } = createMember();
    const { outcome, receiver } = open('true');
    clock.advance(100_000);
    receiver.message(Buffer.from('a'));
    assert.deepEqual(outcome, { ended: undefined, written: 1 });
    receiver.halfClosed();
    assert.equal(outcome.ended, 'OK');
  });

  it('is refused while there is none; others are not', () => {
    const { state, open } = createMember();
    state.hasLeader = false;
    assert.equal(open('true').outcome.ended, NO_LEADER);
    assert.equal(open().outcome.ended, undefined);
    assert.equal(open('false').outcome.ended, undefined);
  });

  it('is ended after three election timeouts without one; others are not', () => {
    const { clock, state, open, opened } = createMember();
    const [wanting, indifferent] = [open('true'), open()];
    state.hasLeader = false;
    clock.advance(2 * ELECTION_TIMEOUT_MS);
    assert.equal(wanting.outcome.ended, undefined);
    clock.advance(ELECTION_TIMEOUT_MS);
    assert.equal(wanting.outcome.ended, NO_LEADER);
    assert.equal(indifferent.outcome.ended, undefined);
    assert.deepEqual(opened, ['open', 'open', 'closed']);
  });

  it('survives shorter times without one, however many', () => {
    const { clock, state, open } = createMember();
    const { outcome } = open('true');
    for (let election = 0; election < 10; election++) {
      state.hasLeader = false;
      clock.advance(2 * ELECTION_TIMEOUT_MS);
      state.hasLeader = true;
      clock.advance(ELECTION_TIMEOUT_MS);
    }
    assert.equal(outcome.ended, undefined);
  });

  it('is forgotten when it is over', () => {
    const { clock, state, open } = createMember();
    const { outcome, receiver } = open('true');
    receiver.halfClosed();
    state.hasLeader = false;
    clock.advance(10 * ELECTION_TIMEOUT_MS);
    assert.equal(outcome.ended, 'OK');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import { NO_NODE } from '../../src/raft/index.js';
import { LeaderLoss } from '../../src/server/leader-loss.js';
import { ManualClock } from '../support/manual-clock.js';

/** A follower of member 1, heard from at time 0. */
function createFollower() {
  const clock = new ManualClock();
  const state = { leader: 1n, heardMs: clock.nowMs(), calls: [] as string[] };
  const loss = new LeaderLoss(
    { heartbeatIntervalMs: 100 },
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      leader: () => state.leader,
      lastHeardMs: () => state.heardMs,
      forgetLeader: () => {
        state.calls.push('forget');
        state.leader = NO_NODE;
      },
      campaign: () => state.calls.push('campaign'),
    },
  );
  return { clock, state, loss };
}

describe('the loss of the leader', () => {
  it('is acted upon when its machine refuses connections and nothing is heard any more', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(1n);
    clock.advance(149);
    assert.deepEqual(state.calls, []);
    clock.advance(1);
    assert.deepEqual(state.calls, ['forget']);
    clock.advance(100);
    assert.deepEqual(state.calls, ['forget', 'campaign']);
    state.leader = 2n;
    clock.advance(1000);
    assert.deepEqual(state.calls, ['forget', 'campaign']);
  });

  it('is followed by a few campaigns, as long as there is no leader', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(1n);
    clock.advance(10_000);
    assert.deepEqual(state.calls, ['forget', ...Array.from({ length: 5 }, () => 'campaign')]);
  });

  it('is not believed of a leader that is still heard', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(1n);
    clock.advance(100);
    state.heardMs = clock.nowMs();
    clock.advance(1000);
    assert.deepEqual(state.calls, []);
  });

  it('concerns nobody but the leader', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(2n);
    clock.advance(1000);
    assert.deepEqual(state.calls, []);
  });

  it('leads to no campaign if another leader is heard of meanwhile', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(1n);
    clock.advance(150);
    state.leader = 2n;
    clock.advance(1000);
    assert.deepEqual(state.calls, ['forget']);
  });

  it('is forgotten with the member', () => {
    const { clock, state, loss } = createFollower();
    loss.refused(1n);
    loss.stop();
    loss.refused(1n);
    clock.advance(1000);
    assert.deepEqual(state.calls, []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import type { Member } from '../../src/membership/index.js';
import { Leadership } from '../../src/server/membership/index.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { ManualClock } from '../support/manual-clock.js';

const member = (id: bigint, isLearner = false): Member => ({
  id,
  peerUrls: [`http://127.0.0.1:${id}`],
  isLearner,
  name: `m${id}`,
  clientUrls: [],
});

/** Member 1, which leads, and others that are reached since then; what is transferred to whom. */
function createLeadership(activeSinceMs: ReadonlyMap<bigint, number>, members: readonly Member[]) {
  const clock = new ManualClock();
  const cluster = unsavedCluster(members);
  const raft = { leader: 1n, transferees: [] as bigint[] };
  const leadership = new Leadership(
    { localId: 1n, tickMs: 100, electionTimeoutMs: 1000, timeoutMs: 7000 },
    {
      clock,
      logger: silentLogger,
      cluster,
      leaderId: () => raft.leader,
      transferLeader: (transferee) => raft.transferees.push(transferee),
      activeSinceMs: (id) => activeSinceMs.get(id),
    },
  );
  return { clock, leadership, raft };
}

/** Moves the time on, tick by tick, and says how the promise has ended. */
async function after(clock: ManualClock, durationMs: number, promise: Promise<void>) {
  let end = 'waits';
  promise.then(
    () => {
      end = 'done';
    },
    (error: Error) => {
      end = error.message;
    },
  );
  for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await new Promise((resolve) => setImmediate(resolve));
  return end;
}

const members = [member(1n), member(2n), member(3n), member(4n, true)];

describe('moving the leadership', () => {
  it('ends when the other member leads', async () => {
    const { clock, leadership, raft } = createLeadership(new Map(), members);
    const moving = leadership.moveTo(3n);
    assert.equal(await after(clock, 500, moving), 'waits');
    assert.deepEqual(raft.transferees, [3n]);
    raft.leader = 0n;
    assert.equal(await after(clock, 500, moving), 'waits');
    raft.leader = 3n;
    assert.equal(await after(clock, 200, moving), 'done');
  });

  it('takes too long at some time', async () => {
    const { clock, leadership } = createLeadership(new Map(), members);
    const moving = leadership.moveTo(3n);
    assert.equal(await after(clock, 6900, moving), 'waits');
    assert.equal(
      await after(clock, 200, moving),
      'etcdserver: request timed out, leader transfer took too long',
    );
  });

  it('is for the leader only, and to voters only', async () => {
    const { leadership, raft } = createLeadership(new Map(), members);
    const bad = { message: 'etcdserver: bad leader transferee' };
    await assert.rejects(leadership.moveTo(4n), bad);
    await assert.rejects(leadership.moveTo(5n), bad);
    await leadership.moveTo(1n);
    raft.leader = 2n;
    await assert.rejects(leadership.moveTo(2n), { message: 'etcdserver: not leader' });
  });
});

describe('leaving the leadership before a stop', () => {
  it('goes to the voter that has been reached longest', async () => {
    const since = new Map([
      [2n, 500],
      [3n, 400],
      [4n, 1],
    ]);
    const { clock, leadership, raft } = createLeadership(since, members);
    const leaving = leadership.transferOnStop();
    assert.equal(await after(clock, 100, leaving), 'waits');
    assert.deepEqual(raft.transferees, [3n]);
    raft.leader = 3n;
    assert.equal(await after(clock, 200, leaving), 'done');
  });

  it('does not hold up a member for long', async () => {
    const { clock, leadership } = createLeadership(new Map([[2n, 500]]), members);
    assert.equal(await after(clock, 2200, leadership.transferOnStop()), 'done');
  });

  it('is nothing for one that does not lead, is alone, or reaches nobody', async () => {
    const alone = createLeadership(new Map(), [member(1n), member(4n, true)]);
    await alone.leadership.transferOnStop();
    const cut = createLeadership(new Map(), members);
    await cut.leadership.transferOnStop();
    const follower = createLeadership(new Map([[2n, 1]]), members);
    follower.raft.leader = 2n;
    await follower.leadership.transferOnStop();
    for (const { raft } of [alone, cut, follower]) assert.deepEqual(raft.transferees, []);
  });
});

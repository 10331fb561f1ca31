import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EtcdError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import { type Member, memberId } from '../../src/membership/index.js';
import { type ConfChange, EMPTY_CONF_STATE, ProposalDroppedError } from '../../src/raft/index.js';
import { toMembershipChange } from '../../src/server/membership/conf-changes.js';
import {
  type MembershipChangeDependencies,
  type MembershipChangeOptions,
  MembershipChanges,
} from '../../src/server/membership/index.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { ManualClock } from '../support/manual-clock.js';

const LOCAL = 1n;
const TIMEOUT_MS = 7000;

const started = (id: bigint): Member => ({
  id,
  peerUrls: [`http://127.0.0.1:${id}`],
  isLearner: false,
  name: `m${id}`,
  clientUrls: [`http://127.0.0.1:1${id}`],
});
const unstarted = (id: bigint): Member => ({ ...started(id), name: '', clientUrls: [] });
const learner = (id: bigint): Member => ({ ...unstarted(id), isLearner: true });

interface Setting {
  readonly members?: readonly Member[];
  /** Since how long the members are connected; undefined: not. Those left out: for long. */
  readonly connectedForMs?: ReadonlyMap<bigint, number | undefined>;
  readonly options?: Partial<MembershipChangeOptions>;
  readonly dependencies?: Partial<MembershipChangeDependencies>;
}

/** Member 1, with a Raft that takes what is proposed and applies it when the test says so. */
function createChanges(setting: Setting = {}) {
  const clock = new ManualClock();
  const cluster = unsavedCluster(setting.members ?? [started(LOCAL)]);
  const proposed: ConfChange[] = [];
  let nextId = 100n;
  const changes = new MembershipChanges(
    { localId: LOCAL, strictReconfigCheck: true, timeoutMs: TIMEOUT_MS, ...setting.options },
    {
      clock,
      logger: silentLogger,
      cluster,
      nextId: () => nextId++,
      proposeConfChange: (change) => proposed.push(change),
      timeoutError: () => new EtcdError('Timeout'),
      activeSinceMs: (id) => {
        // There is no connection with itself, nor with one that is no member.
        if (id === LOCAL || cluster.member(id) === undefined) return undefined;
        if (!setting.connectedForMs?.has(id)) return 0;
        const durationMs = setting.connectedForMs.get(id);
        return durationMs === undefined ? undefined : clock.nowMs() - durationMs;
      },
      isLeader: () => true,
      matchIndex: (id) => (cluster.member(id) === undefined ? undefined : 100),
      isApplied: () => true,
      forwardPromotion: () => Promise.reject(new Error('must not be forwarded')),
      ...setting.dependencies,
    },
  );
  let index = 0;
  /** Applies a change as all members do, and has Raft hear of it. */
  const decide = (change: ConfChange): void => {
    index++;
    const meaning = toMembershipChange(change);
    let error: Error | null = null;
    try {
      cluster.validate(meaning);
      cluster.apply(meaning);
    } catch (refusal) {
      error = refusal as Error;
    }
    const members = cluster.members();
    const confState = EMPTY_CONF_STATE;
    changes.applied(index, { changeId: change.id, error, confState, removedSelf: false, members });
    changes.advanced(index);
  };
  return { clock, cluster, changes, proposed, decide };
}

/** Lets everything run that waits for no timer. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** How a promise ended so far. */
function outcomeOf(promise: Promise<unknown>): { text: string } {
  const outcome = { text: 'waits' };
  promise.then(
    () => {
      outcome.text = 'done';
    },
    (error: Error) => {
      outcome.text = error.message;
    },
  );
  return outcome;
}

/** How a request ends if whatever it proposes is carried out at once. */
async function endOf(
  setting: Setting,
  request: (changes: MembershipChanges) => Promise<unknown>,
): Promise<string> {
  const { changes, proposed, decide } = createChanges(setting);
  const outcome = outcomeOf(request(changes));
  await settled();
  for (const change of proposed.splice(0)) decide(change);
  await settled();
  return outcome.text;
}

const NOT_ENOUGH = 'etcdserver: re-configuration failed due to not enough started members';
const UNHEALTHY = 'etcdserver: unhealthy cluster';
const NEW_URL = ['http://127.0.0.1:99'];

describe('MembershipChanges', () => {
  it('add a member under the id that its URLs and the time give', async () => {
    const { clock, changes, proposed, decide } = createChanges();
    const adding = changes.add([' http://b:1', 'http://a:1'], true);
    await settled();
    const [change] = proposed;
    assert.ok(change !== undefined);
    decide(change);
    const { member, members } = await adding;
    const peerUrls = ['http://a:1', 'http://b:1'];
    const id = memberId(peerUrls, '', Math.floor(clock.unixMs() / 1000));
    assert.deepEqual(member, { id, peerUrls, isLearner: true, name: '', clientUrls: [] });
    assert.deepEqual(
      members.map((each) => each.id),
      [LOCAL, id],
    );
  });

  it('refuse bad URLs before anything is proposed', async () => {
    const { changes, proposed } = createChanges();
    await assert.rejects(changes.add(['bad'], false), { message: /URLs are invalid/ });
    await assert.rejects(changes.update(LOCAL, ['http://a:1/path']), {
      message: /URLs are invalid/,
    });
    await assert.rejects(changes.update(LOCAL, []), { message: /URLs are invalid/ });
    assert.equal(proposed.length, 0);
  });

  it('tell why the members refused', async () => {
    const notFound = 'etcdserver: member not found';
    assert.equal(await endOf({}, (changes) => changes.remove(5n)), notFound);
    assert.equal(await endOf({}, (changes) => changes.update(5n, NEW_URL)), notFound);
    assert.equal(await endOf({}, (changes) => changes.promote(5n)), notFound);
    assert.equal(
      await endOf({}, (changes) => changes.promote(LOCAL)),
      'etcdserver: can only promote a learner member',
    );
    assert.equal(
      await endOf({}, (changes) => changes.add(['http://127.0.0.1:1'], true)),
      'etcdserver: Peer URLs already exists',
    );
  });

  it('answer only when Raft knows the change to be applied', async () => {
    const { changes, proposed } = createChanges();
    const adding = outcomeOf(changes.add(NEW_URL, true));
    await settled();
    const changeId = proposed[0]?.id ?? 0n;
    const outcome = { changeId, error: null, confState: EMPTY_CONF_STATE, removedSelf: false };
    changes.applied(5, { ...outcome, members: [] });
    changes.advanced(4);
    await settled();
    assert.equal(adding.text, 'waits');
    changes.advanced(5);
    await settled();
    assert.equal(adding.text, 'done');
  });

  it('go one after another, each checked when its turn comes', async () => {
    const { changes, proposed, decide } = createChanges();
    const first = outcomeOf(changes.add(['http://a:1'], false));
    const second = outcomeOf(changes.add(['http://b:1'], false));
    await settled();
    assert.equal(proposed.length, 1);
    for (const change of proposed) decide(change);
    await settled();
    // One of two members runs now, and would be one of three.
    assert.deepEqual([first.text, second.text], ['done', NOT_ENOUGH]);
    assert.equal(proposed.length, 1);
  });

  it('are proposed again under the same id until there is an answer', async () => {
    const { clock, changes, proposed, decide } = createChanges();
    const removing = outcomeOf(changes.remove(5n));
    await settled();
    clock.advance(600);
    assert.equal(proposed.length, 2);
    const [first, second] = proposed;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(first, second);
    decide(second);
    decide(first);
    clock.advance(TIMEOUT_MS);
    await settled();
    assert.equal(removing.text, 'etcdserver: member not found');
    assert.equal(proposed.length, 2);
  });

  it('repeat no update that was taken: the copy could undo a later one', async () => {
    const { clock, changes, proposed } = createChanges();
    const updating = outcomeOf(changes.update(LOCAL, NEW_URL));
    await settled();
    clock.advance(TIMEOUT_MS);
    await settled();
    assert.equal(proposed.length, 1);
    assert.equal(updating.text, 'etcdserver: request timed out');
  });

  it('wait for a leader, but not forever', async () => {
    let hasLeader = false;
    const taken: ConfChange[] = [];
    const proposeConfChange = (change: ConfChange): void => {
      if (!hasLeader) throw new ProposalDroppedError('no-leader');
      taken.push(change);
    };
    const { clock, changes, decide } = createChanges({ dependencies: { proposeConfChange } });
    const updating = outcomeOf(changes.update(LOCAL, NEW_URL));
    await settled();
    clock.advance(3000);
    hasLeader = true;
    clock.advance(600);
    for (const change of taken) decide(change);
    await settled();
    assert.equal(updating.text, 'done');
    hasLeader = false;
    const second = outcomeOf(changes.update(LOCAL, NEW_URL));
    const third = outcomeOf(changes.remove(5n));
    await settled();
    clock.advance(TIMEOUT_MS);
    await settled();
    const timedOut = 'etcdserver: request timed out';
    assert.deepEqual([second.text, third.text], [timedOut, timedOut]);
    assert.equal(taken.length, 1);
  });

  it('end with the member', async () => {
    const { changes } = createChanges();
    const first = outcomeOf(changes.remove(5n));
    const second = outcomeOf(changes.remove(6n));
    await settled();
    changes.stop();
    await settled();
    const stopped = 'etcdserver: server stopped';
    assert.deepEqual([first.text, second.text], [stopped, stopped]);
  });
});

describe('strict checks of a change', () => {
  const add = (changes: MembershipChanges) => changes.add(NEW_URL, false);
  const addLearner = (changes: MembershipChanges) => changes.add(NEW_URL, true);
  const three = [started(1n), started(2n), started(3n)];

  it('let a single member be joined by one more, though that does not run yet', async () => {
    assert.equal(await endOf({}, add), 'done');
    assert.equal(await endOf({ members: [started(1n), unstarted(2n)] }, add), NOT_ENOUGH);
    // Only voters count.
    assert.equal(await endOf({ members: [started(1n), learner(2n)] }, add), 'done');
    // A member that has not published itself yet.
    assert.equal(await endOf({ members: [unstarted(1n)] }, add), NOT_ENOUGH);
    assert.equal(await endOf({ members: [unstarted(1n)] }, addLearner), 'done');
  });

  it('want a quorum of what the cluster will be, connected for 5 s', async () => {
    const down = (...ids: bigint[]) =>
      new Map<bigint, number | undefined>(ids.map((id) => [id, undefined]));
    assert.equal(await endOf({ members: three }, add), 'done');
    for (const [durationMs, end] of [
      [undefined, UNHEALTHY],
      [5000, UNHEALTHY],
      [5001, 'done'],
    ] as const) {
      const connectedForMs = new Map([[3n, durationMs]]);
      assert.equal(await endOf({ members: three, connectedForMs }, add), end);
      assert.equal(await endOf({ members: three, connectedForMs }, addLearner), end);
    }
    const five = [...three, started(4n), started(5n)];
    assert.equal(await endOf({ members: five, connectedForMs: down(5n) }, add), 'done');
    assert.equal(await endOf({ members: five, connectedForMs: down(4n, 5n) }, add), UNHEALTHY);
  });

  it('keep a quorum of what remains after a removal', async () => {
    const remove = (id: bigint) => (changes: MembershipChanges) => changes.remove(id);
    assert.equal(await endOf({}, remove(1n)), NOT_ENOUGH);
    assert.equal(await endOf({ members: three }, remove(3n)), 'done');
    const two = [started(1n), started(2n)];
    assert.equal(await endOf({ members: two }, remove(2n)), 'done');
    const justConnected = { members: two, connectedForMs: new Map([[2n, 4000]]) };
    assert.equal(await endOf(justConnected, remove(2n)), UNHEALTHY);
    const connectedForMs = new Map([[3n, undefined]]);
    assert.equal(await endOf({ members: three, connectedForMs }, remove(2n)), UNHEALTHY);
    assert.equal(await endOf({ members: three, connectedForMs }, remove(1n)), UNHEALTHY);
    // What is down, and a learner, may always go.
    assert.equal(await endOf({ members: three, connectedForMs }, remove(3n)), 'done');
    const withLearner = [started(1n), unstarted(2n), learner(3n)];
    assert.equal(await endOf({ members: withLearner }, remove(3n)), 'done');
    const halfStarted = [started(1n), unstarted(2n), started(3n)];
    assert.equal(await endOf({ members: halfStarted }, remove(3n)), NOT_ENOUGH);
  });

  it('can be switched off', async () => {
    const options = { strictReconfigCheck: false };
    const members = [started(1n), unstarted(2n)];
    assert.equal(await endOf({ members, options }, add), 'done');
    assert.equal(await endOf({ members, options }, (changes) => changes.remove(1n)), 'done');
  });
});

describe('promotion of a learner', () => {
  const members = [started(1n), learner(2n)];
  const promote = (changes: MembershipChanges) => changes.promote(2n);

  it('wants nine tenths of the log of the leader', async () => {
    const withMatch = (match: number): Setting => ({
      members,
      dependencies: { matchIndex: (id) => (id === LOCAL ? 100 : match) },
    });
    assert.equal(await endOf(withMatch(90), promote), 'done');
    assert.equal(
      await endOf(withMatch(89), promote),
      'etcdserver: can only promote a learner member which is in sync with leader',
    );
  });

  it('wants most voters to have started', async () => {
    assert.equal(
      await endOf({ members: [started(1n), unstarted(3n), unstarted(4n), learner(2n)] }, promote),
      NOT_ENOUGH,
    );
  });

  it('waits a second for what is committed to be applied', async () => {
    let isApplied = false;
    const dependencies = { isApplied: () => isApplied };
    const { clock, changes, proposed } = createChanges({ members, dependencies });
    const first = outcomeOf(changes.promote(2n));
    for (let waited = 0; waited < 1000; waited += 10) {
      await settled();
      clock.advance(10);
    }
    await settled();
    assert.match(first.text, /waiting for the applied index took too long/);
    outcomeOf(changes.promote(2n));
    await settled();
    isApplied = true;
    clock.advance(10);
    await settled();
    assert.equal(proposed.length, 1);
    changes.stop();
  });

  it('finds a new leader if this member loses the leadership while it waits', async () => {
    let isLeader = true;
    const forwarded: bigint[] = [];
    const { changes, proposed, decide } = createChanges({
      members,
      dependencies: {
        isLeader: () => isLeader,
        forwardPromotion: (id) => {
          forwarded.push(id);
          return Promise.resolve([started(2n)]);
        },
      },
    });
    const adding = outcomeOf(changes.add(NEW_URL, false));
    const promoting = outcomeOf(changes.promote(2n));
    await settled();
    assert.deepEqual([adding.text, promoting.text], ['waits', 'waits']);
    isLeader = false;
    for (const change of proposed) decide(change);
    await settled();
    assert.deepEqual([adding.text, promoting.text, forwarded], ['done', 'done', [2n]]);
  });

  it('goes to the leader, unless it came from another member', async () => {
    const forwarded: [bigint, number][] = [];
    const { clock, changes } = createChanges({
      members,
      dependencies: {
        isLeader: () => false,
        forwardPromotion: (id, deadlineMs) => {
          forwarded.push([id, deadlineMs]);
          return Promise.resolve([started(2n)]);
        },
      },
    });
    assert.deepEqual(await changes.promote(2n), [started(2n)]);
    assert.deepEqual(forwarded, [[2n, clock.nowMs() + TIMEOUT_MS]]);
    await assert.rejects(changes.promoteLocally(2n), { message: 'etcdserver: not leader' });
  });
});

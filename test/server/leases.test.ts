import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { EtcdError, errorText } from '../../src/base/errors.js';
import { createPeerHandler } from '../../src/http/index.js';
import { Lessor } from '../../src/lease/index.js';
import { ClusterQueries, type MemberRequest, NodePeerConnector } from '../../src/peer/index.js';
import {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { LeaseInternalRequest } from '../../src/proto/generated/leasepb.js';
import { RequestKind } from '../../src/proto/internal-request.js';
import { type DecodedRequest, decodeRequest } from '../../src/server/applier.js';
import { MemberLeases } from '../../src/server/leases/index.js';
import { ManualClock } from '../support/manual-clock.js';

const URL = 'http://leader';

/** Lets promises that are settled have their say. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One member, whose place in the cluster and in the log the test decides. */
function createMember(overrides: { checkpoints?: boolean } = {}) {
  const clock = new ManualClock();
  const lessor = new Lessor(
    { minTtlSeconds: 2 },
    { clock, records: { putLease: () => {}, deleteLease: () => {} } },
  );
  const state = {
    isLeader: false,
    committedIndex: 5,
    appliedIndex: 5,
    leaderUrls: undefined as readonly string[] | undefined,
    readError: null as Error | null,
    sent: [] as (MemberRequest & { url: string })[],
    underWay: 0,
    mostUnderWay: 0,
    proposed: [] as DecodedRequest[],
    answer: async (_path: string, _body: Uint8Array): Promise<{ status: number; body: Buffer }> => {
      throw new Error('connection refused');
    },
  };
  /** Proposals are committed and applied at once. */
  const propose = (kind: RequestKind, body: Uint8Array): void => {
    const decoded = decodeRequest(kind, body);
    state.proposed.push(decoded);
    if (decoded.kind !== RequestKind.leaseCheckpoint) return;
    for (const { id, remainingTtl } of decoded.request.checkpoints) {
      lessor.checkpoint(id, remainingTtl);
    }
  };
  const leases = new MemberLeases(
    { tickMs: 100, requestTimeoutMs: 7000, checkpoints: overrides.checkpoints ?? false },
    {
      clock,
      lessor,
      isLeader: () => state.isLeader,
      committedIndex: () => state.committedIndex,
      appliedIndex: () => state.appliedIndex,
      linearizableRead: (callback) => callback(state.readError),
      leaderPeerUrls: () => state.leaderUrls,
      proposeOwn: propose,
      propose: (kind, body, callback) => {
        propose(kind, body);
        callback(null);
      },
      send: async (url, request) => {
        state.sent.push({ ...request, url });
        state.underWay++;
        state.mostUnderWay = Math.max(state.mostUnderWay, state.underWay);
        try {
          return await state.answer(request.path, request.body ?? Buffer.alloc(0));
        } finally {
          state.underWay--;
        }
      },
    },
  );
  leases.start();
  const lead = (): void => {
    state.isLeader = true;
    lessor.promote(0);
  };
  return { clock, lessor, state, leases, lead };
}

type Member = ReturnType<typeof createMember>;

/** Has a member's requests answered by another one. */
function connect(follower: Member, leader: Member): void {
  follower.state.leaderUrls = [URL];
  follower.state.answer = async (path, body) => {
    const { peerAnswers } = leader.leases;
    const answer = await (path === '/leases'
      ? peerAnswers.keepAlive(body)
      : peerAnswers.timeToLive(body));
    return 'text' in answer ? { status: answer.status, body: Buffer.from(answer.text) } : answer;
  };
}

/** What becomes of a promise, as text. */
function watch(promise: Promise<unknown>): { outcome: string } {
  const watched = { outcome: 'pending' };
  promise.then(
    (value) => {
      watched.outcome = String(value);
    },
    (error: unknown) => {
      watched.outcome = errorText(error);
    },
  );
  return watched;
}

describe('Lease requests on the leader', () => {
  it('are answered at once', () => {
    const { leases, lessor, lead } = createMember();
    lead();
    lessor.grant(7n, 60);
    lessor.attach(7n, 'key');
    assert.equal(leases.requests.renewNow(7n), 60);
    assert.equal(leases.requests.renewNow(8n), 0);
    assert.ok(leases.requests.canTellNow);
    assert.deepEqual(leases.requests.timeToLiveNow(7n, true), {
      id: 7n,
      ttlSeconds: 60,
      grantedTtlSeconds: 60,
      keys: [Buffer.from('key')],
    });
    assert.equal(leases.requests.timeToLiveNow(8n, true), undefined);
  });

  it('wait for what is committed before they call a lease unknown', async () => {
    const { leases, lessor, lead, state } = createMember();
    lead();
    state.committedIndex = 6;
    assert.equal(leases.requests.renewNow(7n), undefined);
    assert.equal(leases.requests.canTellNow, false);
    const renewal = watch(leases.requests.renew(7n));
    const time = watch(leases.requests.timeToLive(7n, false).then((lease) => lease?.ttlSeconds));
    await settle();
    assert.deepEqual([renewal.outcome, time.outcome], ['pending', 'pending']);
    lessor.grant(7n, 60);
    state.appliedIndex = 6;
    leases.applied();
    await settle();
    assert.deepEqual([renewal.outcome, time.outcome], ['60', '60']);
  });

  it('give up that waiting after a second', async () => {
    const { clock, leases, lead, state } = createMember();
    lead();
    state.committedIndex = 6;
    const renewal = watch(leases.requests.renew(7n));
    await settle();
    clock.advance(1000);
    await settle();
    const reason = 'etcdserver: request timed out, waiting for the applied index took too long';
    assert.equal(renewal.outcome, reason);
  });

  it('do not save a lease that is past its time', async () => {
    const { clock, leases, lessor, lead, state } = createMember();
    lead();
    lessor.grant(7n, 2);
    clock.advance(2500);
    assert.deepEqual(
      state.proposed.map(({ kind }) => kind),
      [RequestKind.leaseRevoke],
    );
    assert.equal(leases.requests.renewNow(7n), undefined);
    const renewal = watch(leases.requests.renew(7n));
    await settle();
    assert.equal(renewal.outcome, 'pending');
    lessor.revoke(7n);
    clock.advance(50);
    await settle();
    assert.equal(renewal.outcome, '0');
  });

  it('go to the next leader if this one goes before the lease', async () => {
    const [old, next] = [createMember(), createMember()];
    old.lead();
    for (const { lessor } of [old, next]) lessor.grant(7n, 2);
    old.clock.advance(2500);
    const renewal = watch(old.leases.requests.renew(7n));
    await settle();
    next.lead();
    old.state.isLeader = false;
    old.lessor.demote();
    connect(old, next);
    old.clock.advance(50);
    await settle();
    assert.equal(renewal.outcome, '2');
  });

  it('are renewed only once the others say that it still leads, after a long pause', async () => {
    const { leases, lessor, lead, state, clock } = createMember();
    lead();
    lessor.grant(7n, 60);
    // A process that was stopped: time passes, but no timer is called.
    const nowMs = clock.nowMs();
    clock.nowMs = () => nowMs + 300;
    assert.equal(leases.requests.renewNow(7n), undefined);
    assert.equal(await leases.requests.renew(7n), 60);
    state.readError = new EtcdError('Timeout');
    const renewal = watch(leases.requests.renew(7n));
    await settle();
    assert.equal(renewal.outcome, 'not a primary lessor');
  });

  it('wait until a new leader has taken over; times left say that the leader changed', async () => {
    const { clock, leases, lessor, state, lead } = createMember();
    lessor.grant(7n, 60);
    state.isLeader = true;
    assert.equal(leases.requests.renewNow(7n), undefined);
    assert.throws(() => leases.requests.timeToLiveNow(7n, false), {
      message: 'etcdserver: leader changed',
    });
    const renewal = watch(leases.requests.renew(7n));
    await settle();
    assert.equal(renewal.outcome, 'pending');
    lead();
    clock.advance(50);
    await settle();
    assert.equal(renewal.outcome, '60');
  });
});

describe('Lease requests on a follower', () => {
  it('are answered by the leader', async () => {
    const [leader, follower] = [createMember(), createMember()];
    leader.lead();
    connect(follower, leader);
    leader.lessor.grant(-7n, 60);
    leader.lessor.attach(-7n, 'key');
    leader.clock.advance(10_000);
    const { requests } = follower.leases;
    assert.equal(requests.renewNow(-7n), undefined);
    assert.equal(requests.canTellNow, false);
    assert.equal((await requests.timeToLive(-7n, false))?.ttlSeconds, 50);
    assert.equal(await requests.renew(-7n), 60);
    assert.deepEqual(await requests.timeToLive(-7n, true), {
      id: -7n,
      ttlSeconds: 60,
      grantedTtlSeconds: 60,
      keys: [Buffer.from('key')],
    });
    assert.equal(await requests.renew(8n), 0);
    assert.equal(await requests.timeToLive(8n, false), undefined);
  });

  it('are tried again, also elsewhere, until a leader answers', async () => {
    const [leader, follower] = [createMember(), createMember()];
    leader.lessor.grant(7n, 60);
    const renewal = watch(follower.leases.requests.renew(7n));
    const time = watch(
      follower.leases.requests.timeToLive(7n, false).then((lease) => lease?.ttlSeconds),
    );
    follower.state.leaderUrls = ['http://a', 'http://b'];
    follower.clock.advance(50);
    await settle();
    const urls = new Set(follower.state.sent.map(({ url }) => url));
    assert.deepEqual([...urls], ['http://a', 'http://b']);
    connect(follower, leader);
    follower.clock.advance(50);
    await settle();
    assert.deepEqual([renewal.outcome, time.outcome], ['pending', 'pending']);
    leader.lead();
    follower.clock.advance(50);
    await settle();
    assert.deepEqual([renewal.outcome, time.outcome], ['60', '60']);
  });

  it('fail after the time that requests have, for want of a leader or of its answer', async () => {
    for (const leaderUrls of [undefined, [URL]]) {
      const { clock, leases, state } = createMember();
      state.leaderUrls = leaderUrls;
      const outcomes = [leases.requests.renew(7n), leases.requests.timeToLive(7n, false)].map(
        watch,
      );
      for (let passedMs = 0; passedMs < 7000; passedMs += 50) {
        await settle();
        clock.advance(50);
      }
      await settle();
      const reason =
        leaderUrls === undefined ? 'etcdserver: no leader' : 'etcdserver: request timed out';
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        [reason, reason],
      );
    }
  });

  it('end when nobody waits any more, and when the member stops', async () => {
    const { clock, leases } = createMember();
    const caller = { isGone: false };
    const left = watch(leases.requests.renew(7n, caller));
    const waiting = watch(leases.requests.renew(7n));
    await settle();
    caller.isGone = true;
    clock.advance(50);
    await settle();
    assert.deepEqual([left.outcome, waiting.outcome], ['etcdserver: request canceled', 'pending']);
    leases.stop();
    clock.advance(50);
    await settle();
    assert.equal(waiting.outcome, 'etcdserver: server stopped');
  });

  it('keep to a few connections, however many they are', async () => {
    const { leases, state } = createMember();
    state.leaderUrls = [URL];
    const gates: (() => void)[] = [];
    state.answer = async (_path, body) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      const { id } = LeaseKeepAliveRequest.decode(body);
      return { status: 200, body: LeaseKeepAliveResponse.encode({ id, ttl: Number(id) }) };
    };
    const ids = Array.from({ length: 500 }, (_, index) => BigInt(index + 1));
    const renewals = Promise.all(ids.map((id) => leases.requests.renew(id)));
    while (state.sent.length < ids.length || state.underWay > 0) {
      await settle();
      for (const open of gates.splice(0)) open();
    }
    assert.deepEqual(await renewals, ids.map(Number));
    assert.equal(state.mostUnderWay, 16);
  });
});

describe('Lease requests between members', () => {
  it('are refused by who does not decide', async () => {
    const { leases, lessor } = createMember();
    lessor.grant(7n, 60);
    const { peerAnswers } = leases;
    const keepAlive = LeaseKeepAliveRequest.encode({ id: 7n });
    const timeToLive = LeaseInternalRequest.encode({
      leaseTimeToLiveRequest: { id: 7n, keys: false },
    });
    const text = 'not a primary lessor';
    assert.deepEqual(await peerAnswers.keepAlive(keepAlive), { status: 400, text });
    assert.deepEqual(await peerAnswers.timeToLive(timeToLive), { status: 500, text });
    const unreadable = { status: 400, text: 'error unmarshalling request' };
    assert.deepEqual(await peerAnswers.keepAlive(Buffer.from('ffff', 'hex')), unreadable);
    assert.deepEqual(await peerAnswers.timeToLive(Buffer.alloc(0)), unreadable);
  });

  it('are refused while applying lags', async () => {
    const { clock, leases, state } = createMember();
    state.committedIndex = 6;
    const answer = leases.peerAnswers.keepAlive(LeaseKeepAliveRequest.encode({ id: 7n }));
    clock.advance(1000);
    const text = 'waiting for node to catch up its applied index has timed out';
    assert.deepEqual(await answer, { status: 408, text });
  });

  it('go over the peer port, on connections that are used again', async (t) => {
    const [leader, follower] = [createMember(), createMember()];
    leader.lead();
    leader.lessor.grant(7n, 60);
    for (let key = 0; key < 100_000; key++) leader.lessor.attach(7n, `${'k'.repeat(50)}${key}`);
    const source = { clusterId: 1n, cluster: { members: () => [], version: '3.7.0' } };
    const handler = createPeerHandler(
      { ...source, cluster: { ...source.cluster, storageVersion: '3.7.0' } },
      {
        raft: () => false,
        promote: () => Promise.reject(new Error('unused')),
        hashKv: () => Promise.reject(new Error('unused')),
        isDowngradeEnabled: async () => false,
        leases: leader.leases.peerAnswers,
      },
    );
    const server = createServer(handler);
    let connections = 0;
    server.on('connection', () => connections++);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connector = new NodePeerConnector();
    const queries = new ClusterQueries({ timeoutMs: 5000 }, { clock: systemClock, connector });
    t.after(() => {
      queries.close();
      connector.close();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    follower.state.leaderUrls = [`http://127.0.0.1:${port}`];
    follower.state.answer = (path, body) => {
      const request = follower.state.sent.at(-1);
      assert.ok(request !== undefined);
      return queries.exchange(request.url, { ...request, path, body });
    };
    for (let round = 0; round < 5; round++) {
      const many = Array.from({ length: 40 }, () => follower.leases.requests.renew(7n));
      assert.deepEqual(await Promise.all(many), new Array(40).fill(60));
    }
    const lease = await follower.leases.requests.timeToLive(7n, true);
    assert.equal(lease?.keys.length, 100_000);
    assert.ok(connections <= 16, `${connections} connections`);
  });
});

describe('Lease checkpoints', () => {
  it('tell the log every five minutes what is left of long leases', () => {
    const { clock, lessor, lead, state } = createMember({ checkpoints: true });
    lessor.grant(1n, 900);
    lead();
    lessor.grant(2n, 300);
    lessor.grant(3n, 1000);
    clock.advance(299_000);
    assert.deepEqual(checkpointsOf(state.proposed), []);
    clock.advance(1500);
    assert.deepEqual(checkpointsOf(state.proposed), [
      [1n, 600],
      [3n, 700],
    ]);
    clock.advance(300_000);
    assert.deepEqual(checkpointsOf(state.proposed).slice(2), [
      [1n, 300],
      [3n, 400],
    ]);
  });

  it('do not shorten a lease that was renewed meanwhile', () => {
    const { lessor, lead } = createMember({ checkpoints: true });
    lead();
    const lease = lessor.grant(1n, 900);
    lessor.checkpoint(1n, 10);
    assert.equal(lessor.remainingSeconds(lease), 900);
  });

  it('are cleared by a renewal, before it is answered', async () => {
    const { leases, lessor, lead, state } = createMember();
    lead();
    lessor.grant(1n, 900);
    lessor.checkpoint(1n, 10);
    assert.equal(leases.requests.renewNow(1n), undefined);
    assert.equal(await leases.requests.renew(1n), 900);
    assert.deepEqual(checkpointsOf(state.proposed), [[1n, 0]]);
    assert.equal(leases.requests.renewNow(1n), 900);
  });

  it('end when another member leads', () => {
    const { clock, lessor, lead, state } = createMember({ checkpoints: true });
    lead();
    lessor.grant(1n, 900);
    lessor.demote();
    clock.advance(400_000);
    assert.deepEqual(state.proposed, []);
  });
});

function checkpointsOf(proposed: readonly DecodedRequest[]): [bigint, number][] {
  return proposed.flatMap((decoded) =>
    decoded.kind === RequestKind.leaseCheckpoint
      ? decoded.request.checkpoints.map(({ id, remainingTtl }): [bigint, number] => [
          id,
          remainingTtl,
        ])
      : [],
  );
}

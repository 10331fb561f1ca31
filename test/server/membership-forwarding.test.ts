import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EtcdError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import { type Answer, PeerRequestError } from '../../src/peer/index.js';
import { PromotionForwarder, promotionFailure } from '../../src/server/membership/index.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { recordedPosts } from '../peer/recorded.js';
import { ManualClock } from '../support/manual-clock.js';

type Reply = { readonly status: number; readonly body: string } | Error;

/** A follower whose leader, member 2 with two URLs, gives these answers in turn. */
function createForwarder(replies: readonly Reply[], leaders: readonly bigint[] = [2n]) {
  const clock = new ManualClock();
  const peerUrls = ['http://a:1', 'http://b:1'];
  const cluster = unsavedCluster([
    { id: 2n, peerUrls, isLearner: false, name: '', clientUrls: [] },
  ]);
  const asked: string[] = [];
  let looked = 0;
  const forwarder = new PromotionForwarder({
    clock,
    logger: silentLogger,
    cluster,
    leaderId: () => leaders[Math.min(looked++, leaders.length - 1)] ?? 0n,
    queries: {
      exchange(url, { method, path }): Promise<Answer> {
        asked.push(`${method} ${url}${path}`);
        const reply = replies[asked.length - 1] ?? new PeerRequestError('no more answers');
        if (reply instanceof Error) return Promise.reject(reply);
        const { status, body } = reply;
        return Promise.resolve({ status, headers: {}, body: Buffer.from(body) });
      },
    },
  });
  /** The end of a promotion with 1 s of patience. */
  const promote = async (): Promise<unknown> => {
    let end: unknown = 'waits';
    forwarder.promote(5n, clock.nowMs() + 1000).then(
      (members) => {
        end = members.map(({ id }) => id);
      },
      (error: Error) => {
        end = error.message;
      },
    );
    for (let passedMs = 0; passedMs <= 1000; passedMs += 50) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    await new Promise((resolve) => setImmediate(resolve));
    return end;
  };
  return { promote, asked };
}

const MEMBERS = '[{"id":5,"peerURLs":["http://c:1"]},{"id":18446744073709551615,"peerURLs":[]}]\n';

describe('a promotion forwarded to the leader', () => {
  it('gets the members from it', async () => {
    const { promote, asked } = createForwarder([{ status: 200, body: MEMBERS }]);
    assert.deepEqual(await promote(), [5n, 18446744073709551615n]);
    assert.deepEqual(asked, ['POST http://a:1/members/promote/5']);
  });

  it('ends with what the leader has decided', async () => {
    const ends: [status: number, body: string, end: string][] = [
      [404, 'membership: ID not found\n', 'etcdserver: member not found'],
      [
        412,
        'membership: can only promote a learner member\n',
        'etcdserver: can only promote a learner member',
      ],
      [
        412,
        'etcdserver: can only promote a learner member which is in sync with leader\n',
        'etcdserver: can only promote a learner member which is in sync with leader',
      ],
    ];
    for (const [status, body, end] of ends) {
      const { promote, asked } = createForwarder([{ status, body }]);
      assert.equal(await promote(), end);
      assert.equal(asked.length, 1);
    }
  });

  it('tries all URLs, and again, until there is a decision', async () => {
    const { promote, asked } = createForwarder(
      [
        new PeerRequestError('refused'),
        { status: 500, body: '{"message":"Internal Server Error"}' },
        { status: 412, body: 'of another kind' },
        { status: 200, body: 'not a list' },
        { status: 200, body: MEMBERS },
      ],
      [0n, 2n],
    );
    assert.deepEqual(await promote(), [5n, 18446744073709551615n]);
    assert.equal(asked.length, 5);
    assert.equal(asked[1], 'POST http://b:1/members/promote/5');
  });

  it('runs out of time', async () => {
    assert.equal(await createForwarder([]).promote(), 'etcdserver: request timed out');
    assert.equal(await createForwarder([], [0n]).promote(), 'etcdserver: no leader');
  });

  it('is asked and refused as between real members', () => {
    const posts = recordedPosts('/members/promote/10735345410686917388');
    const refused = posts.filter(({ exchange }) => exchange.status === 412);
    const answers = new Set(refused.map(({ exchange }) => exchange.responseBody?.trimEnd()));
    const failures = ['MemberNotLearner', 'LearnerNotReady'] as const;
    for (const name of failures) {
      const { status, body } = promotionFailure(new EtcdError(name));
      assert.equal(status, 412);
      assert.ok(answers.has(body.trimEnd()), name);
    }
    assert.equal(promotionFailure(new EtcdError('MemberNotFound')).status, 404);
    assert.equal(promotionFailure(new EtcdError('NotLeader')).status, 500);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EtcdError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import type { Member } from '../../src/membership/index.js';
import { RequestKind } from '../../src/proto/internal-request.js';
import type { ProposalCallback } from '../../src/server/proposals.js';
import { Publisher } from '../../src/server/publisher.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { ManualClock } from '../support/manual-clock.js';

const member = (id: bigint): Member => ({
  id,
  peerUrls: [`http://m${id}:1`],
  isLearner: false,
  name: `m${id}`,
  clientUrls: [],
});

/** A publisher of member 1, whose proposals and questions are kept. */
function setUp(members: readonly Member[], versions: Readonly<Record<string, string>>) {
  const cluster = unsavedCluster(members);
  const clock = new ManualClock();
  const proposals: { kind: RequestKind; isLegacy: boolean; callback: ProposalCallback }[] = [];
  const asked: string[] = [];
  const publisher = new Publisher(
    { memberId: 1n, clusterId: 9n, name: 'm1', clientUrls: ['http://m1:2'] },
    {
      clock,
      logger: silentLogger,
      state: { cluster },
      queries: {
        async version(url) {
          asked.push(url);
          const server = versions[url];
          if (server === undefined) throw new Error('no answer');
          return { server };
        },
      },
      propose: (kind, _body, callback, isLegacy = false) =>
        proposals.push({ kind, callback, isLegacy }),
    },
  );
  /** Whether the only proposal so far is in the former form; undefined: there is none. */
  const isLegacy = (): boolean | undefined => {
    const [first] = proposals;
    assert.ok(first === undefined || first.kind === RequestKind.clusterMemberAttrSet);
    return first?.isLegacy;
  };
  return { publisher, cluster, clock, proposals, asked, isLegacy };
}

test('in a cluster of 3.5 or later nobody is asked', async () => {
  const { publisher, cluster, asked, isLegacy } = setUp([member(1n), member(2n)], {});
  cluster.setVersion('3.5.0');
  publisher.start();
  await turn();
  assert.deepEqual(asked, []);
  assert.equal(isLegacy(), false);
});

test('one member before 3.5 is enough for the former form', async () => {
  const members = [member(1n), member(2n), member(3n), member(4n)];
  const { publisher, cluster, isLegacy } = setUp(members, {
    'http://m2:1': '3.7.1',
    'http://m3:1': '3.4.23',
  });
  cluster.setVersion('3.4.0');
  publisher.start();
  await turn();
  assert.equal(isLegacy(), true);
});

test('a new cluster begins with a low version and has no old members', async () => {
  const { publisher, cluster, isLegacy } = setUp([member(1n), member(2n)], {
    'http://m2:1': '3.7.1',
  });
  cluster.setVersion('3.0.0');
  publisher.start();
  await turn();
  assert.equal(isLegacy(), false);
});

test('while no other member answers, nothing is proposed', async () => {
  const versions: Record<string, string> = {};
  const { publisher, clock, isLegacy } = setUp([member(1n), member(2n)], versions);
  publisher.start();
  for (let round = 0; round < 5; round++) {
    await turn();
    assert.equal(isLegacy(), undefined);
    clock.advance(1000);
  }
  versions['http://m2:1'] = '3.7.1';
  await turn();
  clock.advance(1000);
  await turn();
  assert.equal(isLegacy(), false);
});

test('a joining member first learns who is there', async () => {
  const { publisher, cluster, clock, asked, isLegacy } = setUp([member(2n)], {
    'http://m2:1': '3.4.23',
  });
  publisher.start();
  await turn();
  assert.deepEqual([asked, isLegacy()], [[], undefined]);
  cluster.addMember(member(1n));
  clock.advance(1000);
  await turn();
  assert.equal(isLegacy(), true);
});

test('alone there is nobody to ask; what fails is tried again', async () => {
  const { publisher, clock, proposals } = setUp([member(1n)], {});
  publisher.start();
  await turn();
  proposals[0]?.callback(new EtcdError('NoLeader'), undefined);
  clock.advance(1000);
  await turn();
  assert.equal(proposals.length, 2);
  proposals[1]?.callback(null, undefined);
  await publisher.published;
});

test('a member that has stopped proposes nothing', async () => {
  const { publisher, clock, proposals } = setUp([member(1n)], {});
  publisher.start();
  publisher.stop();
  await turn();
  clock.advance(1000);
  await turn();
  assert.equal(proposals.length, 0);
});

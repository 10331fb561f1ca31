import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/base/logger.js';
import type { KeyValueHash } from '../../src/mvcc/index.js';
import { type MemberHash, PeerRequestError } from '../../src/peer/index.js';
import {
  CorruptionChecker,
  CorruptionMonitor,
  createPeerHashes,
  DataInconsistencyError,
} from '../../src/server/corruption/index.js';
import { ManualClock } from '../support/manual-clock.js';

const SELF = 1n;
const own = (hash: number, hashRevision: number, compactRevision = -1): KeyValueHash => ({
  hash,
  hashRevision,
  compactRevision,
});
const theirs = (hash: number, currentRevision: number, compactRevision = -1): MemberHash => ({
  hash,
  currentRevision,
  compactRevision,
});

/** What peers 2, 3 … answer to each revision; an error is one that they refuse with. */
type PeerAnswers = readonly ((revision: number) => MemberHash | Error)[];

function createChecker(setup: {
  /** The own hash at successive looks; the last one stays. */
  readonly looks?: readonly KeyValueHash[];
  readonly revision?: number;
  readonly compactions?: readonly KeyValueHash[];
  readonly peers: PeerAnswers;
  readonly readError?: Error;
}) {
  const alarms: bigint[] = [];
  const asked: string[] = [];
  let look = 0;
  const looks = setup.looks ?? [own(10, 5)];
  const checker = new CorruptionChecker(
    { memberId: SELF },
    {
      hashByRevision: async () => looks[Math.min(look++, looks.length - 1)] ?? own(0, 0),
      currentRevision: () => setup.revision ?? 5,
      compactionHashes: () => setup.compactions ?? [],
      askPeers: createPeerHashes({
        peers: () =>
          setup.peers.map((_, index) => ({
            id: BigInt(index + 2),
            urls: [`http://${index}`, `http://${index}-too`],
          })),
        hashKv: async (url, revision) => {
          asked.push(`${url} ${revision}`);
          const answer = setup.peers[Number(/\d/.exec(url)?.[0])]?.(revision);
          if (answer === undefined || answer instanceof Error) throw answer ?? new Error('nobody');
          return answer;
        },
        logger: silentLogger,
      }),
      linearizableRead: (callback) => callback(setup.readError ?? null),
      raiseAlarm: (memberId) => alarms.push(memberId),
      logger: silentLogger,
    },
  );
  return { checker, alarms, asked };
}

const refusal = (status: number, text: string) => (): Error =>
  new PeerRequestError(`unexpected http status ${status}`, status, text);
const silent = (): Error => new Error('connect ECONNREFUSED');

describe('The initial corruption check', () => {
  it('lets a member start whose peers have the same, or cannot tell', async () => {
    const { checker, asked } = createChecker({
      peers: [
        () => theirs(10, 7),
        silent,
        refusal(400, 'mvcc: required revision is a future revision'),
        refusal(400, 'mvcc: required revision has been compacted'),
        refusal(412, 'cluster ID mismatch'),
        // Another compaction: the hashes say nothing.
        () => theirs(99, 7, 4),
      ],
    });
    await checker.initialCheck();
    assert.ok(asked.includes('http://0 5'));
    assert.ok(!asked.includes('http://0-too 5'));
    assert.ok(asked.includes('http://1-too 5'));
  });

  it('refuses one whose data differs', async () => {
    const { checker, alarms } = createChecker({
      peers: [() => theirs(10, 5), () => theirs(11, 5)],
    });
    await assert.rejects(checker.initialCheck(), (error) => {
      assert.ok(error instanceof DataInconsistencyError);
      assert.equal(error.message, '1 found data inconsistency with peers');
      return true;
    });
    assert.deepEqual(alarms, []);
  });
});

describe('The periodic corruption check', () => {
  const rows: [string, Parameters<typeof createChecker>[0], bigint[]][] = [
    ['all have the same', { peers: [() => theirs(10, 5), silent] }, []],
    ['a peer differs', { peers: [() => theirs(10, 5), () => theirs(11, 5)] }, [3n]],
    ['several differ: one alarm', { peers: [() => theirs(12, 5), () => theirs(11, 5)] }, [2n]],
    ['a peer is ahead of the leader', { peers: [() => theirs(10, 6)] }, [2n]],
    ['the leader went on meanwhile', { revision: 6, peers: [() => theirs(10, 6)] }, []],
    ['a peer has compacted more', { peers: [() => theirs(10, 5, 3)] }, [2n]],
    [
      'a peer had compacted as the leader has now',
      { looks: [own(10, 5), own(9, 5, 3)], peers: [() => theirs(9, 5, 3)] },
      [],
    ],
    [
      'the leader differs from itself',
      { looks: [own(10, 5), own(11, 5)], peers: [() => theirs(10, 5)] },
      [SELF],
    ],
  ];
  for (const [name, setup, wanted] of rows) {
    it(name, async () => {
      const { checker, alarms } = createChecker(setup);
      await checker.periodicCheck();
      assert.deepEqual(alarms, wanted);
    });
  }

  it('says nothing while this member cannot tell whether it leads', async () => {
    const setup = { peers: [() => theirs(11, 5)], readError: new Error('no leader') };
    const { checker, alarms } = createChecker(setup);
    await assert.rejects(checker.periodicCheck(), /no leader/);
    assert.deepEqual(alarms, []);
  });
});

describe('The compaction hash check', () => {
  const compactions = [own(1, 10, -1), own(2, 20, 10)];
  /** Answers for the compactions at 10 and 20. */
  const telling =
    (at10: number, at20: number) =>
    (revision: number): MemberHash =>
      revision === 10 ? theirs(at10, 25, -1) : theirs(at20, 25, 10);

  it('compares the newest compaction that all can tell of, and each only once', async () => {
    const peers = [telling(1, 2), telling(1, 2)];
    const { checker, alarms, asked } = createChecker({ compactions, peers });
    await checker.compactHashCheck();
    assert.deepEqual(asked, ['http://0 20', 'http://1 20']);
    await checker.compactHashCheck();
    assert.deepEqual(asked.length, 2);
    assert.deepEqual(alarms, []);
  });

  it('goes to an older one if a peer cannot tell, or has compacted otherwise', async () => {
    const behind = (revision: number): MemberHash =>
      revision === 10 ? theirs(1, 25, -1) : theirs(77, 25, 15);
    const { checker, alarms, asked } = createChecker({
      compactions,
      peers: [telling(1, 2), behind],
    });
    await checker.compactHashCheck();
    assert.deepEqual(asked, ['http://0 20', 'http://1 20', 'http://0 10', 'http://1 10']);
    assert.deepEqual(alarms, []);
  });

  const rows: [string, PeerAnswers, bigint[]][] = [
    ['one of three differs: it is named', [telling(1, 2), telling(1, 9)], [3n]],
    ['the leader differs from all others', [telling(1, 9), telling(1, 9)], [SELF]],
    ['each has its own: the whole cluster is named', [telling(1, 8), telling(1, 9)], [0n]],
    ['of two, nobody knows which is right', [telling(1, 9)], [0n]],
    ['those that are silent count against a majority', [telling(1, 9), silent], [0n]],
    [
      'two of five differ: both are named',
      [telling(1, 2), telling(1, 8), telling(1, 2), telling(1, 9)],
      [3n, 5n],
    ],
  ];
  for (const [name, peers, wanted] of rows) {
    it(name, async () => {
      const { checker, alarms } = createChecker({ compactions, peers });
      await checker.compactHashCheck();
      assert.deepEqual(alarms, wanted);
    });
  }

  it('has nothing to do in a cluster of one', async () => {
    const { checker, alarms } = createChecker({ compactions, peers: [] });
    await checker.compactHashCheck();
    assert.deepEqual(alarms, []);
  });
});

describe('The corruption monitor', () => {
  it('has the leader check', async () => {
    const clock = new ManualClock();
    const { checker, asked } = createChecker({
      compactions: [own(1, 10)],
      peers: [(revision) => theirs(revision === 10 ? 1 : 10, 5)],
    });
    const state = { isLeader: false };
    const monitor = new CorruptionMonitor(
      { corruptCheckTimeMs: 3000, compactHashCheckTimeMs: 2000 },
      { checker, clock, isLeader: () => state.isLeader, logger: silentLogger },
    );
    monitor.start();
    const pass = async (durationMs: number): Promise<void> => {
      clock.advance(durationMs);
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    await pass(6000);
    assert.deepEqual(asked, []);
    state.isLeader = true;
    await pass(2000);
    assert.deepEqual(asked, ['http://0 10']);
    await pass(1000);
    assert.deepEqual(asked, ['http://0 10', 'http://0 5']);
    monitor.stop();
    await pass(60_000);
    assert.equal(asked.length, 2);
  });

  it('does both checks also if they fall on the same moment', async () => {
    const clock = new ManualClock();
    const { checker, asked } = createChecker({
      compactions: [own(1, 10)],
      peers: [(revision) => theirs(revision === 10 ? 1 : 10, 5)],
    });
    const monitor = new CorruptionMonitor(
      { corruptCheckTimeMs: 2000, compactHashCheckTimeMs: 2000 },
      { checker, clock, isLeader: () => true, logger: silentLogger },
    );
    monitor.start();
    clock.advance(2000);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(asked.sort(), ['http://0 10', 'http://0 5']);
  });
});

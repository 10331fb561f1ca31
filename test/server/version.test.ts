import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EtcdError, errorText } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import {
  ClusterVersionError,
  DowngradeState,
  Downgrades,
  refuseNewerCluster,
  storageVersionFor,
  VersionMonitor,
} from '../../src/server/version/index.js';
import { ManualClock } from '../support/manual-clock.js';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A leader and its peers' versions; what it proposes is applied at once. */
function createMonitor(versions: readonly (string | undefined)[], clusterVersion?: string) {
  const clock = new ManualClock();
  const downgrade = new DowngradeState({ putDowngrade: () => {} });
  const state = {
    isLeader: true,
    versions,
    clusterVersion,
    proposed: [] as string[],
    asked: 0,
    failure: undefined as Error | undefined,
  };
  const monitor = new VersionMonitor(
    { downgradeCheckTimeMs: 5000 },
    {
      clock,
      logger: silentLogger,
      isLeader: () => state.isLeader,
      clusterVersion: () => state.clusterVersion,
      downgrade: () => downgrade.info,
      peers: () =>
        state.versions.map((_, index) => ({ id: BigInt(index + 2), urls: ['down', `${index}`] })),
      serverVersion: async (url) => {
        state.asked++;
        const version = url === 'down' ? undefined : state.versions[Number(url)];
        if (version === undefined) throw new Error('connect ECONNREFUSED');
        return version;
      },
      proposeVersion: async (version) => {
        if (state.failure !== undefined) throw state.failure;
        state.proposed.push(version);
        state.clusterVersion = version;
      },
      proposeDowngradeEnd: async () => {
        state.proposed.push('downgrade ends');
        downgrade.set(false, '');
      },
    },
  );
  monitor.start();
  const pass = async (durationMs: number): Promise<void> => {
    clock.advance(durationMs);
    await settle();
  };
  return { clock, monitor, state, downgrade, pass };
}

describe('The version monitor', () => {
  const rows: [string, (string | undefined)[], string | undefined, string[]][] = [
    ['alone, the own version', [], undefined, ['3.7.0']],
    ['three new members: at once their version', ['3.7.1', '3.7.0'], undefined, ['3.7.0']],
    ['the lowest of all', ['3.6.14', '3.8.2'], undefined, ['3.6.0']],
    ['3.0.0 while one has not told', ['3.7.1', undefined], undefined, ['3.0.0']],
    ['up when all have told', ['3.7.1', '3.7.1'], '3.0.0', ['3.7.0']],
    ['up after a rolling upgrade', ['3.7.1', '3.7.1'], '3.6.0', ['3.7.0']],
    ['not up while one has not told', ['3.7.1', undefined], '3.6.0', []],
    ['not up while one is older', ['3.6.14', '3.7.1'], '3.6.0', []],
    ['never down by itself', ['3.6.14'], '3.7.0', []],
    ['a version that cannot be read is none', ['3.7'], '3.6.0', []],
    ['unreleased versions count as their minor', ['3.7.0-alpha.0'], '3.6.0', ['3.7.0']],
  ];
  for (const [name, versions, clusterVersion, wanted] of rows) {
    it(name, async () => {
      const { monitor, state } = createMonitor(versions, clusterVersion);
      monitor.check();
      await settle();
      assert.deepEqual(state.proposed, wanted);
    });
  }

  it('looks every four seconds, on the leader only', async () => {
    const { state, pass } = createMonitor(['3.7.1', undefined]);
    state.isLeader = false;
    await pass(8000);
    assert.equal(state.asked, 0);
    state.isLeader = true;
    await pass(4000);
    assert.deepEqual(state.proposed, ['3.0.0']);
    state.versions = ['3.7.1', '3.7.1'];
    await pass(3999);
    assert.deepEqual(state.proposed, ['3.0.0']);
    await pass(1);
    assert.deepEqual(state.proposed, ['3.0.0', '3.7.0']);
  });

  it('tries again when a proposal came to nothing', async () => {
    const { state, pass } = createMonitor([]);
    state.failure = new EtcdError('NoLeader');
    await pass(4000);
    state.failure = undefined;
    await pass(4000);
    assert.deepEqual(state.proposed, ['3.7.0']);
  });

  it('takes the cluster down to the target, and ends the downgrade when all run it', async () => {
    const { state, downgrade, pass } = createMonitor(['3.7.1'], '3.7.0');
    downgrade.set(true, '3.6.0');
    await pass(4000);
    assert.deepEqual(state.proposed, ['3.6.0']);
    await pass(8000);
    assert.deepEqual(state.proposed, ['3.6.0'], 'this member still runs the newer one');
  });

  it('does not go down to what is no minor below', async () => {
    const { state, downgrade, pass } = createMonitor([], '3.7.0');
    downgrade.set(true, '3.5.0');
    await pass(4000);
    assert.deepEqual(state.proposed, []);
  });

  it('ends a downgrade to the version that all run', async () => {
    const { state, downgrade, pass } = createMonitor(['3.7.0', undefined], '3.7.0');
    downgrade.set(true, '3.7.0');
    await pass(5000);
    assert.deepEqual(state.proposed, []);
    state.versions = ['3.7.0', '3.7.1'];
    await pass(5000);
    assert.deepEqual(state.proposed, ['downgrade ends']);
    assert.equal(downgrade.info.enabled, false);
  });
});

describe("The cluster's version", () => {
  it('must not be above the own one', () => {
    refuseNewerCluster(undefined);
    refuseNewerCluster('3.6.0');
    refuseNewerCluster('3.7.0');
    assert.throws(() => refuseNewerCluster('3.8.0'), {
      name: ClusterVersionError.name,
      message:
        'invalid downgrade; server version is lower than determined cluster version (3.7.1, 3.8.0)',
    });
    assert.throws(() => refuseNewerCluster('new'), ClusterVersionError);
  });

  it('decides on the version of the stored format', () => {
    const versions = ['3.0.0', '3.5.0', '3.6.0', '3.7.0'].map(storageVersionFor);
    assert.deepEqual(versions, [undefined, undefined, '3.6.0', '3.7.0']);
  });
});

/** A member of a 3.7 cluster; what it proposes is applied at once. */
function createDowngrades(overrides: { clusterVersion?: string | undefined } = {}) {
  const stored: string[] = [];
  const info = new DowngradeState({ putDowngrade: (value) => stored.push(value.toString()) });
  const state = {
    clusterVersion: 'clusterVersion' in overrides ? overrides.clusterVersion : '3.7.0',
    readError: null as Error | null,
  };
  const downgrades = new Downgrades({
    clusterVersion: () => state.clusterVersion,
    downgrade: () => info.info,
    linearizableRead: (callback) => callback(state.readError),
    propose: async ({ enabled, ver }) => info.set(enabled, ver),
  });
  return { downgrades, info, state, stored };
}

const outcome = (promise: Promise<string>): Promise<string> => promise.catch(errorText);

describe('Maintenance.Downgrade', () => {
  it('says whether a downgrade would be possible', async () => {
    const { downgrades, stored } = createDowngrades();
    const rows = [
      ['3.6', '3.7'],
      ['3.6.0', '3.7'],
      ['3.6.9', '3.7'],
      ['3.7', 'etcdserver: invalid downgrade target version'],
      ['3.5.0', 'etcdserver: invalid downgrade target version'],
      ['3.8.0', 'etcdserver: invalid downgrade target version'],
      ['', 'etcdserver: wrong downgrade target version format'],
      ['3', 'etcdserver: wrong downgrade target version format'],
      ['a.b.c', 'etcdserver: wrong downgrade target version format'],
    ] as const;
    for (const [version, wanted] of rows) {
      assert.equal(await outcome(downgrades.validate(version)), wanted, version);
    }
    assert.deepEqual(stored, []);
  });

  it('is refused where members would not know what it writes', async () => {
    const { downgrades } = createDowngrades({ clusterVersion: '3.4.0' });
    const refused = 'etcdserver: invalid downgrade target version';
    assert.equal(await outcome(downgrades.enable('3.3.0')), refused);
  });

  it('is enabled, one at a time, and cancelled', async () => {
    const { downgrades, info, stored } = createDowngrades();
    assert.equal(await downgrades.enable('3.6'), '3.7');
    assert.deepEqual(info.info, { enabled: true, targetVersion: '3.6.0' });
    const refused = 'etcdserver: cluster has a downgrade job in progress';
    assert.equal(await outcome(downgrades.enable('3.6.0')), refused);
    assert.equal(await outcome(downgrades.validate('3.6.0')), refused);
    assert.equal(await downgrades.cancel(), '3.7');
    assert.deepEqual(info.info, { enabled: false, targetVersion: '' });
    assert.deepEqual(stored, [
      '{"target-version":"3.6.0","enabled":true}',
      '{"target-version":"","enabled":false}',
    ]);
  });

  it('is cancelled also if there is none', async () => {
    const { downgrades, stored } = createDowngrades();
    assert.equal(await downgrades.cancel(), '3.7');
    assert.deepEqual(stored, []);
  });

  it('never claims to have ended a job that goes on', async () => {
    const { downgrades, state } = createDowngrades();
    await downgrades.enable('3.6');
    state.readError = new EtcdError('Timeout');
    assert.equal(await outcome(downgrades.cancel()), 'etcdserver: request timed out');
  });

  it('needs a cluster version', async () => {
    const { downgrades } = createDowngrades({ clusterVersion: undefined });
    const reason = 'etcdserver: cluster version not found during downgrade';
    assert.equal(await outcome(downgrades.validate('3.6')), reason);
    assert.equal(await outcome(downgrades.enable('3.6')), reason);
  });

  it('survives a restart', () => {
    const { info } = createDowngrades();
    info.restore(Buffer.from('{"target-version":"3.6.0","enabled":true}'));
    assert.deepEqual(info.info, { enabled: true, targetVersion: '3.6.0' });
    info.restore(undefined);
    assert.deepEqual(info.info, { enabled: false, targetVersion: '' });
  });
});

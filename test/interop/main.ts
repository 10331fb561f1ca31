/**
 * The proof of the wire: members of this project and of a real etcd in one cluster. Not part of the
 * test suite, for it needs etcd's program and some minutes:
 *
 *     node dist/test/interop/main.js --etcd <path of etcd 3.7.1> [--only <words>] [--seed <number>]
 *
 * `KVORUM_INTEROP_ETCD` names the program too. Prints a line for each step; the exit code is 1 when one
 * has failed.
 */
import { parseArgs } from 'node:util';
import { CleanupList } from '../support/cleanup.js';
import { etcdVersion, programAt, serverUnderTest } from '../support/programs.js';
import { Report } from './report.js';
import { foundTogether, join, refuse, replaceAll } from './scenarios.js';

const { values } = parseArgs({
  options: {
    etcd: { type: 'string' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
const path = values.etcd ?? process.env.KVORUM_INTEROP_ETCD;
if (path === undefined) {
  console.error('name a real etcd: --etcd <path>, or KVORUM_INTEROP_ETCD');
  process.exit(2);
}

const seed = Number(values.seed);
const version = etcdVersion(programAt(path));
const real = { ...programAt(path), label: `etcd ${version}` };
const own = { ...serverUnderTest(), label: 'kvorum' };
/** Older releases do not join a cluster of this project's version, and lack a flag. */
const isOlder = !version.startsWith('3.7.');
/** Members compare their data all the time; a difference would end the cluster's service. */
const checks = [
  '--feature-gates=InitialCorruptCheck=true,CompactHashCheck=true',
  '--compact-hash-check-time=1s',
  '--corrupt-check-time=3s',
];
const longLog = isOlder ? [] : checks;
/** Little of the log is kept, so that a newcomer needs a snapshot. */
const ownShortLog = [...longLog, '--snapshot-count=100', '--snapshot-catchup-entries=20'];
const shortLog = isOlder ? ['--snapshot-count=100'] : ownShortLog;

type Run = (cleanup: CleanupList) => Promise<void>;
const scenarios: (readonly [name: string, run: Run])[] = [];
const report = new Report((line) => console.log(line));

for (const catchUp of ['log', 'snapshot'] as const) {
  const isShort = catchUp === 'snapshot';
  const [realFlags, ownFlags] = isShort ? [shortLog, ownShortLog] : [longLog, longLog];
  const realFounds = { founders: real, founderFlags: realFlags };
  const ownFounds = { founders: own, founderFlags: ownFlags };
  const ownJoins = { newcomer: own, newcomerFlags: ownFlags };
  const realJoins = { newcomer: real, newcomerFlags: realFlags };
  scenarios.push([
    `kvorum joins ${real.label} by ${catchUp}`,
    (cleanup) => join(cleanup, report, { ...realFounds, ...ownJoins, seed, catchUp }),
  ]);
  const act = isOlder ? refuse : join;
  scenarios.push([
    `${real.label} joins kvorum by ${catchUp}`,
    (cleanup) => act(cleanup, report, { ...ownFounds, ...realJoins, seed, catchUp }),
  ]);
}
scenarios.push([
  `${real.label} replaced by kvorum one by one${isOlder ? '' : ', and back'}`,
  (cleanup) =>
    replaceAll(cleanup, report, {
      founders: real,
      founderFlags: shortLog,
      replacement: own,
      replacementFlags: ownShortLog,
      seed,
      andBack: !isOlder,
    }),
]);

if (!isOlder) {
  for (const [founders, coFounders] of [
    [own, real],
    [real, own],
  ] as const) {
    scenarios.push([
      `${founders.label}, ${coFounders.label} and ${founders.label} found together`,
      (cleanup) =>
        foundTogether(cleanup, report, { founders, coFounders, founderFlags: shortLog, seed }),
    ]);
  }
}

console.log(`again with --seed ${seed}`);
for (const [name, run] of scenarios) {
  if (!name.includes(values.only)) continue;
  await report.scenario(name, async () => {
    const cleanup = new CleanupList();
    try {
      await run(cleanup);
    } finally {
      await cleanup.run();
    }
  });
}
process.exit(report.finish() ? 0 : 1);

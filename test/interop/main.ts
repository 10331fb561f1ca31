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
import { join, replaceAll } from './scenarios.js';

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
/** Little of the log is kept, so that a newcomer needs a snapshot. */
const shortLog = version.startsWith('3.4.')
  ? ['--snapshot-count=100']
  : ['--snapshot-count=100', '--snapshot-catchup-entries=20'];
const ownShortLog = ['--snapshot-count=100', '--snapshot-catchup-entries=20'];

const realFounds = { founders: real, newcomer: own, seed };
const ownFounds = { founders: own, newcomer: real, seed };
const scenarios = [
  {
    name: `kvorum joins ${real.label} by log`,
    run: (cleanup: CleanupList, report: Report) =>
      join(cleanup, report, {
        ...realFounds,
        founderFlags: [],
        newcomerFlags: [],
        catchUp: 'log',
      }),
  },
  {
    name: `kvorum joins ${real.label} by snapshot`,
    run: (cleanup: CleanupList, report: Report) =>
      join(cleanup, report, {
        ...realFounds,
        founderFlags: shortLog,
        newcomerFlags: ownShortLog,
        catchUp: 'snapshot',
      }),
  },
  {
    name: `${real.label} joins kvorum by log`,
    run: (cleanup: CleanupList, report: Report) =>
      join(cleanup, report, {
        ...ownFounds,
        founderFlags: [],
        newcomerFlags: [],
        catchUp: 'log',
      }),
  },
  {
    name: `${real.label} joins kvorum by snapshot`,
    run: (cleanup: CleanupList, report: Report) =>
      join(cleanup, report, {
        ...ownFounds,
        founderFlags: ownShortLog,
        newcomerFlags: shortLog,
        catchUp: 'snapshot',
      }),
  },
  {
    name: `${real.label} replaced by kvorum one by one, and back`,
    run: (cleanup: CleanupList, report: Report) =>
      replaceAll(cleanup, report, {
        founders: real,
        founderFlags: shortLog,
        replacement: own,
        replacementFlags: ownShortLog,
        seed,
      }),
  },
];

const report = new Report((line) => console.log(line));
console.log(`again with --seed ${seed}`);
for (const { name, run } of scenarios) {
  if (!name.includes(values.only)) continue;
  await report.scenario(name, async () => {
    const cleanup = new CleanupList();
    try {
      await run(cleanup, report);
    } finally {
      await cleanup.run();
    }
  });
}
process.exit(report.finish() ? 0 : 1);

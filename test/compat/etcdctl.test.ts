/**
 * The stock etcdctl, driven as a process: the same commands on the server under test and on a real
 * etcd must print the same and end with the same code.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { CleanupList } from '../support/cleanup.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { type Member, startMember } from '../support/member.js';
import {
  findOnPath,
  missingProgramNotice,
  oracleServer,
  serverUnderTest,
} from '../support/programs.js';
import { EtcdctlTranscript } from './etcdctl-transcript.js';

const etcdctl = findOnPath('etcdctl');
const oracle = oracleServer();
const missing =
  etcdctl === undefined
    ? missingProgramNotice('etcdctl')
    : oracle === undefined && missingProgramNotice('etcd');

/** Runs a scenario on both servers and compares what it gave. */
type Scenario = (on: EtcdctlTranscript) => Promise<void>;

suite('etcdctl', { skip: missing }, () => {
  const cleanup = new CleanupList();
  let members: Member[] = [];

  before(async () => {
    if (oracle === undefined) return;
    members = await Promise.all(
      [serverUnderTest(), oracle].map((program) => startMember(cleanup, { program })),
    );
  });
  after(() => cleanup.run());

  const same = (name: string, scenario: Scenario): void => {
    test(name, async (context) => {
      const [tested, expected] = await Promise.all(
        members.map(async (member) => {
          const transcript = new EtcdctlTranscript(etcdctl ?? '', member, context);
          await scenario(transcript);
          return transcript.lines;
        }),
      );
      assert.deepEqual(tested, expected);
    });
  };

  same('put, with every flag', async (on) => {
    await on.run('put', 'p/a', '1');
    await on.run('put', '--prev-kv', 'p/a', '2');
    await on.run('put', 'p/b', { stdin: 'from standard input' });
    await on.run('put', '--ignore-value', 'p/a');
    await on.run('put', '--ignore-value', 'p/none');
    await on.run('put', '--ignore-lease', 'p/a', '3');
    await on.run('put', '--ignore-lease', 'p/none', '3');
    await on.run('put', '--lease=7b', 'p/a', '4');
    await on.run('put', '', 'x');
    await on.run('put', '-w', 'json', 'p/a', '5');
    await on.run('put', '-w', 'fields', '--prev-kv', 'p/a', '6');
    await on.run('put', 'p/ü\nline', 'schöner\nWert');
  });

  same('get, with every flag', async (on) => {
    for (const [key, value] of [
      ['g/a', '3'],
      ['g/b', '1'],
      ['g/c', '2'],
      ['g/d', ''],
    ] as const) {
      await on.run('put', key, value);
    }
    await on.run('put', 'g/b', '9');
    await on.run('get', 'g/a');
    await on.run('get', 'g/none');
    await on.run('get', 'g/a', 'g/c');
    await on.run('get', 'g/c', 'g/a');
    await on.run('get', '--prefix', 'g/');
    await on.run('get', '--prefix', '--limit=2', 'g/', '-w', 'fields');
    await on.run('get', '--prefix', '--keys-only', 'g/');
    await on.run('get', '--prefix', '--print-value-only', 'g/');
    await on.run('get', '--from-key', '--limit=3', 'g/b');
    await on.run('get', '--from-key', '');
    await on.run('get', '--prefix', '');
    for (const target of ['CREATE', 'KEY', 'MODIFY', 'VALUE', 'VERSION']) {
      await on.run('get', '--prefix', '--order=DESCEND', `--sort-by=${target}`, 'g/');
      await on.run('get', '--prefix', `--sort-by=${target}`, 'g/');
    }
    await on.run('get', '--rev=100000', 'g/a');
    await on.run('get', '--rev=1', 'g/a');
    await on.run('get', '--consistency=s', 'g/a');
    await on.run('get', '--consistency=x', 'g/a');
    await on.run('get', '--hex', 'g/a');
    for (const format of ['json', 'fields', 'protobuf', 'table', 'simple']) {
      await on.run('get', '--prefix', 'g/', '-w', format);
    }
    await on.run('get', '');
  });

  same('del', async (on) => {
    for (const key of ['d/a', 'd/b', 'd/c', 'd/d', 'd/e']) await on.run('put', key, 'v');
    await on.run('del', 'd/none');
    await on.run('del', 'd/a');
    await on.run('del', '--prev-kv', 'd/b');
    await on.run('del', 'd/c', 'd/d', '-w', 'json');
    await on.run('del', '--prefix', 'd/', '--prev-kv', '-w', 'fields');
    await on.run('del', '--from-key', 'zzz');
    await on.run('del', '');
  });

  same('txn from standard input', async (on) => {
    const txn = (stdin: string, ...flags: string[]) => on.run('txn', ...flags, { stdin });
    await on.run('put', 't/a', '1');
    await txn('mod("t/a") > "0"\n\nput t/b 2\nget t/a\n\nget t/none\n\n');
    await txn(
      'value("t/a") = "x"\nversion("t/a") = "1"\n\nput t/c 2\n\ndel t/b\nget --prefix t/\n\n',
    );
    await txn('create("t/none") = "0"\n\ndel --prev-kv t/a\nput t/a again\n\n\n');
    await txn('\n\n\n', '-w', 'json');
    await txn('\nput t/a 1\nput t/a 2\n\n\n');
    await txn('\nput t/a 1\ndel --prefix t/\n\n\n');
    await txn('\nget --rev=100000 t/a\n\n\n');
    await txn('nonsense\n\n\n\n');
    await txn('mod("t/a") != "0"\n\nget t/a\n\n\n', '-w', 'fields');
    await on.run('txn', '-i', { stdin: 'mod("t/a") > "0"\n\nput t/i 1\n\n\n' });
  });

  same('leases', async (on) => {
    const lease = await on.grantLease(600);
    await on.run('put', `--lease=${lease}`, 'l/a', '1');
    await on.run('put', `--lease=${lease}`, 'l/b', '2');
    await on.run('put', '--ignore-lease', 'l/a', '3');
    await on.run('lease', 'timetolive', lease);
    await on.run('lease', 'timetolive', lease, '--keys');
    await on.run('lease', 'keep-alive', '--once', lease);
    await on.run('lease', 'keep-alive', '--once', lease, '-w', 'json');
    await on.run('lease', 'list');
    await on.run('get', 'l/a', '-w', 'json');
    await on.run('lease', 'revoke', lease);
    await on.run('get', '--prefix', 'l/');
    await on.run('lease', 'revoke', lease);
    await on.run('lease', 'timetolive', lease);
    await on.run('lease', 'keep-alive', '--once', lease);
    await on.run('lease', 'grant', '9000000001');
    await on.run('lease', 'grant', 'x');
    await on.run('lease', 'list', '-w', 'json');
  });

  same('a watch prints what happens, as it happens', async (on) => {
    const revision = await on.currentRevision();
    const watch = on.start('watch', `--rev=${revision + 1}`, '--prefix', 'w/', '--prev-kv');
    await on.run('put', 'w/a', '1');
    await on.run('put', 'w/a', '2');
    await on.run('del', 'w/a');
    await on.run('put', 'w/end', 'end');
    await watch.waitForOutput('w/end');
    await on.stopWatch(watch);
  });

  same('a watch from the past, over a range', async (on) => {
    const revision = await on.currentRevision();
    for (const key of ['r/a', 'r/b', 'r/c', 'r/d']) await on.run('put', key, `value of ${key}`);
    await on.run('del', 'r/b');
    const watch = on.start('watch', `--rev=${revision + 1}`, 'r/a', 'r/d');
    await watch.waitForOutput('DELETE');
    await on.run('put', 'r/c', 'live');
    await watch.waitForOutput('live');
    await on.stopWatch(watch);
  });

  same('an interactive watch takes several watches', async (on) => {
    const watch = on.start('watch', '-i');
    const revision = await on.currentRevision();
    watch.write(`watch --rev=${revision + 1} i/a\n`);
    watch.write(`watch --rev=${revision + 1} --prefix i/b\n`);
    // Between the watches the order of output is not fixed: one event is waited for after the other.
    await on.run('put', 'i/a', '1');
    await watch.waitForOutput('i/a');
    await on.run('put', 'i/b1', '2');
    await watch.waitForOutput('i/b1');
    await on.run('put', 'i/none', 'x');
    await on.run('put', 'i/b2', 'y');
    await watch.waitForOutput('i/b2');
    await on.endWatch(watch);
  });

  same('a watch that runs a command for each event', async (on) => {
    const revision = await on.currentRevision();
    await on.run('put', 'e/a', '1');
    const watch = on.start('watch', `--rev=${revision + 1}`, 'e/a', '--', 'env');
    await watch.waitForOutput('ETCD_WATCH_VALUE="1"');
    await on.stopWatch(watch, (line) => line.startsWith('ETCD_WATCH'));
  });

  same('compaction', async (on) => {
    const revision = await on.currentRevision();
    await on.run('put', 'c/a', '1');
    await on.run('put', 'c/a', '2');
    await on.run('compaction', String(revision + 1));
    await on.run('get', '--rev', String(revision), 'c/a');
    await on.run('get', '--rev', String(revision + 1), 'c/a');
    await on.run('watch', '--rev=1', 'c/a', { timeoutMs: 5_000 });
    await on.run('compaction', String(revision + 1));
    await on.run('compaction', '100000');
    await on.run('compaction', '--physical', String(revision + 2));
    await on.run('compact', 'x');
  });

  same('alarms', async (on) => {
    await on.run('alarm', 'list');
    await on.run('alarm', 'disarm');
  });

  same('endpoints', async (on) => {
    await on.run('endpoint', 'health');
    await on.run('endpoint', 'status');
    await on.run('endpoint', 'status', '-w', 'table');
    await on.run('endpoint', 'health', '--cluster');
  });

  same('the member list', async (on) => {
    await on.run('member', 'list');
    for (const format of ['json', 'table', 'fields', 'simple']) {
      await on.run('member', 'list', '-w', format);
    }
  });

  same('defrag', async (on) => {
    await on.run('defrag');
    await on.run('get', '--prefix', 'g/');
  });

  same('a lock runs a command while it is held', async (on) => {
    await on.run('lock', '--ttl=20', 'lock/a', 'echo', 'held');
    await on.run('get', '--prefix', 'lock/');
  });

  test('an election has one leader, and a listener hears of it', async (context) => {
    for (const member of members) {
      const endpoint = { ETCDCTL_ENDPOINTS: member.clientAddress, ETCDCTL_API: '3' };
      const leader = new RunningCommand(etcdctl ?? '', ['elect', 'vote', 'me'], endpoint);
      context.after(() => leader.signal('SIGKILL'));
      await leader.waitForOutput('me');
      const listener = new RunningCommand(etcdctl ?? '', ['elect', '-l', 'vote'], endpoint);
      context.after(() => listener.signal('SIGKILL'));
      await listener.waitForOutput('me');
      listener.signal('SIGINT');
      leader.signal('SIGINT');
      await Promise.all([listener.end(), leader.end()]);
      const rest = await runCommand(etcdctl ?? '', ['get', '--prefix', 'vote/'], {
        environment: endpoint,
      });
      assert.equal(rest.stdout, '', 'the leader resigned');
    }
  });
});

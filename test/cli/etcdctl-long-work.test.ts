/** Commands that take a while: what they say at the end, and what a person at a terminal sees meanwhile. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { runEtcdctl } from '../../src/cli/etcdctl.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';

interface Settings {
  /** Whether a person looks at standard error. */
  readonly showsProgress: boolean;
  /** When they press Ctrl-C; never if not given. */
  readonly interruptAfterMs?: number;
}

/** Runs etcdctl as if at a terminal. */
async function run(member: Member, args: readonly string[], settings: Settings) {
  const { showsProgress, interruptAfterMs } = settings;
  let stdout = '';
  let stderr = '';
  const code = await runEtcdctl(args, {
    stdin: process.stdin,
    write(bytes) {
      stdout += bytes.toString();
    },
    writeError(text) {
      stderr += text;
    },
    environment: { ETCDCTL_ENDPOINTS: member.clientUrl },
    showsProgress,
    onInterrupt(callback) {
      const timer =
        interruptAfterMs === undefined ? undefined : setTimeout(callback, interruptAfterMs);
      return () => clearTimeout(timer);
    },
  });
  return { code, stdout, stderr };
}

async function start(t: TestContext): Promise<{ member: Member; client: EtcdClient }> {
  const member = await startMember(t);
  const client = new EtcdClient(member.clientAddress);
  t.after(() => client.close());
  return { member, client };
}

test('check datascale writes its keys, tells the memory they took, and removes them', async (t) => {
  const { member, client } = await start(t);
  const args = ['check', 'datascale', '--load=s', '--auto-compact', '--auto-defrag'];
  const { code, stdout, stderr } = await run(member, args, { showsProgress: true });
  assert.equal(code, 0, stdout);
  assert.match(
    stdout,
    /^Start data scale check for work load \[10000 key-value pairs, 1024 bytes per key-value, 50 concurrent clients\]\.\n/,
  );
  assert.match(stdout, /\nCompacting with revision 10002\nCompacted with revision 10002\n/);
  assert.match(
    stdout,
    /\nDefragmented ".*"\nPASS: Approximate system memory used : -?[\d.]+ MB\.\n$/,
  );
  assert.match(stderr, /\rWriting \[=+ *\] \d+%/);
  assert.match(stderr, /\rWriting \[={40}\] 100%\n$/);
  assert.equal((await client.range('')).kvs.length, 0);
});

test('check perf can be interrupted, then tells what it has seen, and removes its keys', async (t) => {
  const { member, client } = await start(t);
  const args = ['check', 'perf', '--load=s'];
  const settings = { showsProgress: false, interruptAfterMs: 500 };
  const { code, stdout, stderr } = await run(member, args, settings);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /Throughput.* \d+ writes\/s$/);
  assert.match(lines[1] ?? '', /Slowest request took.* [\d.]+s$/);
  assert.match(lines[2] ?? '', /Stddev .*[\d.]+s$/);
  assert.equal(lines[3], code === 0 ? 'PASS' : 'FAIL');
  assert.equal(stderr, '');
  assert.equal((await client.range('')).kvs.length, 0);
});

test('a check does not touch keys that are not its own', async (t) => {
  const { member, client } = await start(t);
  await client.put('/mine/a', '1');
  const args = ['check', 'perf', '--prefix=/mine/'];
  const { code, stderr } = await run(member, args, { showsProgress: false });
  assert.notEqual(code, 0);
  assert.match(stderr, /prefix "\/mine\/" has keys/);
  assert.equal((await client.get('/mine/a'))?.value.toString(), '1');
});

test('a snapshot shows how far it is', async (t) => {
  const { member, client } = await start(t);
  const value = 'x'.repeat(1_000_000);
  for (let index = 0; index < 20; index++) await client.put(`k${index}`, value);
  const args = ['snapshot', 'save', join(temporaryFolder(t), 'saved.db')];
  const { code, stderr } = await run(member, args, { showsProgress: true });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /\[={40}\] 100%\n/);
});

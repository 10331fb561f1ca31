import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { describeFailure } from '../../src/cli/daemon.js';
import { etcdctl } from './golden-replay.js';
import { freePort, ownProgram } from './member.js';

interface Run {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-etcd-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the program in an empty working directory; it is killed at the end of the test. */
function start(t: TestContext, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Run {
  const cwd = temporaryFolder(t);
  const program = ownProgram('etcd');
  const env = { PATH: process.env.PATH, ...variables };
  const child = spawn(program.file, [...program.arguments, ...args], { cwd, env });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { child, stdout: () => stdout, stderr: () => stderr, exited };
}

async function finish(run: Run) {
  const { code, signal } = await run.exited;
  return { code, signal, stdout: run.stdout(), stderr: run.stderr() };
}

const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '');

test('--version prints four lines, the first of them semver', async (t) => {
  const { code, stdout, stderr } = await finish(start(t, ['--version', '--name=a']));
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(
    stdout,
    /^etcd Version: \d+\.\d+\.\d+\nGit SHA: .+\nGo Version: .+\nGo OS\/Arch: \w+\/\w+\n$/,
  );
});

test('--help prints usage on stderr and the flags on stdout', async (t) => {
  const { code, stdout, stderr } = await finish(start(t, ['--help']));
  assert.equal(code, 0);
  assert.match(stderr, /^Usage:\n/);
  assert.match(stdout, /--listen-client-urls/);
});

test('an unknown flag ends with exit code 2 and nothing on stdout', async (t) => {
  const { code, stdout, stderr } = await finish(start(t, ['--nonsense']));
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^flag provided but not defined: -nonsense\nUsage:\n/);
});

test('a positional argument ends with exit code 1 and JSON lines only', async (t) => {
  const { code, stdout, stderr } = await finish(start(t, ['foo']));
  assert.equal(code, 1);
  assert.equal(stdout, '');
  const { level, msg, error } = lastLine(stderr);
  assert.deepEqual(
    [level, msg, error],
    ['warn', 'failed to verify flags', '"foo" is not a valid flag'],
  );
});

test('a flag and its variable together are fatal', async (t) => {
  const { code, stderr } = await finish(start(t, ['--name=a'], { ETCD_NAME: '' }));
  assert.equal(code, 1);
  assert.equal(lastLine(stderr)['environment-variable'], 'ETCD_NAME');
});

test('a log file that cannot be opened is told on stderr', async (t) => {
  const { code, stderr } = await finish(start(t, ['--log-outputs=/nonexistent/log']));
  assert.equal(code, 1);
  assert.equal(
    lastLine(stderr).error,
    'open sink "/nonexistent/log": open /nonexistent/log: no such file or directory',
  );
});

test('a data directory of the old proxy is refused', async (t) => {
  const dataDir = temporaryFolder(t);
  mkdirSync(join(dataDir, 'proxy'));
  const { code, stderr } = await finish(start(t, [`--data-dir=${dataDir}`]));
  assert.equal(code, 2);
  assert.match(stderr, /panic: v2 http proxy has already been deprecated/);
});

test('bootstrap settings that do not fit are "discovery failed"', async (t) => {
  const { code, stderr } = await finish(start(t, ['--initial-cluster=a=http://h:1']));
  assert.equal(code, 1);
  const { level, msg, error } = lastLine(stderr);
  assert.deepEqual([level, msg], ['fatal', 'discovery failed']);
  assert.match(error, /^couldn't find local name "default"/);
});

test('a TLS listener without a certificate is refused rather than served in plain text', async (t) => {
  const flags = ['--listen-client-urls=https://127.0.0.1:0', '--advertise-client-urls=https://h:1'];
  const { code, stderr } = await finish(start(t, flags));
  assert.equal(code, 1);
  assert.match(
    lastLine(stderr).error,
    /^TLS key\/cert \(--cert-file, --key-file\) must be provided/,
  );
});

async function memberFlags(t: TestContext): Promise<{ endpoint: string; flags: string[] }> {
  const [client, peer] = [await freePort(), await freePort()];
  const flags = [
    '--name=m1',
    `--data-dir=${temporaryFolder(t)}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  ];
  return { endpoint: `127.0.0.1:${client}`, flags };
}

async function ready(run: Run): Promise<void> {
  const stderr = run.child.stderr;
  while (!run.stderr().includes('ready to serve client requests')) {
    if (run.child.exitCode !== null || stderr === null) throw new Error(run.stderr());
    await Promise.race([once(stderr, 'data'), run.exited]);
  }
}

test('a member serves, logs JSON lines without errors, and ends by the signal', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { endpoint, flags } = await memberFlags(t);
    const run = start(t, flags);
    await ready(run);
    const put = await etcdctl(['put', 'k', 'v', `--endpoints=${endpoint}`]);
    assert.equal(put.code, 0, put.stderr);
    run.child.kill(signal);
    const result = await finish(run);
    assert.equal(result.signal, signal);
    assert.equal(result.stdout, '');
    const lines = result.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.filter(({ level }) => level === 'error'),
      [],
    );
    for (const line of lines) {
      assert.deepEqual(Object.keys(line).slice(0, 4), ['level', 'ts', 'caller', 'msg']);
    }
  }
});

test('a member keeps its data from one run to the next', async (t) => {
  const { endpoint, flags } = await memberFlags(t);
  const first = start(t, flags);
  await ready(first);
  await etcdctl(['put', 'k', 'kept', `--endpoints=${endpoint}`]);
  first.child.kill('SIGTERM');
  await first.exited;
  // The second time the bootstrap settings count for nothing.
  const second = start(t, [...flags, '--initial-cluster=other=http://h:1']);
  await ready(second);
  const { stdout } = await etcdctl(['get', 'k', `--endpoints=${endpoint}`]);
  assert.equal(stdout.toString(), 'k\nkept\n');
  second.child.kill('SIGTERM');
  await second.exited;
});

test('a port in use is told in Go’s words', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  const { flags } = await memberFlags(t);
  const url = `http://127.0.0.1:${address.port}`;
  const taken = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
  const { code, stderr } = await finish(start(t, [...flags, ...taken]));
  assert.equal(code, 1);
  const { msg, error } = lastLine(stderr);
  assert.equal(msg, 'discovery failed');
  assert.equal(error, `listen tcp 127.0.0.1:${address.port}: bind: address already in use`);
});

test('other errors are told as they are', () => {
  assert.equal(describeFailure(new Error('no space')), 'no space');
  const listen = { syscall: 'listen', code: 'EADDRNOTAVAIL', address: '::2', port: 1 };
  assert.equal(
    describeFailure(Object.assign(new Error(), listen)),
    'listen tcp [::2]:1: bind: cannot assign requested address',
  );
});

/** Commands that run for a while, talk to two servers, or have words of their own. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { frameMessage, MessageReader } from '../../src/cli/etcdctl/grpc/frames.js';
import { describeOptions } from '../../src/cli/etcdctl/help.js';
import { ETCDCTL } from '../../src/cli/etcdctl/registry.js';
import { CleanupList } from '../support/cleanup.js';
import { RunningCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { etcdctl } from './golden-replay.js';
import { ownProgram, type RunningMember, startMember } from './member.js';

test('messages are found however the bytes are cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 })), (list, cuts) => {
      const bytes = Buffer.concat(list.map(frameMessage));
      const reader = new MessageReader(0);
      const found: Buffer[] = [];
      let position = 0;
      for (const cut of [...cuts, bytes.length]) {
        found.push(...reader.push(bytes.subarray(position, position + cut)));
        position += cut;
      }
      assert.deepEqual(
        found,
        list.map((message) => Buffer.from(message)),
      );
    }),
  );
  assert.throws(() => new MessageReader(3).push(frameMessage(Buffer.alloc(4))), {
    message: /received message larger than max \(4 vs\. 3\)/,
  });
});

test('help is laid out as that of etcd', async () => {
  const { stdout } = await etcdctl(['--help']);
  const lines = stdout.toString().split('\n');
  assert.deepEqual(lines.slice(1, 5), ['', 'Usage:', '  etcdctl [command]', '']);
  assert.match(stdout.toString(), /\nConcurrency commands\n {2}elect {7}\S.*\n {2}lock {8}\S/);
  const get = (await etcdctl(['get', '--help'])).stdout.toString();
  assert.match(
    get,
    /\nUsage:\n {2}etcdctl get \[options\] <key> \[range_end\] \[flags\]\n\nFlags:\n/,
  );
  assert.match(get, / {6}--consistency string {3}.* \(default "l"\)\n/);
  assert.match(get, / {2}-h, --help {17}help for get\n/);
  assert.equal(
    (await etcdctl(['help', 'lease', 'grant'])).stdout.toString().includes('<ttl>'),
    true,
  );
  const { stderr, code } = await etcdctl(['gett']);
  assert.deepEqual([code, stderr.includes('Did you mean this?\n\tget\n')], [1, true]);
  const options = (await etcdctl(['options'])).stdout.toString();
  assert.ok(options.endsWith(describeOptions(ETCDCTL.globalOptions)));
  assert.match((await etcdctl(['--version'])).stdout.toString(), /^etcdctl version: 3\./);
});

test('completion scripts name the commands and their flags', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { stdout, code } = await etcdctl(['completion', shell]);
    assert.equal(code, 0);
    for (const word of ['move-leader', 'grant-permission', 'keys-only']) {
      assert.ok(stdout.includes(word), `${shell}: ${word}`);
    }
  }
});

describe('against a member', () => {
  const cleanup = new CleanupList();
  let member: RunningMember;
  let other: RunningMember;
  before(async () => {
    const flags = ['--name=m1', '--data-dir=<DIR>/data'];
    const started = await Promise.all([startMember(flags), startMember(flags)]);
    assert.ok(started[0] !== undefined && started[1] !== undefined);
    [member, other] = [started[0], started[1]];
    cleanup.after(async () => {
      await Promise.all([member.stop(), other.stop()]);
    });
  });
  after(() => cleanup.run());

  const run = (...args: string[]) => etcdctl([...args, `--endpoints=${member.clientUrl}`]);

  /** The program as a process of its own. */
  function start(t: TestContext, ...args: string[]): RunningCommand {
    const { file, arguments: leading } = ownProgram('etcdctl');
    const endpoint = { ETCDCTL_ENDPOINTS: member.clientUrl };
    const command = new RunningCommand(file, [...leading, ...args], endpoint);
    t.after(() => command.signal('SIGKILL'));
    return command;
  }

  test('a lock is held by one, and goes to the next', async (t) => {
    const first = start(t, 'lock', 'L');
    await first.waitForOutput('L/');
    const second = start(t, 'lock', 'L', '--', 'sh', '-c', 'echo $ETCD_LOCK_KEY; exit 7');
    while (
      JSON.parse((await run('get', 'L/', '--prefix', '-w', 'json')).stdout.toString()).count < 2
    ) {
      await pause(50);
    }
    first.signal('SIGINT');
    assert.equal((await first.end()).exitCode, 0);
    const { exitCode, stdout, stderr } = await second.end();
    assert.match(stdout, /^L\/[0-9a-f]+\n$/);
    assert.deepEqual([exitCode, stderr], [7, 'Error: exit status 7\n']);
    assert.equal((await run('get', 'L/', '--prefix')).stdout.length, 0);
  });

  test('an election has one leader, whom observers see', async (t) => {
    const observer = start(t, 'elect', 'E', '-l');
    const first = start(t, 'elect', 'E', 'first');
    await first.waitForOutput('first');
    await observer.waitForOutput('first\n');
    const second = start(t, 'elect', 'E', 'second');
    first.signal('SIGINT');
    await second.waitForOutput('second');
    await observer.waitForOutput('second\n');
    for (const command of [first, second, observer]) {
      command.signal('SIGINT');
      assert.equal((await command.end()).exitCode, 0);
    }
  });

  test('a mirror has what there is and what comes', async (t) => {
    await run('put', 'mm/a', '1');
    const mirror = start(t, 'make-mirror', '--prefix=mm/', '--dest-prefix=copy/', other.clientUrl);
    const copy = async () =>
      (
        await etcdctl(['get', 'copy/', '--prefix', `--endpoints=${other.clientUrl}`])
      ).stdout.toString();
    while ((await copy()) !== 'copy/a\n1\n') await pause(50);
    await etcdctl(['txn', `--endpoints=${member.clientUrl}`], {
      stdin: '\nput mm/b 2\ndel mm/a\n\n\n',
    });
    while ((await copy()) !== 'copy/b\n2\n') await pause(50);
    mirror.signal('SIGKILL');
  });

  test('a snapshot is one member’s, and a failed one leaves no file', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 's.db');
    const several = `--endpoints=${member.clientUrl},${other.clientUrl}`;
    const refused = await etcdctl(['snapshot', 'save', file, several]);
    assert.equal(refused.code, 5);
    assert.match(refused.stderr, /requested to one selected node, not multiple/);
    const dead = ['--endpoints=127.0.0.1:1', '--command-timeout=200ms'];
    assert.equal((await etcdctl(['snapshot', 'save', file, ...dead])).code, 5);
    assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
    assert.equal((await run('snapshot', 'save', file)).code, 0);
    assert.equal(readFileSync(file).length % 512, 32);
  });

  test('the words of version 2 work on the same keys', async () => {
    const environment = { ETCDCTL_API: '2', ETCDCTL_ENDPOINTS: member.clientUrl };
    const old = async (...args: string[]): Promise<[number, string]> => {
      const { code, stdout, stderr } = await etcdctl(args, { environment });
      return [code, `${stdout}${stderr.replace(/ \[\d+\]/, '')}`];
    };
    assert.deepEqual(await old('set', '/d/a', '1'), [0, '1\n']);
    assert.deepEqual(await old('mk', 'd/b/c', '2'), [0, '2\n']);
    assert.deepEqual(await old('mk', '/d/b/c', '3'), [
      4,
      'Error:  105: Key already exists (/d/b/c)\n',
    ]);
    assert.deepEqual(await old('update', '/d/a', '4'), [0, '4\n']);
    assert.deepEqual(await old('update', '/d/z', '4'), [4, 'Error:  100: Key not found (/d/z)\n']);
    assert.deepEqual(await old('ls', '/d'), [0, '/d/a\n/d/b\n']);
    assert.deepEqual(await old('ls', '-p', '/d'), [0, '/d/a\n/d/b/\n']);
    assert.deepEqual(await old('ls', '--recursive', '/d'), [0, '/d/a\n/d/b\n/d/b/c\n']);
    assert.deepEqual(await old('get', '/d/a'), [0, '4\n']);
    assert.equal((await run('get', '/d/a')).stdout.toString(), '/d/a\n4\n');
    assert.deepEqual(await old('rm', '/d/a'), [0, 'PrevNode.Value: 4\n']);
    assert.deepEqual(await old('rm', '/d/b'), [4, 'Error:  102: Not a file (/d/b)\n']);
    assert.deepEqual(await old('rm', '--recursive', '/d/b'), [0, '']);
    assert.deepEqual(await old('ls', '/d'), [4, 'Error:  100: Key not found (/d)\n']);
  });

  test('passwords are asked for, and never shown', async () => {
    const ask = ['get', 'k', '--user=someone', '--debug'];
    const outcome = await etcdctl([...ask, `--endpoints=${member.clientUrl}`], {
      stdin: 'secret\n',
    });
    assert.match(outcome.stdout.toString(), /^Password: /);
    assert.ok(!`${outcome.stdout}${outcome.stderr}`.includes('secret'));
    assert.match(outcome.stderr, /ETCDCTL_USER=<hidden>\n/);
  });
});

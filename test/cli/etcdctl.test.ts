import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test, { after, before, describe } from 'node:test';
import { findPositional, parseArguments } from '../../src/cli/etcdctl/arguments.js';
import { get } from '../../src/cli/etcdctl/get.js';
import { GLOBAL_OPTIONS } from '../../src/cli/etcdctl/global-options.js';
import { quoteBytes, scanQuoted, splitWords } from '../../src/cli/etcdctl/go-syntax.js';
import { parseEndpoint } from '../../src/cli/etcdctl/grpc/endpoint.js';
import { encodeGoJson } from '../../src/cli/etcdctl/output/go-json.js';
import { formatBytes } from '../../src/cli/etcdctl/output/rows.js';
import { prefixEnd } from '../../src/cli/etcdctl/ranges.js';
import { parseCompare, parseOperation } from '../../src/cli/etcdctl/txn.js';
import { Compare_CompareTarget } from '../../src/proto/generated/etcdserverpb.js';
import { etcdctl } from './golden-replay.js';
import { ownProgram, type RunningMember, startMember } from './member.js';

const OPTIONS = [...GLOBAL_OPTIONS, ...get.options];

test('options come anywhere, with one dash or two', () => {
  const argv = ['/', '--prefix', '-keys-only', '-wjson', '--limit=0x10', '--hex=false', '--', '-x'];
  const { arguments: words, options, afterSeparator } = parseArguments(argv, OPTIONS);
  assert.deepEqual(words, ['/', '-x']);
  assert.deepEqual(afterSeparator, ['-x']);
  assert.equal(options.boolean('prefix'), true);
  assert.equal(options.boolean('keys-only'), true);
  assert.equal(options.boolean('hex'), false);
  assert.equal(options.isGiven('hex'), true);
  assert.equal(options.isGiven('rev'), false);
  assert.equal(options.text('write-out'), 'json');
  assert.equal(options.integer('limit'), 16);
  assert.equal(options.duration('dial-timeout'), 2000);
});

test('endpoints that are given twice are added up', () => {
  const { options } = parseArguments(['--endpoints=a:1', '--endpoints', 'b:2,c:3'], OPTIONS);
  assert.equal(options.text('endpoints'), 'a:1,b:2,c:3');
});

test('options that do not parse are told in the words of pflag', () => {
  const cases: readonly [string[], string][] = [
    [['--foo'], 'unknown flag: --foo'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['--limit'], 'flag needs an argument: --limit'],
    [
      ['--limit=x'],
      'invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ['--prefix=x'],
      'invalid argument "x" for "--prefix" flag: strconv.ParseBool: parsing "x": invalid syntax',
    ],
    [
      ['--dial-timeout=1'],
      'invalid argument "1" for "--dial-timeout" flag: time: missing unit in duration "1"',
    ],
  ];
  for (const [argv, message] of cases) {
    assert.throws(() => parseArguments(argv, OPTIONS), { name: 'UsageError', message });
  }
});

test('the command is the first word that is no option’s value', () => {
  assert.equal(findPositional(['-w', 'json', '--hex', 'get'], 0, OPTIONS), 3);
  assert.equal(findPositional(['-w=json', 'get'], 0, OPTIONS), 1);
  assert.equal(findPositional(['--hex', '--', 'get'], 0, OPTIONS), -1);
});

test('endpoints come with and without a scheme', () => {
  const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port });
  assert.deepEqual(parseEndpoint('h:1'), { address: tcp('h', 1), secure: undefined });
  assert.deepEqual(parseEndpoint('http://h:1'), { address: tcp('h', 1), secure: false });
  assert.deepEqual(parseEndpoint('https://[::1]:1'), { address: tcp('::1', 1), secure: true });
  const socket = { kind: 'unix', path: '/run/s' };
  assert.deepEqual(parseEndpoint('unix:///run/s'), { address: socket, secure: false });
});

test('the end of a prefix is the next key without it', () => {
  const end = (prefix: string) => prefixEnd(Buffer.from(prefix, 'latin1')).toString('latin1');
  assert.equal(end('a'), 'b');
  assert.equal(end('a\xff\xff'), 'b');
  assert.equal(end('\xff'), '\0');
  assert.equal(end(''), '\0');
});

test('words of a line may be quoted', () => {
  assert.deepEqual(splitWords(`put "a b" 'c d' e --lease=1`), [
    'put',
    'a b',
    'c d',
    'e',
    '--lease=1',
  ]);
  assert.deepEqual(splitWords('put k "line\\n\\x41\\u00e9\\101"'), ['put', 'k', 'line\nAéA']);
  assert.deepEqual(splitWords(''), []);
});

test('Go strings are read and written', () => {
  assert.deepEqual(scanQuoted('"a\\"b") > "1"'), { value: Buffer.from('a"b'), rest: ') > "1"' });
  assert.deepEqual(scanQuoted('`raw\\n`x'), { value: Buffer.from('raw\\n'), rest: 'x' });
  assert.equal(scanQuoted('"open'), undefined);
  assert.equal(scanQuoted('"\\q"'), undefined);
  assert.equal(quoteBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0x00])), '"a\\xffé\\x00"');
});

test('conditions of a transaction', () => {
  const key = Buffer.from('k');
  assert.deepEqual(parseCompare('mod("k") > "5"'), {
    key,
    result: 1,
    target: Compare_CompareTarget.MOD,
    modRevision: 5,
  });
  assert.deepEqual(parseCompare('val("k") != "x y"'), {
    key,
    result: 3,
    target: Compare_CompareTarget.VALUE,
    value: Buffer.from('x y'),
  });
  assert.equal(parseCompare('lease("k") = "4d"').lease, 77n);
  for (const line of ['bad', 'mod("k")', 'mod(k) = "1"', 'mod("k") = "x"', 'x("k") = "1"']) {
    assert.throws(() => parseCompare(line), { exitCode: 3 }, line);
  }
});

test('operations of a transaction take their usual options', async () => {
  const { requestRange } = await parseOperation('get a --prefix --limit 2');
  assert.deepEqual(requestRange?.rangeEnd, Buffer.from('b'));
  assert.equal(requestRange?.limit, 2);
  await assert.rejects(parseOperation('get a --nonsense'), {
    message: 'invalid txn request: get a --nonsense',
    exitCode: 3,
  });
  await assert.rejects(parseOperation('watch a'), { exitCode: 3 });
});

test('JSON has full 64-bit numbers and Go’s escapes', () => {
  const value = { id: 2n ** 64n - 1n, none: undefined, text: '<&>', bytes: Buffer.from('<&>') };
  assert.equal(
    encodeGoJson({ ...value, list: [1, true, null] }),
    '{"id":18446744073709551615,"text":"\\u003c\\u0026\\u003e","bytes":"PCY+","list":[1,true,null]}',
  );
});

test('sizes are printed for people', () => {
  const texts = [0, 9, 10, 999, 1000, 20480, 24576, 999_950, 2147483648].map(formatBytes);
  assert.deepEqual(texts, [
    '0 B',
    '9 B',
    '10 B',
    '999 B',
    '1.0 kB',
    '20 kB',
    '25 kB',
    '1000 kB',
    '2.1 GB',
  ]);
});

test('help does not need a server', async () => {
  for (const argv of [[], ['--help'], ['help'], ['lease'], ['get', '--help'], ['options']]) {
    const { code, stdout, stderr } = await etcdctl(argv);
    assert.equal(code, 0, argv.join(' '));
    assert.equal(stderr, '');
    assert.ok(stdout.length > 0);
  }
});

test('a server that does not answer is told within the timeout', async () => {
  const argv = ['get', 'k', '--endpoints=127.0.0.1:1', '--command-timeout=100ms'];
  const { code, stderr } = await etcdctl(argv);
  assert.equal(code, 1);
  assert.match(stderr, /"error":"connect ECONNREFUSED 127.0.0.1:1"/);
  assert.match(stderr, /\nError: context deadline exceeded\n$/);
});

test('an option and its variable together are an error', async () => {
  const environment = { ETCDCTL_ENDPOINTS: 'a:1', ETCDCTL_API: '3' };
  const { code, stderr } = await etcdctl(['get', 'k', '--endpoints=b:1'], { environment });
  assert.equal(code, 1);
  assert.match(stderr, /conflicting environment variable/);
});

describe('against a member', () => {
  let member: RunningMember;
  const flags = ['--name=m1', '--data-dir=<DIR>/data'];
  const run = (...args: string[]) => etcdctl([...args, `--endpoints=${member.clientUrl}`]);

  before(async () => {
    const started = await startMember(flags);
    assert.ok(started, 'no server to run against: set KVORUM_ETCD_BINARY');
    member = started;
  });
  after(() => member.stop());

  /** Runs the program itself; commands that do not end by themselves are stopped by a signal. */
  function start(...args: string[]) {
    const program = ownProgram('etcdctl');
    const argv = [...program.arguments, ...args];
    const env = { PATH: process.env.PATH, ETCDCTL_ENDPOINTS: member.clientUrl };
    const child = spawn(program.file, argv, { env });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    const until = async (text: string): Promise<void> => {
      while (!output.stdout.includes(text)) {
        if (child.exitCode !== null) throw new Error(JSON.stringify(output));
        await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      }
    };
    return { child, output, until };
  }

  test('the programs work as programs', async () => {
    const put = start('put', 'prog', 'value');
    assert.deepEqual(await once(put.child, 'exit'), [0, null]);
    const read = start('get', 'prog', '-print-value-only');
    await once(read.child, 'close');
    assert.equal(read.output.stdout, 'value\n');
  });

  test('watch shows the history and what comes, and runs a command for each event', async (t) => {
    const { stdout } = await run('put', 'w', '1', '-w', 'json');
    const { revision } = JSON.parse(stdout.toString()).header;
    const script = 'echo "event $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"';
    const watch = start(
      'watch',
      'w',
      '--rev',
      String(revision),
      '--prev-kv',
      '--',
      'sh',
      '-c',
      script,
    );
    t.after(() => watch.child.kill('SIGKILL'));
    await watch.until('event "PUT" "w" "1"');
    await run('put', 'w', '2');
    await run('del', 'w');
    await watch.until('event "DELETE" "w" ""');
    const expected = [
      ...['PUT', 'w', '1', 'event "PUT" "w" "1"'],
      ...['PUT', 'w', '1', 'w', '2', 'event "PUT" "w" "2"'],
      ...['DELETE', 'w', '2', 'w', '', 'event "DELETE" "w" ""'],
    ];
    assert.equal(watch.output.stdout, `${expected.join('\n')}\n`);
  });

  test('watch of a compacted revision is cancelled', async () => {
    await run('put', 'c', '1');
    const { stdout } = await run('put', 'c', '2', '-w', 'json');
    await run('compaction', String(JSON.parse(stdout.toString()).header.revision));
    const { code, stderr } = await run('watch', 'c', '--rev=1');
    assert.equal(code, 5);
    const reason = 'etcdserver: mvcc: required revision has been compacted';
    const complaint = 'Error: watch is canceled by the server';
    assert.equal(stderr, `watch was canceled (${reason})\n${complaint}\n`);
  });

  test('watch -i takes watch and progress commands', async (t) => {
    const watch = start('watch', '-i');
    t.after(() => watch.child.kill('SIGKILL'));
    watch.child.stdin.write('nonsense\nwatch i1\nwatch i --prefix --prev-kv\n');
    // A server whose watchers are not all up to date yet leaves the question unanswered.
    const asking = setInterval(() => watch.child.stdin.write('progress\n'), 50);
    await watch.until('progress notify: ').finally(() => clearInterval(asking));
    await run('put', 'i2', 'v');
    await watch.until('PUT\ni2\nv\n');
    watch.child.stdin.end();
    assert.deepEqual(await once(watch.child, 'close'), [3, null]);
    assert.match(watch.output.stderr, /^Invalid command nonsense \(only support watch\)\n/);
    assert.match(watch.output.stderr, /Error: error reading watch request line: EOF\n$/);
  });

  test('arguments of watch are checked', async () => {
    assert.equal((await run('watch')).code, 128);
    assert.equal((await etcdctl(['watch', 'a', '--'])).code, 128);
    const both = { environment: { ETCDCTL_WATCH_KEY: 'a' } };
    assert.equal((await etcdctl(['watch', 'b'], both)).code, 128);
    const endOnly = { environment: { ETCDCTL_WATCH_RANGE_END: 'a' } };
    assert.equal((await etcdctl(['watch', 'b'], endOnly)).code, 128);
  });

  test('lease keep-alive goes on until the lease is revoked', async (t) => {
    const grant = await run('lease', 'grant', '3');
    const id = /lease (\w+)/.exec(grant.stdout.toString())?.[1] ?? '';
    const keepAlive = start('lease', 'keep-alive', id);
    t.after(() => keepAlive.child.kill('SIGKILL'));
    await keepAlive.until(`lease ${id} keepalived with TTL(3)\n`);
    await run('lease', 'revoke', id);
    assert.deepEqual(await once(keepAlive.child, 'close'), [0, null]);
    assert.match(keepAlive.output.stdout, /expired or revoked\.\n$/);
  });

  test('one dead endpoint among several does not matter', async () => {
    const endpoints = `--endpoints=127.0.0.1:1,${member.clientUrl}`;
    const { code, stderr } = await etcdctl(['put', 'e', '1', endpoints, '--dial-timeout=200ms']);
    assert.equal(code, 0, stderr);
  });

  test('endpoint health tells the dead from the living', async () => {
    const endpoints = `--endpoints=127.0.0.1:1,${member.clientUrl}`;
    const argv = ['endpoint', 'health', endpoints, '--command-timeout=500ms'];
    const { code, stdout, stderr } = await etcdctl(argv);
    assert.equal(code, 1);
    assert.match(stdout.toString(), /^127\.0\.0\.1:\d+ is healthy: /);
    assert.match(stderr, /127\.0\.0\.1:1 is unhealthy: .*\nError: unhealthy cluster\n$/);
  });

  test('--cluster asks the members’ own addresses', async () => {
    const { code, stdout } = await run('endpoint', 'status', '--cluster');
    assert.equal(code, 0);
    assert.match(stdout.toString(), new RegExp(`^http://${member.clientUrl}, `));
  });

  test('get --stream answers like get', async () => {
    for (const key of ['s1', 's2', 's3']) await run('put', key, 'v');
    const plain = await run('get', 's', '--prefix');
    const streamed = await run('get', 's', '--prefix', '--stream');
    assert.equal(streamed.stdout.toString(), plain.stdout.toString());
    assert.equal(plain.stdout.toString(), 's1\nv\ns2\nv\ns3\nv\n');
  });
});

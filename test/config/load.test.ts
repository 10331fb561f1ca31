import assert from 'node:assert/strict';
import test from 'node:test';
import { type Config, loadConfig, type Notice, StartError } from '../../src/config/index.js';

type Variables = Record<string, string>;

interface Loaded {
  config: Config;
  notices: readonly Notice[];
}

const notFound = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });

/** Loads with the given files and without a look at this machine. */
async function load(
  argv: readonly string[],
  variables: Variables = {},
  files: Record<string, string> = {},
): Promise<Loaded> {
  const request = await loadConfig(argv, variables, {
    async readTextFile(path) {
      const text = files[path];
      if (text === undefined) throw notFound;
      return text;
    },
    detectDefaultHost: () => '192.0.2.7',
  });
  assert.equal(request.action, 'start');
  return request as Loaded;
}

const fromFile = (text: string, argv: readonly string[] = []) =>
  load(['--config-file=/c.yml', ...argv], {}, { '/c.yml': text });

async function failure(loading: Promise<unknown>): Promise<StartError> {
  const error = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StartError, `expected a StartError, got ${error}`);
  return error;
}

const messages = (notices: readonly Notice[]) => notices.map((notice) => notice.message);

test('without anything, the defaults of etcd apply', async () => {
  const { config } = await load([]);
  assert.equal(config.name, 'default');
  assert.equal(config.dataDir, 'default.etcd');
  assert.equal(config.initialCluster, 'default=http://localhost:2380');
  assert.deepEqual(config.advertiseClientUrls, ['http://localhost:2379']);
  assert.equal(config.quotaBackendBytes, 2 ** 31);
  assert.equal(config.backendBatchIntervalMs, 100);
  assert.equal(config.watchProgressNotifyIntervalMs, 600_000);
  assert.equal(config.featureGates.TxnModeWriteWithSharedBuffer, true);
  assert.deepEqual(config.logging.outputs, ['stderr']);
});

test('the configuration is frozen to the ground', async () => {
  const { config } = await load([]);
  assert.ok(Object.isFrozen(config));
  assert.ok(Object.isFrozen(config.listenClientUrls));
  assert.ok(Object.isFrozen(config.listenClientUrls[0]));
  assert.ok(Object.isFrozen(config.clientTls));
});

test('flags come with one dash or two, with = or without, and the last one wins', async () => {
  const argv = [
    '-name',
    'a',
    '--max-wals=1',
    '--max-wals',
    '2',
    '-pre-vote=false',
    '--force-new-cluster',
  ];
  const { config } = await load([...argv, '-warning-apply-duration=1\u00b5s', '--']);
  assert.equal(config.name, 'a');
  assert.equal(config.maxWals, 2);
  assert.equal(config.preVote, false);
  assert.equal(config.forceNewCluster, true);
  assert.equal(config.warningApplyDurationMs, 0.001);
});

test('kubeadm’s command line starts', async () => {
  const { config, notices } = await load([
    '--name=node',
    '--feature-gates=InitialCorruptCheck=true,PriorityRequest=true',
    '--watch-progress-notify-interval=5s',
    '--listen-client-urls=http://127.0.0.1:2379,http://10.0.0.1:2379',
    '--advertise-client-urls=http://10.0.0.1:2379',
    '--listen-peer-urls=http://10.0.0.1:2380',
    '--initial-advertise-peer-urls=http://10.0.0.1:2380',
    '--listen-metrics-urls=http://127.0.0.1:2381',
    '--data-dir=/var/lib/etcd',
    '--client-cert-auth=true',
    '--snapshot-count=10000',
    '--initial-cluster=node=http://10.0.0.1:2380',
  ]);
  assert.equal(config.watchProgressNotifyIntervalMs, 5000);
  assert.equal(config.featureGates.InitialCorruptCheck, true);
  assert.equal(config.listenClientUrls.length, 2);
  assert.ok(!notices.some((notice) => notice.message.startsWith('flag accepted but')));
  const gateWarning = notices.find((notice) => notice.message.startsWith('feature gate'));
  assert.deepEqual(gateWarning?.fields, { gates: ['PriorityRequest'] });
});

test('help and version are asked for, even beside other flags', async () => {
  assert.deepEqual(await loadConfig(['--name=a', '-h', '--nonsense'], {}), { action: 'help' });
  assert.deepEqual(await loadConfig(['--version', '--name=a'], {}), { action: 'version' });
  const argv = ['--version', '--config-file=/nowhere'];
  assert.deepEqual(await loadConfig(argv, {}), { action: 'version' });
});

test('a command line that does not parse ends with usage and exit code 2', async () => {
  const cases: readonly [string[], string][] = [
    [['--x'], 'flag provided but not defined: -x'],
    [['--name'], 'flag needs an argument: -name'],
    [['--pre-vote=x'], 'invalid boolean value "x" for -pre-vote: parse error'],
    [['--max-wals=-1'], 'invalid value "-1" for flag -max-wals: parse error'],
    [
      ['--max-wals', '99999999999999999999'],
      'invalid value "99999999999999999999" for flag -max-wals: value out of range',
    ],
    [
      ['--heartbeat-interval=50ms'],
      'invalid value "50ms" for flag -heartbeat-interval: parse error',
    ],
    [
      ['--max-concurrent-streams=abc'],
      'invalid value "abc" for flag -max-concurrent-streams: strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      ['--listen-client-urls=foo'],
      'invalid value "foo" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: foo',
    ],
    [
      ['--initial-cluster-state=x'],
      'invalid value "x" for flag -initial-cluster-state: invalid value',
    ],
    [
      ['--v2-deprecation=not-yet'],
      'invalid value "not-yet" for flag -v2-deprecation: invalid value "not-yet"',
    ],
    [
      ['--feature-gates=X=true'],
      'invalid value "X=true" for flag -feature-gates: unrecognized feature gate: X',
    ],
    [['--feature-gates=X'], 'invalid value "X" for flag -feature-gates: missing bool value for X'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-=x'], 'bad flag syntax: -=x'],
    // Even where a file makes the values void, they have to parse.
    [['--config-file=/c.yml', '--x'], 'flag provided but not defined: -x'],
  ];
  for (const [argv, reason] of cases) {
    const error = await failure(load(argv));
    assert.equal(error.exitCode, 2, reason);
    assert.ok('text' in error.report);
    assert.ok(error.report.text.startsWith(`${reason}\nUsage:\n`), error.report.text);
  }
});

test('values that make no sense together end with one warning and exit code 1', async () => {
  const cases: readonly [string[], string][] = [
    [['foo'], '"foo" is not a valid flag'],
    [['-', '--version'], '"-" is not a valid flag'],
    [['--', 'foo'], '"foo" is not a valid flag'],
    [['--heartbeat-interval=0'], '--heartbeat-interval must be >0 (set to 0ms)'],
    [
      ['--heartbeat-interval=500'],
      '--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[500ms]',
    ],
    [
      ['--election-timeout=60000'],
      '--election-timeout[60000ms] is too long, and should be set less than 50000ms',
    ],
    [['--auto-compaction-mode=x'], 'unknown auto-compaction-mode "x"'],
    [['--logger=x'], 'unknown logger option "x"'],
    [['--log-format=x'], 'unknown log format: x, supported values json, console'],
    [['--compact-hash-check-time=0s'], '--compact-hash-check-time must be >0 (set to 0s)'],
    [
      ['--listen-client-urls=http://127.0.0.1:1'],
      '--advertise-client-urls is required when --listen-client-urls is set explicitly',
    ],
    [
      ['--listen-peer-urls=http://example.com:1'],
      'expected IP in URL for binding (http://example.com:1)',
    ],
    [
      ['--initial-advertise-peer-urls=http://:1'],
      '--initial-advertise-peer-urls "http://:1" must be "host:port" (unexpected empty host (http://:1))',
    ],
    [
      ['--initial-cluster=a=http://a:1', '--discovery-srv=x'],
      'multiple discovery or bootstrap flags are set. Choose one of "initial-cluster", "discovery-endpoints" or "discovery-srv"',
    ],
    [['--discovery-token=x'], 'both --discovery-token and --discovery-endpoints must be set'],
    [['--log-outputs=default,stderr'], 'multi logoutput for "default" is not supported yet'],
    [['--tls-min-version=x'], 'unexpected TLS version "x" (must be one of: TLS1.2, TLS1.3)'],
    [
      ['--feature-gates=LeaseCheckpointPersist=true'],
      'enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint',
    ],
    [['--proxy=on'], '--proxy is no longer supported'],
    [['--discovery=http://x'], '--discovery is no longer supported'],
    [['--config-file=/nowhere'], 'open /nowhere: no such file or directory'],
  ];
  for (const [argv, reason] of cases) {
    const error = await failure(load(argv));
    assert.equal(error.exitCode, 1, reason);
    assert.deepEqual(error.report, {
      line: { level: 'warn', message: 'failed to verify flags', fields: { error: reason } },
    });
  }
});

test('an unknown log level ends like a panic', async () => {
  const error = await failure(load(['--log-level=x']));
  assert.equal(error.exitCode, 2);
  assert.deepEqual(error.report, { text: 'panic: unrecognized level: "x"\n' });
});

test('what etcd finds only when it starts is called "discovery failed"', async () => {
  const cases: readonly [string[], string][] = [
    [['--auth-token=x'], 'auth: invalid auth options'],
    [
      ['--auto-compaction-retention=x'],
      'error parsing CompactionRetention: time: invalid duration "x"',
    ],
    [['--cipher-suites=x'], 'unexpected TLS cipher suite "x"'],
  ];
  for (const [argv, reason] of cases) {
    const error = await failure(load(argv));
    assert.equal(error.exitCode, 1);
    assert.deepEqual(error.report, {
      line: { level: 'fatal', message: 'discovery failed', fields: { error: reason } },
    });
  }
});

test('variables set what flags leave open', async () => {
  const { config, notices } = await load(['--name=a'], {
    ETCD_DATA_DIR: '/data',
    ETCD_MAX_WALS: '7',
    ETCD_SNAPSHOT_COUNT: '',
    ETCD_PORT: 'tcp://10.0.0.1:2379',
    ETCD_VERSION: '3',
    HOME: '/root',
  });
  assert.equal(config.dataDir, '/data');
  assert.equal(config.maxWals, 7);
  assert.equal(config.snapshotCount, 10000);
  const used = messages(notices).filter((text) => text.startsWith('recognized'));
  assert.equal(used.length, 2);
  assert.ok(messages(notices).includes('cannot set special environment variable'));
  const unknown = notices.filter((notice) => notice.message.startsWith('unrecognized'));
  assert.deepEqual(
    unknown.map((notice) => notice.fields),
    [
      { 'environment-variable': 'ETCD_SNAPSHOT_COUNT=' },
      { 'environment-variable': 'ETCD_PORT=tcp://10.0.0.1:2379' },
    ],
  );
});

test('a password in a variable does not get into the log', async () => {
  const { notices } = await load([], {
    ETCD_DISCOVERY_PASSWORD: 'secret',
    ETCD_MY_TOKEN: 'secret',
  });
  assert.doesNotMatch(JSON.stringify(notices), /secret/);
});

test('a flag and its variable together end the program, be the variable empty', async () => {
  for (const value of ['b', '']) {
    const error = await failure(load(['--name=a'], { ETCD_NAME: value }));
    assert.equal(error.exitCode, 1);
    assert.deepEqual(error.report, {
      line: {
        level: 'fatal',
        message:
          'conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))',
        fields: { 'environment-variable': 'ETCD_NAME' },
      },
    });
  }
});

test('a variable that does not parse ends the program with exit code 1', async () => {
  const error = await failure(load([], { ETCD_MAX_WALS: 'x' }));
  assert.equal(error.exitCode, 1);
  assert.equal(error.message, 'invalid value "x" for ETCD_MAX_WALS: parse error');
});

test('a file makes flags and variables void', async () => {
  const { config, notices } = await load(
    ['--config-file=/c.yml', '--name=flag', '--max-wals=9'],
    { ETCD_NAME: 'variable' },
    { '/c.yml': 'name: file\nmax-wals: 3\n' },
  );
  assert.equal(config.name, 'file');
  assert.equal(config.maxWals, 3);
  assert.equal(config.initialCluster, 'file=http://localhost:2380');
  assert.match(messages(notices)[0] ?? '', /^loaded server configuration/);
  const byVariable = await load([], { ETCD_CONFIG_FILE: '/c.yml' }, { '/c.yml': 'name: file' });
  assert.equal(byVariable.config.name, 'file');
});

test('a file has its own notation', async () => {
  const { config } = await fromFile(`
name: a
heartbeat-interval: 50
watch-progress-notify-interval: 5000000000
listen-client-urls: http://127.0.0.1:1,http://127.0.0.1:2
quota-backend-bytes: 9223372036854775807
log-outputs: [stdout, stderr]
feature-gates: InitialCorruptCheck=true
pre-vote: no
max-wals: 1e1
client-transport-security:
  cert-file: c.crt
  client-cert-auth: true
  allowed-hostname: [h1, h2]
peer-transport-security: {auto-tls: true, allowed-cn: [p]}
socket-options: {reuse-port: true}
discovery-config: {token: ''}
unknown-key: 1
name: b
`);
  assert.equal(config.name, 'b');
  assert.equal(config.heartbeatIntervalMs, 50);
  assert.equal(config.watchProgressNotifyIntervalMs, 5000);
  assert.equal(config.listenClientUrls.length, 2);
  assert.deepEqual(config.advertiseClientUrls, ['http://localhost:2379']);
  assert.equal(config.quotaBackendBytes, 2 ** 63);
  assert.deepEqual(config.logging.outputs, ['stdout', 'stderr']);
  assert.equal(config.featureGates.InitialCorruptCheck, true);
  assert.equal(config.preVote, false);
  assert.equal(config.maxWals, 10);
  assert.equal(config.clientTls.certFile, 'c.crt');
  assert.deepEqual(config.clientTls.allowedHostnames, ['h1', 'h2']);
  assert.equal(config.peerTls.autoTls, true);
  assert.deepEqual(config.peerTls.allowedCommonNames, ['p']);
  assert.equal(config.socketReusePort, true);
});

test('an empty file and JSON are files, too', async () => {
  assert.equal((await fromFile('')).config.name, 'default');
  assert.equal((await fromFile('{"name": "j"}')).config.name, 'j');
});

test('wrong types in a file are errors', async () => {
  const texts = [
    ...['name: 123', 'snapshot-count: -1', 'snapshot-count: 1.5', 'pre-vote: "true"'],
    ...['warning-apply-duration: 5s', 'log-outputs: stderr', 'log-outputs: [1]', '- a', 'foo: [1'],
    ...['max-concurrent-streams: 4294967296', 'peer-transport-security: 1', 'feature-gates: X'],
    ...['peer-transport-security:', 'client-transport-security: {auto-tls: 1}'],
    ...['initial-cluster-state: x', 'name: 1\nname: 2'],
  ];
  for (const text of texts) {
    const error = await failure(fromFile(text));
    assert.equal(error.exitCode, 1, text);
    assert.ok('line' in error.report, text);
    assert.equal(error.report.line.message, 'failed to verify flags');
  }
  const error = await failure(fromFile('listen-client-urls: foo'));
  assert.deepEqual(error.report, {
    text: 'unexpected error setting up listen-client-urls: URL scheme must be http, https, unix, or unixs: foo\n',
  });
});

test('flags of older releases work on, with a warning', async () => {
  const { config, notices } = await load([
    '--experimental-corrupt-check-time=5s',
    '--experimental-compaction-batch-limit=10',
    '--compaction-batch-limit=20',
    '--experimental-initial-corrupt-check',
    '--enable-v2=false',
    '--proxy=off',
    '--vv',
  ]);
  assert.equal(config.corruptCheckTimeMs, 5000);
  assert.equal(config.compactionBatchLimit, 20, 'the new name wins, whatever the order');
  assert.equal(config.featureGates.InitialCorruptCheck, true);
  const deprecated = notices.filter((notice) => notice.message === 'flag name is deprecated');
  assert.deepEqual(
    deprecated.map((notice) => notice.fields.use),
    ['corrupt-check-time', 'compaction-batch-limit', 'feature-gates=InitialCorruptCheck'],
  );
  const file = await fromFile('experimental-compact-hash-check-time: 60000000000');
  assert.equal(file.config.compactHashCheckTimeMs, 60_000);
});

test('flags that only etcd 3.4 knew are taken, too', async () => {
  const { config, notices } = await load([
    '--debug',
    '--log-package-levels=etcdmain=CRITICAL',
    '--log-output=stderr',
    '--experimental-backend-bbolt-freelist-type=map',
    '--name=m1',
  ]);
  assert.equal(config.name, 'm1');
  const told = notices
    .filter(({ message }) => message.startsWith('flag '))
    .map(({ fields }) => fields);
  for (const flag of ['debug', 'log-package-levels', 'log-output']) {
    assert.ok(
      told.some((fields) => fields.flag === flag),
      flag,
    );
  }
});

test('the initial cluster follows the name and the advertised peer URLs', async () => {
  const argv = ['--name=a', '--initial-advertise-peer-urls=http://h:2,http://h:1'];
  const { config } = await load(argv);
  assert.equal(config.initialCluster, 'a=http://h:1,a=http://h:2');
  const unnamed = await load(['--initial-advertise-peer-urls=http://h:1']);
  assert.equal(unnamed.config.initialCluster, 'default=http://localhost:2380', 'as etcd has it');
});

test('listening everywhere advertises the machine’s address instead of localhost', async () => {
  const { config } = await load([
    '--name=a',
    '--listen-peer-urls=http://0.0.0.0:1',
    '--listen-client-urls=http://0.0.0.0:2',
    '--advertise-client-urls=http://localhost:2379',
  ]);
  assert.deepEqual(config.initialAdvertisePeerUrls, ['http://192.0.2.7:1']);
  assert.deepEqual(config.advertiseClientUrls, ['http://192.0.2.7:2']);
  assert.equal(config.initialCluster, 'a=http://192.0.2.7:1');
});

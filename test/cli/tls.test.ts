import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { loadConfig, StartError } from '../../src/config/index.js';
import { startServer } from '../../src/embed/index.js';
import {
  CertificateAuthority,
  type CertificateFiles,
  requireOpenssl,
} from '../support/certificates.js';
import { type CommandResult, RunningCommand, runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { requireProgram, serverUnderTest } from '../support/programs.js';

/** The address of the node beside 127.0.0.1: the loopback network has many. */
const NODE_ADDRESS = '127.0.0.2';
const NODE_NAME = 'control-plane-1';

/** What differs between the releases of kubeadm. */
const RELEASES = {
  '1.29': [
    '--experimental-initial-corrupt-check=true',
    '--experimental-watch-progress-notify-interval=5s',
  ],
  '1.36': ['--feature-gates=InitialCorruptCheck=true', '--watch-progress-notify-interval=5s'],
} as const;

for (const release of ['1.29', '1.36'] as const) {
  test(`the command line of kubeadm ${release} starts, and serves who has a certificate`, async (t) => {
    const etcdctl = requireTools(t);
    if (etcdctl === undefined) return;
    const node = await startNode(t, RELEASES[release]);
    for (const endpoint of node.endpoints) {
      const client = { endpoint, ...node.client };
      assert.equal((await runEtcdctl(etcdctl, client, 'put', '/registry/a', '1')).stdout, 'OK\n');
      const keys = await runEtcdctl(etcdctl, client, 'get', '/', '--prefix', '--keys-only');
      assert.equal(keys.stdout.trim(), '/registry/a');
      const health = await runEtcdctl(etcdctl, client, 'endpoint', 'health');
      assert.match(`${health.stdout}${health.stderr}`, /is healthy/);
    }
    const [endpoint = ''] = node.endpoints;
    const anonymous = { endpoint, caFile: node.client.caFile };
    const refused = await runEtcdctl(etcdctl, anonymous, 'get', '/', '--prefix');
    assert.notEqual(refused.exitCode, 0);
    assert.match(node.member.output, /"rejected connection on client endpoint"/);
    assert.match(node.member.output, /client didn't provide a certificate/);
  });
}

test('certificates are replaced while a watch runs, as kubeadm renews them', async (t) => {
  const etcdctl = requireTools(t);
  if (etcdctl === undefined) return;
  const node = await startNode(t, RELEASES['1.36']);
  const [endpoint = ''] = node.endpoints;
  const former = { endpoint, ...node.client };
  const watch = new RunningCommand(
    etcdctl,
    [...etcdctlArguments(former), 'watch', 'k', '--rev=1'],
    { ETCDCTL_API: '3' },
  );
  t.after(() => watch.signal('SIGKILL'));
  assert.equal((await runEtcdctl(etcdctl, former, 'put', 'k', 'before')).stdout, 'OK\n');
  await watch.waitForOutput('before');

  // Even the authority is a new one: a client of the former is a stranger from now on.
  const renewed = node.install(CertificateAuthority.create(t, 'renewed-ca'));
  const latter = { endpoint, ...renewed };
  assert.equal((await runEtcdctl(etcdctl, latter, 'put', 'k', 'after')).stdout, 'OK\n');
  await watch.waitForOutput('after');
  const stranger = { ...former, caFile: renewed.caFile };
  assert.notEqual((await runEtcdctl(etcdctl, stranger, 'put', 'k', 'never')).exitCode, 0);
});

for (const carrier of ['native', 'grpc-js']) {
  test(`the ${carrier} carrier works behind TLS, also on sockets of the file system`, async (t) => {
    const etcdctl = requireTools(t);
    if (etcdctl === undefined) return;
    const authority = CertificateAuthority.create(t);
    const { certFile, keyFile } = authority.issue('server');
    const [port = 0] = await freePorts(1);
    const socket = join(temporaryFolder(t), 'client.sock');
    const urls = `https://127.0.0.1:${port},http://127.0.0.1:${port},unixs://${socket}`;
    await startMember(t, {
      flags: [
        `--experimental-grpc-transport=${carrier}`,
        `--listen-client-urls=${urls}`,
        `--advertise-client-urls=${urls}`,
        `--cert-file=${certFile}`,
        `--key-file=${keyFile}`,
      ],
    });
    const { caFile } = authority;
    const secure = { endpoint: `https://127.0.0.1:${port}`, caFile };
    const large = 'x'.repeat(300_000);
    const put = await runCommand(etcdctl, [...etcdctlArguments(secure), 'put', 'k'], {
      stdin: large,
      environment: { ETCDCTL_API: '3' },
    });
    assert.equal(put.stdout, 'OK\n', put.stderr);
    // Stock clients look for the path itself in the certificate, with etcd's server too.
    const sockets = { endpoint: `unixs://${socket}`, caFile, skipsVerification: true };
    const plain = { endpoint: `http://127.0.0.1:${port}` };
    // With a path for :authority, as Go sends it, Node's own HTTP/2 refuses the call: native only.
    const clients = carrier === 'native' ? [secure, plain, sockets] : [secure, plain];
    for (const client of clients) {
      const got = await runEtcdctl(etcdctl, client, 'get', 'k', '--print-value-only');
      assert.ok(got.stdout === `${large}\n`, `${client.endpoint}: ${got.stderr}`);
    }
  });
}

test('curl and openssl find the versions, ciphers and protocols that the flags say', async (t) => {
  if (!requireOpenssl(t)) return;
  const curl = requireProgram(t, 'curl');
  if (curl === undefined) return;
  const authority = CertificateAuthority.create(t);
  const { certFile, keyFile } = authority.issue('server');
  const [port = 0] = await freePorts(1);
  const url = `https://127.0.0.1:${port}`;
  await startMember(t, {
    flags: [
      ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
      ...[`--cert-file=${certFile}`, `--key-file=${keyFile}`],
      '--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    ],
  });
  for (const [version, spoken] of [
    ['--http1.1', '1.1'],
    ['--http2', '2'],
  ] as const) {
    const format = ['-w', ' %{http_version}', '--cacert', authority.caFile];
    const answer = await runCommand(curl, ['-sS', version, ...format, `${url}/health`]);
    assert.equal(answer.stdout, `{"health":"true","reason":""} ${spoken}`, answer.stderr);
  }
  const unknown = await runCommand(curl, ['-sS', `${url}/health`]);
  assert.notEqual(unknown.exitCode, 0);

  const talk = (...args: string[]): Promise<CommandResult> => {
    const base = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', authority.caFile];
    return runCommand('openssl', [...base, ...args]);
  };
  const cases: [string[], RegExp][] = [
    [['-tls1_3', '-alpn', 'h2'], /New, TLSv1\.3, Cipher is TLS_AES_128_GCM_SHA256/],
    [['-tls1_2'], /New, TLSv1\.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/],
    [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'], /Cipher is \(NONE\)/],
    [['-tls1_1'], /Cipher is \(NONE\)/],
    [['-alpn', 'h2'], /ALPN protocol: h2/],
    [[], /No ALPN negotiated/],
    [[], /Verify return code: 0 \(ok\)/],
  ];
  for (const [args, expected] of cases) assert.match((await talk(...args)).stdout, expected);
});

test('--auto-tls makes a certificate that clients can be told to trust, and keeps it', async (t) => {
  if (!requireOpenssl(t)) return;
  const curl = requireProgram(t, 'curl');
  if (curl === undefined) return;
  const [port = 0, peerPort = 0] = await freePorts(2);
  const [url, peerUrl] = [`https://127.0.0.1:${port}`, `https://127.0.0.1:${peerPort}`];
  const flags = [
    ...['--auto-tls', '--peer-auto-tls'],
    ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
    `--initial-cluster=default=${peerUrl}`,
  ];
  const member = await startMember(t, { flags });
  const file = (side: string): string => join(member.dataFolder, 'fixtures', side, 'cert.pem');
  const made = readFileSync(file('client'));
  assert.ok(existsSync(file('peer')));
  const health = (): Promise<CommandResult> =>
    runCommand(curl, ['-sS', '--cacert', file('client'), `${url}/health`]);
  assert.equal((await health()).stdout, '{"health":"true","reason":""}');
  await member.stop();
  await member.start();
  assert.deepEqual(readFileSync(file('client')), made);
  assert.equal((await health()).exitCode, 0);
});

test('what does not fit is told at the start, and nothing is changed', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const { certFile, keyFile } = authority.issue('server');
  const other = authority.issue('other');
  const garbage = join(authority.folder, 'garbage');
  writeFileSync(garbage, 'nothing of use\n');
  const secure = [
    '--listen-client-urls=https://127.0.0.1:0',
    '--advertise-client-urls=https://h:1',
  ];
  const peer = ['--listen-peer-urls=https://127.0.0.1:12380'];
  const pair = [`--cert-file=${certFile}`, `--key-file=${keyFile}`];
  const cases: [string[], string][] = [
    [
      secure,
      'TLS key/cert (--cert-file, --key-file) must be provided for client url ' +
        'https://127.0.0.1:0 with HTTPS scheme',
    ],
    [
      [...secure, `--cert-file=${certFile}`],
      `KeyFile and CertFile must both be present[key: , cert: ${certFile}]`,
    ],
    [
      [...secure, `--cert-file=${certFile}`, `--key-file=${other.keyFile}`],
      'tls: private key does not match public key',
    ],
    [
      [...secure, `--cert-file=${garbage}`, `--key-file=${keyFile}`],
      'tls: failed to find any PEM data in certificate input',
    ],
    [[...secure, ...pair, '--trusted-ca-file=/absent'], 'open /absent: no such file or directory'],
    [[...secure, ...pair, `--client-crl-file=${garbage}`], `x509: malformed crl (${garbage})`],
    [
      [...secure, ...pair, '--client-cert-allowed-cn=a', '--client-cert-allowed-hostname=b'],
      'AllowedCNs and AllowedHostnames are mutually exclusive (cns=["a"], hostnames=["b"])',
    ],
    [peer, 'cannot listen on TLS for 127.0.0.1:12380: KeyFile and CertFile are not presented'],
    [
      [...peer, `--peer-cert-file=${certFile}`, `--peer-key-file=${other.keyFile}`],
      'tls: private key does not match public key',
    ],
    [
      [...secure, '--auto-tls', '--self-signed-cert-validity=0'],
      'selfSignedCertValidity is invalid,it should be greater than 0',
    ],
    [[...secure, ...pair, '--cipher-suites=x'], 'unexpected TLS cipher suite "x"'],
  ];
  const dataFolder = join(temporaryFolder(t), 'data');
  for (const [flags, error] of cases) {
    const failure = await startFailure([`--data-dir=${dataFolder}`, ...flags]);
    assert.equal(failure.exitCode, 1);
    const line = { level: 'fatal', message: 'discovery failed', fields: { error } };
    assert.deepEqual(failure.report, { line });
  }
  assert.equal(existsSync(dataFolder), false);
});

/** How a start with these flags fails, up to the point where the program would say so and exit. */
async function startFailure(flags: readonly string[]): Promise<StartError> {
  try {
    const request = await loadConfig(flags, {});
    assert.equal(request.action, 'start');
    if (request.action === 'start') await startServer(request.config);
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error(`${flags.join(' ')} started`);
}

test('odd combinations are told, and start', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const { certFile, keyFile } = authority.issue('server', { endsInHours: -1 });
  const member = await startMember(t, {
    flags: [`--cert-file=${certFile}`, `--key-file=${keyFile}`, '--client-cert-auth', '--auto-tls'],
  });
  for (const message of [
    'ignoring client auto TLS since certs given',
    'scheme is http or unix while key and cert files are present; ignoring key and cert files',
    'scheme is http or unix while --client-cert-auth is enabled; ignoring client cert auth for this URL',
  ]) {
    assert.ok(member.output.includes(`"msg":"${message}"`), message);
  }
});

/** How a client connects. */
interface Client {
  readonly endpoint: string;
  readonly caFile?: string;
  readonly files?: CertificateFiles;
  readonly skipsVerification?: boolean;
}

function etcdctlArguments({ endpoint, caFile, files, skipsVerification }: Client): string[] {
  return [
    `--endpoints=${endpoint}`,
    ...(caFile === undefined ? [] : [`--cacert=${caFile}`]),
    ...(files === undefined ? [] : [`--cert=${files.certFile}`, `--key=${files.keyFile}`]),
    ...(skipsVerification === true ? ['--insecure-skip-tls-verify'] : []),
    ...['--dial-timeout=2s', '--command-timeout=3s'],
  ];
}

function runEtcdctl(etcdctl: string, client: Client, ...args: string[]): Promise<CommandResult> {
  const environment = { ETCDCTL_API: '3' };
  return runCommand(etcdctl, [...etcdctlArguments(client), ...args], { environment });
}

/** The stock etcdctl, if it and openssl are there. */
function requireTools(t: TestContext): string | undefined {
  return requireOpenssl(t) ? requireProgram(t, 'etcdctl') : undefined;
}

/** A control-plane node: its certificates where kubeadm puts them, its etcd as the static pod starts it. */
async function startNode(t: TestContext, releaseFlags: readonly string[]) {
  const folder = temporaryFolder(t);
  const pki = join(folder, 'pki', 'etcd');
  mkdirSync(pki, { recursive: true });
  const install = (authority: CertificateAuthority) => {
    const names = [
      'DNS:localhost',
      `DNS:${NODE_NAME}`,
      'IP:127.0.0.1',
      'IP:::1',
      `IP:${NODE_ADDRESS}`,
    ];
    for (const name of ['server', 'peer']) {
      const files = authority.issue(name, { names });
      copyFileSync(files.certFile, join(pki, `${name}.crt`));
      copyFileSync(files.keyFile, join(pki, `${name}.key`));
    }
    copyFileSync(authority.caFile, join(pki, 'ca.crt'));
    const options = { names: [], usages: 'clientAuth' };
    const files = authority.issue('kube-etcd-healthcheck-client', options);
    return { caFile: authority.caFile, files };
  };
  const client = install(CertificateAuthority.create(t));
  const [clientPort = 0, peerPort = 0, metricsPort = 0] = await freePorts(3);
  const member = await startMember(t, {
    program: serverUnderTest(),
    dataFolder: join(folder, 'data'),
    clientPort,
    peerPort,
    flags: [
      `--advertise-client-urls=https://${NODE_ADDRESS}:${clientPort}`,
      `--cert-file=${pki}/server.crt`,
      '--client-cert-auth=true',
      `--data-dir=${folder}/data`,
      ...releaseFlags,
      `--initial-advertise-peer-urls=https://${NODE_ADDRESS}:${peerPort}`,
      `--initial-cluster=${NODE_NAME}=https://${NODE_ADDRESS}:${peerPort}`,
      `--key-file=${pki}/server.key`,
      `--listen-client-urls=https://127.0.0.1:${clientPort},https://${NODE_ADDRESS}:${clientPort}`,
      `--listen-metrics-urls=http://127.0.0.1:${metricsPort}`,
      `--listen-peer-urls=https://${NODE_ADDRESS}:${peerPort}`,
      `--name=${NODE_NAME}`,
      `--peer-cert-file=${pki}/peer.crt`,
      '--peer-client-cert-auth=true',
      `--peer-key-file=${pki}/peer.key`,
      `--peer-trusted-ca-file=${pki}/ca.crt`,
      '--snapshot-count=10000',
      `--trusted-ca-file=${pki}/ca.crt`,
    ],
  });
  const endpoints = [`https://127.0.0.1:${clientPort}`, `https://${NODE_ADDRESS}:${clientPort}`];
  return { member, endpoints, client, install };
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { loadConfig, StartError } from '../../src/config/index.js';
import { startServer } from '../../src/embed/index.js';
import { CertificateAuthority, requireOpenssl } from '../support/certificates.js';
import { type CommandResult, runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { requireProgram } from '../support/programs.js';
import { etcdctlArguments, requireTools, runEtcdctl } from './tls-client.js';

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
    [[...secure, ...pair, '--client-crl-file=/absent'], 'open /absent: no such file or directory'],
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

/**
 * The image, proved on a machine without Docker: the steps of the Dockerfile are carried out in root
 * folders made by debootstrap, then the result runs as kubeadm's static pod, without any privilege.
 *
 *   npm run test:image                        needs root, and Debian's debootstrap
 *   npm run test:image -- --base <folder>     keeps the base systems there for the next time
 */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { parse } from 'yaml';
import { CertificateAuthority } from '../support/certificates.js';
import { temporaryFolder } from '../support/folders.js';
import { findOnPath } from '../support/programs.js';
import { repositoryRoot } from '../support/repository.js';
import { BaseImages } from './base-images.js';
import { buildImage, type Image, list, sizeOf } from './build.js';
import { Container, type Mount } from './container.js';
import { networkSettings } from './host.js';

const TOOLS = ['debootstrap', 'unshare', 'nsenter', 'ip', 'curl', 'openssl'];
/** Users whom no image knows. */
const USER_ID = 65_532;
const OTHER_USER_ID = 123_456;
const PKI = '/etc/kubernetes/pki/etcd';
const DATA = '/var/lib/etcd';

/** What deploy/etcd.yaml says of the pod. */
interface Pod {
  readonly command: readonly string[];
  readonly address: string;
  readonly name: string;
  readonly probes: readonly string[];
}

function readPod(): Pod {
  const text = readFileSync(join(repositoryRoot, 'deploy', 'etcd.yaml'), 'utf8');
  const [container] = parse(text).spec.containers;
  const command: string[] = container.command;
  const flag = (name: string): string =>
    command.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((kind) => {
    const { scheme, host, port, path } = container[kind].httpGet;
    return `${scheme.toLowerCase()}://${host}:${port}${path}`;
  });
  const address = new URL(flag('advertise-client-urls')).hostname;
  return { command, address, name: flag('name'), probes };
}

/** The same command line as kubeadm 1.29 writes it: for an etcd of 3.5. */
const ofKubeadm129 = (command: readonly string[]): string[] =>
  command.map((word) =>
    word
      .replace(
        '--feature-gates=InitialCorruptCheck=true',
        '--experimental-initial-corrupt-check=true',
      )
      .replace('--watch-progress', '--experimental-watch-progress'),
  );

/** The folder of the certificates as kubeadm fills it, readable for the pod's user. */
function makePki(context: TestContext, { address, name }: Pod): Mount {
  const folder = temporaryFolder(context);
  const authority = CertificateAuthority.create(context);
  const names = ['localhost', name].map((host) => `DNS:${host}`);
  names.push(...['127.0.0.1', '::1', address].map((ip) => `IP:${ip}`));
  copyFileSync(authority.caFile, join(folder, 'ca.crt'));
  const issue = (file: string, options: { names: string[]; usages?: string }): void => {
    const { certFile, keyFile } = authority.issue(file, options);
    copyFileSync(certFile, join(folder, `${file}.crt`));
    copyFileSync(keyFile, join(folder, `${file}.key`));
    chownSync(join(folder, `${file}.key`), USER_ID, USER_ID);
    chmodSync(join(folder, `${file}.key`), 0o400);
  };
  issue('server', { names });
  issue('peer', { names });
  issue('healthcheck-client', { names: [], usages: 'clientAuth' });
  chmodSync(folder, 0o755);
  return { path: PKI, folder, isReadOnly: true };
}

function makeDataFolder(context: TestContext, userId: number): Mount {
  const folder = join(temporaryFolder(context), 'etcd');
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, userId, userId);
  // The folder above is this test's own, and the pod has to get through it.
  chmodSync(join(folder, '..'), 0o755);
  return { path: DATA, folder, isReadOnly: false };
}

const CREDENTIALS = [
  `--cacert=${PKI}/ca.crt`,
  `--cert=${PKI}/healthcheck-client.crt`,
  `--key=${PKI}/healthcheck-client.key`,
];

/** Why this cannot run here; undefined if it can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root: for chroot and mounts';
  const missing = TOOLS.filter((name) => findOnPath(name) === undefined);
  return missing.length === 0 ? undefined : `not on PATH: ${missing.join(', ')}`;
}

function build(context: TestContext): Image {
  const at = process.argv.indexOf('--base');
  const given = at < 0 ? undefined : process.argv[at + 1];
  const baseImages = new BaseImages(given ?? temporaryFolder(context));
  const network = networkSettings();
  const options = { context: repositoryRoot, workFolder: temporaryFolder(context), network };
  return buildImage(options, { baseImages, report: (line) => context.diagnostic(line) });
}

const mebibytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`;

test('the image', { skip: obstacle() ?? false }, async (context) => {
  const image = build(context);
  const pod = readPod();

  await context.test('has the three programs, and nothing of the build', (t) => {
    const own = sizeOf(join(image.root, 'usr', 'local'));
    const all = sizeOf(image.root);
    t.diagnostic(`image: ${mebibytes(all.files)}, compressed ${mebibytes(all.compressed)}`);
    t.diagnostic(`of that Node and kvorum: ${mebibytes(own.files)}, ${mebibytes(own.compressed)}`);
    const programs = list(image.root, 'usr/local/bin');
    assert.deepEqual(programs.sort(), ['etcd', 'etcdctl', 'etcdutl', 'node']);
    const parts = ['bin', 'dist', 'node_modules', 'package.json'];
    assert.deepEqual(list(image.root, 'usr/local/lib/kvorum').sort(), parts);
    const modules = list(image.root, 'usr/local/lib/kvorum/node_modules');
    assert.ok(!modules.includes('typescript') && modules.includes('classic-level'));
    assert.deepEqual(list(image.root, 'run'), list(image.baseRoot, 'run'));
  });

  const releases: [string, readonly string[]][] = [
    ['1.36', pod.command],
    ['1.29', ofKubeadm129(pod.command)],
  ];
  for (const [release, command] of releases) {
    await context.test(`runs the static pod of kubeadm ${release} without privileges`, (t) =>
      runPod(t, image, pod, command),
    );
  }

  await context.test('runs its own command as any user, and leaves as process 1', async (t) => {
    const data = makeDataFolder(t, OTHER_USER_ID);
    const { command } = image;
    const options = { image, command, userId: OTHER_USER_ID, mounts: [data], address: pod.address };
    const container = new Container(t, options);
    await container.waitForError('ready to serve client requests');
    assert.equal((await container.execute('etcdctl', 'put', 'a', 'b')).stdout, 'OK\n');
    assert.match((await container.execute('etcdutl', 'version')).stdout, /^etcdutl version: /);
    // What V8 has compiled in the build is good for the Node of the image.
    const loader = "require('/usr/local/lib/kvorum/bin/bundled.cjs')";
    const question = `${loader}.compile('etcdctl').cachedDataRejected`;
    assert.equal((await container.execute('node', '--print', question)).stdout, 'false\n');
    const { exitCode, stderr } = await container.stop();
    assert.equal(exitCode, 0);
    assert.match(stderr, /"closed etcd server"/);
    assert.deepEqual(readdirSync(data.folder), ['default.etcd']);
  });
});

async function runPod(
  t: TestContext,
  image: Image,
  pod: Pod,
  command: readonly string[],
): Promise<void> {
  const data = makeDataFolder(t, USER_ID);
  const mounts = [data, makePki(t, pod)];
  const { address } = pod;
  const container = new Container(t, { image, command, userId: USER_ID, mounts, address });
  await container.waitForError('serving client traffic securely');

  const status = container.status();
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    assert.match(status.get(name) ?? '', /^0+$/, name);
  }
  assert.equal(status.get('NoNewPrivs'), '1');
  assert.equal(status.get('Uid'), Array(4).fill(USER_ID).join('\t'));
  const written = await container.execute('touch', '/tmp/x');
  assert.match(written.stderr, /Read-only file system/);

  for (const url of pod.probes) {
    const answer = await container.fromHost('curl', '-sS', '-w', ' %{http_code}', url);
    assert.equal(answer.stdout, 'ok\n 200', `${url}: ${answer.stderr}`);
  }

  // As `kubectl exec` runs it; -keys-only is how people type it.
  const etcdctl = (...words: string[]) => container.execute('etcdctl', ...CREDENTIALS, ...words);
  const put = await etcdctl('put', '/registry/pods/kube-system/etcd', 'x');
  assert.equal(put.stdout, 'OK\n', put.stderr);
  const keys = await etcdctl('get', '/', '--prefix', '-keys-only');
  assert.equal(keys.stdout, '/registry/pods/kube-system/etcd\n\n', keys.stderr);
  const endpoint = `--endpoints=https://${address}:2379`;
  const health = await etcdctl(endpoint, 'endpoint', 'health');
  assert.match(health.stdout, /is healthy/, health.stderr);
  const stranger = [`--cacert=${PKI}/ca.crt`, '--command-timeout=1s', 'get', 'a'];
  assert.notEqual((await container.execute('etcdctl', ...stranger)).exitCode, 0);

  const { exitCode } = await container.stop();
  assert.equal(exitCode, 0);
  assert.deepEqual(readdirSync(data.folder), ['member']);
}

/** The files in deploy/ as those read them for whom they are made. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/index.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { requireProgram } from '../support/programs.js';
import { repositoryRoot } from '../support/repository.js';

const deployed = (name: string): string =>
  readFileSync(join(repositoryRoot, 'deploy', name), 'utf8');

/** The example of three masters, which the unit has as a comment. */
function dropIn(unit: string): string {
  const [, text = ''] = /cluster\.conf\n((?:# .*\n)+)/.exec(unit) ?? [];
  assert.match(text, /--initial-cluster=/);
  return text.replace(/^# {3}/gm, '');
}

test('systemd finds no fault with the unit, nor with the example of three masters', async (t) => {
  const analyze = requireProgram(t, 'systemd-analyze');
  if (analyze === undefined) return;
  const folder = temporaryFolder(t);
  // The program has to be there; on this machine it is not installed.
  const program = join(repositoryRoot, 'bin', 'etcd');
  const installed = (text: string): string => text.replaceAll('/usr/local/bin/etcd', program);
  const unit = join(folder, 'etcd.service');
  const verify = async (): Promise<void> => {
    const { exitCode, stdout, stderr } = await runCommand(analyze, ['verify', unit]);
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: '', stderr: '' });
  };
  const text = deployed('etcd.service');
  writeFileSync(unit, installed(text));
  await verify();
  mkdirSync(`${unit}.d`);
  writeFileSync(join(`${unit}.d`, 'cluster.conf'), installed(dropIn(text)));
  await verify();
  writeFileSync(join(`${unit}.d`, 'cluster.conf'), '[Service]\nNoSuchWord=1\n');
  await assert.rejects(verify(), /NoSuchWord/);
});

test('the example of three masters is a configuration that starts', async () => {
  const text = dropIn(deployed('etcd.service')).replaceAll('\\\n', ' ');
  const environment = Object.fromEntries(
    [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
  const [, command = ''] = /^ExecStart=(\S.*)$/m.exec(text) ?? [];
  const request = await loadConfig(command.trim().split(/\s+/).slice(1), environment);
  assert.equal(request.action, 'start');
  if (request.action !== 'start') return;
  const { config, notices } = request;
  assert.equal(config.name, 'master1');
  assert.match(config.initialCluster, /^master1=.*,master2=.*,master3=/);
  assert.deepEqual(
    notices.filter(({ message }) => message.startsWith('flag')),
    [],
  );
});

test('the static pod is what kubeadm makes of its configuration', async () => {
  const { metadata, spec } = parse(deployed('etcd.yaml'));
  const { local } = parse(deployed('kubeadm-config.yaml')).etcd;
  const [container] = spec.containers;
  assert.equal(container.image, `${local.imageRepository}/etcd:${local.imageTag}`);
  const request = await loadConfig(container.command.slice(1), {});
  assert.equal(request.action, 'start');
  if (request.action !== 'start') return;
  const { config, notices } = request;
  assert.ok(!notices.some(({ message }) => message.startsWith('flag')));
  assert.equal(config.dataDir, local.dataDir);
  const annotation = 'kubeadm.kubernetes.io/etcd.advertise-client-urls';
  assert.equal(config.advertiseClientUrls.join(), metadata.annotations[annotation]);
  const mounted = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  const files = [config.dataDir, config.clientTls.keyFile, config.peerTls.trustedCaFile];
  for (const file of files)
    assert.ok(
      mounted.some((path: string) => file.startsWith(path)),
      file,
    );
  for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { scheme, host, port } = container[kind].httpGet;
    const [url] = config.listenMetricsUrls;
    assert.equal(`${scheme.toLowerCase()}://${host}:${port}`, url?.text, kind);
  }
});

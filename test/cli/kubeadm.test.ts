/** The static pod of a control plane, as kubeadm writes it: its command line, certificates and probes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CertificateAuthority, requireOpenssl } from '../support/certificates.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { RELEASES, startNode } from './kubeadm-node.js';
import {
  etcdctlArguments,
  requireNewEtcdctl,
  requireOwnEtcdctl,
  requireTools,
  runEtcdctl,
} from './tls-client.js';

for (const release of ['1.29', '1.36'] as const) {
  test(`the command line of kubeadm ${release} starts, and serves who has a certificate`, async (t) => {
    const etcdctl = requireTools(t);
    if (etcdctl === undefined) return;
    const node = await startNode(t, RELEASES[release]);
    for (const probe of ['livez', 'readyz']) {
      const answer = await fetch(`http://127.0.0.1:${node.metricsPort}/${probe}`);
      assert.deepEqual([answer.status, await answer.text()], [200, 'ok\n'], probe);
    }
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

for (const [label, requireEtcdctl] of [
  ['our etcdctl', requireOwnEtcdctl],
  ['the etcdctl of a newer release', requireNewEtcdctl],
] as const) {
  test(`${label} works over mutual TLS, by flags and by variables`, async (t) => {
    const etcdctl = requireOpenssl(t) ? requireEtcdctl(t) : undefined;
    if (etcdctl === undefined) return;
    const { endpoints, client, member } = await startNode(t, RELEASES['1.36']);
    const [endpoint = ''] = endpoints;
    const known = { endpoint, ...client };
    assert.equal((await runEtcdctl(etcdctl, known, 'put', '/registry/a', '1')).stdout, 'OK\n');
    const keys = ['get', '/', '--prefix', '--keys-only'];
    const { certFile, keyFile } = client.files;
    const environment = {
      ETCDCTL_ENDPOINTS: endpoints.join(),
      ETCDCTL_CACERT: client.caFile,
      ETCDCTL_CERT: certFile,
      ETCDCTL_KEY: keyFile,
    };
    const byVariables = await runCommand(etcdctl, keys, { environment });
    for (const answer of [await runEtcdctl(etcdctl, known, ...keys), byVariables]) {
      assert.deepEqual([answer.stdout, answer.exitCode], ['/registry/a\n\n', 0], answer.stderr);
    }
    const healthy = await runEtcdctl(etcdctl, known, 'endpoint', 'health', '--cluster');
    assert.match(healthy.stdout, /is healthy/, healthy.stderr);

    const foreign = CertificateAuthority.create(t, 'foreign-ca');
    const options = { names: [], usages: 'clientAuth' };
    for (const stranger of [
      { endpoint, caFile: client.caFile },
      { ...known, files: foreign.issue('stranger', options) },
      { ...known, caFile: foreign.caFile },
    ]) {
      const refused = await runEtcdctl(etcdctl, stranger, ...keys);
      assert.equal(refused.exitCode, 1);
      assert.equal(refused.stdout, '');
    }
    assert.match(member.output, /client didn't provide a certificate/);
    assert.match(member.output, /certificate signed by unknown authority/);
  });
}

test('people type -keys-only with one dash, and our etcdctl knows what they mean', async (t) => {
  if (!requireOpenssl(t)) return;
  const { endpoints, client } = await startNode(t, RELEASES['1.36']);
  const known = { endpoint: endpoints[0] ?? '', ...client };
  const etcdctl = requireOwnEtcdctl();
  assert.equal((await runEtcdctl(etcdctl, known, 'put', '/registry/a', '1')).stdout, 'OK\n');
  const keys = await runEtcdctl(etcdctl, known, 'get', '/', '--prefix', '-keys-only');
  assert.equal(keys.stdout, '/registry/a\n\n', keys.stderr);
});

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

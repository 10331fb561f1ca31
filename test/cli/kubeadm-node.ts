import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CertificateAuthority } from '../support/certificates.js';
import { temporaryFolder } from '../support/folders.js';
import { startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { serverUnderTest } from '../support/programs.js';

/** The address of the node beside 127.0.0.1: the loopback network has many. */
const NODE_ADDRESS = '127.0.0.2';
const NODE_NAME = 'control-plane-1';

/** What differs between the releases of kubeadm. */
export const RELEASES = {
  '1.29': [
    '--experimental-initial-corrupt-check=true',
    '--experimental-watch-progress-notify-interval=5s',
  ],
  '1.36': ['--feature-gates=InitialCorruptCheck=true', '--watch-progress-notify-interval=5s'],
} as const;

/** A control-plane node: its certificates where kubeadm puts them, its etcd as the static pod starts it. */
export async function startNode(t: TestContext, releaseFlags: readonly string[]) {
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
  return { member, endpoints, metricsPort, client, install };
}

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KV, Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import {
  CertificateAuthority,
  type CertificateFiles,
  requireOpenssl,
} from '../support/certificates.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { Member } from '../support/member.js';
import { freePorts } from '../support/ports.js';

const NAMES = ['m1', 'm2', 'm3'] as const;

test('three members form a cluster over mutual TLS, and take up renewed certificates', async (t) => {
  if (!requireOpenssl(t)) return;
  const members = await startMembers(t, CertificateAuthority.create(t));
  await expectReplication(members);

  // A new authority altogether, and after it every connection is made anew: the members restart one
  // after the other, each finding the others with certificates of the new one without their restart.
  const renewed = CertificateAuthority.create(t, 'renewed');
  for (const member of members) member.install(renewed);
  await expectReplication(members);
  for (const member of members) {
    await member.process.stop();
    await member.process.start();
    await expectReplication(members);
  }
});

test('a member with a foreign certificate stays alone, and the others say why', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const members = await createMembers(t, authority);
  const [first, second, third] = members;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  third.install(CertificateAuthority.create(t, 'foreign'));
  const outcast = third.process.start().catch(() => {});
  t.after(() => outcast);
  await Promise.all([first.process.start(), second.process.start()]);
  await expectReplication([first, second]);
  const failure = 'self-signed certificate in certificate chain';
  await waitFor(() => [first, third].every(({ process }) => process.output.includes(failure)));

  // With the right certificate it is one of them, without any restart.
  third.install(authority);
  await outcast;
  await expectReplication(members);
});

test('a revoked member is cut off from the next connection on', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const crl = authority.revocationList('DER');
  const members = await startMembers(t, authority, [`--peer-crl-file=${crl}`]);
  const [first, , third] = members;
  assert.ok(first !== undefined && third !== undefined);
  authority.revoke(third.files);
  authority.revocationList('DER');
  await third.process.stop();
  const restart = third.process.start().catch(() => {});
  t.after(() => restart);
  await waitFor(() => /certificate serial [0-9a-f]+ revoked/.test(first.process.output));
  await expectReplication(members.slice(0, 2));
});

test('members are told by their common names', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  await expectReplication(
    await startMembers(t, authority, [`--peer-cert-allowed-cn=${NAMES.join()}`]),
  );
});

test('members with certificates of their own making form a cluster', async (t) => {
  const members = await startMembers(t, undefined, ['--peer-auto-tls']);
  await expectReplication(members);
});

interface SecureMember {
  readonly process: Member;
  readonly client: EtcdClient;
  /** As the authority keeps them; the member uses copies. */
  readonly files: CertificateFiles;
  install(authority: CertificateAuthority): void;
}

async function startMembers(
  t: TestContext,
  authority: CertificateAuthority | undefined,
  flags: readonly string[] = [],
): Promise<SecureMember[]> {
  const members = await createMembers(t, authority, flags);
  await Promise.all(members.map((member) => member.process.start()));
  return members;
}

/** Three members of one --initial-cluster that do not run yet; their peer URLs are https. */
async function createMembers(
  t: TestContext,
  authority: CertificateAuthority | undefined,
  flags: readonly string[] = [],
): Promise<SecureMember[]> {
  const ports = await freePorts(2 * NAMES.length);
  const url = (index: number): string => `https://127.0.0.1:${ports[NAMES.length + index]}`;
  const initial = NAMES.map((name, index) => `${name}=${url(index)}`).join();
  return NAMES.map((name, index) => {
    const folder = temporaryFolder(t);
    const place = (file: string): string => join(folder, file);
    const install = (from: CertificateAuthority): CertificateFiles => {
      const files = from.issue(name);
      copyFileSync(files.certFile, place('peer.crt'));
      copyFileSync(files.keyFile, place('peer.key'));
      copyFileSync(from.caFile, place('ca.crt'));
      return files;
    };
    const files = authority === undefined ? { certFile: '', keyFile: '' } : install(authority);
    const clientPort = ports[index] ?? 0;
    const process = new Member({
      name,
      dataFolder: place('data'),
      clientPort,
      peerPort: ports[NAMES.length + index] ?? 0,
      readyTimeoutMs: 60_000,
      flags: [
        `--listen-peer-urls=${url(index)}`,
        `--initial-advertise-peer-urls=${url(index)}`,
        `--initial-cluster=${initial}`,
        ...(authority === undefined ? [] : peerFlags(place)),
        ...flags,
      ],
    });
    const client = new EtcdClient(`127.0.0.1:${clientPort}`);
    t.after(() => client.close());
    t.after(async () => {
      await process.kill();
    });
    return { process, client, files, install };
  });
}

const peerFlags = (place: (file: string) => string): string[] => [
  `--peer-cert-file=${place('peer.crt')}`,
  `--peer-key-file=${place('peer.key')}`,
  `--peer-trusted-ca-file=${place('ca.crt')}`,
  '--peer-client-cert-auth=true',
];

let written = 0;

/** Writes through each member and reads the value from all, and all have the same leader. */
async function expectReplication(members: readonly SecureMember[]): Promise<void> {
  for (const writer of members) {
    const value = Buffer.from(`${++written}`);
    const key = Buffer.from('key');
    await eventually(() => writer.client.call(KV.methods.put, { key, value }));
    for (const { client } of members) {
      const { kvs } = await eventually(() => client.call(KV.methods.range, { key }));
      assert.equal(kvs[0]?.value.toString(), value.toString());
    }
  }
  const statuses = await Promise.all(
    members.map(({ client }) => client.call(Maintenance.methods.status, {})),
  );
  assert.equal(new Set(statuses.map(({ leader }) => leader)).size, 1);
}

const PATIENCE_MS = 30_000;

/** While members come and go a request may fail, and is made again. */
async function eventually<Result>(act: () => Promise<Result>): Promise<Result> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await delay(100);
    }
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(performance.now() < endMs, 'it did not happen');
    await delay(20);
  }
}

/** Etcdctl in its several makes, as a client of TLS. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type CertificateFiles, requireOpenssl } from '../support/certificates.js';
import { type CommandResult, runCommand } from '../support/command.js';
import { requireProgram } from '../support/programs.js';
import { repositoryRoot } from '../support/repository.js';

/** How a client connects. */
export interface Client {
  readonly endpoint: string;
  readonly caFile?: string;
  readonly files?: CertificateFiles;
  readonly skipsVerification?: boolean;
}

export function etcdctlArguments({ endpoint, caFile, files, skipsVerification }: Client): string[] {
  return [
    `--endpoints=${endpoint}`,
    ...(caFile === undefined ? [] : [`--cacert=${caFile}`]),
    ...(files === undefined ? [] : [`--cert=${files.certFile}`, `--key=${files.keyFile}`]),
    ...(skipsVerification === true ? ['--insecure-skip-tls-verify'] : []),
    ...['--dial-timeout=2s', '--command-timeout=3s'],
  ];
}

export function runEtcdctl(
  etcdctl: string,
  client: Client,
  ...args: string[]
): Promise<CommandResult> {
  const environment = { ETCDCTL_API: '3' };
  return runCommand(etcdctl, [...etcdctlArguments(client), ...args], { environment });
}

/** `bin/etcdctl`, as it is installed. */
export function requireOwnEtcdctl(): string {
  return join(repositoryRoot, 'bin', 'etcdctl');
}

/** The etcdctl of the release that KVORUM_ETCD_RELEASE names. */
export function requireNewEtcdctl(t: TestContext): string | undefined {
  const folder = process.env.KVORUM_ETCD_RELEASE;
  if (folder !== undefined) return join(folder, 'etcdctl');
  t.skip('KVORUM_ETCD_RELEASE names no folder with an etcdctl, 3.6 or later');
  return undefined;
}

/** The stock etcdctl, if it and openssl are there. */
export function requireTools(t: TestContext): string | undefined {
  return requireOpenssl(t) ? requireProgram(t, 'etcdctl') : undefined;
}

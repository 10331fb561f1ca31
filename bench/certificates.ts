import { CertificateAuthority, type CertificateFiles } from '../test/support/certificates.js';
import { findOnPath } from '../test/support/programs.js';
import type { ClientTls } from './load/socket.js';

/** The files of a run's own authority: one certificate for servers, one for clients. */
export interface BenchCertificates {
  readonly caFile: string;
  readonly server: CertificateFiles;
  readonly client: ClientTls;
}

let made: BenchCertificates | undefined;

/** Certificates (P-256) for mutual TLS on 127.0.0.1, made when first asked for, removed at the end. */
export function benchCertificates(): BenchCertificates {
  if (made !== undefined) return made;
  if (findOnPath('openssl') === undefined) {
    throw new Error('openssl is not on PATH (Debian package openssl)');
  }
  const authority = CertificateAuthority.create({
    after: (undo) => process.once('exit', () => void undo()),
  });
  const { caFile } = authority;
  made = {
    caFile,
    server: authority.issue('server'),
    client: { caFile, ...authority.issue('client') },
  };
  return made;
}

/** The flags with which a server, kvorum or etcd, demands certificates of its clients. */
export function mutualTlsFlags({ caFile, server }: BenchCertificates): string[] {
  return [
    `--cert-file=${server.certFile}`,
    `--key-file=${server.keyFile}`,
    `--trusted-ca-file=${caFile}`,
    '--client-cert-auth',
  ];
}

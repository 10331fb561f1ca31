import type { SecureVersion } from 'node:tls';
import { TlsError } from './errors.js';
import { readKeyPair } from './key-pair.js';

/** What the TLS of one side (clients or peers) is made of. Empty strings and lists: not given. */
export interface TlsOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** For connections that this member makes; the server's own if empty. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** Whoever connects has to show a certificate of one of these authorities. */
  readonly trustedCaFile: string;
  /** Demands certificates without a file of authorities too: then those of the system count. */
  readonly clientCertAuth: boolean;
  /** Certificates of these serial numbers are refused; DER or PEM. */
  readonly revocationListFile: string;
  /** Whoever connects has to have one of these common names… */
  readonly allowedCommonNames: readonly string[];
  /** …or a certificate for one of these hosts. Only one of the two may be given. */
  readonly allowedHostnames: readonly string[];
  /** Go's names; the server's own choice if empty. */
  readonly cipherSuites: readonly string[];
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** The certificate is of our own making, as those of all members: nothing can be verified. */
  readonly isSelfMade: boolean;
}

/** Whether there is nothing to serve TLS with. */
export function hasNoCertificate(options: TlsOptions): boolean {
  return options.certFile === '' && options.keyFile === '';
}

/** Whether whoever connects has to show a certificate. */
export function demandsCertificates(options: TlsOptions): boolean {
  return options.trustedCaFile !== '' || options.clientCertAuth;
}

/** The texts of a list as Go prints them with `%q`. */
const quoted = (texts: readonly string[]): string =>
  `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;

/**
 * Checks that the options belong together and that the certificates with their keys can be read.
 * @throws TlsError with etcd's words
 */
export function checkTlsOptions(options: TlsOptions): void {
  const { certFile, keyFile, clientCertFile, clientKeyFile } = options;
  if (certFile === '' || keyFile === '') {
    const which = `[key: ${keyFile}, cert: ${certFile}]`;
    throw new TlsError(`KeyFile and CertFile must both be present${which}`);
  }
  readKeyPair(certFile, keyFile);
  if ((clientCertFile === '') !== (clientKeyFile === '')) {
    const which = `key: ${clientKeyFile}, cert: ${clientCertFile}]`;
    const rule = 'must both be present or both absent';
    throw new TlsError(`ClientKeyFile and ClientCertFile ${rule}: ${which}`);
  }
  if (clientCertFile !== '') readKeyPair(clientCertFile, clientKeyFile);
  const { allowedCommonNames, allowedHostnames } = options;
  if (allowedCommonNames.length > 0 && allowedHostnames.length > 0) {
    const given = `(cns=${quoted(allowedCommonNames)}, hostnames=${quoted(allowedHostnames)})`;
    throw new TlsError(`AllowedCNs and AllowedHostnames are mutually exclusive ${given}`);
  }
}

import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** The names a certificate is for. */
export interface CertificateNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** `DNS:name` and `IP Address:address`, quoted as JSON where they hold anything unusual. */
const ENTRY = /(?:^|, )(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g;

/** The subject alternative names of a certificate. */
export function certificateNames(certificate: X509Certificate): CertificateNames {
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  for (const [, kind, text = ''] of (certificate.subjectAltName ?? '').matchAll(ENTRY)) {
    const name = text.startsWith('"') ? String(JSON.parse(text)) : text;
    if (kind === 'DNS') dnsNames.push(name);
    else ipAddresses.push(name);
  }
  return { dnsNames, ipAddresses };
}

/** The common name of the subject; empty if there is none. */
export function commonName(certificate: X509Certificate): string {
  const { CN } = certificate.toLegacyObject().subject;
  return (Array.isArray(CN) ? CN.at(-1) : CN) ?? '';
}

/**
 * Whether a certificate is for a host: a name or an IP address. As in Go only the alternative names
 * count, not the common name.
 */
export function isForHost(certificate: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0) return certificate.checkIP(address) !== undefined;
  const options = { subject: 'never', partialWildcards: false } as const;
  return certificate.checkHost(host, options) !== undefined;
}

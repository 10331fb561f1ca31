import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { TlsError } from './errors.js';
import { readTlsFile } from './files.js';
import { pemBlocks } from './pem.js';

/** A certificate with those that vouch for it, and its key: PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
}

/**
 * Reads a certificate and its key.
 * @throws TlsError in Go's words if they cannot be read, or do not belong together
 */
export function readKeyPair(certFile: string, keyFile: string): KeyPair {
  const certBytes = readTlsFile(certFile);
  const keyBytes = readTlsFile(keyFile);
  const [leaf, cert] = parseCertificates(certBytes);
  const key = findKey(keyBytes);
  const privateKey = parseKey(key);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new TlsError('tls: private key does not match public key');
  }
  return { cert, key, leaf };
}

function parseCertificates(file: Buffer): [X509Certificate, string] {
  const blocks = pemBlocks(file);
  const certificates = blocks.filter((block) => block.label === 'CERTIFICATE');
  const [first] = certificates;
  if (first === undefined) throw new TlsError(missing('certificate', 'CERTIFICATE', blocks));
  return [parseCertificate(first.der), certificates.map((block) => block.text).join('')];
}

function missing(what: string, label: string, blocks: readonly { label: string }[]): string {
  if (blocks.length === 0) return `tls: failed to find any PEM data in ${what} input`;
  const [only] = blocks;
  if (what === 'certificate' && blocks.length === 1 && only?.label.endsWith('PRIVATE KEY')) {
    return (
      'tls: failed to find certificate PEM data in certificate input, ' +
      'but did find a private key; PEM inputs may have been switched'
    );
  }
  if (what === 'key' && blocks.length === 1 && only?.label === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  }
  const found = blocks.map((block) => block.label).join(' ');
  const skipped = `after skipping PEM blocks of the following types: [${found}]`;
  return `tls: failed to find ${label} in ${what} input ${skipped}`;
}

/** @throws TlsError */
export function parseCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new TlsError('x509: malformed certificate');
  }
}

function findKey(file: Buffer): string {
  const blocks = pemBlocks(file);
  const found = blocks.find(
    ({ label }) => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY'),
  );
  if (found === undefined) {
    throw new TlsError(missing('key', 'PEM block with type ending in "PRIVATE KEY"', blocks));
  }
  return found.text;
}

function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TlsError('tls: failed to parse private key');
  }
}

/**
 * Reads the certificates of the authorities that are trusted: PEM blocks.
 * @throws TlsError in Go's words; also if the file holds none, since that would trust nobody
 */
export function readAuthorities(caFile: string): string[] {
  const blocks = pemBlocks(readTlsFile(caFile)).filter(({ label }) => label === 'CERTIFICATE');
  for (const block of blocks) parseCertificate(block.der);
  if (blocks.length === 0) throw new TlsError(`no certificate found in ${caFile}`);
  return blocks.map((block) => block.text);
}

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { DerTag, derIdentifier, derSequence, derTime, derValue } from './der.js';
import { TlsError } from './errors.js';
import { toPem } from './pem.js';

export interface SelfSignedOptions {
  /** Where `cert.pem` and `key.pem` lie, or are put if they do not. */
  readonly folder: string;
  /** `host:port`, as in URLs. */
  readonly hosts: readonly string[];
  readonly validityYears: number;
}

export interface SelfSignedFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

/**
 * The files of a certificate that vouches for itself, made at the first start (`--auto-tls`); later
 * starts use those that are there.
 * @throws TlsError
 */
export function selfSignedFiles(
  options: SelfSignedOptions,
  dependencies: { readonly clock: Clock; readonly logger: Logger },
): SelfSignedFiles {
  const { logger, clock } = dependencies;
  if (options.validityYears === 0) {
    const error = 'selfSignedCertValidity is invalid,it should be greater than 0';
    logger.warn('cannot generate cert', { error });
    throw new TlsError(error);
  }
  const certFile = resolve(join(options.folder, 'cert.pem'));
  const keyFile = resolve(join(options.folder, 'key.pem'));
  if (existsSync(certFile) && existsSync(keyFile)) return { certFile, keyFile };
  const notBeforeMs = clock.unixMs();
  const notAfterMs = notBeforeMs + options.validityYears * YEAR_MS;
  logger.warn('automatically generate certificates', {
    'certificate-validity-bound-not-after': new Date(notAfterMs).toISOString(),
  });
  const { cert, key } = selfSignedCertificate(options.hosts, notBeforeMs, notAfterMs);
  try {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    // A half-written pair would be taken for a whole one at the next start: complete files only.
    writeWhole(keyFile, key, 0o600);
    logger.info('created key file', { path: keyFile });
    writeWhole(certFile, cert, 0o644);
    logger.info('created cert file', { path: certFile });
  } catch (error) {
    throw new TlsError(`cannot write self-made certificates: ${errorText(error)}`);
  }
  return { certFile, keyFile };
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.tmp`, text, { mode, flush: true });
  renameSync(`${path}.tmp`, path);
}

/** Object identifiers, DER contents (RFC 5280 §4.2.1, RFC 5758 §3.2). */
const OID = {
  ecdsaWithSha512: '2a8648ce3d040304',
  organizationName: '55040a',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  subjectKeyIdentifier: '551d0e',
  extKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

const TRUE = derValue(DerTag.boolean, Buffer.from([0xff]));

/** A certificate for these hosts on a new key of P-521, as PEM, with the key. */
export function selfSignedCertificate(
  hosts: readonly string[],
  notBeforeMs: number,
  notAfterMs: number,
): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  const algorithm = derSequence(derIdentifier(OID.ecdsaWithSha512));
  const name = distinguishedName('etcd');
  const serial = randomBytes(16);
  // Positive, and never shortened.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const contents = derSequence(
    derValue(0xa0, derValue(DerTag.integer, Buffer.from([2]))),
    derValue(DerTag.integer, serial),
    algorithm,
    name,
    derSequence(derTime(notBeforeMs), derTime(notAfterMs)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    derValue(0xa3, derSequence(...extensions(hosts))),
  );
  const signature = sign('sha512', contents, privateKey);
  const signatureBits = derValue(DerTag.bitString, Buffer.from([0]), signature);
  return {
    cert: toPem('CERTIFICATE', derSequence(contents, algorithm, signatureBits)),
    key: String(privateKey.export({ format: 'pem', type: 'sec1' })),
  };
}

function distinguishedName(organization: string): Buffer {
  const text = derValue(DerTag.utf8String, Buffer.from(organization, 'utf8'));
  const attribute = derSequence(derIdentifier(OID.organizationName), text);
  return derSequence(derValue(DerTag.set, attribute));
}

function extensions(hosts: readonly string[]): Buffer[] {
  // Digital signature, key encipherment, signing of revocation lists: bits 0, 2 and 6.
  const keyUsage = derValue(DerTag.bitString, Buffer.from([1, 0b1010_0010]));
  const usages = derSequence(derIdentifier(OID.serverAuth));
  const names = [...new Set(hosts)].map(generalName);
  return [
    extension(OID.keyUsage, true, keyUsage),
    extension(OID.extKeyUsage, false, usages),
    extension(OID.basicConstraints, true, derSequence(TRUE)),
    extension(OID.subjectKeyIdentifier, false, derValue(DerTag.octetString, randomBytes(20))),
    ...(names.length === 0 ? [] : [extension(OID.subjectAltName, false, derSequence(...names))]),
  ];
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const wrapped = derValue(DerTag.octetString, value);
  return derSequence(derIdentifier(oid), ...(isCritical ? [TRUE] : []), wrapped);
}

/** The host of `host:port` as an alternative name: an address, or a DNS name (RFC 5280 §4.2.1.6). */
function generalName(hostPort: string): Buffer {
  const host = hostPort.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) return derValue(0x82, Buffer.from(host, 'latin1'));
  return derValue(0x87, isIP(host) === 4 ? ipv4Bytes(host) : ipv6Bytes(host));
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

function ipv6Bytes(address: string): Buffer {
  // URL parsing brings any spelling, also with an IPv4 tail, into groups of hexadecimal digits.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  const bytes = Buffer.alloc(16);
  [...left, ...zeros, ...right].forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  });
  return bytes;
}

import { DerReader, DerTag } from './der.js';
import { TlsError } from './errors.js';
import { readTlsFile } from './files.js';
import { pemBlocks } from './pem.js';

/** The serial numbers of revoked certificates. */
export type RevokedSerials = ReadonlySet<bigint>;

/**
 * Reads a certificate revocation list (RFC 5280 §5), DER as etcd wants it or PEM as most programs
 * write it. Like etcd we take the serial numbers alone: whoever can write the file is trusted, so
 * neither its signature nor its dates are asked for.
 * @throws TlsError
 */
export function readRevocationList(path: string): RevokedSerials {
  const file = readTlsFile(path);
  const blocks = pemBlocks(file).filter(({ label }) => label === 'X509 CRL');
  const lists = blocks.length > 0 ? blocks.map((block) => block.der) : [file];
  const serials = new Set<bigint>();
  try {
    for (const list of lists) collectSerials(list, serials);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    throw new TlsError(`x509: malformed crl (${path})`);
  }
  return serials;
}

function collectSerials(der: Buffer, serials: Set<bigint>): void {
  const file = new DerReader(der);
  const signed = file.enter(DerTag.sequence);
  file.expectEnd();
  const list = signed.enter(DerTag.sequence);
  if (list.nextTag === DerTag.integer) list.read(DerTag.integer);
  // The algorithm of the signature, the issuer, and the times of this list and the next.
  list.read(DerTag.sequence);
  list.read(DerTag.sequence);
  readTime(list);
  if (list.nextTag === DerTag.utcTime || list.nextTag === DerTag.generalizedTime) readTime(list);
  if (list.nextTag !== DerTag.sequence) return;
  const revoked = list.enter(DerTag.sequence);
  while (revoked.nextTag !== undefined) {
    serials.add(toNumber(revoked.enter(DerTag.sequence).read(DerTag.integer)));
  }
}

function readTime(list: DerReader): void {
  list.read(list.nextTag === DerTag.utcTime ? DerTag.utcTime : DerTag.generalizedTime);
}

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`);

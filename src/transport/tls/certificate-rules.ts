import type { X509Certificate } from 'node:crypto';
import { lookup as dnsLookup, reverse as dnsReverse } from 'node:dns/promises';
import { errorText } from '../../base/errors.js';
import { TlsError } from './errors.js';
import { certificateNames, commonName, isForHost } from './names.js';
import type { TlsOptions } from './options.js';
import type { RevokedSerials } from './revocation-list.js';

/** The name service, as far as it is asked about who connects. */
export interface NameService {
  /** The names of an address. */
  reverse(address: string): Promise<string[]>;
  /** The addresses of a name. */
  lookup(name: string): Promise<string[]>;
}

export const systemNameService: NameService = {
  reverse: (address) => dnsReverse(address),
  lookup: async (name) => (await dnsLookup(name, { all: true })).map((found) => found.address),
};

/** How long chains of certificates may be. */
const MAX_CHAIN_LENGTH = 16;

/**
 * Checks that the certificate is one of those that are let in, if the options name some.
 * @throws TlsError
 */
export function checkAllowed(
  leaf: X509Certificate,
  options: Pick<TlsOptions, 'allowedCommonNames' | 'allowedHostnames'>,
): void {
  const { allowedCommonNames, allowedHostnames } = options;
  if (allowedCommonNames.length === 0 && allowedHostnames.length === 0) return;
  if (allowedHostnames.some((host) => isForHost(leaf, host))) return;
  if (allowedCommonNames.includes(commonName(leaf))) return;
  throw new TlsError('client certificate authentication failed');
}

/**
 * Checks that neither the certificate nor one of those that vouch for it was revoked.
 * @throws TlsError
 */
export function checkRevocation(leaf: X509Certificate, revoked: RevokedSerials): void {
  let certificate: X509Certificate | undefined = leaf;
  for (let depth = 0; certificate !== undefined && depth < MAX_CHAIN_LENGTH; depth++) {
    const serial = certificate.serialNumber.toLowerCase();
    if (revoked.has(BigInt(`0x${serial}`))) {
      throw new TlsError(`transport: certificate serial ${serial} revoked`);
    }
    certificate = certificate.issuerCertificate;
  }
}

/**
 * Checks that a certificate with alternative names is shown by one of them: by its address, or by
 * an address that the name service has for its names. One without such names may come from anywhere.
 * @throws TlsError
 */
export async function checkAddress(
  leaf: X509Certificate,
  remoteAddress: string,
  names: NameService,
): Promise<void> {
  const { dnsNames, ipAddresses } = certificateNames(leaf);
  if (ipAddresses.length > 0) {
    if (leaf.checkIP(remoteAddress) !== undefined) return;
    if (dnsNames.length === 0) {
      const valid = ipAddresses.join(', ');
      throw new TlsError(`x509: certificate is valid for ${valid}, not ${remoteAddress}`);
    }
  }
  if (dnsNames.length === 0) return;
  const failure = await hasNoName(remoteAddress, dnsNames, names);
  if (failure === undefined) return;
  const list = dnsNames.map((name) => JSON.stringify(name)).join(' ');
  const cause = failure === '' ? '' : ` (${failure})`;
  throw new TlsError(
    `tls: ${JSON.stringify(remoteAddress)} does not match any of DNSNames [${list}]${cause}`,
  );
}

/** Undefined if one of the names is the address's, else why none could be found ('' for no reason). */
async function hasNoName(
  address: string,
  dnsNames: readonly string[],
  names: NameService,
): Promise<string | undefined> {
  let failure = '';
  try {
    for (const found of await names.reverse(address)) {
      const name = found.replace(/\.$/, '');
      const matches = (dnsName: string): boolean =>
        dnsName.startsWith('*.') ? name.endsWith(dnsName.slice(1)) : name === dnsName;
      if (dnsNames.some(matches)) return undefined;
    }
  } catch (error) {
    failure = errorText(error);
  }
  for (const dnsName of dnsNames) {
    try {
      if ((await names.lookup(dnsName)).includes(address)) return undefined;
    } catch (error) {
      failure = errorText(error);
    }
  }
  return failure;
}

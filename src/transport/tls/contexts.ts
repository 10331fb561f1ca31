import { constants } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { opensslCiphers } from './cipher-suites.js';
import { TlsError } from './errors.js';
import { readAuthorities, readKeyPair } from './key-pair.js';
import { demandsCertificates, type TlsOptions } from './options.js';

/**
 * Checks that there is a cipher to speak with: Go knows some that OpenSSL has given up.
 * @throws TlsError
 */
export function checkCiphers(tls: TlsOptions): void {
  try {
    createSecureContext({ ciphers: opensslCiphers(tls.cipherSuites) });
  } catch {
    throw new TlsError(`no cipher suite of these is supported: ${tls.cipherSuites.join(', ')}`);
  }
}

/** Versions, ciphers and authorities, which count on both sides. */
function commonContext(tls: TlsOptions): SecureContextOptions {
  return {
    ciphers: opensslCiphers(tls.cipherSuites),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    // As in Go an authority in the file is trusted as it is, also if another one vouches for it.
    allowPartialTrustChain: true,
    ...(tls.trustedCaFile === '' ? {} : { ca: readAuthorities(tls.trustedCaFile) }),
  };
}

/**
 * What a server shakes hands with.
 * @throws TlsError
 */
export function serverContext(tls: TlsOptions): SecureContextOptions {
  const { cert, key } = readKeyPair(tls.certFile, tls.keyFile);
  // A session taken up again would skip the look at the client's certificate.
  const tickets = demandsCertificates(tls) ? constants.SSL_OP_NO_TICKET : 0;
  return {
    ...commonContext(tls),
    cert,
    key,
    honorCipherOrder: true,
    // Nobody of our clients renegotiates; Go's server refuses it too.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | tickets,
  };
}

/**
 * What connections to servers are made with: the client's certificate, or the server's own, if any.
 * @throws TlsError
 */
export function clientContext(tls: TlsOptions): SecureContextOptions {
  const { certFile, keyFile } = clientFiles(tls);
  if (certFile === '') return commonContext(tls);
  const { cert, key } = readKeyPair(certFile, keyFile);
  return { ...commonContext(tls), cert, key };
}

/** The certificate that is shown on connections that this side makes; empty if there is none. */
export function clientFiles(tls: TlsOptions): { certFile: string; keyFile: string } {
  if (tls.clientCertFile === '') return { certFile: tls.certFile, keyFile: tls.keyFile };
  return { certFile: tls.clientCertFile, keyFile: tls.clientKeyFile };
}

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { checkAllowed } from './certificate-rules.js';
import { clientContext, clientFiles } from './contexts.js';
import { TlsError } from './errors.js';
import { certificateNames, isForHost } from './names.js';
import { checkTlsOptions, hasNoCertificate, type TlsOptions } from './options.js';
import { Reloading } from './reloading.js';

/** How one TLS connection is made: a part of what `tls.connect` takes. */
export interface TlsConnectOptions {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (
    hostname: string,
    certificate: { readonly raw: Buffer },
  ) => Error | undefined;
}

export interface TlsConnectorDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The client's side of TLS. As with {@link TlsAcceptor}, changed files are taken up by themselves. */
export class TlsConnector {
  readonly #tls: TlsOptions;
  readonly #context: Reloading<SecureContext>;

  /** @throws TlsError if the files do not serve */
  constructor(tls: TlsOptions, dependencies: TlsConnectorDependencies) {
    this.#tls = tls;
    if (!hasNoCertificate(tls)) checkTlsOptions(tls);
    const { certFile, keyFile } = clientFiles(tls);
    this.#context = new Reloading(
      {
        paths: [certFile, keyFile, tls.trustedCaFile].filter((path) => path !== ''),
        load: () => createSecureContext(clientContext(tls)),
        label: 'TLS files for connections to members',
      },
      dependencies,
    );
  }

  /**
   * For a connection about to be made. The certificate of the other side has to be for `host`;
   * undefined: it has no name (a socket of the file system).
   */
  connectOptions(host: string | undefined): TlsConnectOptions {
    return {
      secureContext: this.#context.current,
      rejectUnauthorized: !this.#tls.isSelfMade,
      checkServerIdentity: (_hostname, certificate) => this.#check(certificate.raw, host),
    };
  }

  #check(der: Buffer, host: string | undefined): Error | undefined {
    try {
      const leaf = new X509Certificate(der);
      if (host !== undefined && !isForHost(leaf, host)) throw new TlsError(notFor(leaf, host));
      checkAllowed(leaf, this.#tls);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new TlsError(String(error));
    }
  }
}

function notFor(leaf: X509Certificate, host: string): string {
  const { dnsNames, ipAddresses } = certificateNames(leaf);
  const names = [...dnsNames, ...ipAddresses].join(', ');
  const valid = names === '' ? 'not valid for any names' : `valid for ${names}`;
  return `tls: failed to verify certificate: x509: certificate is ${valid}, not ${host}`;
}

import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { type Config, type ListenUrl, startFailed, type TlsConfig } from '../config/index.js';
import type { PeerTls, PeerUrl } from '../peer/index.js';
import {
  hasNoCertificate,
  selfSignedFiles,
  TlsAcceptor,
  TlsConnector,
  TlsError,
  type TlsOptions,
} from '../transport/index.js';
import type { BindDependencies } from './listeners.js';

export interface TlsDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The two sides of TLS. */
export type TlsSide = 'client' | 'peer';

/**
 * Works out the TLS of one side, with a certificate of our own making if that is asked for, and says
 * in the log what is odd about it.
 * @throws StartError
 */
export function tlsOptions(
  side: TlsSide,
  config: Config,
  dependencies: TlsDependencies,
): TlsOptions {
  const { logger } = dependencies;
  const given = side === 'client' ? config.clientTls : config.peerTls;
  const urls =
    side === 'client'
      ? [...config.listenClientUrls, ...config.listenClientHttpUrls]
      : config.listenPeerUrls;
  let options = plainOptions(given, config);
  if (given.autoTls && !hasNoCertificate(options)) {
    logger.warn(`ignoring ${side} auto TLS since certs given`);
  } else if (given.autoTls) {
    const files = translateErrors(() =>
      selfSignedFiles(
        {
          folder: join(config.dataDir, 'fixtures', side),
          hosts: urls.map(hostPort),
          validityYears: config.selfSignedCertValidityYears,
        },
        dependencies,
      ),
    );
    // Like etcd: nothing else that was given counts then.
    const { cipherSuites, minVersion, maxVersion } = options;
    options = { ...NOTHING, ...files, cipherSuites, minVersion, maxVersion, isSelfMade: true };
  }
  if (!hasNoCertificate(options)) {
    logger.info(`starting with ${side} TLS`, {
      'tls-info': describe(options),
      'cipher-suites': options.cipherSuites,
    });
  }
  checkUrls(side, urls, options, logger);
  return options;
}

/**
 * Shakes hands with those who connect to one side's `https` URLs; undefined if there are none. Those
 * who watch the metrics come with the clients' certificates, but are looked at like members (E.5).
 */
export function acceptTls(
  side: TlsSide | 'metrics',
  urls: readonly ListenUrl[],
  tls: TlsOptions,
  config: Config,
  dependencies: TlsDependencies,
): BindDependencies['acceptTls'] {
  if (!urls.some((url) => url.secure)) return undefined;
  const options =
    side !== 'peer'
      ? {
          tls,
          endpoint: 'client' as const,
          protocols: ['h2', 'http/1.1'],
          checksAddress: side === 'metrics',
        }
      : {
          tls,
          endpoint: 'peer' as const,
          protocols: ['http/1.1'],
          checksAddress: !config.peerTls.skipClientSanVerification,
        };
  return (take) => translateErrors(() => new TlsAcceptor(options, { ...dependencies, take }));
}

/**
 * How connections to `https` URLs of other members are made.
 * @throws StartError
 */
export function connectTls(tls: TlsOptions, dependencies: TlsDependencies): PeerTls {
  const connector = translateErrors(() => new TlsConnector(tls, dependencies));
  return (url) => connector.connectOptions(nameOf(url));
}

/**
 * `https` URLs for metrics need the clients' certificate.
 * @throws StartError
 */
export function checkMetricsUrls(urls: readonly ListenUrl[], clientTls: TlsOptions): void {
  const secure = urls.find((url) => url.secure);
  if (secure === undefined || !hasNoCertificate(clientTls)) return;
  const flags = '(--cert-file, --key-file)';
  throw startFailed(
    `client TLS key/cert ${flags} must be provided for metrics secure url ${secure.text}`,
  );
}

/** What the certificate of the member behind a URL has to be for. */
function nameOf(url: PeerUrl): string | undefined {
  if (url.socketPath === undefined) return url.host;
  // A relative socket's name doubles as the host of its URL; a path is no name.
  return url.socketPath.startsWith('/') ? undefined : url.socketPath.replace(/:\d+$/, '');
}

const NOTHING = {
  certFile: '',
  keyFile: '',
  clientCertFile: '',
  clientKeyFile: '',
  trustedCaFile: '',
  clientCertAuth: false,
  revocationListFile: '',
  allowedCommonNames: [],
  allowedHostnames: [],
} as const;

function plainOptions(given: TlsConfig, config: Config): TlsOptions {
  return {
    certFile: given.certFile,
    keyFile: given.keyFile,
    clientCertFile: given.clientCertFile,
    clientKeyFile: given.clientKeyFile,
    trustedCaFile: given.trustedCaFile,
    clientCertAuth: given.clientCertAuth,
    revocationListFile: given.revocationListFile,
    allowedCommonNames: given.allowedCommonNames,
    allowedHostnames: given.allowedHostnames,
    cipherSuites: config.cipherSuites,
    minVersion: config.tlsMinVersion,
    maxVersion: config.tlsMaxVersion,
    isSelfMade: false,
  };
}

/** Certificates without an `https` URL, and the reverse. */
function checkUrls(
  side: TlsSide,
  urls: readonly ListenUrl[],
  options: TlsOptions,
  logger: Logger,
): void {
  const isPeer = side === 'peer';
  const scheme = isPeer ? 'HTTP' : 'http or unix';
  const flag = isPeer ? '--peer-client-cert-auth' : '--client-cert-auth';
  for (const url of urls) {
    if (url.secure) {
      if (hasNoCertificate(options)) throw startFailed(missingCertificate(side, url));
      continue;
    }
    if (isPeer && url.kind === 'unix') continue;
    const fields = { [`${side}-url`]: url.text };
    if (!hasNoCertificate(options)) {
      const message = `scheme is ${scheme} while key and cert files are present`;
      logger.warn(`${message}; ignoring key and cert files`, fields);
    }
    if (options.clientCertAuth) {
      const message = `scheme is ${scheme} while ${flag} is enabled`;
      logger.warn(`${message}; ignoring client cert auth for this URL`, fields);
    }
  }
}

function missingCertificate(side: TlsSide, url: ListenUrl): string {
  if (side === 'peer') {
    return `cannot listen on TLS for ${hostPort(url)}: KeyFile and CertFile are not presented`;
  }
  const flags = '(--cert-file, --key-file)';
  return `TLS key/cert ${flags} must be provided for client url ${url.text} with HTTPS scheme`;
}

function hostPort(url: ListenUrl): string {
  if (url.kind === 'unix') return url.path;
  const host = url.address.includes(':') ? `[${url.address}]` : url.address;
  return `${host}:${url.port}`;
}

/** As etcd prints it. */
function describe(options: TlsOptions): string {
  return [
    `cert = ${options.certFile}`,
    `key = ${options.keyFile}`,
    `client-cert=${options.clientCertFile}`,
    `client-key=${options.clientKeyFile}`,
    `trusted-ca = ${options.trustedCaFile}`,
    `client-cert-auth = ${options.clientCertAuth}`,
    `crl-file = ${options.revocationListFile}`,
  ].join(', ');
}

function translateErrors<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof TlsError) throw startFailed(error.message);
    throw error;
  }
}

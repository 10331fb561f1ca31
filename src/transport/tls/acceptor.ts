import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { LimitedLog } from '../../base/limited-log.js';
import type { Logger } from '../../base/logger.js';
import {
  checkAddress,
  checkAllowed,
  checkRevocation,
  type NameService,
  systemNameService,
} from './certificate-rules.js';
import { checkCiphers, serverContext } from './contexts.js';
import { TlsError } from './errors.js';
import { handshakeErrorText, verificationErrorText } from './handshake-errors.js';
import { readKeyPair } from './key-pair.js';
import { certificateNames } from './names.js';
import { checkTlsOptions, demandsCertificates, type TlsOptions } from './options.js';
import { Reloading } from './reloading.js';
import { type RevokedSerials, readRevocationList } from './revocation-list.js';

export interface TlsAcceptorOptions {
  readonly tls: TlsOptions;
  /** Who connects: for the log. */
  readonly endpoint: 'client' | 'peer';
  /** The protocols spoken behind TLS, the preferred one first. */
  readonly protocols: readonly string[];
  /** Whether the address of who connects has to be one that its certificate is for. */
  readonly checksAddress: boolean;
  /** How long a handshake may take; 10 s if not given. */
  readonly handshakeTimeoutMs?: number;
}

export interface TlsAcceptorDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes the connections that are let in; `speaksHttp1`: the client has offered HTTP/1.1 too. */
  readonly take: (socket: TLSSocket, speaksHttp1: boolean) => void;
  readonly names?: NameService;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What the files make: a server that never listens itself, and who is revoked. */
interface Material {
  readonly server: Server;
  readonly revoked: RevokedSerials | undefined;
}

/**
 * The server's side of TLS: shakes hands on connections that are given to it, and lets in who may
 * come in. Certificates, authorities and revocation lists are taken up anew when their files have
 * changed; connections that are open stay as they are.
 */
export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions;
  readonly #take: (socket: TLSSocket) => void;
  readonly #names: NameService;
  readonly #log: LimitedLog;
  readonly #material: Reloading<Material>;
  readonly #httpSpeakers = new WeakSet<TLSSocket>();

  /** @throws TlsError if the files do not serve */
  constructor(options: TlsAcceptorOptions, dependencies: TlsAcceptorDependencies) {
    const { clock, logger, take, names = systemNameService } = dependencies;
    const { tls } = options;
    this.#options = options;
    this.#take = (socket) => take(socket, this.#httpSpeakers.has(socket));
    this.#names = names;
    this.#log = new LimitedLog({ clock, logger });
    checkTlsOptions(tls);
    checkCiphers(tls);
    warnOfExpiry(tls, dependencies);
    const files = [tls.certFile, tls.keyFile, tls.trustedCaFile, tls.revocationListFile];
    this.#material = new Reloading(
      {
        paths: files.filter((path) => path !== ''),
        load: () => this.#load(),
        label: `${options.endpoint} TLS files`,
      },
      { clock, logger },
    );
  }

  /** Shakes hands on a connection of which nothing was read, or what was read was put back. */
  accept(socket: Socket): void {
    this.#material.current.server.emit('connection', socket);
  }

  #load(): Material {
    const { tls, protocols, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = this.#options;
    const httpSpeakers = this.#httpSpeakers;
    const demands = demandsCertificates(tls);
    const revoked =
      tls.revocationListFile === '' ? undefined : readRevocationList(tls.revocationListFile);
    const server = createServer({
      ...serverContext(tls),
      requestCert: demands,
      // Without this a client that shows none would get through the handshake itself.
      rejectUnauthorized: demands,
      ALPNCallback(this: unknown, { protocols: offered }) {
        if (this instanceof TLSSocket && offered.includes('http/1.1')) httpSpeakers.add(this);
        return protocols.find((protocol) => offered.includes(protocol));
      },
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
    });
    server.on('secureConnection', (socket) => this.#admit(socket, revoked));
    server.on('tlsClientError', (error, socket) => {
      const { authorizationError } = socket;
      if (authorizationError) this.#reject(socket, verificationErrorText(`${authorizationError}`));
      else this.#reject(socket, handshakeErrorText(error));
    });
    return { server, revoked };
  }

  #admit(socket: TLSSocket, revoked: RevokedSerials | undefined): void {
    // Whoever has it now may not be listening for errors yet.
    socket.on('error', () => socket.destroy());
    const leaf = socket.getPeerX509Certificate();
    if (demandsCertificates(this.#options.tls) && (leaf === undefined || !socket.authorized)) {
      // The handshake does not let them get so far; this is the second lock on the door.
      this.#reject(socket, verificationErrorText('UNTRUSTED'));
      return;
    }
    if (leaf === undefined) {
      this.#take(socket);
      return;
    }
    try {
      checkAllowed(leaf, this.#options.tls);
      if (revoked !== undefined) checkRevocation(leaf, revoked);
    } catch (error) {
      this.#refuse(socket, error);
      return;
    }
    // Sockets of the file system have no address.
    const address = addressOf(socket);
    if (!this.#options.checksAddress || address === undefined) {
      this.#take(socket);
      return;
    }
    checkAddress(leaf, address, this.#names).then(
      () => {
        if (!socket.destroyed) this.#take(socket);
      },
      (error: unknown) => this.#refuse(socket, error),
    );
  }

  #refuse(socket: TLSSocket, error: unknown): void {
    const reason = error instanceof TlsError ? error.message : String(error);
    this.#reject(socket, reason, socket.getPeerX509Certificate());
  }

  #reject(socket: TLSSocket, reason: string, leaf?: X509Certificate): void {
    const names = leaf === undefined ? undefined : certificateNames(leaf);
    const address = addressOf(socket) ?? '';
    const host = address.includes(':') ? `[${address}]` : address;
    const fields = {
      'remote-addr': address === '' ? '' : `${host}:${socket.remotePort}`,
      'server-name': serverName(socket),
      ...(names === undefined
        ? {}
        : { 'ip-addresses': names.ipAddresses, 'dns-names': names.dnsNames }),
      error: reason,
    };
    socket.destroy();
    const message = `rejected connection on ${this.#options.endpoint} endpoint`;
    // Port scanners and probes of load balancers come and go without a word.
    if (reason === 'EOF') this.#log.debug(message, fields);
    else this.#log.warn(message, fields);
  }
}

/** A certificate that has expired is served, as etcd does it; but nobody should have to guess. */
function warnOfExpiry(tls: TlsOptions, { clock, logger }: TlsAcceptorDependencies): void {
  const { validFrom, validTo } = readKeyPair(tls.certFile, tls.keyFile).leaf;
  const nowMs = clock.unixMs();
  if (Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo)) return;
  logger.warn('the certificate has expired or is not yet valid', {
    'cert-file': tls.certFile,
    'not-before': validFrom,
    'not-after': validTo,
  });
}

/** From where a connection comes; IPv4 as such also on sockets that take both kinds. */
function addressOf(socket: TLSSocket): string | undefined {
  return socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '');
}

/** The name the client has asked for. */
function serverName(socket: TLSSocket & { servername?: unknown }): string {
  return typeof socket.servername === 'string' ? socket.servername : '';
}

import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type RequestListener,
} from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { createRpcService } from '../api/index.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { type Config, type ListenUrl, startFailed } from '../config/index.js';
import { createPeerHandler, type MemberHttp } from '../http/index.js';
import { PEER_SERVER_OPTIONS } from '../peer/index.js';
import type { KvorumServer } from '../server/index.js';
import {
  type Carrier,
  type ConnectionLimit,
  type ConnectionTakers,
  createGrpcJsCarrier,
  createHttp2Carrier,
  type ListenAddress,
  type Listener,
  listen,
  sortConnection,
} from '../transport/index.js';

/** A message may be larger than a request by this much before the transport refuses it (G.14). */
const RECEIVE_MARGIN_BYTES = 512 * 1024;
/** Slow or silent HTTP/1.1 clients are given up after these. */
const HTTP_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000 };

const MAX_PLAIN_HTTP2_STREAMS = 100;

/** What answers the connections of a set of listeners. */
interface Answerers {
  /** Undefined: HTTP/1.1 is not spoken here. */
  readonly http1: HttpServer | undefined;
  /** Undefined: gRPC is not spoken here. */
  readonly http2: Carrier | undefined;
  /** HTTP/2 that is not gRPC; undefined: not spoken here. */
  readonly plainHttp2: Http2Server | undefined;
  readonly stop: () => void;
}

/** So long clients may take to go; streams that stay open are cut off then. */
const DRAIN_TIMEOUT_MS = 300;

/** A place to listen at, and what is spoken there. */
interface ListenPlace {
  readonly address: ListenAddress;
  readonly isSecure: boolean;
  readonly takesPlaintext: boolean;
}

/** An address that is served. */
export interface ServedAddress {
  /** `host:port`, or the path of a unix socket. */
  readonly address: string;
  readonly isUnix: boolean;
  readonly isSecure: boolean;
}

export interface BindDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  /** How many connections there may be, with those of other listeners that have the same limit. */
  readonly limit?: ConnectionLimit;
  /** Makes what shakes hands with those who speak TLS; `take` gets those who are let in. */
  readonly acceptTls?:
    | ((take: (socket: Socket, speaksHttp1: boolean) => void) => { accept(socket: Socket): void })
    | undefined;
}

export interface ServeDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly http: MemberHttp;
}

/**
 * Listening sockets of one purpose. They are bound before the member has opened its data; the
 * connections made meanwhile wait until there is someone to answer.
 */
export class Listeners {
  readonly #bound: (ListenPlace & { readonly listener: Listener })[] = [];
  readonly #waiting: (() => void)[] = [];
  #answerers: Answerers | undefined;

  /**
   * Binds all URLs; `http` and `https` ones may share an address. Rejects with the system's error, or
   * for TLS that cannot be served; then nothing is left bound.
   */
  static async bind(
    urls: readonly ListenUrl[],
    dependencies: BindDependencies,
  ): Promise<Listeners> {
    const listeners = new Listeners();
    const takers = {
      http1: (socket: Socket) => listeners.#take(socket, 'http1'),
      http2: (socket: Socket) => listeners.#take(socket, 'http2'),
      plainHttp2: (socket: Socket) => listeners.#take(socket, 'plainHttp2'),
    };
    try {
      const tls = dependencies.acceptTls?.((socket, speaksHttp1) =>
        sortConnection(socket, takers, speaksHttp1),
      );
      for (const place of placesOf(urls)) {
        // Plaintext on a URL that promises TLS would be worse than no listener at all.
        if (place.isSecure && tls === undefined) {
          throw startFailed(`TLS key/cert must be provided for ${place.address.kind} listener`);
        }
        const options = { address: place.address, takesPlaintext: place.takesPlaintext };
        const listener = await listen(options, {
          takers,
          logger: dependencies.logger,
          clock: dependencies.clock,
          limit: dependencies.limit,
          tls: place.isSecure ? tls : undefined,
        });
        listeners.#bound.push({ ...place, listener });
      }
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return listeners;
  }

  /** Each address as bound, once for plaintext and once for TLS where both are taken. */
  get served(): ServedAddress[] {
    return this.#bound.flatMap(({ listener, isSecure, takesPlaintext, address }) => {
      const one = { address: listener.boundAddress, isUnix: address.kind === 'unix' };
      return [
        ...(takesPlaintext ? [{ ...one, isSecure: false }] : []),
        ...(isSecure ? [{ ...one, isSecure: true }] : []),
      ];
    });
  }

  /** Serves clients: gRPC, and HTTP/1.1 on the same port if that has no listeners of its own. */
  serveClients(
    server: KvorumServer,
    config: Config,
    { logger, clock, http }: ServeDependencies,
  ): void {
    const options = {
      maxReceiveBytes: config.maxRequestBytes + RECEIVE_MARGIN_BYTES,
      maxConcurrentStreams: config.maxConcurrentStreams,
      keepaliveMinTimeMs: config.grpcKeepaliveMinTimeMs,
      keepaliveIntervalMs: config.grpcKeepaliveIntervalMs,
      keepaliveTimeoutMs: config.grpcKeepaliveTimeoutMs,
    };
    const { methods, stop } = createRpcService(server, { clock });
    const counted = http.countCalls(methods);
    const carrier =
      config.grpcTransport === 'native'
        ? createHttp2Carrier(options, counted, { logger })
        : createGrpcJsCarrier(options, counted);
    const isShared = config.listenClientHttpUrls.length === 0;
    const http1 = isShared ? createHttpServer(HTTP_TIMEOUTS, http.clientHandler) : undefined;
    const plainHttp2 = isShared ? createPlainHttp2Server(http.clientHandler) : undefined;
    this.#serve({ http1, http2: carrier, plainHttp2, stop });
  }

  /** Answers plain HTTP alone. */
  serveHttp(handler: RequestListener): void {
    const http1 = createHttpServer(HTTP_TIMEOUTS, handler);
    const plainHttp2 = createPlainHttp2Server(handler);
    this.#serve({ http1, http2: undefined, plainHttp2, stop() {} });
  }

  /** Answers other members. */
  servePeers(server: KvorumServer): void {
    const handler = createPeerHandler(server, {
      raft: (request, response) => server.handlePeerRequest(request, response),
      promote: (id) => server.membershipChanges.promoteLocally(id),
      hashKv: async (revision) => ({
        ...(await server.store.hashByRevision(revision)),
        currentRevision: server.store.revision,
      }),
      isDowngradeEnabled: () => server.downgrades.isEnabled(),
      leases: server.leases.peerAnswers,
    });
    const http1 = createHttpServer(PEER_SERVER_OPTIONS, handler);
    this.#serve({ http1, http2: undefined, plainHttp2: undefined, stop() {} });
  }

  /** Ends all calls and connections; gRPC's clients are sent away before, and calls at work answered. */
  async close(): Promise<void> {
    this.#answerers?.stop();
    await this.#answerers?.http2?.drain(DRAIN_TIMEOUT_MS);
    this.#answerers?.http1?.closeAllConnections();
    await Promise.all(this.#bound.map(({ listener }) => listener.close()));
  }

  #serve(answerers: Answerers): void {
    this.#answerers = answerers;
    for (const take of this.#waiting.splice(0)) take();
  }

  #take(socket: Socket, protocol: keyof ConnectionTakers): void {
    if (this.#answerers === undefined) {
      this.#waiting.push(() => this.#take(socket, protocol));
      return;
    }
    const { http1, http2, plainHttp2 } = this.#answerers;
    if (protocol === 'http1' && http1 !== undefined) http1.emit('connection', socket);
    else if (protocol === 'http2' && http2 !== undefined) http2.accept(socket);
    else if (protocol !== 'http1' && plainHttp2 !== undefined)
      plainHttp2.emit('connection', socket);
    else socket.destroy();
  }
}

/** Answers HTTP/2 requests that are not gRPC's: those of curl and browsers behind TLS. */
function createPlainHttp2Server(handler: RequestListener): Http2Server {
  const settings = { maxConcurrentStreams: MAX_PLAIN_HTTP2_STREAMS };
  const server = createHttp2Server({ settings });
  // Its requests and responses have the methods of HTTP/1.1's that the handler uses.
  server.on('request' as string, handler);
  server.on('session', (session) => {
    session.setTimeout(HTTP_TIMEOUTS.requestTimeout, () => session.close());
    session.on('error', () => session.destroy());
  });
  return server;
}

/** Where to listen for all the URLs; those of one address share a socket. */
function placesOf(urls: readonly ListenUrl[]): ListenPlace[] {
  const places = new Map<string, ListenPlace>();
  urls.forEach((url, index) => {
    const isFree = url.kind === 'tcp' && url.port === 0;
    const key = url.kind === 'unix' ? url.path : `${url.address} ${isFree ? -index : url.port}`;
    const known = places.get(key);
    places.set(key, {
      address: addressOf(url),
      isSecure: url.secure || known?.isSecure === true,
      takesPlaintext: !url.secure || known?.takesPlaintext === true,
    });
  });
  return [...places.values()];
}

function addressOf(url: ListenUrl): ListenAddress {
  if (url.kind === 'unix') return { kind: 'unix', path: url.path };
  return { kind: 'tcp', address: url.address, port: url.port };
}

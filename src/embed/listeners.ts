import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createRpcService } from '../api/index.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { type Config, type ListenUrl, startFailed } from '../config/index.js';
import { createHttpHandler, createPeerHandler } from '../http/index.js';
import { PEER_SERVER_OPTIONS } from '../peer/index.js';
import type { KvorumServer } from '../server/index.js';
import {
  type Carrier,
  createGrpcJsCarrier,
  createHttp2Carrier,
  type ListenAddress,
  type Listener,
  listen,
} from '../transport/index.js';

/** A message may be larger than a request by this much before the transport refuses it (G.14). */
const RECEIVE_MARGIN_BYTES = 512 * 1024;
/** Slow or silent HTTP/1.1 clients are given up after these. */
const HTTP_TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000 };

/** What answers the connections of a set of listeners. */
interface Answerers {
  readonly http1: HttpServer;
  /** Undefined: HTTP/2 is not spoken here. */
  readonly http2: Carrier | undefined;
  readonly stop: () => void;
}

/**
 * Listening sockets of one purpose. They are bound before the member has opened its data; the
 * connections made meanwhile wait until there is someone to answer.
 */
export class Listeners {
  readonly #listeners: Listener[] = [];
  readonly #waiting: (() => void)[] = [];
  #answerers: Answerers | undefined;

  /** Binds all URLs. Rejects with the system's error; then nothing is left bound. */
  static async bind(urls: readonly ListenUrl[], logger: Logger): Promise<Listeners> {
    const listeners = new Listeners();
    try {
      for (const url of urls) {
        // Plaintext on a URL that promises TLS would be worse than no listener at all.
        if (url.secure) throw startFailed(`TLS is not supported yet (${url.text})`);
        const takers = {
          http1: (socket: Socket) => listeners.#take(socket, 'http1'),
          http2: (socket: Socket) => listeners.#take(socket, 'http2'),
        };
        listeners.#listeners.push(await listen({ address: addressOf(url) }, { takers, logger }));
      }
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return listeners;
  }

  /** `host:port` of each listener as bound. */
  get boundAddresses(): string[] {
    return this.#listeners.map((listener) => listener.boundAddress);
  }

  /** Serves clients: gRPC and HTTP/1.1 on the same port. */
  serveClients(
    server: KvorumServer,
    config: Config,
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ): void {
    const options = {
      maxReceiveBytes: config.maxRequestBytes + RECEIVE_MARGIN_BYTES,
      maxConcurrentStreams: config.maxConcurrentStreams,
      keepaliveMinTimeMs: config.grpcKeepaliveMinTimeMs,
      keepaliveIntervalMs: config.grpcKeepaliveIntervalMs,
      keepaliveTimeoutMs: config.grpcKeepaliveTimeoutMs,
    };
    const { methods, stop } = createRpcService(server, { clock });
    const carrier =
      config.grpcTransport === 'native'
        ? createHttp2Carrier(options, methods, { logger })
        : createGrpcJsCarrier(options, methods);
    const http1 = createHttpServer(HTTP_TIMEOUTS, createHttpHandler(server));
    this.#serve({ http1, http2: carrier, stop });
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
    this.#serve({ http1, http2: undefined, stop() {} });
  }

  /** Ends all calls and connections. */
  async close(): Promise<void> {
    this.#answerers?.stop();
    this.#answerers?.http2?.close();
    this.#answerers?.http1.closeAllConnections();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #serve(answerers: Answerers): void {
    this.#answerers = answerers;
    for (const take of this.#waiting.splice(0)) take();
  }

  #take(socket: Socket, protocol: 'http1' | 'http2'): void {
    const { http1, http2 } = this.#answerers ?? {};
    if (http1 === undefined) this.#waiting.push(() => this.#take(socket, protocol));
    else if (protocol === 'http1') http1.emit('connection', socket);
    else if (http2 === undefined) socket.destroy();
    else http2.accept(socket);
  }
}

function addressOf(url: ListenUrl): ListenAddress {
  if (url.kind === 'unix') return { kind: 'unix', path: url.path };
  return { kind: 'tcp', address: url.address, port: url.port };
}

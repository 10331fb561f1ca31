import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createRpcMethods } from '../api/index.js';
import type { Logger } from '../base/logger.js';
import type { Config, ListenUrl } from '../config/index.js';
import { createHttpHandler } from '../http/index.js';
import type { KvorumServer } from '../server/index.js';
import {
  type Carrier,
  type ConnectionTakers,
  createGrpcJsCarrier,
  type ListenAddress,
  type Listener,
  listen,
} from '../transport/index.js';

/** A message may be larger than a request by this much before the transport refuses it (G.14). */
const RECEIVE_MARGIN_BYTES = 512 * 1024;
/** Slow or silent HTTP/1.1 clients are given up after these. */
const HTTP_HEADERS_TIMEOUT_MS = 10_000;
const HTTP_REQUEST_TIMEOUT_MS = 60_000;

/**
 * The listeners of the client port. Sockets are bound before the member has opened its data; the
 * connections made meanwhile wait until it serves.
 */
export class ClientListeners {
  readonly #listeners: Listener[] = [];
  readonly #waiting: (() => void)[] = [];
  #carrier: Carrier | undefined;
  #http: HttpServer | undefined;

  /** Binds all URLs. Rejects with the system's error; then nothing is left bound. */
  static async bind(urls: readonly ListenUrl[], logger: Logger): Promise<ClientListeners> {
    const listeners = new ClientListeners();
    try {
      for (const url of urls) {
        const takers = listeners.#takers();
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

  /** Hands the connections to a member, those that wait first. */
  serve(server: KvorumServer, config: Config): void {
    this.#carrier = createGrpcJsCarrier(
      {
        maxReceiveBytes: config.maxRequestBytes + RECEIVE_MARGIN_BYTES,
        maxConcurrentStreams: config.maxConcurrentStreams,
        keepaliveMinTimeMs: config.grpcKeepaliveMinTimeMs,
        keepaliveIntervalMs: config.grpcKeepaliveIntervalMs,
        keepaliveTimeoutMs: config.grpcKeepaliveTimeoutMs,
      },
      createRpcMethods(server),
    );
    this.#http = createHttpServer(
      { headersTimeout: HTTP_HEADERS_TIMEOUT_MS, requestTimeout: HTTP_REQUEST_TIMEOUT_MS },
      createHttpHandler(server),
    );
    for (const accept of this.#waiting.splice(0)) accept();
  }

  /** Ends all calls and connections. */
  async close(): Promise<void> {
    this.#carrier?.close();
    this.#http?.closeAllConnections();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #takers(): ConnectionTakers {
    return {
      http2: (socket) => this.#whenServing(() => this.#carrier?.accept(socket)),
      http1: (socket) => this.#whenServing(() => this.#http?.emit('connection', socket)),
    };
  }

  #whenServing(accept: () => void): void {
    if (this.#carrier === undefined) this.#waiting.push(accept);
    else accept();
  }
}

function addressOf(url: ListenUrl): ListenAddress {
  if (url.kind === 'unix') return { kind: 'unix', path: url.path };
  return { kind: 'tcp', address: url.address, port: url.port };
}

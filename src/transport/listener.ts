import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.js';
import { LimitedLog } from '../base/limited-log.js';
import type { Logger } from '../base/logger.js';
import type { ConnectionLimit } from './connection-limit.js';
import { beginsWithPlainRequest } from './first-request.js';

/** Where to listen. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Who takes a connection, once its first bytes have shown what it speaks. */
export interface ConnectionTakers {
  http2(socket: Socket): void;
  http1(socket: Socket): void;
  /** HTTP/2 that begins with a request that is not gRPC's. */
  plainHttp2?(socket: Socket): void;
}

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** Whether plaintext is taken, as far as it is not TLS; true if not given. */
  readonly takesPlaintext?: boolean;
}

export interface ListenerDependencies {
  readonly takers: ConnectionTakers;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** How many connections it may have, alone or with others; none: any number. */
  readonly limit?: ConnectionLimit | undefined;
  /** Shakes hands with those who speak TLS; none: they are turned away. */
  readonly tls?: { accept(socket: Socket): void } | undefined;
}

/** A listening socket. */
export interface Listener {
  /** `host:port` as bound, or the path of a unix socket. */
  readonly boundAddress: string;
  /** Closes the socket and every connection. */
  close(): Promise<void>;
}

/** How an HTTP/2 client with prior knowledge begins (RFC 9113 §3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** These bytes of it suffice: no HTTP/1.1 method begins so. */
const DECISIVE_BYTES = 4;
/** How a TLS handshake begins: the type of its record (RFC 8446 §5.1). No other protocol does. */
const TLS_HANDSHAKE = 0x16;
/** So long the first request may come after the preface of a client that could want plain HTTP. */
const FIRST_REQUEST_TIMEOUT_MS = 50;
/** A connection that says nothing is closed after this. */
const FIRST_BYTES_TIMEOUT_MS = 60_000;

/**
 * Listens on an address and sorts connections by their first bytes: TLS and plaintext, gRPC and plain
 * HTTP can share one port (E.1). Rejects with the system's error if the address cannot be bound.
 */
export async function listen(
  options: ListenerOptions,
  dependencies: ListenerDependencies,
): Promise<Listener> {
  const { logger, limit, clock = systemClock } = dependencies;
  const connections = new Set<Socket>();
  const sort = sorter(options, dependencies);
  const refusals = new LimitedLog({ clock, logger });
  const server = createServer({ noDelay: true }, (socket) => {
    if (limit?.admit(socket) === false) {
      const fields = { 'remote-addr': remoteAddress(socket), limit: limit.maxConnections };
      refusals.warn('rejected connection: too many are open', fields);
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    socket.on('error', (error) => logger.debug('connection failed', { error: error.message }));
    sort(socket);
  });
  server.on('error', (error) => logger.error('listener failed', { error: error.message }));
  await bind(server, options.address);
  return {
    boundAddress: boundAddress(server, options.address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

const remoteAddress = (socket: Socket): string => `${socket.remoteAddress}:${socket.remotePort}`;

/** What happens to a new connection, by what the listener takes. */
function sorter(
  { takesPlaintext = true }: ListenerOptions,
  { takers, tls, logger, clock = systemClock }: ListenerDependencies,
): (socket: Socket) => void {
  // OpenSSL itself recognizes who does not speak TLS.
  if (tls !== undefined && !takesPlaintext) return (socket) => tls.accept(socket);
  const log = new LimitedLog({ clock, logger });
  const turnAway = (socket: Socket): void => {
    const fields = { 'remote-addr': remoteAddress(socket) };
    log.warn('rejected connection: TLS on a port for plaintext', fields);
    socket.destroy();
  };
  return (socket) => {
    awaitFirstBytes(socket, (first) => {
      if (first[0] !== TLS_HANDSHAKE) return sortPlaintext(first, takers);
      return tls === undefined ? turnAway : (secured) => tls.accept(secured);
    });
  };
}

/**
 * Sorts a connection on which plaintext is spoken, or TLS is done with, by its first bytes. A client
 * that `speaksHttp1` too and yet begins with HTTP/2 may want plain HTTP as well as gRPC (curl, say):
 * then the first request tells. Those that know gRPC alone may wait for our first word before they
 * send one, so they are not waited for.
 */
export function sortConnection(
  socket: Socket,
  takers: ConnectionTakers,
  speaksHttp1 = false,
): void {
  const { http2, plainHttp2 } = takers;
  const both: Taker = (begun) => awaitFirstRequest(begun, http2, plainHttp2 ?? http2);
  const sorted = speaksHttp1 && plainHttp2 !== undefined ? { ...takers, http2: both } : takers;
  awaitFirstBytes(socket, (first) => sortPlaintext(first, sorted));
}

/** Lets the first request tell who takes a connection on which HTTP/2 is spoken. */
function awaitFirstRequest(socket: Socket, grpc: Taker, plain: Taker): void {
  let late = false;
  const choose = (first: Buffer): Taker | undefined => {
    const isPlain = late ? false : beginsWithPlainRequest(first);
    if (isPlain === undefined) return undefined;
    return isPlain ? plain : grpc;
  };
  const decide = awaitFirstBytes(socket, choose);
  setTimeout(() => {
    late = true;
    decide();
  }, FIRST_REQUEST_TIMEOUT_MS);
}

type Taker = (socket: Socket) => void;

/** Who takes a connection that begins so; undefined as long as that cannot be told. */
function sortPlaintext(first: Buffer, takers: ConnectionTakers): Taker | undefined {
  const known = Math.min(first.length, DECISIVE_BYTES);
  if (first.compare(PREFACE, 0, known, 0, known) !== 0) return (socket) => takers.http1(socket);
  if (first.length < DECISIVE_BYTES) return undefined;
  return (socket) => takers.http2(socket);
}

/**
 * Reads until `choose` knows a taker, who gets the connection with nothing read from it. The function
 * that is returned asks it again.
 */
function awaitFirstBytes(socket: Socket, choose: (first: Buffer) => Taker | undefined): () => void {
  let isOver = false;
  let first: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_TIMEOUT_MS);
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    decide();
  };
  const decide = (): void => {
    const taker = isOver ? undefined : choose(first);
    if (taker === undefined) return;
    done();
    socket.unshift(first);
    taker(socket);
  };
  const done = (): void => {
    isOver = true;
    clearTimeout(timer);
    socket.removeListener('readable', onReadable);
    socket.removeListener('close', done);
    socket.removeListener('end', done);
  };
  socket.on('readable', onReadable);
  socket.once('close', done);
  socket.once('end', done);
  return decide;
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const bound = (): void => {
      server.removeListener('error', reject);
      resolve();
    };
    // As in Go, the unspecified IPv4 address stands for all addresses of both kinds.
    if (address.kind === 'unix') server.listen(address.path, bound);
    else if (address.address === '0.0.0.0') server.listen(address.port, bound);
    else server.listen(address.port, address.address, bound);
  });
}

function boundAddress(server: Server, address: ListenAddress): string {
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) {
    return address.kind === 'unix' ? address.path : '';
  }
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `${host}:${bound.port}`;
}

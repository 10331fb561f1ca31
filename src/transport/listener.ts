import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../base/logger.js';

/** Where to listen. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Who takes a connection, once its first bytes have shown what it speaks. */
export interface ConnectionTakers {
  http2(socket: Socket): void;
  http1(socket: Socket): void;
}

export interface ListenerOptions {
  readonly address: ListenAddress;
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
/** A connection that says nothing is closed after this. */
const FIRST_BYTES_TIMEOUT_MS = 60_000;

/**
 * Listens on an address and sorts connections by their first bytes: gRPC and plain HTTP share one
 * port (E.1). Rejects with the system's error if the address cannot be bound.
 */
export async function listen(
  options: ListenerOptions,
  dependencies: { readonly takers: ConnectionTakers; readonly logger: Logger },
): Promise<Listener> {
  const { takers, logger } = dependencies;
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    socket.on('error', (error) => logger.debug('connection failed', { error: error.message }));
    sortConnection(socket, takers);
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

function sortConnection(socket: Socket, takers: ConnectionTakers): void {
  let first: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_TIMEOUT_MS);
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    const known = Math.min(first.length, DECISIVE_BYTES);
    const isPreface = first.compare(PREFACE, 0, known, 0, known) === 0;
    if (isPreface && first.length < DECISIVE_BYTES) return;
    done();
    socket.unshift(first);
    if (isPreface) takers.http2(socket);
    else takers.http1(socket);
  };
  const done = (): void => {
    clearTimeout(timer);
    socket.removeListener('readable', onReadable);
    socket.removeListener('close', done);
    socket.removeListener('end', done);
  };
  socket.on('readable', onReadable);
  socket.once('close', done);
  socket.once('end', done);
}

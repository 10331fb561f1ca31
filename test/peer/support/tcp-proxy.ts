import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cleanup } from '../../support/cleanup.js';

type Direction = 'toServer' | 'toClient';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy in front of one port: breaks connections, holds bytes back, lets go again. */
export class TcpProxy {
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  readonly #held = new Set<Direction>();
  readonly port: number;
  #targetPort: number;
  #isCut = false;
  /** Bytes that still pass towards the client before the connection breaks. */
  #breakAfterBytes: number | undefined;
  #delayMs = 0;
  /** How many connections were made. */
  connectionCount = 0;

  static async start(targetPort: number, cleanup: Cleanup): Promise<TcpProxy> {
    const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const proxy = new TcpProxy(listener, targetPort);
    cleanup.after(() => proxy.close());
    return proxy;
  }

  constructor(listener: Server, targetPort: number) {
    this.#listener = listener;
    this.#targetPort = targetPort;
    this.port = (listener.address() as AddressInfo).port;
    listener.on('connection', (client) => this.#connect(client));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Refuses and breaks everything until {@link mend}. */
  cut(): void {
    this.#isCut = true;
    this.breakAll();
  }

  /** Swallows what goes in one direction, connections staying open, until {@link mend}. */
  hold(direction: Direction): void {
    this.#held.add(direction);
    for (const link of this.#links) this.#apply(link);
  }

  /** Delays what the server sends. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  mend(): void {
    this.#isCut = false;
    this.#held.clear();
    for (const link of this.#links) this.#apply(link);
  }

  /** Breaks each connection in the middle of what the server sends, after so many bytes. */
  breakAfter(sizeBytes: number | undefined): void {
    this.#breakAfterBytes = sizeBytes;
  }

  breakAll(): void {
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #connect(client: Socket): void {
    this.connectionCount++;
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    const link = { client, server };
    this.#links.add(link);
    const close = () => {
      client.destroy();
      server.destroy();
      this.#links.delete(link);
    };
    for (const socket of [client, server]) {
      socket.on('error', close);
      socket.on('close', close);
    }
    client.on('data', (chunk) => server.write(chunk));
    let passedBytes = 0;
    server.on('data', (chunk: Buffer) => {
      const limit = this.#breakAfterBytes;
      if (limit !== undefined && passedBytes + chunk.length > limit) {
        client.write(chunk.subarray(0, limit - passedBytes), close);
        server.pause();
        return;
      }
      passedBytes += chunk.length;
      if (this.#delayMs === 0) client.write(chunk);
      else setTimeout(() => client.writable && client.write(chunk), this.#delayMs);
    });
    this.#apply(link);
  }

  #apply({ client, server }: Link): void {
    if (this.#held.has('toServer')) client.pause();
    else client.resume();
    if (this.#held.has('toClient')) server.pause();
    else server.resume();
  }
}

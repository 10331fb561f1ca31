import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Finds out which member holds the far end of an accepted connection. */
export type FindDialer = (connection: {
  readonly remotePort: number;
  readonly localPort: number;
}) => string | undefined;

/**
 * The network between the members: one TCP proxy before each member's peer listener, whose port is
 * what the member advertises. Who dialled a connection is known, so each direction between two members
 * can be cut or delayed by itself: the bytes from A to B are those A sends on what it dialled, and
 * those it answers on what B dialled.
 *
 * A cut holds bytes back as a network does that drops packets: connections stay open, nothing comes;
 * after healing, what was sent arrives after all, unless its sender has given the connection up.
 */
export class PeerNetwork {
  private readonly findDialer: FindDialer;
  private readonly links = new Map<string, Link>();
  private readonly servers: Server[] = [];

  constructor(findDialer: FindDialer) {
    this.findDialer = findDialer;
  }

  /** Opens the proxy before a member and resolves to its port. */
  async listen(name: string, memberPort: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (dialled) => {
      this.accept(dialled, name, memberPort);
    });
    server.listen(0, '127.0.0.1');
    this.servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Holds back what `from` sends to `to`. */
  cut(from: string, to: string): void {
    this.link(from, to).setCut(true);
  }

  heal(from: string, to: string): void {
    this.link(from, to).setCut(false);
  }

  /** Cuts both directions between one member and each of the others. */
  isolate(name: string, others: readonly string[]): void {
    for (const other of others) {
      if (other === name) continue;
      this.cut(name, other);
      this.cut(other, name);
    }
  }

  healAll(): void {
    for (const link of this.links.values()) {
      link.setCut(false);
      link.delayMs = 0;
    }
  }

  /** What `from` sends to `to` from now on arrives so much later; 0 ends that. */
  delay(from: string, to: string, delayMs: number): void {
    this.link(from, to).delayMs = delayMs;
  }

  /** Breaks the connections between two members, wherever in a record they are. */
  reset(one: string, other: string): void {
    this.link(one, other).reset();
    this.link(other, one).reset();
  }

  /** Bytes that went from one member to another so far. */
  bytesFrom(from: string, to: string): number {
    return this.link(from, to).passedBytes;
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const link of this.links.values()) link.reset();
  }

  private link(from: string, to: string): Link {
    const name = `${from} -> ${to}`;
    const link = this.links.get(name) ?? new Link();
    this.links.set(name, link);
    return link;
  }

  private accept(dialled: Socket, name: string, memberPort: number): void {
    dialled.on('error', () => {});
    const { remotePort = 0, localPort = 0 } = dialled;
    const dialer = this.findDialer({ remotePort, localPort });
    if (dialer === undefined) {
      dialled.destroy();
      return;
    }
    const target = connect({ port: memberPort, host: '127.0.0.1', allowHalfOpen: true });
    target.on('error', () => {});
    dialled.setNoDelay(true);
    target.setNoDelay(true);
    this.link(dialer, name).carry(dialled, target);
    this.link(name, dialer).carry(target, dialled);
  }
}

/** One direction between two members, with the connections that carry its bytes. */
class Link {
  delayMs = 0;
  passedBytes = 0;
  private isCut = false;
  private readonly flows = new Set<Flow>();

  carry(source: Socket, target: Socket): void {
    const flow = new Flow(source, target, this);
    this.flows.add(flow);
    source.once('close', () => {
      flow.sourceClosed(this.isCut);
      if (!this.isCut) this.flows.delete(flow);
    });
    if (this.isCut) flow.hold();
  }

  setCut(isCut: boolean): void {
    if (this.isCut === isCut) return;
    this.isCut = isCut;
    for (const flow of this.flows) {
      if (isCut) flow.hold();
      else if (!flow.release()) this.flows.delete(flow);
    }
  }

  reset(): void {
    for (const flow of this.flows) flow.destroy();
    this.flows.clear();
  }
}

/** The bytes of one connection in one direction. */
class Flow {
  private readonly source: Socket;
  private readonly target: Socket;
  private readonly link: Link;
  private isHeld = false;
  /** Chunks on their way; while there are any, later ones queue behind them. */
  private underWay: Promise<void> | undefined;

  constructor(source: Socket, target: Socket, link: Link) {
    this.source = source;
    this.target = target;
    this.link = link;
    source.on('data', (chunk: Buffer) => this.take(() => this.pass(chunk)));
    source.on('end', () => this.take(() => target.end()));
    target.on('drain', () => {
      if (!this.isHeld) source.resume();
    });
  }

  hold(): void {
    this.isHeld = true;
    this.source.pause();
  }

  /** False if the source has gone meanwhile. */
  release(): boolean {
    this.isHeld = false;
    if (this.source.destroyed) this.target.destroy();
    else this.source.resume();
    return !this.source.destroyed;
  }

  /** The far end learns of it only when the network works. */
  sourceClosed(isCut: boolean): void {
    if (!isCut) this.take(() => this.target.destroy());
  }

  destroy(): void {
    this.source.destroy();
    this.target.destroy();
  }

  private pass(chunk: Buffer): void {
    this.link.passedBytes += chunk.length;
    if (!this.target.write(chunk)) this.source.pause();
  }

  private take(step: () => void): void {
    const { delayMs } = this.link;
    if (delayMs === 0 && this.underWay === undefined) {
      step();
      return;
    }
    const arrival = new Promise((resolve) => setTimeout(resolve, delayMs));
    const mine: Promise<void> = Promise.all([arrival, this.underWay]).then(() => {
      step();
      if (this.underWay === mine) this.underWay = undefined;
    });
    this.underWay = mine;
  }
}

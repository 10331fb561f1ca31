import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/base/clock.js';
import type { LogFields, Logger } from '../../../src/base/logger.js';
import {
  PEER_SERVER_OPTIONS,
  type PeerHandlers,
  PeerTransport,
  type PeerTransportOptions,
} from '../../../src/peer/index.js';
import { createMessage, type Message, MessageType, type NodeId } from '../../../src/raft/index.js';
import type { Cleanup } from '../../support/cleanup.js';

export const CLUSTER_ID = 0xc1f0_0000_0000_0001n;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what is logged. */
export function recordingLogger(lines: LogLine[]): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}

/** Resolves once `condition` holds; gives up after a time in which it must have come true. */
export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A PeerTransport with its listener, which keeps what it is told instead of running Raft. */
export class TestMember implements PeerHandlers {
  readonly id: NodeId;
  readonly transport: PeerTransport;
  readonly log: LogLine[] = [];
  readonly batches: (readonly Message[])[] = [];
  readonly unreachable: NodeId[] = [];
  readonly snapshotReports: { id: NodeId; succeeded: boolean }[] = [];
  readonly removed = new Set<NodeId>();
  /** Databases that were saved completely. */
  readonly databases: Buffer[] = [];
  snapshotFailures = 0;
  removedFromClusterCount = 0;
  readonly #server: Server;

  /** Listens on a free port of the loopback address. */
  static async start(
    id: NodeId,
    cleanup: Cleanup,
    options: Partial<PeerTransportOptions> = {},
  ): Promise<TestMember> {
    const server = createServer(PEER_SERVER_OPTIONS).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const member = new TestMember(id, server, options);
    cleanup.after(() => member.stop());
    return member;
  }

  constructor(id: NodeId, server: Server, options: Partial<PeerTransportOptions>) {
    this.id = id;
    this.#server = server;
    this.transport = new PeerTransport(
      {
        memberId: id,
        clusterId: CLUSTER_ID,
        peerUrls: [this.url],
        electionTimeoutMs: 1000,
        ...options,
      },
      { clock: systemClock, logger: recordingLogger(this.log), handlers: this },
    );
    server.on('request', (request, response) => {
      if (this.transport.handle(request, response)) return;
      response.writeHead(404);
      response.end();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All messages so far. */
  get received(): Message[] {
    return this.batches.flat();
  }

  warnings(message: string): LogLine[] {
    return this.log.filter((line) => line.level === 'warn' && line.message === message);
  }

  async stop(): Promise<void> {
    await this.transport.stop();
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  receive(messages: readonly Message[]): void {
    this.batches.push(messages);
  }

  async saveSnapshot(_message: Message, database: AsyncIterable<Buffer>): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of database) chunks.push(chunk);
    } catch (error) {
      this.snapshotFailures++;
      throw error;
    }
    this.databases.push(Buffer.concat(chunks));
  }

  isRemoved(id: NodeId): boolean {
    return this.removed.has(id);
  }

  reportUnreachable(id: NodeId): void {
    this.unreachable.push(id);
  }

  reportSnapshot(id: NodeId, succeeded: boolean): void {
    this.snapshotReports.push({ id, succeeded });
  }

  removedFromCluster(): void {
    this.removedFromClusterCount++;
  }
}

/** A heartbeat that can be told from others by its commit index. */
export function heartbeat(from: NodeId, to: NodeId, commit: number): Message {
  return createMessage({ type: MessageType.heartbeat, from, to, term: 3, commit });
}

/** An append of one entry behind `index`. */
export function append(from: NodeId, to: NodeId, index: number, data = Buffer.from('x')): Message {
  return createMessage({
    type: MessageType.append,
    from,
    to,
    term: 3,
    logTerm: 3,
    index,
    entries: [{ type: 0, term: 3, index: index + 1, data }],
    commit: index,
  });
}

/** A snapshot message of this index. */
export function snapshotMessage(from: NodeId, to: NodeId, index: number): Message {
  return createMessage({
    type: MessageType.snapshot,
    from,
    to,
    term: 3,
    snapshot: {
      data: Buffer.from('{}'),
      metadata: {
        confState: {
          voters: [from, to],
          learners: [],
          votersOutgoing: [],
          learnersNext: [],
          autoLeave: false,
        },
        index,
        term: 3,
      },
    },
  });
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Cleanup } from '../../support/cleanup.js';

/** An SRV record: what `_service._tcp.domain` points to. */
export interface SrvAnswer {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

const TYPE_A = 1;
const TYPE_SRV = 33;
const NAME_ERROR = 3;
const HEADER_BYTES = 12;

/** A name server on 127.0.0.1 that knows SRV records, and one address for all hosts it is told of. */
export class DnsServer {
  readonly services = new Map<string, readonly SrvAnswer[]>();
  readonly hosts = new Set<string>();
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (query, { port, address }) => {
      socket.send(this.answer(query), port, address);
    });
  }

  static async start(cleanup: Cleanup): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    cleanup.after(() => {
      socket.close();
    });
    return new DnsServer(socket);
  }

  /** `host:port`, as resolvers take it. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  private answer(query: Buffer): Buffer {
    const { name, end } = readName(query, HEADER_BYTES);
    const records = this.recordsFor(name, query.readUInt16BE(end));
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    // An answer, recursion available.
    header.writeUInt16BE(0x8180 | (records.length === 0 ? NAME_ERROR : 0), 2);
    header.writeUInt16BE(records.length, 6);
    // Neither authorities nor additional records.
    header.writeUInt32BE(0, 8);
    return Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...records]);
  }

  private recordsFor(name: string, type: number): Buffer[] {
    if (type === TYPE_A && this.hosts.has(name)) {
      return [record(TYPE_A, Buffer.from([127, 0, 0, 1]))];
    }
    if (type !== TYPE_SRV) return [];
    return (this.services.get(name) ?? []).map(({ priority, weight, port, target }) => {
      const head = Buffer.alloc(6);
      head.writeUInt16BE(priority, 0);
      head.writeUInt16BE(weight, 2);
      head.writeUInt16BE(port, 4);
      return record(TYPE_SRV, Buffer.concat([head, writeName(target)]));
    });
  }
}

/** A record for the name that was asked for. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  // A pointer to the question's name.
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** A name of a question, and where it ends. */
function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let offset = start;
  for (let length = message[offset++] ?? 0; length > 0; length = message[offset++] ?? 0) {
    labels.push(message.toString('latin1', offset, offset + length).toLowerCase());
    offset += length;
  }
  return { name: labels.join('.'), end: offset };
}

function writeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`.${label}`, 'latin1'));
  for (const label of labels) label[0] = label.length - 1;
  return Buffer.concat([...labels, Buffer.from([0])]);
}

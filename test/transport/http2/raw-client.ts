import { connect, type Socket } from 'node:net';
import { HpackDecoder } from '../../../src/transport/http2/hpack/decoder.js';
import { encodeInteger, encodeLiteral } from '../../../src/transport/http2/hpack/encoder.js';
import type { HeaderField } from '../../../src/transport/http2/hpack/header-field.js';
import { CLIENT_PREFACE, Flag, FrameType } from '../../../src/transport/http2/protocol.js';

/** Only a test that fails waits so long. */
const PATIENCE_MS = 10_000;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** How a stream ended: with trailers, or with RST_STREAM. */
export interface Reply {
  /** Head and trailers in one, later ones winning. */
  readonly fields: Readonly<Record<string, string>>;
  readonly headerBlocks: number;
  readonly body: Buffer;
  readonly resetCode: number | undefined;
}

/** How a connection ended. */
export interface Goodbye {
  readonly lastStreamId: number;
  readonly code: number;
  readonly text: string;
}

/** The fields of an ordinary gRPC request. */
export const REQUEST: readonly (readonly [string, string])[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Echo/Echo'],
  [':authority', 'localhost'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

/** {@link REQUEST} with some fields changed; undefined leaves one out. */
export function requestWith(
  changes: Readonly<Record<string, string | undefined>>,
): [string, string][] {
  const fields = new Map<string, string | undefined>(REQUEST);
  for (const [name, value] of Object.entries(changes)) fields.set(name, value);
  const list = [...fields].filter((field): field is [string, string] => field[1] !== undefined);
  // Pseudo-headers first, also those that were added.
  return list.sort(([a], [b]) => Number(b.startsWith(':')) - Number(a.startsWith(':')));
}

export function block(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => encodeLiteral(name, value)));
}

/** A literal with incremental indexing (RFC 7541 §6.2.1). */
export function indexedLiteral(name: string, value: string): Buffer {
  const string = (text: string) =>
    Buffer.concat([encodeInteger(text.length, 7, 0), Buffer.from(text, 'latin1')]);
  return Buffer.concat([Buffer.of(0x40), string(name), string(value)]);
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** A message with its prefix. */
export function message(body: Buffer | string, format = 0): Buffer {
  const bytes = Buffer.from(body);
  const prefix = Buffer.alloc(5);
  prefix[0] = format;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** An HTTP/2 client that sends whatever it is told to, and keeps every frame that comes. */
export class RawClient {
  readonly socket: Socket;
  readonly received: Frame[] = [];
  isClosed = false;
  /** A reply's bytes are not kept: for floods of them. */
  #input: Buffer = Buffer.alloc(0);
  #at = 0;
  #changed: (() => void)[] = [];
  readonly #decoder = new HpackDecoder(4096);
  /** Bytes that went through {@link windowsFor}. */
  readonly #sent = new Map<number, number>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#notify();
    });
  }

  /** Connects and sends nothing. */
  static bare(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  /** Connects, with preface and these settings, acknowledged. */
  static async open(port: number, settings: Buffer = Buffer.alloc(0)): Promise<RawClient> {
    const client = await RawClient.bare(port);
    await client.#begin(settings);
    return client;
  }

  /** The same over a connection that stands already. */
  static async over(socket: Socket): Promise<RawClient> {
    const client = new RawClient(socket);
    await client.#begin(Buffer.alloc(0));
    return client;
  }

  write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  send(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): void {
    this.write(frame(type, flags, streamId, payload));
  }

  headers(
    streamId: number,
    fields: readonly (readonly [string, string])[] = REQUEST,
    flags: number = Flag.endHeaders,
  ): void {
    this.send(FrameType.headers, flags, streamId, block(fields));
  }

  data(streamId: number, payload: Buffer, flags: number = Flag.endStream): void {
    this.send(FrameType.data, flags, streamId, payload);
  }

  /** A whole unary call. */
  call(
    streamId: number,
    body: Buffer | string = 'hello',
    fields: readonly (readonly [string, string])[] = REQUEST,
  ): void {
    this.headers(streamId, fields);
    this.data(streamId, message(body));
  }

  /** A ping with an own payload that comes back: all frames sent before it have been taken. */
  async sync(): Promise<void> {
    const payload = Buffer.from(`sync${String(this.received.length).padStart(4, '0').slice(-4)}`);
    this.send(FrameType.ping, 0, 0, payload);
    await this.until(
      (frames) =>
        frames.some(
          (f) => f.type === FrameType.ping && f.flags === Flag.ack && f.payload.equals(payload),
        ),
      'a ping',
    );
  }

  /** Waits until what was received satisfies a condition. */
  until(condition: (frames: readonly Frame[]) => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${what} did not come; received: ${this.describe()}`));
      }, PATIENCE_MS);
      const check = (): void => {
        if (condition(this.received)) {
          clearTimeout(timer);
          resolve();
        } else if (this.isClosed) {
          clearTimeout(timer);
          reject(new Error(`closed before ${what} came; received: ${this.describe()}`));
        } else {
          this.#changed.push(check);
        }
      };
      check();
    });
  }

  /** Waits until the server's windows allow so many more bytes on a stream, and takes them. */
  async windowsFor(streamId: number, bytes: number): Promise<void> {
    const room = (id: number): number => {
      const updates = this.received.filter(
        (f) => f.type === FrameType.windowUpdate && f.streamId === id,
      );
      const granted = updates.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
      return 65_535 + granted - (this.#sent.get(id) ?? 0);
    };
    const isOver = (): boolean =>
      this.received.some((f) => f.streamId === streamId && endsStream(f));
    await this.until(
      () => isOver() || Math.min(room(0), room(streamId)) >= bytes,
      'room in the windows',
    );
    for (const id of [0, streamId]) this.#sent.set(id, (this.#sent.get(id) ?? 0) + bytes);
  }

  /** Waits until a stream has ended and puts its frames together. */
  async reply(streamId: number): Promise<Reply> {
    await this.until(
      (frames) => frames.some((f) => f.streamId === streamId && endsStream(f)),
      `the end of stream ${streamId}`,
    );
    const frames = this.received.filter((f) => f.streamId === streamId);
    const fields: Record<string, string> = {};
    const blocks = frames.filter((f) => f.type === FrameType.headers);
    for (const { payload } of blocks) {
      const decoded: HeaderField[] = [];
      this.#decoder.decode(payload, 0, payload.length, decoded, 1e6);
      for (const { name, value } of decoded) fields[name] = value;
    }
    const bodies = frames.filter((f) => f.type === FrameType.data).map((f) => f.payload);
    const reset = frames.find((f) => f.type === FrameType.rstStream);
    return {
      fields,
      headerBlocks: blocks.length,
      body: Buffer.concat(bodies),
      resetCode: reset?.payload.readUInt32BE(0),
    };
  }

  /** Waits until the server has closed the connection; its last GOAWAY, if there was one. */
  async goodbye(): Promise<Goodbye | undefined> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not closed; received: ${this.describe()}`)),
        PATIENCE_MS,
      );
      const check = (): void => {
        if (!this.isClosed) {
          this.#changed.push(check);
          return;
        }
        clearTimeout(timer);
        resolve();
      };
      check();
    });
    const last = this.received.findLast((f) => f.type === FrameType.goAway);
    if (last === undefined) return undefined;
    return {
      lastStreamId: last.payload.readUInt32BE(0),
      code: last.payload.readUInt32BE(4),
      text: last.payload.subarray(8).toString('latin1'),
    };
  }

  /** The received frames, for messages. */
  describe(): string {
    return this.received
      .slice(-20)
      .map((f) => `${f.type}/${f.flags}@${f.streamId}[${f.payload.length}]`)
      .join(' ');
  }

  close(): void {
    this.socket.destroy();
  }

  async #begin(settings: Buffer): Promise<void> {
    this.write(CLIENT_PREFACE);
    this.send(FrameType.settings, 0, 0, settings);
    this.send(FrameType.settings, Flag.ack, 0);
    await this.until((frames) => frames.some(isSettingsAck), 'the acknowledged SETTINGS');
  }

  #read(bytes: Buffer): void {
    this.#input = Buffer.concat([this.#input.subarray(this.#at), bytes]);
    this.#at = 0;
    const input = this.#input;
    while (input.length - this.#at >= 9) {
      const length = input.readUIntBE(this.#at, 3);
      if (input.length - this.#at < 9 + length) break;
      const start = this.#at + 9;
      this.received.push({
        type: input.readUInt8(this.#at + 3),
        flags: input.readUInt8(this.#at + 4),
        streamId: input.readUInt32BE(this.#at + 5),
        payload: Buffer.from(input.subarray(start, start + length)),
      });
      this.#at = start + length;
    }
    this.#notify();
  }

  #notify(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const check of changed) check();
  }
}

export function isSettingsAck(frame: Frame): boolean {
  return frame.type === FrameType.settings && (frame.flags & Flag.ack) !== 0;
}

function endsStream(frame: Frame): boolean {
  if (frame.type === FrameType.rstStream) return true;
  const isBody = frame.type === FrameType.headers || frame.type === FrameType.data;
  return isBody && (frame.flags & Flag.endStream) !== 0;
}

import type { Socket } from 'node:net';
import {
  connectionOpening,
  DEFAULT_WINDOW_BYTES,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADER_BYTES,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  frame,
  HeaderBlocks,
  RECEIVE_WINDOW_BYTES,
  SETTING_INITIAL_WINDOW_SIZE,
  windowUpdate,
  writeFrameHeader,
} from './http2.js';
import { type ClientTls, openSocket } from './socket.js';

/** Who gets what comes on a stream. Called within one turn of the connection, in order. */
export interface StreamReceiver {
  /** The payload of a DATA frame: `bytes[start, end)`, valid during the call only. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The server ended or reset the stream. */
  end(): void;
}

/** A request body that is written where it is sent from. */
export interface BodyWriter {
  /** An upper limit of what `write` writes. */
  readonly maxSizeBytes: number;
  /** Writes the message (without gRPC's prefix) into `out` at `offset`, returns the offset behind. */
  write(out: Buffer, offset: number): number;
}

interface OpenStream {
  readonly receiver: StreamReceiver;
  sendWindowBytes: number;
  /** Since the server was last told that there is room again. */
  receivedBytes: number;
}

const GRPC_PREFIX_BYTES = 5;
const OUTPUT_CHUNK_BYTES = 256 * 1024;
const HEADER_BLOCK_MAX_BYTES = 512;
const MAX_FRAME_BYTES = 16_384;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * One HTTP/2 client connection that spends as little as it can per request, so that the server is
 * what is measured: no header is decoded (a unary gRPC call went well exactly if a message came before
 * its end), bodies are written straight into the output, and a turn's frames leave in one write.
 */
export class LoadConnection {
  /** The time at the beginning of this turn, by performance.now(), in milliseconds. */
  nowMs = performance.now();
  /** Called once if the connection ends before `close`. */
  onFailure: (error: Error) => void = () => {};
  private readonly socket: Socket;
  private readonly headers: HeaderBlocks;
  private readonly streams = new Map<number, OpenStream>();
  /** Requests that wait for the connection's window. */
  private waiting: (() => void)[] = [];
  private nextStreamId = 1;
  private sendWindowBytes = DEFAULT_WINDOW_BYTES;
  private initialWindowBytes = DEFAULT_WINDOW_BYTES;
  private receivedBytes = 0;
  private unread: Buffer = NOTHING;
  private output = Buffer.allocUnsafeSlow(OUTPUT_CHUNK_BYTES);
  private outputStart = 0;
  private outputEnd = 0;
  private closed = false;

  private constructor(socket: Socket, authority: string) {
    this.socket = socket;
    this.headers = new HeaderBlocks(authority);
    socket.on('data', (chunk: Buffer) => this.turn(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
    this.append(connectionOpening());
    this.flush();
  }

  /** Connects to 127.0.0.1; with `tls` over mutual TLS. */
  static async open(port: number, tls?: ClientTls): Promise<LoadConnection> {
    return new LoadConnection(await openSocket(port, tls), `127.0.0.1:${port}`);
  }

  /** Sends a unary call; `flush` must follow unless called from a receiver. */
  unary(path: string, body: BodyWriter, receiver: StreamReceiver): void {
    if (this.sendWindowBytes < body.maxSizeBytes + GRPC_PREFIX_BYTES) {
      this.waiting.push(() => this.unary(path, body, receiver));
      return;
    }
    const streamId = this.openStream(path, receiver);
    this.writeMessage(streamId, body, FLAG_END_STREAM);
  }

  /** Opens a stream whose messages follow by `send`. Returns its id. */
  stream(path: string, receiver: StreamReceiver): number {
    return this.openStream(path, receiver);
  }

  /** Sends a message on an open stream, if not now then when the windows allow. */
  send(streamId: number, body: BodyWriter): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    const sizeBytes = body.maxSizeBytes + GRPC_PREFIX_BYTES;
    if (this.sendWindowBytes < sizeBytes || stream.sendWindowBytes < sizeBytes) {
      this.waiting.push(() => this.send(streamId, body));
      return;
    }
    stream.sendWindowBytes -= this.writeMessage(streamId, body, 0);
  }

  /** Sends what was written since the last flush. */
  flush(): void {
    if (this.outputEnd === this.outputStart || this.closed) return;
    this.socket.write(this.output.subarray(this.outputStart, this.outputEnd));
    this.outputStart = this.outputEnd;
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private fail(error: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.destroy();
    this.onFailure(error);
  }

  private openStream(path: string, receiver: StreamReceiver): number {
    const streamId = this.nextStreamId;
    this.nextStreamId += 2;
    this.streams.set(streamId, {
      receiver,
      sendWindowBytes: this.initialWindowBytes,
      receivedBytes: 0,
    });
    const block = this.headers.next(path);
    this.reserve(FRAME_HEADER_BYTES + block.length);
    const { output, outputEnd } = this;
    const start = writeFrameHeader(
      output,
      outputEnd,
      block.length,
      FRAME_HEADERS,
      FLAG_END_HEADERS,
      streamId,
    );
    block.copy(output, start);
    this.outputEnd = start + block.length;
    return streamId;
  }

  private writeMessage(streamId: number, body: BodyWriter, flags: number): number {
    if (body.maxSizeBytes + GRPC_PREFIX_BYTES > MAX_FRAME_BYTES) throw new Error('body too large');
    this.reserve(FRAME_HEADER_BYTES + GRPC_PREFIX_BYTES + body.maxSizeBytes);
    const { output, outputEnd } = this;
    const prefix = outputEnd + FRAME_HEADER_BYTES;
    const end = body.write(output, prefix + GRPC_PREFIX_BYTES);
    output[prefix] = 0;
    output.writeUInt32BE(end - prefix - GRPC_PREFIX_BYTES, prefix + 1);
    writeFrameHeader(output, outputEnd, end - prefix, FRAME_DATA, flags, streamId);
    this.outputEnd = end;
    this.sendWindowBytes -= end - prefix;
    return end - prefix;
  }

  private reserve(sizeBytes: number): void {
    if (this.outputEnd + sizeBytes <= this.output.length) return;
    this.flush();
    // What was handed to the socket may still be on its way: it is left alone.
    this.output = Buffer.allocUnsafeSlow(Math.max(OUTPUT_CHUNK_BYTES, sizeBytes));
    this.outputStart = 0;
    this.outputEnd = 0;
  }

  private append(bytes: Buffer): void {
    this.reserve(bytes.length + HEADER_BLOCK_MAX_BYTES);
    bytes.copy(this.output, this.outputEnd);
    this.outputEnd += bytes.length;
  }

  private turn(chunk: Buffer): void {
    this.nowMs = performance.now();
    const bytes = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    let position = 0;
    while (position + FRAME_HEADER_BYTES <= bytes.length) {
      const end = position + FRAME_HEADER_BYTES + bytes.readUIntBE(position, 3);
      if (end > bytes.length) break;
      this.frame(bytes, position, end);
      position = end;
    }
    this.unread = position === bytes.length ? NOTHING : bytes.subarray(position);
    if (this.receivedBytes > RECEIVE_WINDOW_BYTES / 2) {
      this.append(windowUpdate(0, this.receivedBytes));
      this.receivedBytes = 0;
    }
    this.flush();
  }

  private frame(bytes: Buffer, start: number, end: number): void {
    const type = bytes[start + 3];
    const flags = bytes[start + 4] ?? 0;
    const streamId = bytes.readUInt32BE(start + 5);
    const payload = start + FRAME_HEADER_BYTES;
    if (type === FRAME_DATA || type === FRAME_HEADERS) {
      const stream = this.streams.get(streamId);
      if (type === FRAME_DATA) {
        this.receivedBytes += end - payload;
        if ((flags & FLAG_PADDED) !== 0) this.fail(new Error('padded DATA is not understood'));
        if (stream !== undefined) this.dataOf(stream, streamId, bytes, payload, end);
      }
      if ((flags & FLAG_END_STREAM) !== 0) this.endStream(streamId, stream);
    } else if (type === FRAME_RST_STREAM) {
      this.endStream(streamId, this.streams.get(streamId));
    } else {
      this.controlFrame(type, flags, streamId, bytes.subarray(payload, end));
    }
  }

  private dataOf(
    stream: OpenStream,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    stream.receivedBytes += end - start;
    // Snapshots of more than a gigabyte come on one stream.
    if (stream.receivedBytes > RECEIVE_WINDOW_BYTES / 2) {
      this.append(windowUpdate(streamId, stream.receivedBytes));
      stream.receivedBytes = 0;
    }
    stream.receiver.data(bytes, start, end);
  }

  private endStream(streamId: number, stream: OpenStream | undefined): void {
    this.streams.delete(streamId);
    stream?.receiver.end();
  }

  private controlFrame(
    type: number | undefined,
    flags: number,
    streamId: number,
    payload: Buffer,
  ): void {
    if (type === FRAME_WINDOW_UPDATE) {
      const increment = payload.readUInt32BE(0);
      const stream = this.streams.get(streamId);
      if (streamId === 0) this.sendWindowBytes += increment;
      else if (stream !== undefined) stream.sendWindowBytes += increment;
      this.sendWaiting();
    } else if (type === FRAME_PING && (flags & FLAG_ACK) === 0) {
      this.append(frame(FRAME_PING, FLAG_ACK, 0, payload));
    } else if (type === FRAME_SETTINGS && (flags & FLAG_ACK) === 0) {
      this.settings(payload);
      this.append(frame(FRAME_SETTINGS, FLAG_ACK, 0, NOTHING));
    } else if (type === FRAME_GOAWAY) {
      this.fail(new Error(`the server sent GOAWAY with code ${payload.readUInt32BE(4)}`));
    }
  }

  private settings(payload: Buffer): void {
    for (let offset = 0; offset + 6 <= payload.length; offset += 6) {
      if (payload.readUInt16BE(offset) !== SETTING_INITIAL_WINDOW_SIZE) continue;
      const initial = payload.readUInt32BE(offset + 2);
      for (const stream of this.streams.values()) {
        stream.sendWindowBytes += initial - this.initialWindowBytes;
      }
      this.initialWindowBytes = initial;
    }
    this.sendWaiting();
  }

  private sendWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const send of waiting) send();
  }
}

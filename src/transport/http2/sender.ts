import type { RpcError } from '../../base/errors.js';
import type { Message } from '../handler.js';
import { headBlock, OK_TRAILERS, trailersBlock, trailersOnlyBlock } from './grpc/blocks.js';
import { PREFIX_BYTES } from './grpc/partial-message.js';
import { TABLE_OF_NOTHING } from './hpack/encoder.js';
import { COPY_LIMIT_BYTES, type Output, putFrameHeader } from './output.js';
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  MAX_WINDOW_BYTES,
} from './protocol.js';

/** The sending half of a stream, as the {@link Sender} of its connection keeps it. */
export abstract class OutgoingStream {
  readonly id: number;
  readonly contentSubtype: string;
  /** May be negative after the client made its windows smaller (RFC 9113 §6.9.2). */
  sendWindow: number;
  isHeadSent = false;
  /** Messages that wait for a window or for the socket, from `queueAt` on; undefined: none ever. */
  queue: Message[] | undefined = undefined;
  queueAt = 0;
  /** How much of the first message, its prefix included, has been sent. */
  messageOffset = 0;
  /** Bytes in the queue, prefixes included. */
  queuedBytes = 0;
  /** What ends the stream once the queue is empty. */
  trailers: Buffer | undefined = undefined;
  /** It is in the sender's round. */
  isReady = false;
  /** Nothing of it will be sent any more. */
  isSendClosed = false;
  /** The handler waits for room. */
  awaitsDrain = false;

  constructor(id: number, contentSubtype: string, sendWindow: number) {
    this.id = id;
    this.contentSubtype = contentSubtype;
    this.sendWindow = sendWindow;
  }

  /** There is room again. */
  abstract onDrained(): void;
  /** The stream's last frame was put out. */
  abstract onSent(): void;
}

/** DATA is put out while less than this waits for the socket: a slow reader's rest stays queued. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Larger frames than this gain nothing. */
const MAX_USEFUL_FRAME_BYTES = 128 * 1024;

const NOTHING = Buffer.alloc(0);

/** HEADERS of an ordinary response, DATA header and message prefix; ids and lengths are filled in. */
const RESPONSE_START = responseStart();
const RESPONSE_START_HEADERS_BYTES = RESPONSE_START.length - FRAME_HEADER_BYTES - PREFIX_BYTES;
const RESPONSE_END = headersFrame(OK_TRAILERS, Flag.endHeaders | Flag.endStream);

function headersFrame(block: Buffer, flags: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  putFrameHeader(header, 0, block.length, FrameType.headers, flags, 0);
  return Buffer.concat([header, block]);
}

function responseStart(): Buffer {
  const data = Buffer.alloc(FRAME_HEADER_BYTES + PREFIX_BYTES);
  return Buffer.concat([headersFrame(headBlock(''), Flag.endHeaders), data]);
}

/**
 * Sends responses within the client's flow-control windows (RFC 9113 §5.2). Streams whose messages
 * must wait take turns of one frame each.
 */
export class Sender {
  readonly #output: Output;
  readonly #streamQueueBytes: number;
  #window = DEFAULT_WINDOW_BYTES;
  #maxFrameBytes = DEFAULT_MAX_FRAME_BYTES;
  /** The dynamic table that we do not use: known to be empty, or to be declared so by the next block. */
  #table: 'as agreed at first' | 'to be given up' | 'given up' = 'as agreed at first';
  /** The streams that have a message and a window, in turn; from `#readyAt` on. */
  #ready: OutgoingStream[] = [];
  #readyAt = 0;
  /** Response bytes queued on all streams. */
  queuedBytes = 0;
  /** Response bytes that were queued and have been put out, or dropped, since the beginning. */
  unqueuedBytes = 0;
  /** What new streams may send. */
  initialStreamWindow = DEFAULT_WINDOW_BYTES;
  /** DATA and HEADERS frames sent: each entitles the client to some window updates and a ping. */
  framesSent = 0;

  constructor(options: { readonly streamQueueBytes: number }, output: Output) {
    this.#output = output;
    this.#streamQueueBytes = options.streamQueueBytes;
  }

  /** Answers a unary call: head, message and the trailers of OK. */
  respond(stream: OutgoingStream, message: Message): void {
    const length = PREFIX_BYTES + message.length;
    const output = this.#output;
    if (
      length > COPY_LIMIT_BYTES ||
      length > this.#window ||
      length > stream.sendWindow ||
      stream.contentSubtype !== '' ||
      this.#table === 'to be given up' ||
      output.pendingBytes >= HIGH_WATER_BYTES
    ) {
      this.write(stream, message);
      this.finish(stream, null);
      return;
    }
    // The common case in one go: prepared bytes, the message copied between them.
    this.#window -= length;
    stream.sendWindow -= length;
    this.framesSent += 3;
    const total = RESPONSE_START.length + message.length + RESPONSE_END.length;
    const chunk = output.reserve(total);
    const id = stream.id;
    let at = output.position;
    chunk.set(RESPONSE_START, at);
    putStreamId(chunk, at, id);
    at += RESPONSE_START_HEADERS_BYTES;
    putFrameHeader(chunk, at, length, FrameType.data, 0, id);
    at += FRAME_HEADER_BYTES;
    putPrefix(chunk, at, message.length);
    at += PREFIX_BYTES;
    putMessage(chunk, at, message);
    at += message.length;
    chunk.set(RESPONSE_END, at);
    putStreamId(chunk, at, id);
    output.advance(total);
    stream.isHeadSent = true;
    stream.isSendClosed = true;
    stream.onSent();
  }

  /** Sends a message when windows and socket allow. False: the queue is long, await onDrained. */
  write(stream: OutgoingStream, message: Message): boolean {
    if (stream.isSendClosed) return true;
    if (!stream.isHeadSent) this.#sendHead(stream);
    const length = PREFIX_BYTES + message.length;
    if (
      stream.queuedBytes === 0 &&
      length <= COPY_LIMIT_BYTES &&
      length <= this.#window &&
      length <= stream.sendWindow &&
      this.#output.pendingBytes < HIGH_WATER_BYTES
    ) {
      this.#sendSmall(stream, message, length);
      return true;
    }
    stream.queue ??= [];
    stream.queue.push(message);
    stream.queuedBytes += length;
    this.queuedBytes += length;
    this.#makeReady(stream);
    if (stream.queuedBytes <= this.#streamQueueBytes) return true;
    stream.awaitsDrain = true;
    return false;
  }

  /** Ends a stream with a status, after what is queued. */
  finish(stream: OutgoingStream, error: RpcError | null): void {
    if (stream.isSendClosed || stream.trailers !== undefined) return;
    if (!stream.isHeadSent) {
      stream.isHeadSent = true;
      this.#sendTrailers(stream, trailersOnlyBlock(stream.contentSubtype, error));
    } else if (stream.queuedBytes === 0) {
      this.#sendTrailers(stream, trailersBlock(error));
    } else {
      stream.trailers = trailersBlock(error);
    }
  }

  /** Forgets what is queued of a stream. */
  drop(stream: OutgoingStream): void {
    this.queuedBytes -= stream.queuedBytes;
    this.unqueuedBytes += stream.queuedBytes;
    stream.queuedBytes = 0;
    stream.queue = undefined;
    stream.queueAt = 0;
    stream.messageOffset = 0;
    stream.trailers = undefined;
    stream.awaitsDrain = false;
  }

  /** Ends a response with one header block: refusals. */
  sendFinalHeaders(streamId: number, block: Buffer): void {
    const flags = Flag.endHeaders | Flag.endStream;
    this.#headers(streamId, block, flags);
  }

  /** Puts out what windows and socket allow. */
  pump(): void {
    if (this.#ready.length === 0) return;
    while (
      this.#readyAt < this.#ready.length &&
      this.#window > 0 &&
      this.#output.pendingBytes < HIGH_WATER_BYTES
    ) {
      const stream = this.#ready[this.#readyAt++] as OutgoingStream;
      stream.isReady = false;
      if (!stream.isSendClosed && stream.queuedBytes > 0) this.#sendTurn(stream);
    }
    if (this.#readyAt === this.#ready.length) {
      this.#ready.length = 0;
      this.#readyAt = 0;
    } else if (this.#readyAt > 1024) {
      this.#ready = this.#ready.slice(this.#readyAt);
      this.#readyAt = 0;
    }
  }

  /** WINDOW_UPDATE of the connection; false: beyond the largest window. */
  openConnectionWindow(increment: number): boolean {
    this.#window += increment;
    return this.#window <= MAX_WINDOW_BYTES;
  }

  /** WINDOW_UPDATE of a stream, or another initial window; false: beyond the largest window. */
  openStreamWindow(stream: OutgoingStream, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.queuedBytes > 0 && stream.sendWindow > 0) this.#makeReady(stream);
    return stream.sendWindow <= MAX_WINDOW_BYTES;
  }

  setMaxFrameBytes(maxFrameBytes: number): void {
    this.#maxFrameBytes = Math.min(maxFrameBytes, MAX_USEFUL_FRAME_BYTES);
  }

  /**
   * The client wants a smaller dynamic table than there is at first. The next header block must begin
   * with a table size update then (RFC 9113 §4.3.1); after one to 0 no later setting asks for another.
   */
  giveUpTable(): void {
    if (this.#table === 'as agreed at first') this.#table = 'to be given up';
  }

  /** A stream's messages take part in the round. */
  #makeReady(stream: OutgoingStream): void {
    if (stream.isReady) return;
    stream.isReady = true;
    this.#ready.push(stream);
  }

  /** One frame of the first message in the queue. */
  #sendTurn(stream: OutgoingStream): void {
    const message = stream.queue?.[stream.queueAt];
    if (message === undefined) return;
    const total = PREFIX_BYTES + message.length;
    const offset = stream.messageOffset;
    const room = Math.min(this.#window, stream.sendWindow, this.#maxFrameBytes);
    // A stream without window comes back with its next WINDOW_UPDATE.
    if (room <= 0) return;
    const length = Math.min(total - offset, room);
    this.#window -= length;
    stream.sendWindow -= length;
    stream.queuedBytes -= length;
    this.queuedBytes -= length;
    this.unqueuedBytes += length;
    this.framesSent += 1;
    this.#sendPart(stream.id, message, offset, offset + length);
    if (offset + length < total) {
      stream.messageOffset = offset + length;
    } else {
      stream.messageOffset = 0;
      this.#shiftQueue(stream);
    }
    if (stream.queuedBytes > 0) this.#makeReady(stream);
    else if (stream.trailers !== undefined) this.#sendTrailers(stream, stream.trailers);
    if (stream.awaitsDrain && stream.queuedBytes <= this.#streamQueueBytes / 2) {
      stream.awaitsDrain = false;
      stream.onDrained();
    }
  }

  #shiftQueue(stream: OutgoingStream): void {
    const queue = stream.queue;
    if (queue === undefined) return;
    // Nothing of what was sent is held until the whole queue is.
    queue[stream.queueAt] = NOTHING;
    stream.queueAt += 1;
    if (stream.queueAt === queue.length) {
      queue.length = 0;
      stream.queueAt = 0;
    } else if (stream.queueAt > 1024) {
      stream.queue = queue.slice(stream.queueAt);
      stream.queueAt = 0;
    }
  }

  /** A DATA frame of `[from, to)` of a message with its prefix. */
  #sendPart(streamId: number, message: Message, from: number, to: number): void {
    const output = this.#output;
    output.frameHeader(to - from, FrameType.data, 0, streamId);
    if (from < PREFIX_BYTES) {
      const prefix = Buffer.alloc(PREFIX_BYTES);
      putPrefix(prefix, 0, message.length);
      output.append(prefix.subarray(from, Math.min(to, PREFIX_BYTES)));
    }
    if (to <= PREFIX_BYTES) return;
    const start = Math.max(0, from - PREFIX_BYTES);
    const end = to - PREFIX_BYTES;
    if (Buffer.isBuffer(message)) output.append(message.subarray(start, end));
    else output.fill(message, end - start);
  }

  /** A whole message in one DATA frame, copied. */
  #sendSmall(stream: OutgoingStream, message: Message, length: number): void {
    this.#window -= length;
    stream.sendWindow -= length;
    this.framesSent += 1;
    const total = FRAME_HEADER_BYTES + length;
    const chunk = this.#output.reserve(total);
    const at = this.#output.position;
    putFrameHeader(chunk, at, length, FrameType.data, 0, stream.id);
    putPrefix(chunk, at + FRAME_HEADER_BYTES, message.length);
    putMessage(chunk, at + FRAME_HEADER_BYTES + PREFIX_BYTES, message);
    this.#output.advance(total);
  }

  #sendHead(stream: OutgoingStream): void {
    stream.isHeadSent = true;
    this.#headers(stream.id, headBlock(stream.contentSubtype), Flag.endHeaders);
  }

  #sendTrailers(stream: OutgoingStream, block: Buffer): void {
    stream.isSendClosed = true;
    stream.trailers = undefined;
    this.#headers(stream.id, block, Flag.endHeaders | Flag.endStream);
    stream.onSent();
  }

  /** A header block; one that is larger than a frame goes on in CONTINUATION frames (§4.3). */
  #headers(streamId: number, fields: Buffer, flags: number): void {
    this.framesSent += 1;
    let block = fields;
    if (this.#table === 'to be given up') {
      this.#table = 'given up';
      block = Buffer.concat([TABLE_OF_NOTHING, fields]);
    }
    const max = this.#maxFrameBytes;
    if (block.length <= max) {
      this.#output.frameHeader(block.length, FrameType.headers, flags, streamId);
      this.#output.append(block);
      return;
    }
    this.#output.frameHeader(max, FrameType.headers, flags & ~Flag.endHeaders, streamId);
    this.#output.append(block.subarray(0, max));
    for (let at = max; at < block.length; at += max) {
      const end = Math.min(at + max, block.length);
      const isLast = end === block.length ? Flag.endHeaders : 0;
      this.#output.frameHeader(end - at, FrameType.continuation, isLast, streamId);
      this.#output.append(block.subarray(at, end));
    }
  }
}

/** Fills the stream id into a prepared frame at `at`. */
function putStreamId(target: Buffer, at: number, id: number): void {
  target[at + 5] = id >>> 24;
  target[at + 6] = id >>> 16;
  target[at + 7] = id >>> 8;
  target[at + 8] = id;
}

/** A whole message. */
function putMessage(target: Buffer, at: number, message: Message): void {
  if (Buffer.isBuffer(message)) target.set(message, at);
  else message.read(target, at, message.length);
}

/** The prefix of an uncompressed message. */
function putPrefix(target: Buffer, at: number, length: number): void {
  target[at] = 0;
  target[at + 1] = length >>> 24;
  target[at + 2] = length >>> 16;
  target[at + 3] = length >>> 8;
  target[at + 4] = length;
}

import { GrpcCode, RpcError } from '../../base/errors.js';
import type { FrameSink } from './frame-reader.js';
import { refusalBlock, trailersOnlyBlock } from './grpc/blocks.js';
import type { MethodTable } from './grpc/method-table.js';
import type { RequestHead } from './grpc/request-head.js';
import { HeaderBlocks } from './header-blocks.js';
import type { Http2Limits } from './limits.js';
import type { Output } from './output.js';
import { PingPolicy } from './ping-policy.js';
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  MAX_STREAM_ID,
  Setting,
} from './protocol.js';
import { RateLimit } from './rate-limit.js';
import type { Sender } from './sender.js';
import { readSettings, writeSettings } from './settings.js';
import { Stream } from './stream.js';
import type { StreamTable } from './stream-table.js';
import type { TimerWheel } from './timer-wheel.js';

export interface SessionOptions {
  readonly maxConcurrentStreams: number;
  readonly keepaliveMinTimeMs: number;
  readonly limits: Http2Limits;
}

export interface SessionDependencies {
  readonly output: Output;
  readonly sender: Sender;
  readonly streams: StreamTable;
  readonly deadlines: TimerWheel;
  readonly methods: MethodTable;
  readonly nowMs: () => number;
  /** A ping of ours came back. */
  readonly onPingAck: (payload: Buffer) => void;
}

/** A header block that goes on in CONTINUATION frames. */
interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly fragments: Buffer[];
  bytes: number;
}

/** Each frame sent entitles the client to this many frames that carry nothing (window updates). */
const EARNED_PER_FRAME_SENT = 4;

/** The server's side of HTTP/2 on one connection: what each frame does (RFC 9113 §5, §6). */
export class Session implements FrameSink {
  isReading = true;
  /** The highest stream that the client has opened. */
  lastStreamId = 0;
  /** No streams above {@link lastStreamId} are taken any more. */
  isDraining = false;
  hasSettings = false;
  readonly #options: SessionOptions;
  readonly #dependencies: SessionDependencies;
  readonly #output: Output;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #blocks: HeaderBlocks;
  readonly #pings: PingPolicy;
  readonly #resets: RateLimit;
  readonly #idleFrames: RateLimit;
  readonly #settingsFrames: RateLimit;
  /** Send windows of new streams and our own receive window of each. */
  #windows: { send: number; receive: number };
  #openBlock: OpenBlock | undefined;
  #receiveWindow: number;
  #consumedBytes = 0;
  #creditedFrames = 0;
  #framesSentAtPing = 0;

  constructor(options: SessionOptions, dependencies: SessionDependencies) {
    const { limits } = options;
    const nowMs = dependencies.nowMs();
    this.#options = options;
    this.#dependencies = dependencies;
    this.#output = dependencies.output;
    this.#sender = dependencies.sender;
    this.#streams = dependencies.streams;
    this.#blocks = new HeaderBlocks(limits, dependencies.methods);
    this.#pings = new PingPolicy({ minTimeMs: options.keepaliveMinTimeMs });
    this.#resets = new RateLimit(limits.resetBurst, limits.resetsPerSecond, nowMs);
    this.#idleFrames = new RateLimit(limits.idleFrameBurst, limits.idleFramesPerSecond, nowMs);
    this.#settingsFrames = new RateLimit(limits.settingsBurst, limits.settingsPerSecond, nowMs);
    this.#windows = { send: DEFAULT_WINDOW_BYTES, receive: limits.streamReceiveWindowBytes };
    this.#receiveWindow = limits.connectionReceiveWindowBytes;
  }

  /** Our side of the preface (RFC 9113 §3.4): SETTINGS, and the connection's window. */
  begin(): void {
    const { limits, maxConcurrentStreams } = this.#options;
    const settings: [number, number][] = [
      [Setting.initialWindowSize, limits.streamReceiveWindowBytes],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ];
    if (maxConcurrentStreams < 2 ** 32 - 1) {
      settings.push([Setting.maxConcurrentStreams, maxConcurrentStreams]);
    }
    const payload = writeSettings(settings);
    this.#output.frameHeader(payload.length, FrameType.settings, 0, 0);
    this.#output.append(payload);
    const more = limits.connectionReceiveWindowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.#sendWindowUpdate(0, more);
  }

  /** GOAWAY: streams above `lastStreamId` are not served (§6.8). */
  sendGoAway(lastStreamId: number, code: ErrorCode, text: string): void {
    const debugData = Buffer.from(text, 'latin1');
    this.#output.frameHeader(8 + debugData.length, FrameType.goAway, 0, 0);
    this.#output.uint32(lastStreamId);
    this.#output.uint32(code);
    this.#output.append(debugData);
  }

  sendPing(payload: Buffer, flags: number): void {
    this.#output.frameHeader(8, FrameType.ping, flags, 0);
    this.#output.append(payload);
  }

  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#openBlock !== undefined || !this.hasSettings) this.#checkOrder(type, streamId);
    switch (type) {
      case FrameType.data:
        this.#data(flags, streamId, bytes, start, end);
        break;
      case FrameType.headers:
        this.#headers(flags, streamId, bytes, start, end);
        break;
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, bytes, start, end);
        break;
      case FrameType.rstStream:
        this.#rstStream(streamId, end - start);
        break;
      case FrameType.ping:
        this.#ping(flags, streamId, bytes, start, end);
        break;
      case FrameType.settings:
        this.#settings(flags, streamId, bytes, start, end);
        break;
      case FrameType.continuation:
        this.#continuation(flags, bytes, start, end);
        break;
      case FrameType.priority:
        if (streamId === 0) throw protocolError('PRIORITY on stream 0');
        this.#idleFrame();
        if (end - start !== 5) this.#resetById(streamId, ErrorCode.frameSizeError);
        break;
      case FrameType.goAway:
        if (streamId !== 0) throw protocolError('GOAWAY on a stream');
        if (end - start < 8) throw frameSizeError('GOAWAY');
        this.#idleFrame();
        break;
      case FrameType.pushPromise:
        throw protocolError('PUSH_PROMISE from a client');
      default:
        // Unknown frames are ignored (§4.1), within reason.
        this.#idleFrame();
    }
  }

  /** The first frame must be SETTINGS (§3.4); a header block is not interrupted (§4.3). */
  #checkOrder(type: number, streamId: number): void {
    const block = this.#openBlock;
    if (block === undefined) {
      if (type !== FrameType.settings) throw protocolError('the first frame is no SETTINGS');
    } else if (type !== FrameType.continuation || streamId !== block.streamId) {
      throw protocolError('a header block was interrupted');
    }
  }

  // DATA (§6.1)

  #data(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id === 0) throw protocolError('DATA on stream 0');
    const length = to - from;
    this.#takeConnectionWindow(length);
    let start = from;
    let end = to;
    if ((flags & Flag.padded) !== 0) {
      end = to - paddingBytes(bytes, from, length);
      start += 1;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.isRemoteClosed) {
      this.#dataOnClosed(id, stream);
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.#resetForFault(stream, ErrorCode.flowControlError);
      return;
    }
    const isLast = (flags & Flag.endStream) !== 0;
    stream.isRemoteClosed = isLast;
    stream.bodyBytes += end - start;
    if (!hasRightLength(stream, isLast)) {
      this.#resetForFault(stream, ErrorCode.protocolError);
      return;
    }
    // Answered before the client ended its side: it waits for that, or a reset at the turn's end.
    const wasAnswered = stream.isSendClosed;
    if (start < end) stream.data(bytes, start, end);
    else if (!isLast) this.#idleFrame();
    if (!isLast) {
      if (!stream.isOver) this.#reopenStreamWindow(stream, length);
    } else if (wasAnswered) {
      this.#streams.remove(stream);
    } else {
      stream.remoteEnd();
    }
  }

  #dataOnClosed(id: number, stream: Stream | undefined): void {
    if (stream !== undefined) {
      this.#resetForFault(stream, ErrorCode.streamClosed);
    } else if (id > this.lastStreamId) {
      if (!this.isDraining) throw protocolError('DATA on an idle stream');
    } else {
      this.#idleFrame();
      if (!this.#streams.wasReset(id)) this.#resetById(id, ErrorCode.streamClosed);
    }
  }

  /**
   * The connection's window is opened as bytes come, whatever becomes of them: handlers take messages
   * at once, and what is kept of incomplete ones has a limit of its own.
   */
  #takeConnectionWindow(length: number): void {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.flowControlError, 'the connection window was exceeded');
    }
    this.#consumedBytes += length;
    const consumed = this.#consumedBytes;
    if (consumed * 2 >= this.#options.limits.connectionReceiveWindowBytes) {
      this.#consumedBytes = 0;
      this.#receiveWindow += consumed;
      this.#sendWindowUpdate(0, consumed);
    }
  }

  #reopenStreamWindow(stream: Stream, length: number): void {
    stream.consumedBytes += length;
    const consumed = stream.consumedBytes;
    if (consumed * 2 >= this.#windows.receive) {
      stream.consumedBytes = 0;
      stream.receiveWindow += consumed;
      this.#sendWindowUpdate(stream.id, consumed);
    }
  }

  #sendWindowUpdate(id: number, increment: number): void {
    this.#output.frameHeader(4, FrameType.windowUpdate, 0, id);
    this.#output.uint32(increment);
  }

  // HEADERS and CONTINUATION (§6.2, §6.10)

  #headers(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id === 0) throw protocolError('HEADERS on stream 0');
    let start = from;
    let end = to;
    if ((flags & (Flag.padded | Flag.priority)) !== 0) {
      if ((flags & Flag.padded) !== 0) {
        end = to - paddingBytes(bytes, from, to - from);
        start += 1;
      }
      if ((flags & Flag.priority) !== 0) {
        start += 5;
        if (start > end) throw frameSizeError('HEADERS');
      }
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) {
      this.#headerBlock(id, endStream, bytes, start, end);
    } else {
      const fragments = [bytes.subarray(start, end)];
      this.#openBlock = { streamId: id, endStream, fragments, bytes: end - start };
    }
  }

  #continuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#openBlock;
    if (block === undefined) throw protocolError('CONTINUATION without HEADERS');
    const { limits } = this.#options;
    block.fragments.push(bytes.subarray(start, end));
    block.bytes += end - start;
    if (
      block.bytes > limits.maxHeaderListBytes ||
      block.fragments.length > limits.maxContinuationFrames + 1
    ) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'a header block without end');
    }
    if ((flags & Flag.endHeaders) === 0) return;
    this.#openBlock = undefined;
    this.#headerBlock(
      block.streamId,
      block.endStream,
      Buffer.concat(block.fragments),
      0,
      block.bytes,
    );
  }

  #headerBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    if (id <= this.lastStreamId) {
      this.#trailers(id, endStream, bytes, start, end);
      return;
    }
    if ((id & 1) === 0) throw protocolError('a stream of even number from a client');
    const head = this.#blocks.head(bytes, start, end);
    if (this.isDraining) return;
    this.lastStreamId = id;
    if (head === undefined) {
      this.#resetById(id, ErrorCode.frameSizeError);
    } else if (head.isMalformed) {
      this.#resetById(id, ErrorCode.protocolError);
    } else if (head.refusal !== undefined || head.error !== undefined) {
      this.#refuse(id, head, endStream);
    } else if (this.#streams.load >= this.#options.maxConcurrentStreams) {
      this.#resetById(id, ErrorCode.refusedStream);
    } else if (this.#sender.queuedBytes > this.#options.limits.maxQueuedResponseBytes) {
      this.#resetById(id, ErrorCode.refusedStream);
    } else {
      this.#open(id, head, endStream);
    }
  }

  #open(id: number, head: RequestHead, endStream: boolean): void {
    if (head.timeoutMs <= 0) {
      const error = new RpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded');
      this.#sendFinal(id, trailersOnlyBlock(head.contentSubtype, error), endStream);
      return;
    }
    const stream = new Stream(id, head, this.#windows, this.#streams);
    this.#streams.add(stream);
    if (head.timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#dependencies.deadlines.schedule(stream, head.timeoutMs);
    }
    if (endStream) stream.isRemoteClosed = true;
    stream.start();
    if (!endStream) return;
    if (head.contentLength > 0) this.#resetForFault(stream, ErrorCode.protocolError);
    else stream.remoteEnd();
  }

  #refuse(id: number, head: RequestHead, endStream: boolean): void {
    const { refusal, error, contentSubtype } = head;
    if (refusal !== undefined) {
      const { httpStatus, code, message } = refusal;
      this.#sendFinal(id, refusalBlock(httpStatus, contentSubtype, code, message), endStream);
    } else if (error !== undefined) {
      this.#sendFinal(id, trailersOnlyBlock(contentSubtype, error), endStream);
    }
  }

  /** Answers a request of which no stream was made. */
  #sendFinal(id: number, block: Buffer, endStream: boolean): void {
    this.#sender.sendFinalHeaders(id, block);
    if (!endStream) this.#streams.resetId(id, ErrorCode.noError);
  }

  /** A second header block: trailers of the request, which gRPC has no use for. */
  #trailers(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    // Decoded in any case: the table must stay in step with the client's.
    const isValid = this.#blocks.trailers(bytes, start, end);
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (this.#streams.wasReset(id)) this.#idleFrame();
      else throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS on a closed stream');
    } else if (stream.isRemoteClosed) {
      throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS after END_STREAM');
    } else if (!isValid || !endStream) {
      this.#resetForFault(stream, ErrorCode.protocolError);
    } else {
      stream.isRemoteClosed = true;
      if (stream.isSendClosed) this.#streams.remove(stream);
      else if (hasRightLength(stream, true)) stream.remoteEnd();
      else this.#resetForFault(stream, ErrorCode.protocolError);
    }
  }

  // The other frames

  /** RST_STREAM (§6.4). */
  #rstStream(id: number, length: number): void {
    if (id === 0) throw protocolError('RST_STREAM on stream 0');
    if (length !== 4) throw frameSizeError('RST_STREAM');
    if (id > this.lastStreamId) {
      if (this.isDraining) return;
      throw protocolError('RST_STREAM on an idle stream');
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      this.#idleFrame();
      return;
    }
    // Streams that are opened to be reset make work without an answer (CVE-2023-44487).
    if (!stream.isHeadSent) this.#countReset();
    this.#streams.abort(stream);
  }

  /** SETTINGS (§6.5). */
  #settings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    if (!this.#settingsFrames.take(this.#dependencies.nowMs)) throw tooMuch('too many SETTINGS');
    if ((flags & Flag.ack) !== 0) {
      if (end !== start) throw frameSizeError('SETTINGS');
      if (!this.hasSettings) throw protocolError('the first frame is no SETTINGS');
      return;
    }
    this.hasSettings = true;
    const settings = readSettings(bytes, start, end);
    if (settings.maxFrameSize !== undefined) this.#sender.setMaxFrameBytes(settings.maxFrameSize);
    if (settings.initialWindowSize !== undefined) this.#setSendWindow(settings.initialWindowSize);
    this.#output.frameHeader(0, FrameType.settings, Flag.ack, 0);
  }

  /** Another initial window changes that of every stream by the difference (§6.9.2). */
  #setSendWindow(windowBytes: number): void {
    const difference = windowBytes - this.#windows.send;
    this.#windows = { ...this.#windows, send: windowBytes };
    for (const stream of this.#streams.all()) {
      if (!this.#sender.openStreamWindow(stream, difference)) {
        throw new ConnectionError(ErrorCode.flowControlError, 'a window beyond 2^31-1');
      }
    }
  }

  /** PING (§6.7). */
  #ping(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (end - start !== 8) throw frameSizeError('PING');
    this.#idleFrame();
    const payload = bytes.subarray(start, end);
    if ((flags & Flag.ack) !== 0) {
      this.#dependencies.onPingAck(payload);
      return;
    }
    this.sendPing(payload, Flag.ack);
    const hasSent = this.#sender.framesSent > this.#framesSentAtPing;
    this.#framesSentAtPing = this.#sender.framesSent;
    const nowMs = this.#dependencies.nowMs();
    if (!this.#pings.allow(nowMs, this.#streams.size > 0, hasSent)) throw tooMuch('too_many_pings');
  }

  /** WINDOW_UPDATE (§6.9). */
  #windowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError('WINDOW_UPDATE');
    const increment = bytes.readUInt32BE(start) & 0x7fffffff;
    this.#idleFrame();
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
      if (!this.#sender.openConnectionWindow(increment)) {
        throw new ConnectionError(ErrorCode.flowControlError, 'a window beyond 2^31-1');
      }
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (id > this.lastStreamId && !this.isDraining) {
        throw protocolError('WINDOW_UPDATE on an idle stream');
      }
    } else if (increment === 0) {
      this.#resetForFault(stream, ErrorCode.protocolError);
    } else if (!this.#sender.openStreamWindow(stream, increment)) {
      this.#resetForFault(stream, ErrorCode.flowControlError);
    }
  }

  // Resets and limits

  /** Resets a stream for the client's fault, which counts like a reset of its own. */
  #resetForFault(stream: Stream, code: ErrorCode): void {
    this.#countReset();
    this.#streams.reset(stream, code);
  }

  #resetById(id: number, code: ErrorCode): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) {
      this.#resetForFault(stream, code);
    } else {
      this.#countReset();
      this.#streams.resetId(id, code);
    }
  }

  #countReset(): void {
    if (!this.#resets.take(this.#dependencies.nowMs)) throw tooMuch('too many resets');
  }

  /** Counts a frame that carries nothing; what we sent meanwhile entitles to some. */
  #idleFrame(): void {
    const framesSent = this.#sender.framesSent;
    if (framesSent > this.#creditedFrames) {
      this.#idleFrames.earn((framesSent - this.#creditedFrames) * EARNED_PER_FRAME_SENT);
      this.#creditedFrames = framesSent;
    }
    if (!this.#idleFrames.take(this.#dependencies.nowMs)) throw tooMuch('too many empty frames');
  }
}

/** The client's stream ids end here; a GOAWAY with it refuses nothing yet. */
export const NO_STREAM_REFUSED = MAX_STREAM_ID;

/** Bytes of padding at the end of a padded payload (§6.1). */
function paddingBytes(bytes: Buffer, start: number, length: number): number {
  if (length === 0) throw frameSizeError('padded');
  const padding = bytes[start] as number;
  if (padding >= length) throw protocolError('more padding than payload');
  return padding;
}

/** content-length, where it is given, is the length of the body (§8.1.1). */
function hasRightLength(stream: Stream, isLast: boolean): boolean {
  const { contentLength } = stream.head;
  if (contentLength < 0) return true;
  return isLast ? stream.bodyBytes === contentLength : stream.bodyBytes <= contentLength;
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

function frameSizeError(frame: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, `a ${frame} frame of the wrong size`);
}

function tooMuch(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, message);
}

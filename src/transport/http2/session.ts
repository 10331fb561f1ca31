import { GrpcCode, RpcError } from '../../base/errors.js';
import {
  type ControlDependencies,
  ControlFrames,
  type ControlOptions,
  isIdle,
  type SessionState,
} from './control-frames.js';
import type { FloodGuard } from './flood-guard.js';
import type { FrameSink } from './frame-reader.js';
import { refusalBlock, trailersOnlyBlock } from './grpc/blocks.js';
import type { MethodTable } from './grpc/method-table.js';
import type { RequestHead } from './grpc/request-head.js';
import { HeaderBlocks } from './header-blocks.js';
import type { Http2Limits } from './limits.js';
import type { Output } from './output.js';
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  frameSizeError,
  protocolError,
  Setting,
} from './protocol.js';
import type { Sender } from './sender.js';
import { writeSettings } from './settings.js';
import { SkippedStreams } from './skipped-streams.js';
import { Stream } from './stream.js';
import type { StreamTable } from './stream-table.js';
import type { TimerWheel } from './timer-wheel.js';

export interface SessionOptions extends ControlOptions {
  readonly maxConcurrentStreams: number;
  readonly limits: Http2Limits;
}

export interface SessionDependencies extends ControlDependencies {
  readonly deadlines: TimerWheel;
  readonly methods: MethodTable;
}

/** A header block that goes on in CONTINUATION frames. */
interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly fragments: Buffer[];
  bytes: number;
}

/** The server's side of HTTP/2 on one connection: what each frame does (RFC 9113 §5, §6). */
export class Session implements FrameSink {
  isReading = true;
  readonly state: SessionState;
  readonly #options: SessionOptions;
  readonly #dependencies: SessionDependencies;
  readonly #output: Output;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #blocks: HeaderBlocks;
  readonly #guard: FloodGuard;
  readonly #control: ControlFrames;
  readonly #skipped = new SkippedStreams();
  #openBlock: OpenBlock | undefined;
  #receiveWindow: number;
  #consumedBytes = 0;

  constructor(options: SessionOptions, dependencies: SessionDependencies) {
    const { limits } = options;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#output = dependencies.output;
    this.#sender = dependencies.sender;
    this.#streams = dependencies.streams;
    this.#blocks = new HeaderBlocks(limits, dependencies.methods);
    this.state = {
      lastStreamId: 0,
      isDraining: false,
      hasSettings: false,
      nowMs: 0,
      windows: { send: DEFAULT_WINDOW_BYTES, receive: limits.streamReceiveWindowBytes },
    };
    this.#guard = dependencies.guard;
    this.#control = new ControlFrames(options, dependencies, this.state);
    this.#receiveWindow = limits.connectionReceiveWindowBytes;
  }

  /** Our side of the preface (RFC 9113 §3.4): SETTINGS, and the connection's window. */
  get control(): ControlFrames {
    return this.#control;
  }

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

  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#openBlock !== undefined || !this.state.hasSettings) this.#checkOrder(type, streamId);
    switch (type) {
      case FrameType.data:
        this.#data(flags, streamId, bytes, start, end);
        break;
      case FrameType.headers:
        this.#headers(flags, streamId, bytes, start, end);
        break;
      case FrameType.continuation:
        this.#continuation(flags, bytes, start, end);
        break;
      default:
        this.#control.frame(type, flags, streamId, bytes, start, end);
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
      this.#streams.resetForFault(stream, ErrorCode.flowControlError);
      return;
    }
    const isLast = (flags & Flag.endStream) !== 0;
    stream.isRemoteClosed = isLast;
    stream.bodyBytes += end - start;
    if (!hasRightLength(stream, isLast)) {
      this.#streams.resetForFault(stream, ErrorCode.protocolError);
      return;
    }
    // Answered before the client ended its side: it waits for that, or a reset at the turn's end.
    const wasAnswered = stream.isSendClosed;
    if (start < end) stream.data(bytes, start, end);
    else if (!isLast) this.#guard.countIdleFrame();
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
      this.#streams.resetForFault(stream, ErrorCode.streamClosed);
    } else if (isIdle(this.state, id)) {
      this.#control.idleStream(id, 'DATA');
    } else {
      this.#guard.countIdleFrame();
      if (!this.#streams.wasReset(id)) this.#streams.resetById(id, ErrorCode.streamClosed);
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
    if (consumed * 2 >= this.state.windows.receive) {
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
        if (start > to) throw frameSizeError('HEADERS');
        if (start > end) throw protocolError('more padding than payload');
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
    if ((id & 1) === 0) throw protocolError('a stream of even number from a client');
    const last = this.state.lastStreamId;
    if (id <= last) {
      this.#trailers(id, endStream, bytes, start, end);
      return;
    }
    const head = this.#blocks.head(bytes, start, end);
    if (this.state.isDraining) {
      this.#guard.countIdleFrame();
      return;
    }
    if (id > last + 2) this.#skipped.add(last + 1, id - 1);
    this.state.lastStreamId = id;
    if (head === undefined) {
      this.#streams.resetById(id, ErrorCode.frameSizeError);
    } else if (head.isMalformed) {
      this.#streams.resetById(id, ErrorCode.protocolError);
    } else if (head.refusal !== undefined || head.error !== undefined) {
      this.#refuse(id, head, endStream);
    } else if (
      this.#streams.load >= this.#options.maxConcurrentStreams ||
      this.#streams.isFull ||
      this.#sender.queuedBytes > this.#options.limits.maxQueuedResponseBytes
    ) {
      this.#streams.resetById(id, ErrorCode.refusedStream);
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
    const stream = new Stream(id, head, this.state, this.#streams);
    this.#streams.add(stream);
    if (head.timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#dependencies.deadlines.schedule(stream, head.timeoutMs);
    }
    if (endStream) stream.isRemoteClosed = true;
    stream.start();
    if (!endStream) return;
    if (head.contentLength > 0) this.#streams.resetForFault(stream, ErrorCode.protocolError);
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
      if (this.#streams.wasReset(id)) this.#guard.countIdleFrame();
      else if (this.#skipped.has(id)) throw protocolError('a stream that was skipped');
      else throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS on a closed stream');
    } else if (stream.isRemoteClosed) {
      throw new ConnectionError(ErrorCode.streamClosed, 'HEADERS after END_STREAM');
    } else if (!isValid || !endStream) {
      this.#streams.resetForFault(stream, ErrorCode.protocolError);
    } else {
      stream.isRemoteClosed = true;
      if (stream.isSendClosed) this.#streams.remove(stream);
      else if (hasRightLength(stream, true)) stream.remoteEnd();
      else this.#streams.resetForFault(stream, ErrorCode.protocolError);
    }
  }
}

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

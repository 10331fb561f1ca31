import { GrpcCode, RpcError } from '../../base/errors.js';
import type { Message } from '../handler.js';
import type { FloodGuard } from './flood-guard.js';
import { gunzipMessage } from './grpc/compression.js';
import type { Http2Limits } from './limits.js';
import type { Output } from './output.js';
import { ErrorCode, FrameType } from './protocol.js';
import type { Sender } from './sender.js';
import type { Stream, StreamHost } from './stream.js';
import { StreamSet } from './stream-set.js';
import type { TimerWheel } from './timer-wheel.js';

/** Streams that we have reset: what their client sent before it knew is ignored (RFC 9113 §5.4.2). */
const MAX_REMEMBERED_RESETS = 1024;

/** What a stream holds beside its headers, roughly: its own state and that of its handler. */
const STREAM_BYTES = 1024;

export interface StreamTableOptions {
  readonly maxReceiveBytes: number;
  readonly limits: Http2Limits;
}

export interface StreamTableDependencies {
  readonly output: Output;
  readonly sender: Sender;
  readonly deadlines: TimerWheel;
  readonly guard: FloodGuard;
  /** Something was put out: it should leave at the end of this turn. */
  readonly flushSoon: () => void;
}

/** The streams of a connection that are not closed, and the ends that they come to. */
export class StreamTable implements StreamHost {
  readonly maxReceiveBytes: number;
  readonly #maxPartialBytes: number;
  readonly #maxOpenBytes: number;
  readonly #dependencies: StreamTableDependencies;
  readonly #streams = new StreamSet();
  /** Answered in full, but the client has not ended its side. */
  #halfOpen: Stream[] = [];
  readonly #recentlyReset = new Set<number>();
  #partialBytes = 0;
  #openBytes = 0;
  /** Unary handlers at work for streams that are gone. */
  #orphans = 0;

  constructor(options: StreamTableOptions, dependencies: StreamTableDependencies) {
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.#maxPartialBytes = options.limits.maxPartialMessageBytes;
    this.#maxOpenBytes = options.limits.maxOpenStreamBytes;
    this.#dependencies = dependencies;
  }

  /** Streams that are open or half closed. */
  get size(): number {
    return this.#streams.size;
  }

  /** What counts against the limit of concurrent streams: also handlers nobody waits for. */
  get load(): number {
    return this.#streams.size + this.#orphans;
  }

  /** The open streams hold all the memory that they may. */
  get isFull(): boolean {
    return this.#openBytes >= this.#maxOpenBytes;
  }

  get(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  all(): Stream[] {
    return this.#streams.all();
  }

  add(stream: Stream): void {
    this.#streams.add(stream);
    this.#openBytes += STREAM_BYTES + stream.head.sizeBytes;
  }

  /** Both sides are done with a stream. */
  remove(stream: Stream): void {
    if (!this.#streams.delete(stream)) return;
    if (stream.isHandling) this.#orphans += 1;
    this.#openBytes -= STREAM_BYTES + stream.head.sizeBytes;
    if (stream.timerSlot >= 0) this.#dependencies.deadlines.cancel(stream);
  }

  wasReset(id: number): boolean {
    return this.#recentlyReset.has(id);
  }

  /** Sends RST_STREAM for a stream of which nothing is kept. */
  resetId(id: number, code: ErrorCode): void {
    const { output, flushSoon } = this.#dependencies;
    output.frameHeader(4, FrameType.rstStream, 0, id);
    output.uint32(code);
    this.#recentlyReset.add(id);
    if (this.#recentlyReset.size > MAX_REMEMBERED_RESETS) {
      for (const oldest of this.#recentlyReset) {
        this.#recentlyReset.delete(oldest);
        break;
      }
    }
    flushSoon();
  }

  /** Resets a stream; its handler hears that it is over. */
  reset(stream: Stream, code: ErrorCode): void {
    this.resetId(stream.id, code);
    this.abort(stream);
  }

  /** Resets a stream for the client's fault, which counts like a reset of its own. */
  resetForFault(stream: Stream, code: ErrorCode): void {
    this.#dependencies.guard.countReset();
    this.reset(stream, code);
  }

  /** The same where there may be no such stream any more. */
  resetById(id: number, code: ErrorCode): void {
    this.#dependencies.guard.countReset();
    const stream = this.#streams.get(id);
    if (stream === undefined) this.resetId(id, code);
    else this.reset(stream, code);
  }

  /** The stream is gone, without a word to the client. */
  abort(stream: Stream): void {
    this.remove(stream);
    this.#dependencies.sender.drop(stream);
    stream.abort();
  }

  /** The connection is gone. */
  abortAll(): void {
    for (const stream of this.#streams.all()) this.abort(stream);
  }

  /**
   * Resets the streams that were answered before the client ended its side. Called at the end of a
   * turn: mostly the client's last frame was right behind its message.
   */
  resetHalfOpen(): void {
    if (this.#halfOpen.length === 0) return;
    const streams = this.#halfOpen;
    this.#halfOpen = [];
    for (const stream of streams) {
      if (!this.#has(stream)) continue;
      this.remove(stream);
      this.resetId(stream.id, ErrorCode.noError);
    }
  }

  // StreamHost

  respond(stream: Stream, response: Message): void {
    this.#dependencies.sender.respond(stream, response);
    this.#dependencies.flushSoon();
  }

  write(stream: Stream, message: Message): boolean {
    const hasRoom = this.#dependencies.sender.write(stream, message);
    this.#dependencies.flushSoon();
    return hasRoom;
  }

  finish(stream: Stream, error: RpcError | null): void {
    this.#dependencies.sender.finish(stream, error);
    this.#dependencies.flushSoon();
  }

  finishNow(stream: Stream, error: RpcError): void {
    this.#dependencies.sender.drop(stream);
    this.finish(stream, error);
  }

  sent(stream: Stream): void {
    if (stream.isRemoteClosed) this.remove(stream);
    else this.#halfOpen.push(stream);
  }

  expire(stream: Stream): void {
    this.reset(stream, ErrorCode.cancel);
  }

  holdPartial(deltaBytes: number): boolean {
    this.#partialBytes += deltaBytes;
    return this.#partialBytes <= this.#maxPartialBytes;
  }

  unpack(message: Buffer): Buffer {
    const { guard } = this.#dependencies;
    if (!guard.mayUnpack) {
      throw new RpcError(GrpcCode.resourceExhausted, 'grpc: too much compressed data');
    }
    try {
      const unpacked = gunzipMessage(message, this.maxReceiveBytes);
      guard.countUnpacked(unpacked.length);
      return unpacked;
    } catch (error) {
      // It may have come to the limit before it failed.
      guard.countUnpacked(this.maxReceiveBytes);
      throw error;
    }
  }

  refuse(stream: Stream): void {
    this.resetForFault(stream, ErrorCode.refusedStream);
  }

  lateAnswer(stream: Stream): void {
    // Until it is removed, the stream itself is what counts.
    if (!this.#has(stream)) this.#orphans -= 1;
  }

  #has(stream: Stream): boolean {
    return this.#streams.get(stream.id) === stream;
  }
}

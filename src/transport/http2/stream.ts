import { errorText, GrpcCode, RpcError } from '../../base/errors.js';
import type { Message, Responder, StreamCall, StreamReceiver } from '../handler.js';
import { formatError, sizeError } from './grpc/compression.js';
import { PartialMessage, PREFIX_BYTES } from './grpc/partial-message.js';
import type { RequestHead } from './grpc/request-head.js';
import { OutgoingStream } from './sender.js';
import { TIMER_IDLE, type TimerEntry } from './timer-wheel.js';

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly maxReceiveBytes: number;
  /** Sends a unary call's response and ends the stream. */
  respond(stream: Stream, response: Message): void;
  write(stream: Stream, message: Message): boolean;
  /** Ends the stream with a status; null is OK. */
  finish(stream: Stream, error: RpcError | null): void;
  /** As finish, but what is queued is dropped. */
  finishNow(stream: Stream, error: RpcError): void;
  /** The stream's last frame is out. */
  sent(stream: Stream): void;
  /** Resets a stream that was over, but could not be delivered in time. */
  expire(stream: Stream): void;
  /** Keeps account of memory for incomplete messages; false: there is no room for more. */
  holdPartial(deltaBytes: number): boolean;
  /** Unpacks a gzip message. Throws `RpcError`. */
  unpack(message: Buffer): Buffer;
  /** Tells the client to try again elsewhere or later. */
  refuse(stream: Stream): void;
  /** A handler answered after its stream had been ended without it. */
  lateAnswer(stream: Stream): void;
}

/** What a new stream takes from the state of its connection. */
export interface StreamOpening {
  readonly nowMs: number;
  readonly windows: { readonly send: number; readonly receive: number };
}

const EMPTY = Buffer.alloc(0);
const MULTIPLE_REQUESTS =
  'cardinality violation: received multiple request messages for non-client-streaming RPC';
const NO_REQUEST =
  'cardinality violation: received no request message from non-client-streaming RPC';

/** One call: from HTTP/2 frames to a handler and back. It is also its own deadline's timer. */
export class Stream extends OutgoingStream implements Responder, StreamCall, TimerEntry {
  timerTick = 0;
  timerSlot = TIMER_IDLE;
  timerPrevious: TimerEntry | null = null;
  timerNext: TimerEntry | null = null;
  readonly head: RequestHead;
  readonly openedAtMs: number;
  /** The client sends nothing more. */
  isRemoteClosed = false;
  /** Bytes the client may still send, and bytes taken that it was not told of yet. */
  receiveWindow: number;
  consumedBytes = 0;
  /** Length of the body so far. */
  bodyBytes = 0;
  readonly #host: StreamHost;
  /** The handler neither hears nor says anything more. */
  #isOver = false;
  /** A unary handler was called and has not answered. */
  #isHandling = false;
  #hasMessage = false;
  /** The message of a server stream, until the client has finished. */
  #request: Buffer | undefined = undefined;
  #partial: PartialMessage | undefined = undefined;
  #receiver: StreamReceiver | undefined = undefined;

  constructor(id: number, head: RequestHead, opening: StreamOpening, host: StreamHost) {
    super(id, head.contentSubtype, opening.windows.send);
    this.head = head;
    this.openedAtMs = opening.nowMs;
    this.receiveWindow = opening.windows.receive;
    this.#host = host;
  }

  /** Whether a handler works on it, though nobody waits any more. */
  get isHandling(): boolean {
    return this.#isHandling;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The headers are complete. */
  start(): void {
    if (this.head.method?.kind === 'bidi') this.#open();
  }

  /** Takes a part of the body. */
  data(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#isOver) {
      at =
        this.#partial === undefined
          ? this.#wholeMessages(bytes, at, end)
          : this.#restOfMessage(this.#partial, bytes, at, end);
    }
  }

  /** The client has ended its side. */
  remoteEnd(): void {
    if (this.#isOver) return;
    const partial = this.#partial;
    const kind = this.head.method?.kind;
    if (partial?.hasPrefix === true) {
      // As etcd: what a unary handler reads fails as unknown, a stream's as internal.
      const code = kind === 'unary' ? GrpcCode.unknown : GrpcCode.internal;
      this.#fail(new RpcError(code, 'unexpected EOF'));
    } else if (kind === 'bidi') {
      this.#call((receiver) => receiver.halfClosed());
    } else if (kind === 'server') {
      this.#openServerStream();
    } else if (!this.#hasMessage) {
      this.#fail(new RpcError(GrpcCode.unknown, 'EOF'));
    }
  }

  /** The stream is gone: reset by either side, or its connection closed. */
  abort(): void {
    this.isSendClosed = true;
    this.#over();
  }

  // Responder, for a unary handler.

  /** The answer: at once or much later, when the stream may be gone. */
  respond(error: RpcError | null, response?: Message): void {
    if (!this.#isHandling) return;
    this.#isHandling = false;
    if (this.#isOver) {
      this.#host.lateAnswer(this);
      return;
    }
    this.#isOver = true;
    if (error === null) this.#host.respond(this, response ?? EMPTY);
    else this.#host.finish(this, error);
  }

  // StreamCall, for the handler of a stream.

  metadata(name: string): string | undefined {
    return this.head.metadata(name);
  }

  write(message: Message): boolean {
    return this.#isOver || this.#host.write(this, message);
  }

  end(error: RpcError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.finish(this, error);
    this.#close();
  }

  // OutgoingStream, for the sender.

  onDrained(): void {
    if (!this.#isOver) this.#call((receiver) => receiver.drained());
  }

  onSent(): void {
    this.#host.sent(this);
  }

  /** The deadline has passed. */
  onTimer(): void {
    if (this.#isOver) {
      this.#host.expire(this);
    } else {
      this.#fail(new RpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded'));
    }
  }

  /** Hands on the messages that lie whole in `bytes[at, end)`; begins to gather what is left. */
  #wholeMessages(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (end - at >= PREFIX_BYTES) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.#host.maxReceiveBytes) {
        this.#fail(sizeError(length, this.#host.maxReceiveBytes));
        return end;
      }
      const start = at + PREFIX_BYTES;
      if (end - start < length) break;
      at = start + length;
      this.#message(bytes[start - PREFIX_BYTES] as number, bytes.subarray(start, at));
      if (this.#isOver) return end;
    }
    if (at < end) this.#partial = new PartialMessage();
    return at;
  }

  #restOfMessage(partial: PartialMessage, bytes: Buffer, from: number, end: number): number {
    const heldBytes = partial.capacityBytes;
    const hadPrefix = partial.hasPrefix;
    const at = partial.add(bytes, from, end);
    if (!hadPrefix && partial.hasPrefix && partial.lengthBytes > this.#host.maxReceiveBytes) {
      this.#fail(sizeError(partial.lengthBytes, this.#host.maxReceiveBytes));
      return end;
    }
    if (!this.#host.holdPartial(partial.capacityBytes - heldBytes)) {
      this.#host.refuse(this);
      return end;
    }
    if (!partial.isComplete) return at;
    this.#dropPartial();
    this.#message(partial.format, partial.body);
    return at;
  }

  #dropPartial(): void {
    if (this.#partial === undefined) return;
    this.#host.holdPartial(-this.#partial.capacityBytes);
    this.#partial = undefined;
  }

  #message(format: number, bytes: Buffer): void {
    let message = bytes;
    if (format !== 0) {
      const unpacked = this.#unpack(format, bytes);
      if (unpacked === undefined) return;
      message = unpacked;
    }
    const method = this.head.method;
    if (method?.kind === 'unary') {
      // Go's gRPC ignores whatever follows the first message of a unary call.
      if (this.#hasMessage) return;
      this.#hasMessage = true;
      this.#isHandling = true;
      try {
        method.handle(message, this.head, this);
      } catch (error) {
        this.respond(unexpected(error));
      }
    } else if (method?.kind === 'bidi') {
      this.#call((receiver) => receiver.message(message));
    } else if (this.#hasMessage) {
      this.#fail(new RpcError(GrpcCode.internal, MULTIPLE_REQUESTS));
    } else {
      this.#hasMessage = true;
      this.#request = message;
    }
  }

  #unpack(format: number, bytes: Buffer): Buffer | undefined {
    const error = formatError(format, this.head.encoding);
    if (error !== undefined) {
      this.#fail(error);
      return undefined;
    }
    try {
      return this.#host.unpack(bytes);
    } catch (failure) {
      this.#fail(failure instanceof RpcError ? failure : unexpected(failure));
      return undefined;
    }
  }

  #openServerStream(): void {
    const request = this.#request;
    if (request === undefined) {
      this.#fail(new RpcError(GrpcCode.internal, NO_REQUEST));
      return;
    }
    this.#request = undefined;
    this.#open();
    if (!this.#isOver) this.#call((receiver) => receiver.message(request));
    if (!this.#isOver) this.#call((receiver) => receiver.halfClosed());
  }

  #open(): void {
    const method = this.head.method;
    if (method === undefined || method.kind === 'unary') return;
    try {
      const receiver = method.open(this);
      this.#receiver = receiver;
      // The handler may have ended the call while it was opened.
      if (this.#isOver) this.#close();
    } catch (error) {
      this.#fail(unexpected(error));
    }
  }

  #call(action: (receiver: StreamReceiver) => void): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    try {
      action(receiver);
    } catch (error) {
      this.#fail(unexpected(error));
    }
  }

  /** Ends the call from this side: what the handler has written and is not sent is dropped. */
  #fail(error: RpcError): void {
    if (this.#isOver) return;
    this.#over();
    this.#host.finishNow(this, error);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#close();
  }

  /** Lets go of all that belongs to the handler. */
  #close(): void {
    this.#dropPartial();
    this.#request = undefined;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.closed();
  }
}

/** A handler maps its errors itself; what it throws is a fault of ours. */
function unexpected(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(GrpcCode.internal, errorText(error));
}

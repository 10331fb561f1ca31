import type { RpcError } from '../base/errors.js';

/**
 * What the api room offers and a carrier calls: request bytes in, response bytes out. A handler does
 * not know what carries it; a carrier does not know what the bytes mean.
 */
export interface CallContext {
  /** The value of a request header (lower-case name), if the client sent it. */
  metadata(name: string): string | undefined;
}

/**
 * A message that is put together while it is sent, straight into what goes to the socket: a list of a
 * hundred megabytes never lies in one piece anywhere.
 */
export interface MessageSource {
  /** Bytes of the whole message. */
  readonly length: number;
  /**
   * Writes the next `count` bytes of the message into `target` at `at`. Every byte is asked for once
   * at most, in order; a call that ends early asks no more.
   */
  read(target: Buffer, at: number, count: number): void;
}

/** What is sent: bytes that must not change any more, or the source of them. */
export type Message = Buffer | MessageSource;

/** The bytes of a message, for who needs them in one piece. The source is used up. */
export function bytesOf(message: Message): Buffer {
  if (Buffer.isBuffer(message)) return message;
  const bytes = Buffer.allocUnsafe(message.length);
  message.read(bytes, 0, bytes.length);
  return bytes;
}

/**
 * What a unary call is answered with. An object rather than a function, since the carrier's stream can be
 * it: of a function, one would have to be made for each call, and thousands of calls wait at a time.
 */
export interface Responder {
  /**
   * Answers the call, once: with an error, or with the encoded response, at once or much later. The bytes
   * must not change any more: a carrier may send them from where they are.
   */
  respond(error: RpcError | null, response?: Message): void;
}

export interface UnaryMethod {
  readonly kind: 'unary';
  /** `/package.Service/Method` */
  readonly path: string;
  /**
   * The request's bytes will not change, but may lie in a buffer with others: whoever keeps a small
   * part of them for long copies it. The context is the same for calls with the same headers.
   */
  handle(request: Buffer, context: CallContext, responder: Responder): void;
}

/** The carrier's end of a stream, as the handler sees it. */
export interface StreamCall extends CallContext {
  /**
   * Sends one message, whose bytes must not change any more. False means that the client reads slower
   * than it is written to: the message is taken, but the handler should stop until its receiver's
   * `drained` is called.
   */
  write(message: Message): boolean;
  /** Ends the stream: with OK for null. Nothing may be written after it. */
  end(error: RpcError | null): void;
}

/** The handler's end of a stream, as the carrier sees it. */
export interface StreamReceiver {
  message(bytes: Buffer): void;
  /** The client sends nothing more; it may still read. */
  halfClosed(): void;
  /** There is room again after a write that returned false. */
  drained(): void;
  /** The call is over, whatever the cause; nothing of it will be called again. */
  closed(): void;
}

export interface StreamMethod {
  /** `server`: the client sends one message; `bidi`: both send any number. */
  readonly kind: 'server' | 'bidi';
  readonly path: string;
  open(call: StreamCall): StreamReceiver;
}

export type RpcMethod = UnaryMethod | StreamMethod;

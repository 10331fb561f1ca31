import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { frameMessage, MessageReader } from './frames.js';
import { codeOfHttpStatus, decodeStatusMessage, RPC_CODE, RpcError } from './status.js';

export interface MessageLimits {
  readonly maxRequestBytes: number;
  /** 0: no limit. */
  readonly maxReceiveBytes: number;
}

/** Answers that may wait for the reader; then the server has to. */
const MAX_WAITING = 64;

/** Go's timers, and Node's, take no longer time than this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One call: requests go in, answers come out as an iteration that ends with the call. */
export class RpcStream implements AsyncIterable<Buffer> {
  readonly #stream: ClientHttp2Stream;
  readonly #reader: MessageReader;
  readonly #limits: MessageLimits;
  readonly #waiting: Buffer[] = [];
  readonly #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};
  /** How the call ended; undefined while it goes on. */
  #end: { readonly error: RpcError | undefined } | undefined;

  constructor(stream: ClientHttp2Stream, deadlineMs: number, limits: MessageLimits) {
    this.#stream = stream;
    this.#limits = limits;
    this.#reader = new MessageReader(limits.maxReceiveBytes);
    const remainingMs = deadlineMs - Date.now();
    if (remainingMs < MAX_TIMER_MS) {
      const expire = (): void => this.#fail(new RpcError(RPC_CODE.deadlineExceeded, ''));
      this.#timer = setTimeout(expire, Math.max(remainingMs, 0));
    }
    stream.on('response', (headers) => this.#headers(headers));
    stream.on('trailers', (headers) => this.#trailers(headers));
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    stream.on('error', (error) => this.#fail(new RpcError(RPC_CODE.unavailable, error.message)));
    stream.on('close', () => {
      this.#fail(new RpcError(RPC_CODE.unavailable, 'error reading from server: EOF'));
    });
  }

  /** Sends a request. Throws RpcError for one that is too large. */
  write(message: Uint8Array): void {
    const { maxRequestBytes } = this.#limits;
    if (message.length > maxRequestBytes) {
      const sizes = `(${message.length} vs. ${maxRequestBytes})`;
      const text = `trying to send message larger than max ${sizes}`;
      const error = new RpcError(RPC_CODE.resourceExhausted, text);
      this.#fail(error);
      throw error;
    }
    if (this.#end === undefined && !this.#stream.destroyed) {
      this.#stream.write(frameMessage(message));
    }
  }

  /** No further request will come. */
  halfClose(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }

  /** Ends the call without an error. */
  cancel(): void {
    this.#fail(undefined);
  }

  /** The answers. Throws RpcError. Leaving it early ends the call. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const message = this.#waiting.shift();
        if (message !== undefined) {
          if (this.#waiting.length === 0) this.#stream.resume();
          yield message;
        } else if (this.#end !== undefined) {
          if (this.#end.error !== undefined) throw this.#end.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.cancel();
    }
  }

  #headers(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const status = headers[':status'] ?? 200;
    if (headers['grpc-status'] !== undefined) this.#trailers(headers);
    else if (status !== 200) {
      const details = `unexpected HTTP status code received from server: ${status}`;
      this.#fail(new RpcError(codeOfHttpStatus(status), details));
    }
  }

  #trailers(headers: IncomingHttpHeaders): void {
    const code = Number(headers['grpc-status'] ?? RPC_CODE.unknown);
    const details = decodeStatusMessage(String(headers['grpc-message'] ?? ''));
    this.#finish(code === RPC_CODE.ok ? undefined : new RpcError(code, details));
  }

  #data(chunk: Buffer): void {
    try {
      this.#waiting.push(...this.#reader.push(chunk));
    } catch (error) {
      this.#fail(error instanceof RpcError ? error : new RpcError(RPC_CODE.internal, `${error}`));
    }
    if (this.#waiting.length > MAX_WAITING) this.#stream.pause();
    this.#wake();
  }

  #fail(error: RpcError | undefined): void {
    if (this.#end === undefined && !this.#stream.destroyed) {
      this.#stream.close(constants.NGHTTP2_CANCEL);
    }
    this.#finish(error);
  }

  #finish(error: RpcError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    clearTimeout(this.#timer);
    this.#wake();
  }
}

import type { Init } from '../../proto/wire.js';
import { Channel, type TlsSettings } from './grpc/channel.js';
import { RPC_CODE, RpcError } from './grpc/status.js';
import type { RpcStream } from './grpc/stream.js';

export { RpcError } from './grpc/status.js';

/** One RPC: its path and the codecs of its two messages. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly encode: (message: Init<Request>) => Buffer;
  readonly decode: (bytes: Uint8Array) => Response;
  readonly encodeResponse: (message: Response) => Uint8Array;
  /** Reading twice does no harm, so that it may be repeated when a server was not available. */
  readonly repeatable: boolean;
}

export interface ConnectionOptions {
  readonly endpoints: readonly string[];
  readonly dialTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** 0: 2 MiB. */
  readonly maxRequestBytes: number;
  /** 0: no limit. */
  readonly maxReceiveBytes: number;
  /** Undefined: only endpoints whose scheme says so get TLS, with what the system trusts. */
  readonly tls: TlsSettings | undefined;
}

const DEFAULT_MAXIMUM_REQUEST_BYTES = 2 * 1024 * 1024;
const RETRY_PAUSE_MS = 25;
const DEFAULT_TLS: TlsSettings = {
  context: undefined,
  rejectUnauthorized: true,
  serverName: undefined,
};

/** A stream both ways: requests are written, answers are iterated over. */
export interface DuplexCall<Request, Response> extends AsyncIterable<Response> {
  write(request: Init<Request>): void;
  cancel(): void;
}

/** A connection to one server: the first of the endpoints that answers. */
export class Connection {
  readonly #channel: Channel;
  #token: string | undefined;

  private constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** With one endpoint nothing is waited for here: the first call does. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { endpoints, dialTimeoutMs, maxRequestBytes } = options;
    const create = (endpoint: string): Channel =>
      new Channel({
        ...options,
        endpoint,
        defaultTls: DEFAULT_TLS,
        maxRequestBytes: maxRequestBytes || DEFAULT_MAXIMUM_REQUEST_BYTES,
      });
    let channel = create(endpoints[0] ?? '');
    for (const endpoint of endpoints.slice(1)) {
      if (await channel.isReachable(dialTimeoutMs)) break;
      channel.close();
      channel = create(endpoint);
    }
    return new Connection(channel);
  }

  /** Why the server could not be reached so far; undefined if it could. */
  get lastFailure(): string | undefined {
    return this.#channel.lastFailure;
  }

  /** Sends `token` along with every call from now on. */
  authenticate(token: string): void {
    this.#token = token;
  }

  /**
   * One call, one answer. Waits for a connection; `timeoutMs` covers all of it.
   * @throws RpcError
   */
  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<Response> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await this.#call(method, request, deadlineMs);
      } catch (error) {
        const isUnavailable = error instanceof RpcError && error.code === RPC_CODE.unavailable;
        if (!method.repeatable || !isUnavailable) throw error;
        if (Date.now() + RETRY_PAUSE_MS >= deadlineMs) {
          throw new RpcError(RPC_CODE.deadlineExceeded, '');
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  async #call<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    deadlineMs: number,
  ): Promise<Response> {
    const stream = await this.#start(method.path, deadlineMs);
    stream.write(method.encode(request));
    stream.halfClose();
    let answer: Buffer | undefined;
    for await (const message of stream) answer ??= message;
    if (answer === undefined) throw new RpcError(RPC_CODE.internal, 'an answer without a message');
    return method.decode(answer);
  }

  /**
   * A stream of answers to one request.
   * @throws RpcError, from the iteration too
   */
  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Response> {
    const stream = await this.#start(method.path, Date.now() + timeoutMs);
    stream.write(method.encode(request));
    stream.halfClose();
    for await (const message of stream) yield method.decode(message);
  }

  /** A stream both ways. `requireLeader`: the server ends it when its member loses the leader. */
  async duplexStream<Request, Response>(
    method: Method<Request, Response>,
    requireLeader: boolean,
  ): Promise<DuplexCall<Request, Response>> {
    const metadata: Record<string, string> = requireLeader ? { hasleader: 'true' } : {};
    const stream = await this.#start(method.path, Number.POSITIVE_INFINITY, metadata);
    return {
      write: (request) => stream.write(method.encode(request)),
      cancel: () => stream.cancel(),
      async *[Symbol.asyncIterator]() {
        for await (const message of stream) yield method.decode(message);
      },
    };
  }

  #start(
    path: string,
    deadlineMs: number,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<RpcStream> {
    const token = this.#token === undefined ? {} : { token: this.#token };
    return this.#channel.call(path, { deadlineMs, metadata: { ...metadata, ...token } });
  }

  close(): void {
    this.#channel.close();
  }
}

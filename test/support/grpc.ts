import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

/** A gRPC call that ended with a status other than OK. */
export class GrpcError extends Error {
  /** The gRPC status code, e.g. 3 for InvalidArgument. */
  readonly code: number;
  /** The status message exactly as the server sent it. */
  readonly details: string;

  constructor(code: number, details: string) {
    super(`${status[code] ?? code}: ${details}`);
    this.name = 'GrpcError';
    this.code = code;
    this.details = details;
  }
}

/** What every call may carry. */
export interface GrpcCallOptions {
  /** Default 30 s for unary calls, none for streams. */
  timeoutMs?: number;
  /** Request metadata, e.g. `{ hasleader: 'true', token: '...' }`. */
  metadata?: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const identity = (bytes: Buffer): Buffer => bytes;

/**
 * A gRPC client that knows no messages: bytes in, bytes out, nothing retried, no size limits of its
 * own. `method` is the full name, with or without the leading slash: `etcdserverpb.KV/Range`.
 */
export class GrpcClient {
  private readonly client: Client;

  /**
   * `address` is `host:port`. One client is one connection, opened by the first call; in the clear,
   * unless an authority to trust (PEM) is given.
   */
  constructor(address: string, channelOptions: ChannelOptions = {}, authority?: Buffer) {
    const security: ChannelCredentials =
      authority === undefined ? credentials.createInsecure() : credentials.createSsl(authority);
    this.client = new Client(address, security, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
      ...channelOptions,
    });
  }

  /** One request, one response. Throws `GrpcError`. */
  unary(method: string, request: Uint8Array, options: GrpcCallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path(method),
        identity,
        identity,
        Buffer.from(request.buffer, request.byteOffset, request.byteLength),
        metadataOf(options),
        callOptions(options, DEFAULT_TIMEOUT_MS),
        (error: ServiceError | null, response?: Buffer) => {
          if (error !== null) reject(new GrpcError(error.code, error.details));
          else if (response === undefined) reject(new GrpcError(status.INTERNAL, 'no response'));
          else resolve(response);
        },
      );
    });
  }

  /** One request, a stream of responses. */
  serverStream(
    method: string,
    request: Uint8Array,
    options: GrpcCallOptions = {},
  ): ClientReadableStream<Buffer> {
    return this.client.makeServerStreamRequest(
      path(method),
      identity,
      identity,
      Buffer.from(request.buffer, request.byteOffset, request.byteLength),
      metadataOf(options),
      callOptions(options, undefined),
    );
  }

  /** Collects a whole server stream. Throws `GrpcError`; what came before the error is lost. */
  async collect(
    method: string,
    request: Uint8Array,
    options: GrpcCallOptions = {},
  ): Promise<Buffer[]> {
    const messages: Buffer[] = [];
    const stream = this.serverStream(method, request, {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      ...options,
    });
    return new Promise((resolve, reject) => {
      stream.on('data', (message: Buffer) => messages.push(message));
      stream.on('error', (error: ServiceError) => reject(new GrpcError(error.code, error.details)));
      stream.on('end', () => resolve(messages));
    });
  }

  /** Streams both ways, e.g. `etcdserverpb.Watch/Watch`. */
  bidirectional(method: string, options: GrpcCallOptions = {}): BidirectionalStream {
    return new BidirectionalStream(
      this.client.makeBidiStreamRequest(
        path(method),
        identity,
        identity,
        metadataOf(options),
        callOptions(options, undefined),
      ),
    );
  }

  /** Waits until the connection stands; throws when it does not within `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.client.close();
  }
}

/** A stream both ways that keeps what came until somebody asks for it. */
export class BidirectionalStream {
  /** Every message received so far, in order. */
  readonly received: Buffer[] = [];
  /** How the stream ended, once it has: undefined while open, code 0 for a regular end. */
  ending: GrpcError | undefined;
  private readonly call: ClientDuplexStream<Buffer, Buffer>;
  private readonly changed = new Set<() => void>();

  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    this.call = call;
    call.on('data', (message: Buffer) => {
      this.received.push(message);
      this.notify();
    });
    call.on('status', ({ code, details }: { code: number; details: string }) => {
      this.ending ??= new GrpcError(code, details);
      this.notify();
    });
    call.on('error', (error: ServiceError) => {
      this.ending ??= new GrpcError(error.code, error.details);
      this.notify();
    });
  }

  send(request: Uint8Array): void {
    this.call.write(Buffer.from(request.buffer, request.byteOffset, request.byteLength));
  }

  /** Ends the client's side; the server's side goes on. */
  halfClose(): void {
    this.call.end();
  }

  /** Resets the stream; it ends with Canceled. */
  cancel(): void {
    this.call.cancel();
  }

  /** Calls `listener` on every message and on the end, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.changed.add(listener);
    return () => this.changed.delete(listener);
  }

  /**
   * Waits until `condition` holds; it is asked now and after everything that comes. Resolves to
   * whether it held in time (false also when the stream ended first).
   */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (held: boolean): void => {
        clearTimeout(timer);
        stopListening();
        resolve(held);
      };
      const timer = setTimeout(() => finish(condition()), timeoutMs);
      const stopListening = this.onChange(() => {
        if (condition()) finish(true);
        else if (this.ending !== undefined) finish(false);
      });
      if (this.ending !== undefined) finish(condition());
    });
  }

  private notify(): void {
    for (const listener of [...this.changed]) listener();
  }
}

function path(method: string): string {
  return method.startsWith('/') ? method : `/${method}`;
}

function metadataOf(options: GrpcCallOptions): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  return metadata;
}

function callOptions(options: GrpcCallOptions, defaultTimeoutMs: number | undefined): CallOptions {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

import { readFileSync } from 'node:fs';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Init } from '../../proto/wire.js';

/** One RPC: its path and the codecs of its two messages. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly encode: (message: Init<Request>) => Buffer;
  readonly decode: (bytes: Uint8Array) => Response;
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
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly insecureTransport: boolean;
  readonly insecureSkipVerify: boolean;
}

/** An RPC failed; the message is what etcdctl prints. */
export class RpcError extends Error {
  readonly code: number;
  /** The server's own words. */
  readonly details: string;

  constructor(code: number, details: string) {
    super(describe(code, details));
    this.name = 'RpcError';
    this.code = code;
    this.details = details;
  }
}

function describe(code: number, details: string): string {
  if (details.startsWith('etcdserver: ') || details.startsWith('auth: ')) return details;
  if (code === status.DEADLINE_EXCEEDED) return 'context deadline exceeded';
  if (code === status.CANCELLED) return 'context canceled';
  const name = (status[code] ?? 'UNKNOWN')
    .toLowerCase()
    .replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
  return `rpc error: code = ${name} desc = ${details}`;
}

function toRpcError(error: ServiceError): RpcError {
  return new RpcError(error.code, error.details);
}

const DEFAULT_MAXIMUM_REQUEST_BYTES = 2 * 1024 * 1024;
const RETRY_PAUSE_MS = 25;

/** `http://h:p`, `https://h:p`, `unix:path`, `h:p` as a grpc target, and whether it wants TLS. */
export function parseEndpoint(endpoint: string): { target: string; secure: boolean | undefined } {
  const match = /^(https?|unixs?):(?:\/\/)?(.*)$/.exec(endpoint);
  if (match === null) return { target: endpoint, secure: undefined };
  const [, scheme = '', rest = ''] = match;
  const secure = scheme.endsWith('s');
  return { target: scheme.startsWith('unix') ? `unix:${rest}` : rest, secure };
}

function createClient(endpoint: string, options: ConnectionOptions): Client {
  const { target, secure } = parseEndpoint(endpoint);
  const wantsTls =
    options.certFile !== '' ||
    options.caFile !== '' ||
    options.keyFile !== '' ||
    !options.insecureTransport;
  const channel = {
    'grpc.max_receive_message_length': options.maxReceiveBytes || -1,
    'grpc.max_send_message_length': options.maxRequestBytes || DEFAULT_MAXIMUM_REQUEST_BYTES,
    'grpc.keepalive_time_ms': options.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
  };
  if (!(secure ?? wantsTls)) return new Client(target, credentials.createInsecure(), channel);
  const file = (path: string): Buffer | null => (path === '' ? null : readFileSync(path));
  const verify = { rejectUnauthorized: !options.insecureSkipVerify };
  const ca = file(options.caFile);
  const key = file(options.keyFile);
  return new Client(
    target,
    credentials.createSsl(ca, key, file(options.certFile), verify),
    channel,
  );
}

/** A connection to one server: the first of the endpoints that answers. */
export class Connection {
  readonly #client: Client;
  #token: string | undefined;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** With one endpoint nothing is waited for here: the first call does. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    let client = createClient(options.endpoints[0] ?? '', options);
    for (const endpoint of options.endpoints.slice(1)) {
      if (await isReady(client, options.dialTimeoutMs)) break;
      client.close();
      client = createClient(endpoint, options);
    }
    return new Connection(client);
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
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        return await this.#call(method, request, deadline);
      } catch (error) {
        const isUnavailable = error instanceof RpcError && error.code === status.UNAVAILABLE;
        if (!method.repeatable || !isUnavailable) throw error;
        if (Date.now() + RETRY_PAUSE_MS >= deadline) {
          throw new RpcError(status.DEADLINE_EXCEEDED, '');
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  #call<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    deadline: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.encode,
        method.decode,
        request,
        this.#metadata(),
        { deadline },
        (error, response) => {
          if (error) reject(toRpcError(error));
          else resolve(response as Response);
        },
      );
    });
  }

  /** A stream of answers to one request. Its errors are ServiceErrors: see {@link rpcErrorOf}. */
  serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Init<Request>,
    timeoutMs: number,
  ): ClientReadableStream<Response> {
    const options = { deadline: Date.now() + timeoutMs };
    const metadata = this.#metadata();
    return this.#client.makeServerStreamRequest(
      method.path,
      method.encode,
      method.decode,
      request,
      metadata,
      options,
    );
  }

  /** A stream both ways. `requireLeader`: the server ends it when its member loses the leader. */
  duplexStream<Request, Response>(
    method: Method<Request, Response>,
    requireLeader: boolean,
  ): ClientDuplexStream<Init<Request>, Response> {
    const metadata = this.#metadata();
    if (requireLeader) metadata.set('hasleader', 'true');
    return this.#client.makeBidiStreamRequest(method.path, method.encode, method.decode, metadata);
  }

  #metadata(): Metadata {
    const metadata = new Metadata({ waitForReady: true });
    if (this.#token !== undefined) metadata.set('token', this.#token);
    return metadata;
  }

  close(): void {
    this.#client.close();
  }
}

export function rpcErrorOf(error: Error): RpcError {
  return toRpcError(error as ServiceError);
}

function isReady(client: Client, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    client.waitForReady(Date.now() + timeoutMs, (error) => resolve(error === undefined));
  });
}

import { readFileSync } from 'node:fs';
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { DiscoveryConfig } from '../../config/index.js';
import { Auth, KV, Watch } from '../../proto/generated/etcdserverpb.js';
import type { Event } from '../../proto/generated/mvccpb.js';
import type { Init } from '../../proto/wire.js';
import type { Registry, RegistryEntry, RegistryListing } from './registry.js';

/** A generated description of a method, such as `KV.methods.put`. */
interface Method<Request, Response> {
  readonly path: string;
  readonly request: { encode(message: Init<Request>): Buffer };
  readonly response: { decode(bytes: Uint8Array): Response };
}

const identity = (bytes: Buffer): Buffer => bytes;
const EVENT_DELETE = 1;
/** More frequent pings make a server close the connection; Go's client has the same limit. */
const MIN_KEEPALIVE_TIME_MS = 10_000;

/** The registry of a discovery service: an etcd that is reached by gRPC (`--discovery-endpoints`). */
export class RegistryClient implements Registry {
  readonly #config: DiscoveryConfig;
  readonly #clients: readonly Client[];
  readonly #metadata = new Metadata();
  #isAuthenticated = false;
  /** Which endpoint is asked first: the one that answered last. */
  #preferred = 0;

  /** Opens no connection yet. Throws if a certificate cannot be read. */
  constructor(config: DiscoveryConfig) {
    this.#config = config;
    const secure = secureCredentials(config);
    const options = {
      'grpc.keepalive_time_ms': Math.max(config.keepaliveTimeMs, MIN_KEEPALIVE_TIME_MS),
      'grpc.keepalive_timeout_ms': config.keepaliveTimeoutMs,
    };
    this.#clients = config.endpoints.map((endpoint) => {
      const { target, isSecure } = parseEndpoint(endpoint, secure !== undefined);
      const channel = isSecure ? (secure ?? credentials.createSsl()) : credentials.createInsecure();
      return new Client(target, channel, options);
    });
  }

  async get(key: string): Promise<string | undefined> {
    const { kvs } = await this.#call(KV.methods.range, { key: Buffer.from(key) });
    return kvs[0]?.value.toString();
  }

  async list(prefix: string): Promise<RegistryListing> {
    const request = { key: Buffer.from(prefix), rangeEnd: endOf(prefix) };
    const { kvs, header } = await this.#call(KV.methods.range, request);
    const entries = kvs.map(({ key, value, createRevision }) => ({
      key: key.toString(),
      value: value.toString(),
      createRevision,
    }));
    return { entries, revision: header?.revision ?? 0 };
  }

  async put(key: string, value: string): Promise<void> {
    await this.#call(KV.methods.put, { key: Buffer.from(key), value: Buffer.from(value) });
  }

  /**
   * Hands over what is put under a prefix from a revision on, until `take` returns true or the stream
   * breaks.
   */
  watch(
    prefix: string,
    startRevision: number,
    take: (entry: RegistryEntry) => boolean,
  ): Promise<void> {
    const { path, request, response } = Watch.methods.watch;
    const stream = this.#client(0).makeBidiStreamRequest(
      path,
      identity,
      identity,
      this.#metadata.clone(),
    );
    const createRequest = { key: Buffer.from(prefix), rangeEnd: endOf(prefix), startRevision };
    return new Promise((resolve) => {
      stream.on('error', () => resolve());
      stream.on('end', () => resolve());
      stream.on('data', (message: Buffer) => {
        const { events, canceled } = response.decode(message);
        if (canceled || takeAll(events, take)) {
          stream.cancel();
          resolve();
        }
      });
      stream.write(request.encode({ createRequest }));
    });
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #client(offset: number): Client {
    const client = this.#clients[(this.#preferred + offset) % this.#clients.length];
    if (client === undefined) throw new Error('there is no discovery endpoint');
    return client;
  }

  async #call<Request, Response>(
    method: Method<Request, Response>,
    message: NoInfer<Init<Request>>,
  ): Promise<Response> {
    if (!this.#isAuthenticated) await this.#authenticate();
    return await this.#send(method, message);
  }

  async #authenticate(): Promise<void> {
    const { name, password } = userOf(this.#config);
    if (name !== '' && password !== '') {
      const { authenticate } = Auth.methods;
      const { dialTimeoutMs } = this.#config;
      const { token } = await this.#send(authenticate, { name, password }, dialTimeoutMs);
      this.#metadata.set('token', token);
    }
    this.#isAuthenticated = true;
  }

  /** Asks one endpoint after the other as long as they cannot be reached. */
  async #send<Request, Response>(
    method: Method<Request, Response>,
    message: NoInfer<Init<Request>>,
    timeoutMs = this.#config.requestTimeoutMs,
  ): Promise<Response> {
    const deadline = Date.now() + timeoutMs;
    const request = method.request.encode(message);
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#unary(attempt, method.path, request, { deadline });
        this.#preferred = (this.#preferred + attempt) % this.#clients.length;
        return method.response.decode(answer);
      } catch (error) {
        const isUnreachable = (error as ServiceError).code === status.UNAVAILABLE;
        if (!isUnreachable || attempt >= this.#clients.length - 1) throw error;
      }
    }
  }

  #unary(attempt: number, path: string, request: Buffer, options: CallOptions): Promise<Buffer> {
    const metadata = this.#metadata.clone();
    return new Promise((resolve, reject) => {
      this.#client(attempt).makeUnaryRequest(
        path,
        identity,
        identity,
        request,
        metadata,
        options,
        (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'));
          else resolve(answer);
        },
      );
    });
  }
}

/** Whether `take` had enough. */
function takeAll(events: readonly Event[], take: (entry: RegistryEntry) => boolean): boolean {
  let isEnough = false;
  for (const { kv, type } of events) {
    if (kv === undefined || type === EVENT_DELETE) continue;
    const { key, value, createRevision } = kv;
    isEnough = take({ key: key.toString(), value: value.toString(), createRevision });
  }
  return isEnough;
}

/** `http`, `https` and `unix` URLs, or `host:port`, which is as secure as the flags say. */
function parseEndpoint(
  endpoint: string,
  isSecureByDefault: boolean,
): { target: string; isSecure: boolean } {
  const [, scheme, rest = endpoint] = /^(https?|unixs?):\/\/(.*)$/.exec(endpoint) ?? [];
  if (scheme === undefined) return { target: rest, isSecure: isSecureByDefault };
  const target = scheme.startsWith('unix') ? `unix:${rest}` : rest.replace(/\/.*$/, '');
  return { target, isSecure: scheme.endsWith('s') };
}

function secureCredentials(config: DiscoveryConfig): ChannelCredentials | undefined {
  const { certFile, keyFile, trustedCaFile, insecureTransport, insecureSkipTlsVerify } = config;
  const isGiven = certFile !== '' || keyFile !== '' || trustedCaFile !== '';
  if (!isGiven && insecureTransport && !insecureSkipTlsVerify) return undefined;
  const read = (path: string): Buffer | null => (path === '' ? null : readFileSync(path));
  return credentials.createSsl(read(trustedCaFile), read(keyFile), read(certFile), {
    rejectUnauthorized: !insecureSkipTlsVerify,
  });
}

/** `--discovery-user` may hold the password too. */
function userOf({ user, password }: DiscoveryConfig): { name: string; password: string } {
  const colon = user.indexOf(':');
  if (password !== '' || colon < 0) return { name: user, password };
  return { name: user.slice(0, colon), password: user.slice(colon + 1) };
}

/** The end of the range of all keys with a prefix that ends in a letter. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

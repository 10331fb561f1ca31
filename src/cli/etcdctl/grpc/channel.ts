/**
 * A gRPC client on Node's own HTTP/2, as small as this program needs it: loading a full gRPC library
 * takes 60 to 100 ms, which is more than all else that `etcdctl get` does until its first output.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import { type Address, parseEndpoint } from './endpoint.js';
import { RPC_CODE, RpcError } from './status.js';
import { RpcStream } from './stream.js';

export interface ChannelOptions {
  readonly endpoint: string;
  /** Undefined: plain text, unless the endpoint's scheme says otherwise. */
  readonly tls: TlsSettings | undefined;
  /** Used where the scheme asks for TLS and no TLS option was given. */
  readonly defaultTls: TlsSettings;
  readonly dialTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxRequestBytes: number;
  /** 0: no limit. */
  readonly maxReceiveBytes: number;
}

export interface TlsSettings {
  readonly context: SecureContext | undefined;
  readonly rejectUnauthorized: boolean;
  /** The name that the server's certificate must have; undefined: the endpoint's host. */
  readonly serverName: string | undefined;
}

export interface CallOptions {
  /** Unix time in milliseconds; infinity for none. */
  readonly deadlineMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const FIRST_RETRY_PAUSE_MS = 20;
const MAX_RETRY_PAUSE_MS = 1000;
const TIMED_OUT = 'i/o timeout';
const WINDOW_BYTES = 4 << 20;

/** The connection to one server: made at the first call, made again when it is lost. */
export class Channel {
  readonly options: ChannelOptions;
  readonly #address: Address;
  readonly #tls: TlsSettings | undefined;
  #session: Promise<ClientHttp2Session> | undefined;
  #isClosed = false;
  /** Why the last attempt to connect failed. */
  lastFailure: string | undefined;

  constructor(options: ChannelOptions) {
    this.options = options;
    const { address, secure } = parseEndpoint(options.endpoint);
    this.#address = address;
    const wantsTls = secure ?? options.tls !== undefined;
    this.#tls = wantsTls ? (options.tls ?? options.defaultTls) : undefined;
  }

  /**
   * Starts a call, once there is a connection: it is tried until the deadline.
   * @throws RpcError when the deadline passes before
   */
  async call(path: string, options: CallOptions): Promise<RpcStream> {
    const session = await this.#ready(options.deadlineMs);
    const headers: Record<string, string> = {
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'etcdctl',
      ...options.metadata,
    };
    const { maxReceiveBytes, maxRequestBytes } = this.options;
    const remainingMs = options.deadlineMs - Date.now();
    if (Number.isFinite(remainingMs)) headers['grpc-timeout'] = `${Math.ceil(remainingMs)}m`;
    const limits = { maxReceiveBytes, maxRequestBytes };
    if (session.destroyed || session.closed) {
      throw new RpcError(RPC_CODE.unavailable, 'error reading from server: EOF');
    }
    return new RpcStream(session.request(headers), options.deadlineMs, limits);
  }

  /** Whether a connection was made within `timeoutMs`. */
  async isReachable(timeoutMs: number): Promise<boolean> {
    try {
      await this.#ready(Date.now() + timeoutMs);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.then(
      (session) => session.destroy(),
      () => {},
    );
  }

  async #ready(deadlineMs: number): Promise<ClientHttp2Session> {
    for (
      let pauseMs = FIRST_RETRY_PAUSE_MS;
      ;
      pauseMs = Math.min(2 * pauseMs, MAX_RETRY_PAUSE_MS)
    ) {
      const attempt = this.#session ?? this.#connect(deadlineMs);
      this.#session = attempt;
      try {
        return await attempt;
      } catch (error) {
        if (this.#session === attempt) this.#session = undefined;
        const failure = error instanceof Error ? error.message : String(error);
        // The deadline cuts the last attempt short; what stopped those before tells more.
        if (failure !== TIMED_OUT || this.lastFailure === undefined) this.lastFailure = failure;
      }
      if (this.#isClosed) throw new RpcError(RPC_CODE.canceled, 'the connection is closing');
      const remainingMs = deadlineMs - Date.now();
      if (remainingMs <= 0) throw new RpcError(RPC_CODE.deadlineExceeded, '');
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, remainingMs)));
    }
  }

  async #connect(deadlineMs: number): Promise<ClientHttp2Session> {
    const { session, socket } = this.#open();
    let cause: Error | undefined;
    const gone = new AbortController();
    // Both are listened to: a session does not always hear of what happens to its socket.
    for (const emitter of [session, socket]) {
      emitter.on('error', (error: Error) => {
        cause ??= error;
        gone.abort();
      });
      emitter.once('close', () => gone.abort());
    }
    const timeoutMs = Math.min(this.options.dialTimeoutMs || Infinity, deadlineMs - Date.now());
    const expired = new AbortController();
    const timer = Number.isFinite(timeoutMs)
      ? setTimeout(() => expired.abort(), Math.max(timeoutMs, 0))
      : undefined;
    try {
      // Only the server's first frame tells that it takes the connection: a TLS server may refuse the
      // client's certificate after the handshake.
      const signal = AbortSignal.any([expired.signal, gone.signal]);
      await once(session, 'remoteSettings', { signal });
    } catch (error) {
      session.destroy();
      if (cause !== undefined) throw cause;
      if (expired.signal.aborted) throw new Error(TIMED_OUT);
      throw gone.signal.aborted ? new Error('the server closed the connection') : error;
    } finally {
      clearTimeout(timer);
    }
    session.setLocalWindowSize(WINDOW_BYTES);
    const forget = (): void => {
      this.#session = undefined;
    };
    session.on('close', forget);
    socket.once('close', () => {
      forget();
      session.destroy();
    });
    session.on('goaway', forget);
    this.#keepAlive(session);
    return session;
  }

  #open(): { readonly session: ClientHttp2Session; readonly socket: Socket } {
    const address = this.#address;
    const host = address.kind === 'unix' ? 'localhost' : address.host;
    const port = address.kind === 'unix' ? '' : `:${address.port}`;
    const authority = `${host.includes(':') ? `[${host}]` : host}${port}`;
    const scheme = this.#tls === undefined ? 'http' : 'https';
    const socket = this.#dial(host);
    const session = connectHttp2(`${scheme}://${authority}`, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      createConnection: () => socket,
    });
    return { session, socket };
  }

  #dial(host: string): Socket {
    const address = this.#address;
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
    if (this.#tls === undefined) return connectTcp(target);
    const { context, rejectUnauthorized, serverName } = this.#tls;
    const name = serverName ?? host;
    return connectTls({
      ...target,
      rejectUnauthorized,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
      ...(context === undefined ? {} : { secureContext: context }),
      // TLS has no server names that are addresses; the certificate is checked against it anyway.
      servername: isIP(name) ? '' : name,
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    });
  }

  /** While calls are under way, a server that does not answer a ping in time counts as lost. */
  #keepAlive(session: ClientHttp2Session): void {
    const { keepaliveTimeMs, keepaliveTimeoutMs } = this.options;
    if (keepaliveTimeMs <= 0) return;
    // Go's client pings no more often than this.
    const timer = setInterval(
      () => {
        if (session.destroyed) return;
        const lost = setTimeout(
          () => session.destroy(undefined, constants.NGHTTP2_CANCEL),
          keepaliveTimeoutMs,
        );
        lost.unref();
        session.ping(() => clearTimeout(lost));
      },
      Math.max(keepaliveTimeMs, MIN_KEEPALIVE_MS),
    );
    timer.unref();
    session.on('close', () => clearInterval(timer));
  }
}

const MIN_KEEPALIVE_MS = 10_000;

import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { PeerUrl } from './peer-url.js';

/** How a connection to an `https` or `unixs` URL is made. */
export type PeerTlsOptions = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'checkServerIdentity'
>;

/** Says how the next connection to a URL is made: certificates may change while the server runs. */
export type PeerTls = (url: PeerUrl) => PeerTlsOptions;

/** A request to be sent to a member. */
export interface ConnectorRequest {
  readonly url: PeerUrl;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a connection may serve several requests, one after the other. */
  readonly reuseConnection: boolean;
}

/** Makes HTTP/1.1 requests to other members. */
export interface PeerConnector {
  request(request: ConnectorRequest): ClientRequest;
  /** Closes the connections that wait for a next request. */
  close(): void;
}

/** Idle connections are closed before etcd, which waits 5 s, closes them under a request. */
const IDLE_TIMEOUT_MS = 4000;

/** {@link PeerConnector} on Node's own HTTP client. */
export class NodePeerConnector implements PeerConnector {
  readonly #tls: PeerTls;
  readonly #httpAgent = new HttpAgent({ keepAlive: true, timeout: IDLE_TIMEOUT_MS });
  // A session taken up again would skip the look at the other side's certificate.
  readonly #httpsAgent = new HttpsAgent({
    keepAlive: true,
    timeout: IDLE_TIMEOUT_MS,
    maxCachedSessions: 0,
  });

  constructor(tls: PeerTls = () => ({})) {
    this.#tls = tls;
  }

  request(request: ConnectorRequest): ClientRequest {
    const { url, method, path, headers, reuseConnection } = request;
    const target =
      url.socketPath === undefined
        ? { host: url.host, port: url.port }
        : { socketPath: url.socketPath };
    const options = { ...target, method, path, headers };
    if (url.isSecure) {
      const agent = reuseConnection ? this.#httpsAgent : false;
      return httpsRequest({ ...options, ...this.#tls(url), agent });
    }
    return httpRequest({ ...options, agent: reuseConnection ? this.#httpAgent : false });
  }

  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }
}

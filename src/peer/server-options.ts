import type { ServerOptions } from 'node:http';

/**
 * How an HTTP server has to be set up whose requests go to a PeerTransport. A stream and a snapshot
 * last as long as they move: the transport watches over that itself, so there is no limit on a
 * request as a whole.
 */
export const PEER_SERVER_OPTIONS = {
  headersTimeout: 5000,
  keepAliveTimeout: 5000,
  requestTimeout: 0,
  noDelay: true,
} as const satisfies ServerOptions;

import type { IncomingMessage, ServerResponse } from 'node:http';
import { SERVER_VERSION } from '../base/version.js';
import type { Cluster } from '../membership/index.js';

/** The answers of Go's http.Error: plain text that browsers must not guess about. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Answers 405 to anything but `method`, and says whether it did. */
export function refuseOtherMethods(
  request: IncomingMessage,
  response: ServerResponse,
  method: 'GET' | 'POST' = 'GET',
): boolean {
  if (request.method === method) return false;
  response.setHeader('Allow', method);
  sendText(response, 405, 'Method Not Allowed\n');
  return true;
}

/** The body of /version. */
export function versionText(server: {
  readonly cluster: Pick<Cluster, 'version' | 'storageVersion'>;
}): string {
  const { version, storageVersion } = server.cluster;
  return JSON.stringify({
    etcdserver: SERVER_VERSION,
    etcdcluster: version ?? 'not_decided',
    // As etcd calls a format without a version.
    storage: storageVersion ?? '3.5.0',
  });
}

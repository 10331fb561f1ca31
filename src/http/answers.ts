import type { IncomingMessage, ServerResponse } from 'node:http';
import { SERVER_VERSION } from '../base/version.js';
import type { KvorumServer } from '../server/index.js';

/** The answers of Go's http.Error: plain text that browsers must not guess about. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
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
export function versionText(server: KvorumServer): string {
  const { version, storageVersion } = server.cluster;
  return JSON.stringify({
    etcdserver: SERVER_VERSION,
    etcdcluster: version ?? 'not_decided',
    storage: storageVersion ?? 'unknown',
  });
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { AlarmType, type KvorumServer } from '../server/index.js';
import { refuseOtherMethods, sendText, versionText } from './answers.js';

/** CORS headers of the client port, sent with every answer (E.1). */
const CORS_HEADERS = {
  'Access-Control-Allow-Headers': 'accept, content-type, authorization',
  'Access-Control-Allow-Methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'Access-Control-Allow-Origin': '*',
};

/** Answers plain HTTP on the client port. */
export function createHttpHandler(server: KvorumServer): RequestListener {
  return (request, response) => {
    // A body is never looked at; reading it keeps the connection usable.
    request.resume();
    for (const [name, value] of Object.entries(CORS_HEADERS)) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      response.writeHead(200).end();
      return;
    }
    const url = parseUrl(request);
    if (url?.pathname === '/health') handleHealth(server, request, response, url.searchParams);
    else if (url?.pathname === '/version') handleVersion(server, request, response);
    else sendText(response, 404, '404 page not found\n');
  };
}

function parseUrl(request: IncomingMessage): URL | undefined {
  try {
    return new URL(request.url ?? '/', 'http://localhost');
  } catch {
    return undefined;
  }
}

function handleVersion(
  server: KvorumServer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (refuseOtherMethods(request, response)) return;
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(versionText(server));
}

function handleHealth(
  server: KvorumServer,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): void {
  if (refuseOtherMethods(request, response)) return;
  const reason = alarmReason(server, query.getAll('exclude')) ?? leaderReason(server, query);
  if (reason !== undefined) {
    sendHealth(response, reason);
    return;
  }
  if (query.get('serializable') === 'true') {
    sendHealth(response, undefined);
    return;
  }
  server.linearizableRead((error) => {
    sendHealth(response, error === null ? undefined : `RANGE ERROR:${error.message}`);
  });
}

function alarmReason(server: KvorumServer, excluded: readonly string[]): string | undefined {
  const { alarms } = server;
  if (alarms.isRaised(AlarmType.noSpace) && !excluded.includes('NOSPACE')) return 'ALARM NOSPACE';
  if (alarms.isRaised(AlarmType.corrupt) && !excluded.includes('CORRUPT')) return 'ALARM CORRUPT';
  return undefined;
}

function leaderReason(server: KvorumServer, query: URLSearchParams): string | undefined {
  const asksLeader = query.get('serializable') !== 'true';
  return asksLeader && server.leaderId === 0n ? 'RAFT NO LEADER' : undefined;
}

function sendHealth(response: ServerResponse, reason: string | undefined): void {
  const body = JSON.stringify({
    health: reason === undefined ? 'true' : 'false',
    reason: reason ?? '',
  });
  if (reason === undefined) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(body);
  } else sendText(response, 503, `${body}\n`);
}

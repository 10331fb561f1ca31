import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers with Go's form of an error: plain text and a line end. */
export function sendError(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(`${text}\n`);
}

/** So much of a body is read away before its sender is refused. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/**
 * Refuses a request whose body was not read, and closes the connection. The body is read away first:
 * closing a connection with unread bytes would take the answer with it.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): void {
  let discardedBytes = 0;
  let isAnswered = false;
  const answer = () => {
    if (isAnswered) return;
    isAnswered = true;
    sendErrorAndClose(response, status, text);
  };
  request.once('end', answer);
  request.once('close', answer);
  request.on('data', (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > MAX_DISCARDED_BYTES) answer();
  });
  request.resume();
}

/** Answers with an error and closes the connection. */
export function sendErrorAndClose(response: ServerResponse, status: number, text: string): void {
  if (response.destroyed) return;
  response.setHeader('Connection', 'close');
  sendError(response, status, text);
}

/** Answers 405 to any method but `method`, and says whether it did. */
export function refuseOtherMethods(
  request: IncomingMessage,
  response: ServerResponse,
  method: 'GET' | 'POST',
): boolean {
  if (request.method === method) return false;
  response.setHeader('Allow', method);
  refuse(request, response, 405, 'Method Not Allowed');
  return true;
}

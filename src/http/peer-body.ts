import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendText } from './answers.js';

/** What members ask each other here fits easily; longer bodies are refused. */
const MAX_BODY_BYTES = 64 * 1024;
/** How long nothing may come of a body that is not complete. */
const IDLE_TIMEOUT_MS = 5000;

/**
 * Reads the body of a request, then calls back with it. One that is too long, or breaks off, is
 * refused here.
 */
export function withBody(
  request: IncomingMessage,
  response: ServerResponse,
  take: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let isRefused = false;
  request.setTimeout(IDLE_TIMEOUT_MS, () => {
    if (!request.complete) request.destroy();
  });
  request.on('data', (chunk: Buffer) => {
    if (isRefused) return;
    sizeBytes += chunk.length;
    if (sizeBytes <= MAX_BODY_BYTES) {
      chunks.push(chunk);
      return;
    }
    isRefused = true;
    chunks.length = 0;
    // The rest is not waited for.
    response.setHeader('Connection', 'close');
    sendText(response, 413, 'request body too large\n');
    request.resume();
  });
  request.once('end', () => {
    if (!isRefused) take(Buffer.concat(chunks, sizeBytes));
  });
  // The connection is gone: there is nobody to answer.
  request.once('error', () => {});
}

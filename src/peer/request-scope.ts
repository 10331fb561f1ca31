import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.js';
import type { ConnectorRequest, PeerConnector } from './connector.js';
import { PeerRequestError } from './errors.js';

/** Answers to anything but a stream are small; more than this is not read unless asked for. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface RequestTimeouts {
  /** How long making the connection may take. */
  readonly connectMs: number;
  /** How long nothing may move on it. */
  readonly idleMs: number;
  /** How long the whole exchange may take; undefined: as long as something moves. */
  readonly totalMs?: number | undefined;
}

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RequestScopeDependencies {
  readonly clock: Clock;
  readonly connector: PeerConnector;
}

/** The requests that one owner has under way; they end when it does. */
export class RequestScope {
  readonly #clock: Clock;
  readonly #connector: PeerConnector;
  readonly #open = new Set<ClientRequest>();
  #isClosed = false;

  constructor(dependencies: RequestScopeDependencies) {
    this.#clock = dependencies.clock;
    this.#connector = dependencies.connector;
  }

  /**
   * Begins a request; the caller writes the body, ends it and listens for `response` and `error`.
   * @throws PeerRequestError once the scope is closed
   */
  open(request: ConnectorRequest, timeouts: RequestTimeouts): ClientRequest {
    if (this.#isClosed) throw new PeerRequestError('stopped');
    const opened = this.#connector.request(request);
    this.#open.add(opened);
    const fail = (reason: string) => opened.destroy(new PeerRequestError(reason));
    const { connectMs, idleMs, totalMs } = timeouts;
    const cancelConnect = this.#clock.setTimeout(() => fail('dial timeout'), connectMs);
    const cancelTotal =
      totalMs === undefined
        ? undefined
        : this.#clock.setTimeout(() => fail('deadline exceeded'), totalMs);
    opened.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', cancelConnect);
      else cancelConnect();
    });
    opened.setTimeout(idleMs, () => fail('i/o timeout'));
    opened.once('close', () => {
      cancelConnect();
      cancelTotal?.();
      this.#open.delete(opened);
    });
    return opened;
  }

  /**
   * Sends a request and reads the answer. On a connection that had served another request before, it
   * may be sent a second time: what must not happen twice has to ask for a connection of its own.
   * @throws PeerRequestError and the system's errors if there is none
   */
  async exchange(
    request: ConnectorRequest,
    timeouts: RequestTimeouts,
    body?: Uint8Array,
    maxAnswerBytes = MAX_ANSWER_BYTES,
  ): Promise<Answer> {
    const opened = this.open(request, timeouts);
    try {
      return await send(opened, body, maxAnswerBytes);
    } catch (error) {
      // The other end may close an idle connection just as it is used again: not its fault, nor ours.
      if (!opened.reusedSocket || !isReset(error) || this.#isClosed) throw error;
      const again = this.open({ ...request, reuseConnection: false }, timeouts);
      return await send(again, body, maxAnswerBytes);
    }
  }

  /** Breaks off all requests; there will be no more. */
  close(): void {
    this.#isClosed = true;
    for (const request of this.#open) request.destroy(new PeerRequestError('stopped'));
  }
}

function send(
  request: ClientRequest,
  body: Uint8Array | undefined,
  maxAnswerBytes: number,
): Promise<Answer> {
  const answer = answerOf(request, maxAnswerBytes);
  request.end(body);
  return answer;
}

function isReset(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

/** The whole answer to `request`. */
export function answerOf(
  request: ClientRequest,
  maxAnswerBytes = MAX_ANSWER_BYTES,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new PeerRequestError('connection closed'));
    request.on('error', reject);
    request.once('close', onClose);
    request.once('response', (response) => {
      // From here on the body says whether it came to its end.
      request.off('close', onClose);
      readBody(response, maxAnswerBytes).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
  });
}

/**
 * Reads the body of an answer.
 * @throws PeerRequestError if it is too long, the system's error if it breaks off
 */
export async function readBody(
  message: IncomingMessage,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new PeerRequestError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

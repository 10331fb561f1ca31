import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorText } from '../base/errors.js';
import { formatNodeId, type Message, MessageType } from '../raft/index.js';
import { sendErrorAndClose } from './answers.js';
import type { PeerContext } from './context.js';
import { FrameTruncatedError, PeerProtocolError } from './errors.js';
import { messageFault } from './message-check.js';
import { MessageStreamDecoder } from './message-stream.js';

/** The limit that etcd sets on the message in front of a snapshot. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** A leader sends one at a time; more than a few leaders there are not. */
const MAX_CONCURRENT = 4;

/** Takes snapshots that are posted to this member (formats.md §7.6). */
export class SnapshotReceiver {
  readonly #context: PeerContext;
  readonly #underWay = new Map<IncomingMessage, Promise<void>>();
  #isStopped = false;

  constructor(context: PeerContext) {
    this.#context = context;
  }

  /** Breaks off what is coming in; resolves when nobody reads it any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const request of this.#underWay.keys()) request.destroy();
    await Promise.allSettled(this.#underWay.values());
  }

  /** Takes the snapshot in the body of `request`, which is from a member of this cluster. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#underWay.size >= MAX_CONCURRENT) {
      this.#refuse(response, 503, 'too many snapshots');
      return;
    }
    const taking = this.#take(request, response);
    this.#underWay.set(request, taking);
    try {
      await taking;
    } finally {
      this.#underWay.delete(request);
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { settings, handlers, inbox, logger } = this.#context;
    const body = new SnapshotBody(request, settings.ioTimeoutMs);
    let message: Message;
    try {
      message = await body.readMessage();
    } catch (error) {
      this.#refuse(response, 400, `failed to decode raft message (${errorText(error)})`);
      return;
    }
    const fields = {
      'local-member-id': formatNodeId(settings.memberId),
      'remote-snapshot-sender-id': formatNodeId(message.from),
      'incoming-snapshot-index': message.snapshot?.metadata.index,
    };
    if (message.type !== MessageType.snapshot) {
      this.#refuse(response, 400, 'wrong raft message type', fields);
      return;
    }
    const fault = handlers.isRemoved(message.from)
      ? 'cannot process message from removed member'
      : messageFault(message, settings.memberId);
    if (fault !== undefined) {
      this.#refuse(response, 500, `failed to process raft message (${fault})`, fields);
      return;
    }
    logger.info('receiving database snapshot', fields);
    try {
      await handlers.saveSnapshot(message, body.database());
      if (!body.isComplete) throw new PeerProtocolError('the database was not read to its end');
    } catch (error) {
      this.#refuse(response, 500, `failed to save KV snapshot (${errorText(error)})`, fields);
      return;
    }
    if (this.#isStopped) return;
    logger.info('received and saved database snapshot', {
      ...fields,
      'incoming-snapshot-size-bytes': body.databaseBytes,
    });
    inbox.add(message);
    response.writeHead(204);
    response.end();
  }

  #refuse(
    response: ServerResponse,
    status: number,
    reason: string,
    fields: Record<string, unknown> = {},
  ): void {
    this.#context.logger.warn('refused a database snapshot', { ...fields, error: reason });
    if (response.destroyed) return;
    sendErrorAndClose(response, status, reason);
  }
}

/** The body of a request with a snapshot: a message behind its length, then the database. */
class SnapshotBody {
  readonly #socket: Socket;
  readonly #ioTimeoutMs: number;
  readonly #chunks: AsyncIterator<unknown>;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the database read so far. */
  databaseBytes = 0;
  /** Whether the sender's end was seen. */
  isComplete = false;

  constructor(request: IncomingMessage, ioTimeoutMs: number) {
    this.#socket = request.socket;
    this.#ioTimeoutMs = ioTimeoutMs;
    this.#chunks = request[Symbol.asyncIterator]();
  }

  /** @throws PeerProtocolError, or the system's error if the sender breaks off */
  async readMessage(): Promise<Message> {
    const decoder = new MessageStreamDecoder(MAX_MESSAGE_BYTES);
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) throw new FrameTruncatedError();
      const message = decoder.pushOne(chunk);
      if (message === undefined) continue;
      this.#rest = decoder.takeRest();
      return message;
    }
  }

  /** The pieces of the database; throws if the sender breaks off. */
  async *database(): AsyncGenerator<Buffer, void, undefined> {
    for (
      let chunk: Buffer | undefined = this.#rest;
      chunk !== undefined;
      chunk = await this.#next()
    ) {
      if (chunk.length === 0) continue;
      this.databaseBytes += chunk.length;
      yield chunk;
    }
    this.isComplete = true;
  }

  async #next(): Promise<Buffer | undefined> {
    // Only the sender's silence counts: storing what came may take its time.
    this.#socket.setTimeout(this.#ioTimeoutMs);
    const { value, done } = await this.#chunks.next();
    this.#socket.setTimeout(0);
    if (done === true) return undefined;
    if (!Buffer.isBuffer(value)) throw new PeerProtocolError('the body is not binary');
    return value;
  }
}

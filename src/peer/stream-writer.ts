import type { ServerResponse } from 'node:http';
import { formatNodeId, type Message, type NodeId } from '../raft/index.js';
import { AppendStreamEncoder } from './append-stream.js';
import type { PeerContext } from './context.js';
import { LINK_HEARTBEAT } from './link-heartbeat.js';
import { MessageStreamEncoder } from './message-stream.js';
import type { PeerStatus } from './peer-status.js';
import { type StreamEncoder, StreamKind } from './stream-codec.js';

/** Frames are joined up to about this size before they are written. */
const WRITE_BYTES = 256 * 1024;

/** How etcd names the streams in its log. */
export const STREAM_NAMES = {
  [StreamKind.message]: 'stream Message',
  [StreamKind.append]: 'stream MsgApp v2',
} as const;

/**
 * Sends messages to one member over the stream that it has opened. What is given in one go leaves in
 * one write; what does not fit into the socket waits here, up to a limit, and never blocks.
 */
export class StreamWriter {
  readonly #context: PeerContext;
  readonly #kind: StreamKind;
  readonly #peerId: NodeId;
  readonly #status: PeerStatus;
  #queue: Message[] = [];
  #response: ServerResponse | undefined;
  #encoder: StreamEncoder = new MessageStreamEncoder();
  #isFlushScheduled = false;
  #cancelHeartbeats: (() => void) | undefined;
  #isStopped = false;

  constructor(kind: StreamKind, peerId: NodeId, status: PeerStatus, context: PeerContext) {
    this.#context = context;
    this.#kind = kind;
    this.#peerId = peerId;
    this.#status = status;
  }

  /** Whether there is a stream to send over. */
  get isAttached(): boolean {
    return this.#response !== undefined;
  }

  /** Takes over `response`, whose head is sent, in place of an older stream. */
  attach(response: ServerResponse): void {
    if (this.#isStopped) {
      response.destroy();
      return;
    }
    if (this.#response !== undefined) {
      this.#log('warn', 'closed TCP streaming connection with remote peer');
      this.#detach()?.destroy();
    }
    this.#response = response;
    this.#encoder =
      this.#kind === StreamKind.append ? new AppendStreamEncoder() : new MessageStreamEncoder();
    response.on('drain', () => this.#flush());
    response.on('error', (error) => this.#lost(response, error.message));
    response.on('close', () => this.#lost(response, 'connection closed'));
    // A third of the time after which the reader gives up, also while other messages are sent.
    this.#cancelHeartbeats = this.#context.clock.setInterval(
      () => this.#heartbeat(),
      this.#context.settings.ioTimeoutMs / 3,
    );
    this.#status.activate();
    this.#log('info', 'established TCP streaming connection with remote peer');
  }

  /** Sends `message` soon; false if too many are waiting. There must be a stream. */
  enqueue(message: Message): boolean {
    if (this.#queue.length >= this.#context.settings.streamQueueLength) return false;
    this.#queue.push(message);
    if (!this.#isFlushScheduled) {
      this.#isFlushScheduled = true;
      // Once the present batch is complete, and before anything waits.
      queueMicrotask(() => {
        this.#isFlushScheduled = false;
        this.#flush();
      });
    }
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    const response = this.#detach();
    if (response === undefined) return;
    if (response.writableNeedDrain) response.destroy();
    else response.end();
    this.#log('info', 'stopped TCP streaming connection with remote peer');
  }

  #flush(): void {
    const response = this.#response;
    const queue = this.#queue;
    if (response === undefined) return;
    let count = 0;
    while (count < queue.length && !response.writableNeedDrain && !response.destroyed) {
      const frames: Buffer[] = [];
      let sizeBytes = 0;
      while (count < queue.length && sizeBytes < WRITE_BYTES) {
        const frame = this.#encoder.encode(queue[count++] as Message);
        frames.push(frame);
        sizeBytes += frame.length;
      }
      response.write(frames.length === 1 ? frames[0] : Buffer.concat(frames, sizeBytes));
      this.#status.counters.sentBytes += sizeBytes;
    }
    queue.splice(0, count);
  }

  #heartbeat(): void {
    const response = this.#response;
    // A stream that is full needs no sign of life; it is given up if nothing moves for too long.
    if (response === undefined || response.writableNeedDrain || response.destroyed) return;
    const frame = this.#encoder.encode(LINK_HEARTBEAT);
    response.write(frame);
    this.#status.counters.sentBytes += frame.length;
  }

  #lost(response: ServerResponse, reason: string): void {
    if (this.#response !== response) return;
    this.#detach();
    response.destroy();
    this.#status.counters.sentFailures++;
    this.#status.deactivate('write', STREAM_NAMES[this.#kind], reason);
    this.#log('warn', 'lost TCP streaming connection with remote peer', { error: reason });
  }

  /** Lets go of the stream. What was under way or waiting on it is lost, which Raft has to know. */
  #detach(): ServerResponse | undefined {
    const response = this.#response;
    this.#response = undefined;
    this.#queue = [];
    this.#cancelHeartbeats?.();
    if (response !== undefined) this.#context.reports.unreachable(this.#peerId);
    return response;
  }

  #log(level: 'info' | 'warn', message: string, fields: Record<string, unknown> = {}): void {
    this.#context.logger[level](message, {
      'stream-writer-type': STREAM_NAMES[this.#kind],
      'local-member-id': formatNodeId(this.#context.settings.memberId),
      'remote-peer-id': formatNodeId(this.#peerId),
      ...fields,
    });
  }
}

import type { ClientRequest, IncomingMessage } from 'node:http';
import { errorText } from '../base/errors.js';
import { formatNodeId, type Message, type NodeId } from '../raft/index.js';
import { AppendStreamDecoder } from './append-stream.js';
import type { PeerContext } from './context.js';
import { FrameTruncatedError, PeerRequestError } from './errors.js';
import { introduction, supportsStreams } from './headers.js';
import { isLinkHeartbeat } from './link-heartbeat.js';
import { messageFault } from './message-check.js';
import { MessageStreamDecoder } from './message-stream.js';
import type { PeerStatus } from './peer-status.js';
import type { PeerUrl, UrlPicker } from './peer-url.js';
import { type RequestScope, readBody } from './request-scope.js';
import { type StreamDecoder, StreamKind } from './stream-codec.js';
import { STREAM_NAMES } from './stream-writer.js';

export interface StreamReaderDependencies {
  readonly context: PeerContext;
  readonly status: PeerStatus;
  readonly picker: UrlPicker;
  readonly scope: RequestScope;
}

/**
 * Opens a stream at one member and hands on what it sends; opens it again whenever it breaks: at once
 * after it has worked for a while, and every 100 ms as long as it does not.
 */
export class StreamReader {
  readonly #kind: StreamKind;
  readonly #peerId: NodeId;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  readonly #picker: UrlPicker;
  readonly #scope: RequestScope;
  readonly #name: string;
  #lastDialMs = Number.NEGATIVE_INFINITY;
  #cancelRedial: (() => void) | undefined;
  #isStopped = false;

  constructor(kind: StreamKind, peerId: NodeId, dependencies: StreamReaderDependencies) {
    this.#kind = kind;
    this.#peerId = peerId;
    this.#context = dependencies.context;
    this.#status = dependencies.status;
    this.#picker = dependencies.picker;
    this.#scope = dependencies.scope;
    this.#name = STREAM_NAMES[kind];
  }

  start(): void {
    this.#dial();
  }

  /** The connection itself ends with the scope. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRedial?.();
  }

  #dial(): void {
    const { settings, clock } = this.#context;
    this.#lastDialMs = clock.nowMs();
    const url = this.#picker.pick();
    const request = this.#scope.open(
      {
        url,
        method: 'GET',
        path: `/raft/stream/${this.#kind}/${formatNodeId(settings.memberId)}`,
        headers: { ...introduction(settings), 'X-Raft-To': formatNodeId(this.#peerId) },
        reuseConnection: false,
      },
      { connectMs: settings.dialTimeoutMs, idleMs: settings.ioTimeoutMs },
    );
    let failure: unknown;
    let isOpen = false;
    request.on('error', (error) => {
      failure ??= error;
    });
    request.on('response', (response) => {
      if (response.statusCode === 200 && supportsStreams(response.headers, settings)) {
        isOpen = true;
        this.#read(request, response, (error) => {
          failure ??= error;
        });
      } else {
        this.#refused(response).then((error) => {
          failure ??= error;
          request.destroy();
        });
      }
    });
    request.once('close', () => this.#ended(url, isOpen, failure));
    request.end();
  }

  /** Reads the stream until it ends; tells `fail` why if it should not have. */
  #read(request: ClientRequest, response: IncomingMessage, fail: (error: unknown) => void): void {
    const { settings } = this.#context;
    const decoder: StreamDecoder =
      this.#kind === StreamKind.append
        ? new AppendStreamDecoder({
            local: settings.memberId,
            remote: this.#peerId,
            maxFrameBytes: settings.maxFrameBytes,
          })
        : new MessageStreamDecoder(settings.maxFrameBytes);
    this.#status.activate();
    this.#context.logger.info(
      'established TCP streaming connection with remote peer',
      this.#fields(),
    );
    let isBroken = false;
    response.on('data', (chunk: Buffer) => {
      if (this.#isStopped || isBroken) return;
      const messages: Message[] = [];
      this.#status.counters.receivedBytes += chunk.length;
      try {
        decoder.push(chunk, messages);
      } catch (error) {
        isBroken = true;
        this.#status.counters.receivedFailures++;
        fail(error);
        request.destroy();
      }
      for (const message of messages) this.#take(message);
    });
    response.on('error', fail);
    response.on('end', () => {
      if (!decoder.isBetweenFrames) fail(new FrameTruncatedError());
    });
  }

  #take(message: Message): void {
    if (isLinkHeartbeat(message)) return;
    const { settings, inbox, throttledLog } = this.#context;
    const fault =
      message.from === this.#peerId
        ? messageFault(message, settings.memberId)
        : 'the message is from another member';
    if (fault === undefined) {
      inbox.add(message);
      return;
    }
    this.#status.counters.receivedFailures++;
    throttledLog.warn(formatNodeId(this.#peerId), 'refused a Raft message', {
      ...this.#fields(),
      'message-type': message.type,
      error: fault,
    });
  }

  /** What an answer other than a stream means. */
  async #refused(response: IncomingMessage): Promise<Error> {
    const { settings, throttledLog, handlers } = this.#context;
    const status = response.statusCode ?? 0;
    // A stream that cannot be read has no end to wait for.
    if (status === 200) return new PeerRequestError('unsupported stream type');
    const body = await readBody(response).then(
      (bytes) => bytes.toString('utf8').trimEnd(),
      () => '',
    );
    if (this.#isStopped) return new PeerRequestError('stopped');
    switch (status) {
      case 410:
        // There is no way back: dialing on would be noise.
        this.stop();
        handlers.removedFromCluster();
        return new PeerRequestError(
          'the member has been permanently removed from the cluster',
          410,
        );
      case 404:
        return new PeerRequestError(
          `peer ${formatNodeId(this.#peerId)} failed to find local node ${formatNodeId(settings.memberId)}`,
          status,
          body,
        );
      case 412:
        throttledLog.warn(
          `${formatNodeId(this.#peerId)} ${this.#kind}`,
          'request sent was ignored by remote peer',
          {
            ...this.#fields(),
            'remote-peer-cluster-id': response.headers['x-etcd-cluster-id'],
            'local-member-cluster-id': formatNodeId(settings.clusterId),
            error: body,
          },
        );
        return new PeerRequestError(body, status, body);
      default:
        return new PeerRequestError(`unhandled http status ${status}`, status, body);
    }
  }

  #ended(url: PeerUrl, wasOpen: boolean, failure: unknown): void {
    if (this.#isStopped) return;
    const reason = failure === undefined ? 'EOF' : errorText(failure);
    if (wasOpen) {
      this.#context.logger.warn('lost TCP streaming connection with remote peer', {
        ...this.#fields(),
        error: reason,
      });
      // An orderly end says nothing against the peer; the next dial will.
      if (failure !== undefined) this.#status.deactivate('read', this.#name, reason);
    } else {
      this.#picker.unreachable(url);
      if (isRefusal(failure)) this.#context.handlers.connectionRefused?.(this.#peerId);
      this.#status.deactivate('dial', this.#name, reason);
    }
    const { clock, settings } = this.#context;
    const waitMs = this.#lastDialMs + settings.redialIntervalMs - clock.nowMs();
    this.#cancelRedial = clock.setTimeout(() => this.#dial(), Math.max(waitMs, 0));
  }

  #fields(): Record<string, unknown> {
    return {
      'stream-reader-type': this.#name,
      'local-member-id': formatNodeId(this.#context.settings.memberId),
      'remote-peer-id': formatNodeId(this.#peerId),
    };
  }
}

/** Whether nobody listens at an address that can be reached; a unix socket may be there no more. */
function isRefusal(failure: unknown): boolean {
  const code = failure instanceof Error && 'code' in failure ? failure.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

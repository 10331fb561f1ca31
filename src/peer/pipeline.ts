import { errorText } from '../base/errors.js';
import { formatNodeId, type Message, MessageType, type NodeId } from '../raft/index.js';
import type { PeerContext } from './context.js';
import { introduction } from './headers.js';
import { encodeMessage } from './message-encoder.js';
import type { PeerStatus } from './peer-status.js';
import type { UrlPicker } from './peer-url.js';
import { checkPostAnswer, saysRemoved } from './post.js';
import type { RequestScope } from './request-scope.js';

/** So many messages are posted to one member at the same time. */
const CONCURRENT_POSTS = 4;

export interface PipelineDependencies {
  readonly context: PeerContext;
  readonly status: PeerStatus;
  readonly picker: UrlPicker;
  readonly scope: RequestScope;
}

/**
 * Posts messages to one member, each in a request of its own. Every connection begins with it: the
 * streams that carry the bulk are only there once the other member has dialed.
 */
export class Pipeline {
  readonly #peerId: NodeId;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  readonly #picker: UrlPicker;
  readonly #scope: RequestScope;
  #waiting: Message[] = [];
  #activeCount = 0;
  #isStopped = false;

  constructor(peerId: NodeId, dependencies: PipelineDependencies) {
    this.#peerId = peerId;
    this.#context = dependencies.context;
    this.#status = dependencies.status;
    this.#picker = dependencies.picker;
    this.#scope = dependencies.scope;
  }

  /** Posts `message` soon; false if too many are waiting. */
  enqueue(message: Message): boolean {
    if (this.#isStopped) return false;
    if (this.#activeCount < CONCURRENT_POSTS) {
      this.#activeCount++;
      void this.#work(message);
      return true;
    }
    if (this.#waiting.length >= this.#context.settings.pipelineQueueLength) return false;
    this.#waiting.push(message);
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  async #work(first: Message): Promise<void> {
    for (
      let message: Message | undefined = first;
      message !== undefined;
      message = this.#waiting.shift()
    ) {
      await this.#post(message);
    }
    this.#activeCount--;
  }

  /** Never rejects. */
  async #post(message: Message): Promise<void> {
    const { settings } = this.#context;
    const url = this.#picker.pick();
    try {
      const body = encodeMessage(message);
      const answer = await this.#scope.exchange(
        {
          url,
          method: 'POST',
          path: '/raft',
          headers: {
            ...introduction(settings),
            'Content-Type': 'application/protobuf',
            'Content-Length': String(body.length),
          },
          // A proposal that was sent twice would be applied twice.
          reuseConnection: message.type !== MessageType.propose,
        },
        { connectMs: settings.dialTimeoutMs, idleMs: settings.ioTimeoutMs },
        body,
      );
      checkPostAnswer(answer);
      this.#status.counters.sentBytes += body.length;
      this.#status.activate();
    } catch (error) {
      if (this.#isStopped) return;
      this.#picker.unreachable(url);
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { handlers, reports, throttledLog } = this.#context;
    const peerId = formatNodeId(this.#peerId);
    this.#status.counters.sentFailures++;
    this.#status.deactivate('write', 'pipeline', errorText(error));
    reports.unreachable(this.#peerId);
    throttledLog.warn(peerId, 'failed to post a Raft message', {
      'remote-peer-id': peerId,
      error: errorText(error),
    });
    if (saysRemoved(error)) handlers.removedFromCluster();
  }
}

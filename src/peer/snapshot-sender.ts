import type { ClientRequest } from 'node:http';
import { errorText } from '../base/errors.js';
import { formatNodeId, type NodeId } from '../raft/index.js';
import type { PeerContext } from './context.js';
import { PeerRequestError } from './errors.js';
import { introduction } from './headers.js';
import { encodeMessageFrame } from './message-stream.js';
import type { OutgoingSnapshot } from './options.js';
import type { PeerStatus } from './peer-status.js';
import type { PeerUrl, UrlPicker } from './peer-url.js';
import { checkPostAnswer, saysRemoved } from './post.js';
import { answerOf, type RequestScope } from './request-scope.js';

export interface SnapshotSenderDependencies {
  readonly context: PeerContext;
  readonly status: PeerStatus;
  readonly picker: UrlPicker;
  readonly scope: RequestScope;
}

/** Sends snapshots to one member: a message and the database behind it (formats.md §7.6). */
export class SnapshotSender {
  readonly #peerId: NodeId;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  readonly #picker: UrlPicker;
  readonly #scope: RequestScope;
  #isStopped = false;

  constructor(peerId: NodeId, dependencies: SnapshotSenderDependencies) {
    this.#peerId = peerId;
    this.#context = dependencies.context;
    this.#status = dependencies.status;
    this.#picker = dependencies.picker;
    this.#scope = dependencies.scope;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Sends `snapshot` and reports how it went. Never rejects. */
  async send(snapshot: OutgoingSnapshot): Promise<void> {
    const { clock, logger, reports } = this.#context;
    const fields = {
      'snapshot-index': snapshot.message.snapshot?.metadata.index,
      'remote-peer-id': formatNodeId(this.#peerId),
      bytes: snapshot.sizeBytes,
    };
    logger.info('sending database snapshot', fields);
    const startMs = clock.nowMs();
    const url = this.#picker.pick();
    try {
      await this.#post(snapshot, url);
    } catch (error) {
      const failure = error instanceof Error ? error : new PeerRequestError(errorText(error));
      snapshot.closed(failure);
      if (this.#isStopped) return;
      logger.warn('failed to send database snapshot', { ...fields, error: failure.message });
      this.#failed(failure, url);
      return;
    }
    snapshot.closed(undefined);
    if (this.#isStopped) return;
    this.#status.activate();
    reports.snapshot(this.#peerId, true);
    logger.info('sent database snapshot', { ...fields, 'took-ms': clock.nowMs() - startMs });
  }

  #failed(failure: Error, url: PeerUrl): void {
    const { handlers, reports } = this.#context;
    this.#picker.unreachable(url);
    this.#status.counters.sentFailures++;
    this.#status.deactivate('post', 'sendMsgSnap', failure.message);
    reports.unreachable(this.#peerId);
    reports.snapshot(this.#peerId, false);
    if (saysRemoved(failure)) handlers.removedFromCluster();
  }

  async #post(snapshot: OutgoingSnapshot, url: PeerUrl): Promise<void> {
    const { settings } = this.#context;
    const request = this.#scope.open(
      {
        url,
        method: 'POST',
        path: '/raft/snapshot',
        headers: { ...introduction(settings), 'Content-Type': 'application/octet-stream' },
        reuseConnection: false,
      },
      { connectMs: settings.dialTimeoutMs, idleMs: settings.snapshotIdleTimeoutMs },
    );
    const answer = answerOf(request);
    const refusal = answer.then((early) => {
      checkPostAnswer(early);
      throw new PeerRequestError('the answer came before the end of the snapshot');
    });
    const body = this.#writeBody(request, snapshot);
    try {
      await Promise.race([refusal, body]);
      request.end();
      request.setTimeout(settings.snapshotAnswerTimeoutMs);
      checkPostAnswer(await answer);
    } finally {
      request.destroy();
      // Whichever fails after the outcome is known has nothing to add.
      for (const late of [refusal, body, answer]) late.catch(() => {});
    }
  }

  async #writeBody(request: ClientRequest, snapshot: OutgoingSnapshot): Promise<void> {
    const { counters } = this.#status;
    const head = encodeMessageFrame(snapshot.message);
    request.write(head);
    counters.sentBytes += head.length;
    for await (const chunk of snapshot.database) {
      if (request.destroyed) throw new PeerRequestError('connection closed');
      counters.sentBytes += chunk.length;
      if (!request.write(chunk)) await drained(request);
    }
  }
}

/** Waits until more can be written. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = () => {
      request.off('close', onClose);
      resolve();
    };
    const onClose = () => {
      request.off('drain', onDrain);
      reject(new PeerRequestError('connection closed'));
    };
    request.once('drain', onDrain);
    request.once('close', onClose);
  });
}

import type { ServerResponse } from 'node:http';
import { formatNodeId, type Message, MessageType, type NodeId } from '../raft/index.js';
import type { PeerContext } from './context.js';
import type { OutgoingSnapshot } from './options.js';
import { type PeerCounters, PeerStatus } from './peer-status.js';
import { type PeerUrl, UrlPicker } from './peer-url.js';
import { Pipeline } from './pipeline.js';
import { Prober } from './prober.js';
import { RequestScope } from './request-scope.js';
import { SnapshotSender } from './snapshot-sender.js';
import { StreamKind } from './stream-codec.js';
import { StreamReader } from './stream-reader.js';
import { StreamWriter } from './stream-writer.js';

/** The ways to one other member, and the ways on which it reaches this one. */
export class Peer {
  readonly #id: NodeId;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  readonly #picker: UrlPicker;
  readonly #scope: RequestScope;
  readonly #writers: Record<StreamKind, StreamWriter>;
  readonly #readers: readonly StreamReader[];
  readonly #pipeline: Pipeline;
  readonly #snapshots: SnapshotSender;
  readonly #prober: Prober;

  constructor(id: NodeId, urls: readonly PeerUrl[], context: PeerContext) {
    this.#id = id;
    this.#context = context;
    const status = new PeerStatus(id, context);
    const picker = new UrlPicker(urls);
    const scope = new RequestScope(context);
    const dependencies = { context, status, picker, scope };
    this.#status = status;
    this.#picker = picker;
    this.#scope = scope;
    this.#writers = {
      [StreamKind.message]: new StreamWriter(StreamKind.message, id, status, context),
      [StreamKind.append]: new StreamWriter(StreamKind.append, id, status, context),
    };
    this.#readers = [
      new StreamReader(StreamKind.append, id, dependencies),
      new StreamReader(StreamKind.message, id, dependencies),
    ];
    this.#pipeline = new Pipeline(id, dependencies);
    this.#snapshots = new SnapshotSender(id, dependencies);
    this.#prober = new Prober(id, dependencies);
  }

  /** Since when it is reached, on the monotonic clock; undefined if it is not. */
  get activeSinceMs(): number | undefined {
    return this.#status.activeSinceMs;
  }

  get counters(): Readonly<PeerCounters> {
    return this.#status.counters;
  }

  /** The smoothed round-trip time, undefined before the first probe was answered. */
  get roundTripMs(): number | undefined {
    return this.#prober.roundTripMs;
  }

  start(): void {
    for (const reader of this.#readers) reader.start();
    this.#prober.start();
  }

  /** Where to reach it from now on. */
  update(urls: readonly PeerUrl[]): void {
    this.#picker.update(urls);
  }

  /** Sends over the stream for it, or posts it as long as there is none; drops it if that is full. */
  send(message: Message): void {
    const append = this.#writers[StreamKind.append];
    const general = this.#writers[StreamKind.message];
    let isTaken: boolean;
    let way: string;
    if (message.type === MessageType.append && append.isAttached) {
      way = 'streamMsgAppV2';
      isTaken = append.enqueue(message);
    } else if (general.isAttached) {
      way = 'streamMsg';
      isTaken = general.enqueue(message);
    } else {
      way = 'pipeline';
      isTaken = this.#pipeline.enqueue(message);
    }
    if (!isTaken) dropped(message, this.#id, way, this.#status, this.#context);
  }

  /** Sends a snapshot; resolves when that is over, however it went. */
  sendSnapshot(snapshot: OutgoingSnapshot): Promise<void> {
    return this.#snapshots.send(snapshot);
  }

  /** The member has opened a stream: its head is sent, messages may follow. */
  attach(kind: StreamKind, response: ServerResponse): void {
    this.#writers[kind].attach(response);
  }

  stop(): void {
    for (const reader of this.#readers) reader.stop();
    for (const writer of Object.values(this.#writers)) writer.stop();
    this.#pipeline.stop();
    this.#snapshots.stop();
    this.#prober.stop();
    this.#scope.close();
  }
}

/**
 * A member that is not in the configuration yet, or that this one does not know because it lags behind:
 * messages are posted to it, and it gets no streams.
 */
export class Remote {
  readonly #id: NodeId;
  readonly #context: PeerContext;
  readonly #status: PeerStatus;
  readonly #scope: RequestScope;
  readonly #pipeline: Pipeline;

  constructor(id: NodeId, urls: readonly PeerUrl[], context: PeerContext) {
    this.#id = id;
    this.#context = context;
    this.#status = new PeerStatus(id, context);
    this.#scope = new RequestScope(context);
    this.#pipeline = new Pipeline(id, {
      context,
      status: this.#status,
      picker: new UrlPicker(urls),
      scope: this.#scope,
    });
  }

  send(message: Message): void {
    if (this.#pipeline.enqueue(message)) return;
    dropped(message, this.#id, 'pipeline', this.#status, this.#context);
  }

  stop(): void {
    this.#pipeline.stop();
    this.#scope.close();
  }
}

/** Raft can do without any message, and sends what is missing again; it must only know. */
function dropped(
  message: Message,
  id: NodeId,
  way: string,
  status: PeerStatus,
  context: PeerContext,
): void {
  status.counters.sentFailures++;
  context.reports.unreachable(id);
  context.throttledLog.warn(
    formatNodeId(id),
    'dropped internal Raft message since sending buffer is full',
    {
      'message-type': message.type,
      'remote-peer-id': formatNodeId(id),
      'remote-peer-name': way,
      'remote-peer-active': status.activeSinceMs !== undefined,
    },
  );
}

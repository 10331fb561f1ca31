import { EtcdError } from '../base/errors.js';
import type { WatchSink, WatchStream } from '../mvcc/index.js';
import {
  WatchCreateRequest_FilterType as FilterType,
  Watch,
  type WatchCreateRequest,
  WatchRequest,
} from '../proto/generated/etcdserverpb.js';
import type { KvorumServer } from '../server/index.js';
import type { Message, RpcMethod, StreamCall, StreamReceiver } from '../transport/index.js';
import type { ResponseHeaders } from './response-header.js';
import { toStreamError } from './rpc.js';
import { WatchOutbox, WatchTurn } from './watch-outbox.js';
import { encodeWatchResponse, type WatchResponseFields } from './watch-responses.js';

/** A fragment may be as large as a request, and this much larger (G.28). */
const FRAGMENT_MARGIN_BYTES = 512 * 1024;

/** The Watch service (G.23–G.35). */
export function watchMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const turn = new WatchTurn();
  return [
    {
      kind: 'bidi',
      path: Watch.methods.watch.path,
      open: (call) => new WatchCall(server, headers, turn, call),
    },
  ];
}

/** One Watch stream of a client: its requests go to the hub, the hub's events to the client. */
class WatchCall implements StreamReceiver, WatchSink {
  readonly #server: KvorumServer;
  readonly #headers: ResponseHeaders;
  readonly #call: StreamCall;
  readonly #stream: WatchStream;
  readonly #outbox: WatchOutbox;
  #isClosed = false;

  constructor(server: KvorumServer, headers: ResponseHeaders, turn: WatchTurn, call: StreamCall) {
    this.#server = server;
    this.#headers = headers;
    this.#call = call;
    const fragmentLimitBytes = server.options.maxRequestBytes + FRAGMENT_MARGIN_BYTES;
    const write = (message: Message): boolean => this.#isClosed || call.write(message);
    this.#outbox = new WatchOutbox({ fragmentLimitBytes }, { headers, turn, write });
    this.#stream = server.store.openWatchStream(this);
  }

  message(bytes: Buffer): void {
    if (this.#isClosed) return;
    try {
      const request = WatchRequest.decode(bytes);
      if (request.createRequest !== undefined) this.#create(request.createRequest);
      else if (request.cancelRequest !== undefined) this.#cancel(request.cancelRequest.watchId);
      else if (request.progressRequest !== undefined) this.#stream.requestProgress();
    } catch (error) {
      this.#call.end(toStreamError(error));
    }
  }

  /** The watches go on: a client may end its side and still read (G.32a). */
  halfClosed(): void {}

  drained(): void {
    this.#outbox.drained();
    this.#stream.resume();
  }

  closed(): void {
    this.#isClosed = true;
    this.#stream.close();
  }

  #create(request: WatchCreateRequest): void {
    if (request.startRevision < 0) {
      this.#respond({
        watchId: -1n,
        revision: this.#server.store.revision,
        created: true,
        canceled: true,
        cancelReason: new EtcdError('Compacted').message,
      });
      return;
    }
    const { watchId, revision, cancelReason } = this.#stream.create({
      id: request.watchId,
      // An empty key means the first one there can be.
      start: request.key.length === 0 ? '\0' : request.key.toString('latin1'),
      end: request.rangeEnd.toString('latin1'),
      startRevision: request.startRevision,
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
      prevKv: request.prevKv,
      progressNotify: request.progressNotify,
      fragment: request.fragment,
    });
    const canceled = cancelReason !== '';
    this.#respond({ watchId, revision, created: true, canceled, cancelReason });
  }

  #cancel(watchId: bigint): void {
    if (!this.#stream.cancel(watchId)) return;
    this.#outbox.forget(watchId);
    this.#respond({ watchId, revision: this.#server.store.revision, canceled: true });
  }

  events(
    watchId: bigint,
    revision: number,
    events: readonly Buffer[],
    totalSizeBytes: number,
    fragment: boolean,
  ): boolean {
    if (this.#isClosed) return true;
    return this.#outbox.add(watchId, revision, events, totalSizeBytes, fragment);
  }

  progress(watchId: bigint, revision: number): void {
    this.#respond({ watchId, revision });
  }

  compacted(watchId: bigint, compactRevision: number): void {
    this.#respond({ watchId, revision: 0, canceled: true, compactRevision });
  }

  /** Sends a response without events, behind the events that came before it. */
  #respond(response: WatchResponseFields): void {
    if (this.#isClosed) return;
    this.#outbox.deliver();
    if (!this.#isClosed) this.#call.write(encodeWatchResponse(this.#headers, response));
  }
}

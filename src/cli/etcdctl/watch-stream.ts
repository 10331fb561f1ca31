import type {
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import { type Connection, type DuplexCall, RpcError } from './connection.js';
import { WATCH } from './methods.js';

/** Told of everything the server sends for one watcher, until it is cancelled. */
export interface WatchListener {
  onResponse(response: WatchResponse): Promise<void>;
}

interface Watcher {
  readonly request: Init<WatchCreateRequest>;
  readonly listener: WatchListener;
  readonly finish: () => void;
  /** Where to go on after a lost connection; 0 before the first answer. */
  nextRevision: number;
}

const RECONNECT_PAUSE_MS = 100;

/**
 * The watchers of one program on one stream. A lost stream is opened again and every watcher goes
 * on after the last revision it has seen, so that nothing is missed or shown twice.
 */
export class WatchStream {
  readonly #connection: Connection;
  #stream: Promise<DuplexCall<WatchRequest, WatchResponse>> | undefined;
  /** Sent and not answered yet, in order; the server answers in that order. */
  #pending: Watcher[] = [];
  readonly #watchers = new Map<bigint, Watcher>();
  #isClosed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Starts a watcher; resolves when the server has cancelled it. */
  watch(request: Init<WatchCreateRequest>, listener: WatchListener): Promise<void> {
    return new Promise((finish) => {
      this.#create({ request, listener, finish, nextRevision: request.startRevision ?? 0 });
    });
  }

  /** Asks the server how far it is; the answer goes to every watcher. */
  requestProgress(): void {
    this.#send({ progressRequest: {} });
  }

  #create(watcher: Watcher): void {
    this.#pending.push(watcher);
    const request = { ...watcher.request, startRevision: watcher.nextRevision };
    this.#send({ createRequest: request });
  }

  /** Ends all watchers; nobody is told. */
  close(): void {
    this.#isClosed = true;
    this.#stream?.then(
      (stream) => stream.cancel(),
      () => {},
    );
  }

  #send(request: Init<WatchRequest>): void {
    if (this.#stream === undefined) {
      const stream = this.#connection.duplexStream(WATCH, true);
      this.#stream = stream;
      void this.#receive(stream);
    }
    this.#stream.then(
      (stream) => stream.write(request),
      () => {},
    );
  }

  /** One answer after another: a listener may run a command for every event. */
  async #receive(opening: Promise<DuplexCall<WatchRequest, WatchResponse>>): Promise<void> {
    let failure: RpcError | undefined;
    try {
      for await (const response of await opening) await this.#deliver(response);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      failure = error;
    }
    this.#stream = undefined;
    if (!this.#isClosed) await this.#recover(failure);
  }

  async #deliver(response: WatchResponse): Promise<void> {
    if (response.created) {
      const watcher = this.#pending.shift();
      if (watcher === undefined) return;
      if (!response.canceled) {
        this.#watchers.set(response.watchId, watcher);
        if (watcher.nextRevision === 0) {
          watcher.nextRevision = (response.header?.revision ?? 0) + 1;
        }
        return;
      }
      await watcher.listener.onResponse(response);
      return watcher.finish();
    }
    // An answer to a progress request carries no watcher's id: it is for all.
    const isBroadcast = response.watchId === -1n || response.watchId === 2n ** 64n - 1n;
    const targets = isBroadcast
      ? [...this.#watchers.values()]
      : [this.#watchers.get(response.watchId)].filter((watcher) => watcher !== undefined);
    for (const watcher of targets) {
      const last = response.events.at(-1)?.kv?.modRevision;
      if (last !== undefined) watcher.nextRevision = last + 1;
      await watcher.listener.onResponse(response);
      if (response.canceled) watcher.finish();
    }
    if (response.canceled) this.#watchers.delete(response.watchId);
  }

  /** Opens the stream again, or ends the watchers where that would not help. */
  async #recover(failure: RpcError | undefined): Promise<void> {
    const again = [...this.#watchers.values(), ...this.#pending];
    this.#watchers.clear();
    this.#pending = [];
    const isTransient = failure === undefined || [1, 2, 13, 14].includes(failure.code);
    if (!isTransient) {
      const canceled = { header: undefined, watchId: 0n, created: false, canceled: true };
      const rest = { compactRevision: 0, fragment: false, events: [] };
      for (const watcher of again) {
        const response = { ...canceled, ...rest, cancelReason: failure.message };
        await watcher.listener.onResponse(response);
        watcher.finish();
      }
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
    for (const watcher of again) this.#create(watcher);
  }
}

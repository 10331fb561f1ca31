import type { ClientDuplexStream } from '@grpc/grpc-js';
import type {
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import { type Connection, rpcErrorOf } from './connection.js';
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
  #stream: ClientDuplexStream<Init<WatchRequest>, WatchResponse> | undefined;
  /** Sent and not answered yet, in order; the server answers in that order. */
  #pending: Watcher[] = [];
  readonly #watchers = new Map<bigint, Watcher>();
  #delivery: Promise<void> = Promise.resolve();

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
    this.#open().write({ progressRequest: {} });
  }

  #create(watcher: Watcher): void {
    this.#pending.push(watcher);
    const request = { ...watcher.request, startRevision: watcher.nextRevision };
    this.#open().write({ createRequest: request });
  }

  #open(): ClientDuplexStream<Init<WatchRequest>, WatchResponse> {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#connection.duplexStream(WATCH, true);
    stream.on('data', (response: WatchResponse) => {
      // One after another: a listener may run a command for every event.
      this.#delivery = this.#delivery.then(() => this.#deliver(response));
    });
    const lost = (error?: Error): void => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#delivery = this.#delivery.then(() => this.#recover(error));
    };
    stream.on('error', lost);
    stream.on('end', () => lost());
    this.#stream = stream;
    return stream;
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

  /** @throws RpcError where opening the stream again would not help */
  async #recover(error: Error | undefined): Promise<void> {
    const again = [...this.#watchers.values(), ...this.#pending];
    this.#watchers.clear();
    this.#pending = [];
    const failure = error === undefined ? undefined : rpcErrorOf(error);
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

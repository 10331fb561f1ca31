import type { WatchCreated, WatchRequest, WatchSink, WatchStream } from '../types.js';
import type { Watcher, WatcherOwner } from './watcher.js';

const NO_ID = -1n;
const AUTOMATIC_ID = 0n;
const EMPTY_RANGE = 'mvcc: watcher range is empty';
const DUPLICATE_ID = 'mvcc: duplicate watch ID provided on the WatchStream';
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';

/** What a stream needs of the hub. */
export interface StreamHub {
  readonly revision: number;
  /** Events sent since the start. */
  sentEventCount: number;
  /** Makes a watcher of a request that was checked. Nothing is sent in this step. */
  register(stream: HubStream, id: bigint, request: WatchRequest): Watcher;
  unregister(watcher: Watcher): void;
  /** The stream has room again. */
  resumeStream(stream: HubStream): void;
  removeStream(stream: HubStream): void;
}

/** See {@link WatchStream}. */
export class HubStream implements WatchStream, WatcherOwner {
  readonly sink: WatchSink;
  isPaused = false;
  /** Watchers that are behind. While the stream is paused they wait here for {@link resume}. */
  readonly unsynced = new Set<Watcher>();
  private readonly hub: StreamHub;
  private readonly watchers = new Map<bigint, Watcher>();
  private nextId = 0n;
  private isClosed = false;

  constructor(sink: WatchSink, hub: StreamHub) {
    this.sink = sink;
    this.hub = hub;
  }

  get watcherCount(): number {
    return this.watchers.size;
  }

  eventsSent(count: number): void {
    this.hub.sentEventCount += count;
  }

  create(request: WatchRequest): WatchCreated {
    if (request.startRevision < 0) return this.answer(NO_ID, COMPACTED);
    if (this.isClosed || isEmptyRange(request)) return this.answer(NO_ID, EMPTY_RANGE);
    let { id } = request;
    if (id === AUTOMATIC_ID) {
      while (this.watchers.has(this.nextId)) this.nextId++;
      id = this.nextId++;
    } else if (this.watchers.has(id)) {
      return this.answer(NO_ID, DUPLICATE_ID);
    }
    this.watchers.set(id, this.hub.register(this, id, request));
    return this.answer(id, '');
  }

  private answer(watchId: bigint, cancelReason: string): WatchCreated {
    return { watchId, revision: this.hub.revision, cancelReason };
  }

  cancel(watchId: bigint): boolean {
    const watcher = this.watchers.get(watchId);
    if (watcher === undefined) return false;
    this.watchers.delete(watchId);
    this.hub.unregister(watcher);
    return true;
  }

  requestProgress(): void {
    if (this.isPaused || this.watchers.size === 0) return;
    const { revision } = this.hub;
    for (const watcher of this.watchers.values()) {
      if (watcher.state !== 'synced' || watcher.startRevision > revision) return;
    }
    this.sink.progress(NO_ID, revision);
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (!this.isClosed) this.hub.resumeStream(this);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const watcher of this.watchers.values()) this.hub.unregister(watcher);
    this.watchers.clear();
    this.hub.removeStream(this);
  }
}

function isEmptyRange({ start, end }: WatchRequest): boolean {
  return end !== '' && end !== '\0' && start >= end;
}

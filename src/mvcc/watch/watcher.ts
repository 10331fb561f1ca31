import { type KeyRange, keyRange } from '../key-range.js';
import { isTombstoneCode } from '../revision-key.js';
import type { WatchRequest, WatchSink } from '../types.js';

/** What a watcher needs to know of its stream. */
export interface WatcherOwner {
  /** Counts events that go to the stream's client. */
  eventsSent(count: number): void;
  readonly sink: WatchSink;
  /** The sink is full: nothing may be sent. */
  isPaused: boolean;
  /** Its watchers that are behind. */
  readonly unsynced: Set<Watcher>;
}

/**
 * - synced: gets events as they happen;
 * - unsynced: has events still to get from the past;
 * - compacted: was told that its past is gone; only its id is left;
 * - cancelled: is no more.
 */
export type WatcherState = 'synced' | 'unsynced' | 'compacted' | 'cancelled';

/** One watch. Its state is changed by the hub and its parts only. */
export class Watcher {
  readonly id: bigint;
  readonly owner: WatcherOwner;
  readonly range: KeyRange;
  readonly startRevision: number;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
  private readonly noPut: boolean;
  private readonly noDelete: boolean;

  state: WatcherState = 'synced';
  /** Of smaller revisions nothing is sent (any more). */
  nextRevision: number;
  /** Whether events went out since the last tick of the progress timer. */
  sentSinceTick = false;
  /** Events gathered and not sent yet; only inside one synchronous step or slice. */
  readonly batch = new EventBatch();

  constructor(id: bigint, owner: WatcherOwner, request: WatchRequest, nextRevision: number) {
    this.id = id;
    this.owner = owner;
    this.range = keyRange(request.start, request.end);
    this.startRevision = request.startRevision;
    this.prevKv = request.prevKv;
    this.progressNotify = request.progressNotify;
    this.fragment = request.fragment;
    this.noPut = request.noPut;
    this.noDelete = request.noDelete;
    this.nextRevision = nextRevision;
  }

  /** Whether a change of a key in the watcher's range is for it. */
  wants(main: number, code: number): boolean {
    if (main < this.nextRevision) return false;
    return isTombstoneCode(code) ? !this.noDelete : !this.noPut;
  }

  /** Sends events; afterwards the stream may be paused, or the watcher gone. */
  send(revision: number, events: readonly Buffer[], sizeBytes: number): void {
    this.sentSinceTick = true;
    const { owner } = this;
    owner.eventsSent(events.length);
    if (!owner.sink.events(this.id, revision, events, sizeBytes, this.fragment)) {
      owner.isPaused = true;
    }
  }
}

/** Events of one watcher that will be one response. */
export class EventBatch {
  events: Buffer[] = [];
  sizeBytes = 0;
  revisions = 0;
  firstRevision = 0;
  lastRevision = 0;

  get isEmpty(): boolean {
    return this.events.length === 0;
  }

  add(main: number, event: Buffer): void {
    if (this.events.length === 0) this.firstRevision = main;
    if (main !== this.lastRevision) this.revisions++;
    this.lastRevision = main;
    this.events.push(event);
    this.sizeBytes += event.length;
  }

  clear(): void {
    this.events = [];
    this.sizeBytes = 0;
    this.revisions = 0;
    this.lastRevision = 0;
  }
}

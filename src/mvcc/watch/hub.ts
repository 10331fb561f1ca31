import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Change, KeySpace } from '../key-space.js';
import type { RecordStore, WatchRequest, WatchSink, WatchStream } from '../types.js';
import { CatchUp, type CatchUpOptions } from './catch-up.js';
import { ChangeEvent } from './change-events.js';
import { ProgressTimer } from './progress-timer.js';
import { HubStream, type StreamHub } from './stream.js';
import { Watcher } from './watcher.js';
import { WatcherGroup } from './watcher-group.js';

export interface WatchHubOptions extends CatchUpOptions {
  progressNotifyIntervalMs: number;
}

export interface WatchHubDependencies {
  space: KeySpace;
  store: RecordStore;
  clock: Clock;
  logger: Logger;
}

/**
 * All watchers (A.4, G.23–35). Those that are up to date get the events of a transaction in the step
 * that ends it; those that are behind, or whose stream is full, catch up later from the records, so a
 * slow reader costs neither the writers nor anybody else anything.
 */
export class WatchHub implements StreamHub {
  private readonly space: KeySpace;
  private readonly catchUp: CatchUp;
  private readonly progressTimer: ProgressTimer;
  private readonly streams = new Set<HubStream>();
  private readonly synced = new WatcherGroup();
  private readonly matches: Watcher[] = [];
  private unsyncedCount = 0;
  private watcherCount = 0;
  private isSuspended = false;
  sentEventCount = 0;

  constructor(options: WatchHubOptions, dependencies: WatchHubDependencies) {
    const { space, store, clock, logger } = dependencies;
    this.space = space;
    this.catchUp = new CatchUp(options, {
      ...{ space, store, clock, logger },
      onSynced: (watcher) => this.makeSynced(watcher),
      onCompacted: (watcher) => this.tellCompacted(watcher),
    });
    this.progressTimer = new ProgressTimer(options.progressNotifyIntervalMs, clock, space);
  }

  get counts(): { total: number; unsynced: number; streams: number } {
    return {
      total: this.watcherCount,
      unsynced: this.unsyncedCount,
      streams: this.streams.size,
    };
  }

  openStream(sink: WatchSink): WatchStream {
    const stream = new HubStream(sink, this);
    this.streams.add(stream);
    return stream;
  }

  /** Sends the changes of a transaction that has just become `revision`. */
  notify(revision: number, changes: readonly Change[]): void {
    if (this.synced.size === 0) return;
    const [first] = changes;
    if (changes.length === 1 && first !== undefined) {
      this.notifyOne(revision, first);
      return;
    }
    const touched: Watcher[] = [];
    for (const change of changes) this.gather(change, touched);
    for (const watcher of touched) {
      const { events, sizeBytes } = watcher.batch;
      watcher.batch.clear();
      // What was sent before may have closed this one's stream, or filled it.
      if (watcher.state !== 'synced') continue;
      if (watcher.owner.isPaused) this.makeUnsynced(watcher, revision);
      else watcher.send(revision, events, sizeBytes);
    }
  }

  /** The usual case of {@link notify}, without gathering: all watchers get the same one event. */
  private notifyOne(revision: number, change: Change): void {
    const { matches } = this;
    const { key, code } = change;
    matches.length = 0;
    this.synced.collect(key, matches);
    if (matches.length === 0) return;
    const event = new ChangeEvent(this.space, change, change.entry, change.previousAddress);
    for (const watcher of matches) {
      if (watcher.state !== 'synced' || !watcher.wants(revision, code)) continue;
      if (watcher.owner.isPaused) {
        this.makeUnsynced(watcher, revision);
        continue;
      }
      const events = event.asList(watcher.prevKv);
      watcher.send(revision, events, (events[0] as Buffer).length);
    }
  }

  private gather(change: Change, touched: Watcher[]): void {
    const { matches } = this;
    const { key, main, code } = change;
    matches.length = 0;
    this.synced.collect(key, matches);
    if (matches.length === 0) return;
    const event = new ChangeEvent(this.space, change, change.entry, change.previousAddress);
    for (const watcher of matches) {
      if (!watcher.wants(main, code)) continue;
      if (watcher.owner.isPaused) {
        this.makeUnsynced(watcher, main);
        continue;
      }
      if (watcher.batch.isEmpty) touched.push(watcher);
      watcher.batch.add(main, event.encoded(watcher.prevKv));
    }
  }

  // What streams do.

  /** Makes a watcher; its request was checked. Nothing is sent in this step. */
  register(stream: HubStream, id: bigint, request: WatchRequest): Watcher {
    const { revision } = this.space;
    const isPast = request.startRevision > 0 && request.startRevision <= revision;
    const next = isPast ? request.startRevision : Math.max(request.startRevision, revision + 1);
    const watcher = new Watcher(id, stream, request, next);
    this.watcherCount++;
    if (isPast) this.setUnsynced(watcher);
    else this.synced.add(watcher);
    this.progressTimer.add(watcher);
    return watcher;
  }

  unregister(watcher: Watcher): void {
    this.watcherCount--;
    this.progressTimer.remove(watcher);
    if (watcher.state === 'synced') this.synced.remove(watcher);
    if (watcher.state === 'unsynced') {
      this.unsyncedCount--;
      watcher.owner.unsynced.delete(watcher);
      this.catchUp.remove(watcher);
    }
    watcher.state = 'cancelled';
  }

  removeStream(stream: HubStream): void {
    this.streams.delete(stream);
  }

  /** The stream has room again: its watchers go on catching up. */
  resumeStream(stream: HubStream): void {
    if (this.isSuspended) return;
    for (const watcher of stream.unsynced) this.catchUp.add(watcher);
  }

  get revision(): number {
    return this.space.revision;
  }

  // How watchers change their state.

  private makeUnsynced(watcher: Watcher, nextRevision: number): void {
    this.synced.remove(watcher);
    watcher.nextRevision = nextRevision;
    this.setUnsynced(watcher);
  }

  private setUnsynced(watcher: Watcher): void {
    watcher.state = 'unsynced';
    this.unsyncedCount++;
    watcher.owner.unsynced.add(watcher);
    if (!watcher.owner.isPaused && !this.isSuspended) this.catchUp.add(watcher);
  }

  private leaveUnsynced(watcher: Watcher): void {
    this.unsyncedCount--;
    watcher.owner.unsynced.delete(watcher);
  }

  private makeSynced(watcher: Watcher): void {
    this.leaveUnsynced(watcher);
    watcher.state = 'synced';
    this.synced.add(watcher);
  }

  private tellCompacted(watcher: Watcher): void {
    this.leaveUnsynced(watcher);
    watcher.state = 'compacted';
    watcher.owner.sink.compacted(watcher.id, this.space.compactedRevision);
  }

  // How the store is replaced and closed.

  /**
   * Before the store is loaded anew, and again before the new state appears: nobody is up to date any
   * more, nothing is sent, and who comes meanwhile waits with the others.
   */
  suspend(): void {
    this.isSuspended = true;
    this.catchUp.clear();
    const next = this.space.revision + 1;
    for (const watcher of [...this.synced]) {
      this.synced.remove(watcher);
      watcher.nextRevision = Math.max(watcher.nextRevision, next);
      watcher.state = 'unsynced';
      this.unsyncedCount++;
      watcher.owner.unsynced.add(watcher);
    }
  }

  /** Afterwards: everybody goes on where they were. */
  restart(): void {
    this.isSuspended = false;
    for (const stream of this.streams) if (!stream.isPaused) this.resumeStream(stream);
  }

  close(): void {
    this.progressTimer.close();
    this.catchUp.clear();
  }
}

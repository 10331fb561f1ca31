import type { Clock } from '../../base/clock.js';
import type { KeySpace } from '../key-space.js';
import type { Watcher } from './watcher.js';

/** Tells idle watchers that asked for it of the revision, all with one timer (G.30). */
export class ProgressTimer {
  private readonly intervalMs: number;
  private readonly clock: Clock;
  private readonly space: KeySpace;
  private readonly watchers = new Set<Watcher>();
  private cancel: (() => void) | undefined;

  constructor(intervalMs: number, clock: Clock, space: KeySpace) {
    this.intervalMs = intervalMs;
    this.clock = clock;
    this.space = space;
  }

  add(watcher: Watcher): void {
    if (!watcher.progressNotify) return;
    this.watchers.add(watcher);
    this.cancel ??= this.clock.setInterval(() => this.tick(), this.intervalMs);
  }

  remove(watcher: Watcher): void {
    if (this.watchers.delete(watcher) && this.watchers.size === 0) this.close();
  }

  close(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private tick(): void {
    const { revision } = this.space;
    for (const watcher of this.watchers) {
      const wasBusy = watcher.sentSinceTick;
      watcher.sentSinceTick = false;
      if (wasBusy || watcher.state !== 'synced' || watcher.owner.isPaused) continue;
      if (watcher.startRevision <= revision) watcher.owner.sink.progress(watcher.id, revision);
    }
  }
}

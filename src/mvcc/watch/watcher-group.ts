import { IntervalTree } from './interval-tree.js';
import type { Watcher } from './watcher.js';

/** A set of watchers that can be searched by key. */
export class WatcherGroup implements Iterable<Watcher> {
  private readonly all = new Set<Watcher>();
  private readonly byKey = new Map<string, Set<Watcher>>();
  private readonly byRange = new IntervalTree<Watcher>();

  get size(): number {
    return this.all.size;
  }

  has(watcher: Watcher): boolean {
    return this.all.has(watcher);
  }

  [Symbol.iterator](): Iterator<Watcher> {
    return this.all[Symbol.iterator]();
  }

  add(watcher: Watcher): void {
    if (this.all.has(watcher)) return;
    this.all.add(watcher);
    const { start, end, single } = watcher.range;
    if (!single) {
      this.byRange.add(start, end, watcher);
      return;
    }
    const ofKey = this.byKey.get(start);
    if (ofKey === undefined) this.byKey.set(start, new Set([watcher]));
    else ofKey.add(watcher);
  }

  /** False if it was not there. */
  remove(watcher: Watcher): boolean {
    if (!this.all.delete(watcher)) return false;
    const { start, end, single } = watcher.range;
    if (!single) {
      this.byRange.remove(start, end, watcher);
      return true;
    }
    const ofKey = this.byKey.get(start);
    ofKey?.delete(watcher);
    if (ofKey?.size === 0) this.byKey.delete(start);
    return true;
  }

  /** Appends the watchers whose range contains `key`. */
  collect(key: string, found: Watcher[]): void {
    const ofKey = this.byKey.get(key);
    if (ofKey !== undefined) for (const watcher of ofKey) found.push(watcher);
    if (!this.byRange.isEmpty) this.byRange.collect(key, found);
  }
}

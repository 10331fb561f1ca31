import type { Event } from '../../../src/proto/generated/mvccpb.js';
import type { StoredValue } from './operations.js';

/** One change; `stored` is undefined for a delete. */
export interface Change {
  readonly key: string;
  readonly stored: StoredValue | undefined;
}

/** The first revision of an empty store; the first change makes the next one. */
export const FIRST_REVISION = 1;

/**
 * Every change of a store from its beginning, as a watcher was told of it: one main revision after the
 * other, none missing, none twice, each following from the ones before.
 */
export class Revisions {
  private readonly changes: (readonly Change[])[] = [];
  private readonly byKey = new Map<string, { revision: number; change: Change }[]>();

  get last(): number {
    return FIRST_REVISION + this.changes.length;
  }

  /** Takes events in order. Throws on a gap, a repetition, or a change that does not follow. */
  append(events: readonly Event[]): void {
    for (const { revision, changes } of groupByRevision(events)) {
      if (revision !== this.last + 1) {
        throw new Error(`revision ${revision} came after ${this.last}`);
      }
      for (const change of changes) this.requireFollows(change, revision);
      this.changes.push(changes);
    }
  }

  /** The changes of one main revision, in the order of their sub revisions. */
  at(revision: number): readonly Change[] {
    const found = this.changes[revision - FIRST_REVISION - 1];
    if (found === undefined) throw new Error(`there is no revision ${revision} of ${this.last}`);
    return found;
  }

  /** What a key holds at a revision, or undefined. */
  valueAt(key: string, revision: number): StoredValue | undefined {
    const list = this.byKey.get(key) ?? [];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return list[low - 1]?.change.stored;
  }

  private requireFollows(change: Change, revision: number): void {
    const { key, stored } = change;
    const list = this.byKey.get(key) ?? [];
    const before = list.at(-1)?.change.stored;
    if (stored === undefined) {
      if (before === undefined) throw new Error(`revision ${revision} deletes an absent ${key}`);
    } else {
      const version = (before?.version ?? 0) + 1;
      const createRevision = before?.createRevision ?? revision;
      const { modRevision } = stored;
      if (
        modRevision !== revision ||
        stored.version !== version ||
        stored.createRevision !== createRevision
      ) {
        const wanted = { createRevision, modRevision: revision, version };
        throw new Error(`${key}: ${JSON.stringify(stored)} rather than ${JSON.stringify(wanted)}`);
      }
    }
    list.push({ revision, change });
    this.byKey.set(key, list);
  }
}

function groupByRevision(events: readonly Event[]): { revision: number; changes: Change[] }[] {
  const groups: { revision: number; changes: Change[] }[] = [];
  for (const { kv, type } of events) {
    if (kv === undefined) throw new Error('an event without a key');
    const key = kv.key.toString();
    const stored = {
      value: kv.value.toString(),
      createRevision: kv.createRevision,
      modRevision: kv.modRevision,
      version: kv.version,
    };
    const change = { key, stored: type === 0 ? stored : undefined };
    const group = groups.at(-1);
    if (group?.revision === kv.modRevision) group.changes.push(change);
    else groups.push({ revision: kv.modRevision, changes: [change] });
  }
  return groups;
}

import type { Event, KeyValue } from '../../../src/proto/generated/mvccpb.js';
import { nowMs, tokenOf } from './operations.js';

/** The current record of a key. */
export interface StoredKey {
  readonly key: string;
  readonly token: string;
  readonly valueSizeBytes: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/** One change of a revision; `stored` is undefined for a delete. */
export interface Change {
  readonly key: string;
  readonly stored: StoredKey | undefined;
  /** What `prev_kv` said. */
  readonly previous: StoredKey | undefined;
}

/** All changes of one main revision, in the order of their sub revisions. */
export interface Revision {
  readonly revision: number;
  readonly changes: readonly Change[];
  /** When this process learned of it. */
  readonly seenAtMs: number;
}

export type State = Map<string, StoredKey>;

/** The first revision of an empty store; the first change makes the next one. */
export const FIRST_REVISION = 1;

/**
 * Every change of a store from its beginning, as a watcher was told: one revision after the other,
 * none missing, none twice.
 */
export class History {
  private readonly revisions: Revision[] = [];

  get lastRevision(): number {
    return FIRST_REVISION + this.revisions.length;
  }

  /** Takes the events of a watch response. Throws on a gap, a repetition or a wrong order. */
  append(events: readonly Event[]): void {
    for (const revision of groupByRevision(events)) {
      if (revision.revision !== this.lastRevision + 1) {
        throw new Error(`the watcher got revision ${revision.revision} after ${this.lastRevision}`);
      }
      this.revisions.push(revision);
    }
  }

  at(revision: number): Revision {
    const found = this.revisions[revision - FIRST_REVISION - 1];
    if (found === undefined) throw new Error(`no revision ${revision} in the history`);
    return found;
  }

  /** The store as it was at a revision. */
  stateAt(revision: number): State {
    const state: State = new Map();
    for (let next = FIRST_REVISION + 1; next <= revision; next++) apply(state, this.at(next));
    return state;
  }
}

/** Makes the changes of a revision. Throws if they do not follow from the state. */
export function apply(state: State, { revision, changes }: Revision): void {
  const before = changes.map(({ key }) => state.get(key));
  changes.forEach(({ key, stored, previous }, index) => {
    const where = `revision ${revision}, key ${key}`;
    requireSame(previous, before[index], `${where}: prev_kv`);
    const current = state.get(key);
    if (stored === undefined) {
      if (current === undefined) throw new Error(`${where}: deleted, but it was not there`);
      state.delete(key);
      return;
    }
    const expected: StoredKey = {
      ...stored,
      modRevision: revision,
      createRevision: current?.createRevision ?? revision,
      version: (current?.version ?? 0) + 1,
    };
    requireSame(stored, expected, where);
    state.set(key, stored);
  });
}

/** Splits events by main revision. Throws if revisions do not ascend. */
export function groupByRevision(events: readonly Event[]): Revision[] {
  const groups: { revision: number; changes: Change[]; seenAtMs: number }[] = [];
  for (const event of events) {
    const { kv, prevKv, type } = event;
    if (kv === undefined) throw new Error('an event without a key');
    const key = kv.key.toString('latin1');
    const stored = type === 0 ? storedKey(kv) : undefined;
    const previous = prevKv === undefined ? undefined : storedKey(prevKv);
    const change: Change = { key, stored, previous };
    const group = groups.at(-1);
    if (group?.revision === kv.modRevision) group.changes.push(change);
    else if (group === undefined || group.revision < kv.modRevision) {
      groups.push({ revision: kv.modRevision, changes: [change], seenAtMs: nowMs() });
    } else throw new Error(`revision ${kv.modRevision} comes after ${group.revision}`);
  }
  return groups;
}

/** A record of the store as it was read. */
export function storedKey(kv: KeyValue): StoredKey {
  return {
    key: kv.key.toString('latin1'),
    token: tokenOf(kv.value),
    valueSizeBytes: kv.value.length,
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    version: kv.version,
    lease: kv.lease,
  };
}

/** Throws unless both are the same record, or both none. */
export function requireSame(
  actual: StoredKey | undefined,
  expected: StoredKey | undefined,
  where: string,
): void {
  const [got, wanted] = [describe(actual), describe(expected)];
  if (got !== wanted) throw new Error(`${where}: ${got} instead of ${wanted}`);
}

function describe(stored: StoredKey | undefined): string {
  if (stored === undefined) return 'nothing';
  const { key, token, valueSizeBytes, createRevision, modRevision, version, lease } = stored;
  const revisions = `created ${createRevision} modified ${modRevision} version ${version}`;
  return `${key}=${token} (${valueSizeBytes} bytes, ${revisions}, lease ${lease})`;
}

/** The keys of [start, end) in byte order; an empty end means one key. */
export function keysInRange(state: State, start: string, end: string): string[] {
  if (end === '') return state.has(start) ? [start] : [];
  return [...state.keys()].filter((key) => key >= start && key < end).sort();
}

/** The keys that carry a lease, in byte order. */
export function keysOfLease(state: State, lease: bigint): string[] {
  return [...state.values()]
    .filter((stored) => stored.lease === lease)
    .map((stored) => stored.key)
    .sort();
}

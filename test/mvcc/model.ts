import { crc32c } from '../../src/base/crc32c.js';
import { KeyValue } from '../../src/proto/generated/mvccpb.js';

/** One change, and its pair in the key bucket. */
export interface ModelChange {
  main: number;
  sub: number;
  key: string;
  /** undefined = deleted. */
  value: string | undefined;
  bucketKey: Buffer;
  record: Buffer;
}

export interface ModelValue {
  createRevision: number;
  modRevision: number;
  version: number;
  value: string;
  lease: bigint;
  record: Buffer;
}

export type ModelOperation =
  | { kind: 'put'; key: string; value: string; lease: bigint }
  | { kind: 'delete'; start: string; end: string };

/** The store as a list of everything that ever happened: slow, and simple enough to be believed. */
export class Model {
  revision = 1;
  compacted = -1;
  /** Everything that ever happened. */
  readonly changes: ModelChange[] = [];
  /** What a finished compaction has left of it. */
  kept: ModelChange[] = [];

  inRange(key: string, start: string, end: string): boolean {
    if (end === '') return key === start;
    return key >= start && (end === '\0' || key < end);
  }

  /** The keys that existed at a revision, in key order. */
  stateAt(revision: number): Map<string, ModelValue> {
    const state = new Map<string, ModelValue>();
    for (const change of this.changes) {
      if (change.main > revision) break;
      if (change.value === undefined) state.delete(change.key);
      else state.set(change.key, this.valueOf(change));
    }
    return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private valueOf(change: ModelChange): ModelValue {
    const decoded = KeyValue.decode(change.record);
    const { createRevision, modRevision, version, lease } = decoded;
    const value = change.value ?? '';
    return { createRevision, modRevision, version, value, lease, record: change.record };
  }

  /** Records of a range at a revision, in key order. */
  range(start: string, end: string, revision: number): Buffer[] {
    return [...this.stateAt(revision)]
      .filter(([key]) => this.inRange(key, start, end))
      .map(([, value]) => value.record);
  }

  /** Carries out a transaction; returns how many keys each delete removed. */
  transact(operations: readonly ModelOperation[]): number[] {
    const main = this.revision + 1;
    const deleted: number[] = [];
    let sub = 0;
    for (const operation of operations) {
      const state = this.stateAt(main);
      if (operation.kind === 'put') {
        this.put(main, sub++, operation, state.get(operation.key));
        continue;
      }
      const keys = [...state.keys()].filter((key) =>
        this.inRange(key, operation.start, operation.end),
      );
      for (const key of keys) this.push(main, sub++, key, undefined, { key: bytes(key) });
      deleted.push(keys.length);
    }
    if (sub > 0) this.revision = main;
    return deleted;
  }

  private put(
    main: number,
    sub: number,
    operation: { key: string; value: string; lease: bigint },
    before: ModelValue | undefined,
  ): void {
    const { key, value, lease } = operation;
    this.push(main, sub, key, value, {
      key: bytes(key),
      createRevision: before?.createRevision ?? main,
      modRevision: main,
      version: (before?.version ?? 0) + 1,
      value: bytes(value),
      lease,
    });
  }

  private push(
    main: number,
    sub: number,
    key: string,
    value: string | undefined,
    fields: Parameters<typeof KeyValue.encode>[0],
  ): void {
    const bucketKey = Buffer.alloc(value === undefined ? 18 : 17, '_');
    bucketKey.writeBigUInt64BE(BigInt(main), 0);
    bucketKey.writeBigUInt64BE(BigInt(sub), 9);
    if (value === undefined) bucketKey.write('t', 17);
    const change = { main, sub, key, value, bucketKey, record: KeyValue.encode(fields) };
    this.changes.push(change);
    this.kept.push(change);
  }

  /** Compacts at once; returns the hash that a compaction leaves behind (formats.md §9). */
  compact(revision: number): number {
    const before = this.kept.filter((change) => change.main <= revision);
    const keep = new Set<ModelChange>();
    for (const changes of byKey(before).values()) {
      const last = changes.at(-1);
      if (last !== undefined && (last.value !== undefined || last.main === revision))
        keep.add(last);
    }
    const hash = hashOf(before, this.compacted, revision, keep);
    this.kept = this.kept.filter((change) => change.main > revision || keep.has(change));
    this.compacted = revision;
    return hash;
  }

  /** HashKV, word for word as formats.md §9 has it. */
  hashAt(revision: number): number {
    const keep = new Set<ModelChange>();
    for (const changes of byKey(this.kept).values()) {
      const generations = generationsOf(changes);
      const last = generations.length - 1;
      const found = generations.findIndex(
        (generation, index) => index === last || (generation.at(-1)?.main ?? 0) >= revision,
      );
      const generation = generations[found] ?? [];
      const candidate = generation.filter((change) => change.main <= revision).at(-1);
      if (candidate === undefined) continue;
      const endsGeneration = candidate === generation.at(-1) && found !== last;
      if (!endsGeneration) keep.add(candidate);
    }
    return hashOf(this.kept, this.compacted, revision, keep);
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function byKey(changes: readonly ModelChange[]): Map<string, ModelChange[]> {
  const groups = new Map<string, ModelChange[]>();
  for (const change of changes) {
    const group = groups.get(change.key);
    if (group === undefined) groups.set(change.key, [change]);
    else group.push(change);
  }
  return groups;
}

/** Runs of changes, each ended by a deletion; the last is open, perhaps empty. */
function generationsOf(changes: readonly ModelChange[]): ModelChange[][] {
  const generations: ModelChange[][] = [[]];
  for (const change of changes) {
    generations.at(-1)?.push(change);
    if (change.value === undefined) generations.push([]);
  }
  return generations;
}

function hashOf(
  changes: readonly ModelChange[],
  compactRevision: number,
  revision: number,
  keep: ReadonlySet<ModelChange>,
): number {
  let hash = crc32c(Buffer.from('key'));
  for (const change of changes) {
    if (change.main > revision) continue;
    if (change.main <= compactRevision && keep.size > 0 && !keep.has(change)) continue;
    if (change.main === compactRevision && change.value === undefined) continue;
    hash = crc32c(change.record, crc32c(change.bucketKey, hash));
  }
  return hash;
}

import assert from 'node:assert/strict';
import type { RangeResponse, WatchResponse } from '../../../src/proto/generated/etcdserverpb.js';
import {
  apply,
  FIRST_REVISION,
  groupByRevision,
  type History,
  keysInRange,
  keysOfLease,
  type Revision,
  requireSame,
  type State,
  type StoredKey,
  storedKey,
} from '../../durability/support/history.js';

/** A write that was acknowledged; `token` undefined for a delete. */
export interface LedgerWrite {
  readonly key: string;
  readonly token: string | undefined;
  readonly lease: bigint;
}

/** A conditional write that was refused, and what was told to stand there. */
interface Refusal {
  readonly key: string;
  /** Undefined if it was not asked for. */
  readonly current: StoredKey | undefined | 'not asked';
}

/** What was asked of a range of keys. */
export interface ReadRequest {
  readonly start: string;
  /** Empty: one key. */
  readonly end: string;
  readonly limit: number;
  readonly content: 'whole' | 'keys' | 'count';
}

interface Read {
  readonly request: ReadRequest;
  readonly stored: readonly StoredKey[];
  readonly keys: readonly string[];
  readonly count: number;
  readonly more: boolean;
}

interface GrantedLease {
  readonly ttlSeconds: number;
  readonly sentAtMs: number;
}

/** What one watcher got: whole revisions, and how many of them before each progress notification. */
export class WatchRecord {
  readonly prefix: string;
  readonly startRevision: number;
  readonly revisions: Revision[] = [];
  private readonly progress: { readonly revision: number; readonly delivered: number }[] = [];
  /** Set when the server ended it because its revisions are compacted. */
  compactRevision = 0;
  /** Everything up to here has been delivered. */
  seenRevision: number;

  constructor(prefix: string, startRevision: number) {
    this.prefix = prefix;
    this.startRevision = startRevision;
    this.seenRevision = startRevision - 1;
  }

  /** Takes one response of the stream. */
  take(response: WatchResponse): void {
    const { header, events, created, canceled, compactRevision } = response;
    this.compactRevision = Math.max(this.compactRevision, compactRevision);
    if (created || canceled) return;
    const revision = header?.revision ?? 0;
    if (events.length === 0) {
      this.progress.push({ revision, delivered: this.revisions.length });
      this.seenRevision = Math.max(this.seenRevision, revision);
      return;
    }
    this.revisions.push(...groupByRevision(events));
    this.seenRevision = Math.max(this.seenRevision, this.revisions.at(-1)?.revision ?? 0);
  }

  /**
   * Throws unless this is exactly what the history has for the watcher. What was before a revision that
   * has been compacted meanwhile, with a compaction up to `compactedTo`, may be missing.
   */
  verify(history: History, compactedTo: number): void {
    const expected: Revision[] = [];
    for (let next = this.startRevision; next <= this.seenRevision; next++) {
      const { revision, seenAtMs, changes } = history.at(next);
      const own = changes.filter(({ key }) => key.startsWith(this.prefix));
      if (own.length > 0) expected.push({ revision, seenAtMs, changes: own });
    }
    const where = `watch of ${this.prefix} from ${this.startRevision}`;
    assert.deepEqual(
      this.revisions.map(({ revision }) => revision),
      expected.map(({ revision }) => revision),
      `${where}: revisions`,
    );
    this.revisions.forEach(({ changes, revision }, index) => {
      const others = expected[index]?.changes ?? [];
      assert.equal(changes.length, others.length, `${where}: revision ${revision}`);
      changes.forEach((change, position) => {
        assert.equal(change.key, others[position]?.key);
        requireSame(change.stored, others[position]?.stored, where);
        if (change.previous === undefined && revision <= compactedTo) return;
        requireSame(change.previous, others[position]?.previous, `${where}: prev_kv`);
      });
    });
    for (const { revision, delivered } of this.progress) {
      const due = expected.filter((each) => each.revision <= revision).length;
      assert.ok(delivered >= due, `${where}: progress ${revision} after ${delivered} of ${due}`);
    }
  }
}

/**
 * Everything an API server was told, to be held against the history of the store: each answer must be
 * the one that a store with that history gives at that revision.
 */
export class Ledger {
  readonly watches: WatchRecord[] = [];
  /** The highest revision at which a compaction was asked for. */
  requestedCompaction = 0;
  private readonly writes = new Map<number, LedgerWrite>();
  private readonly refusals = new Map<number, Refusal[]>();
  private readonly reads = new Map<number, Read[]>();
  private readonly leases = new Map<bigint, GrantedLease>();
  private readCount = 0;

  wrote(revision: number, write: LedgerWrite): void {
    assert.ok(!this.writes.has(revision), `two writes were acknowledged at ${revision}`);
    this.writes.set(revision, write);
  }

  refused(revision: number, refusal: Refusal): void {
    this.refusals.set(revision, [...(this.refusals.get(revision) ?? []), refusal]);
  }

  granted(id: bigint, lease: GrantedLease): void {
    assert.ok(!this.leases.has(id), `the lease ${id} was granted twice`);
    this.leases.set(id, lease);
  }

  /** Notes what was read at `revision`; 0 means the revision of the answer. */
  read(request: ReadRequest, revision: number, response: RangeResponse): void {
    const at = revision === 0 ? (response.header?.revision ?? 0) : revision;
    const { kvs, count, more } = response;
    const read: Read = {
      request,
      stored: request.content === 'whole' ? kvs.map(storedKey) : [],
      keys: kvs.map((kv) => kv.key.toString('latin1')),
      count,
      more,
    };
    if (request.content === 'keys') assert.ok(kvs.every((kv) => kv.value.length === 0));
    this.reads.set(at, [...(this.reads.get(at) ?? []), read]);
    this.readCount++;
  }

  get size(): string {
    const watched = this.watches.reduce((sum, watch) => sum + watch.revisions.length, 0);
    return `${this.writes.size} writes, ${this.readCount} reads, ${watched} watched revisions`;
  }

  /** Verifies every answer. The history must be complete. Throws on the first that is wrong. */
  verify(history: History): void {
    const state: State = new Map();
    const ended = new Set<bigint>();
    this.verifyAnswers(FIRST_REVISION, state);
    for (let next = FIRST_REVISION + 1; next <= history.lastRevision; next++) {
      const revision = history.at(next);
      const write = this.writes.get(next);
      if (write === undefined) this.verifyExpiry(revision, state, ended);
      else verifyWrite(revision, write);
      apply(state, revision);
      this.writes.delete(next);
      this.verifyAnswers(next, state);
    }
    assert.deepEqual([...this.writes.keys()], [], 'acknowledged, and not in the store');
    assert.equal(this.reads.size + this.refusals.size, 0, 'answers from revisions that never were');
    for (const watch of this.watches) watch.verify(history, this.requestedCompaction);
  }

  /** What no client wrote is the end of a lease: all its keys in one revision, and not early. */
  private verifyExpiry(
    { revision, changes, seenAtMs }: Revision,
    state: State,
    ended: Set<bigint>,
  ) {
    const keys = changes.map(({ key }) => key);
    const id = state.get(keys[0] ?? '')?.lease ?? 0n;
    const lease = this.leases.get(id);
    assert.ok(lease !== undefined && !ended.has(id), `revision ${revision}: nobody wrote ${keys}`);
    ended.add(id);
    assert.deepEqual(keys, keysOfLease(state, id), `revision ${revision}: keys of the lease`);
    assert.ok(changes.every(({ stored }) => stored === undefined));
    const ageMs = seenAtMs - lease.sentAtMs;
    assert.ok(ageMs >= lease.ttlSeconds * 1000, `the lease ${id} ran out after ${ageMs} ms`);
  }

  private verifyAnswers(revision: number, state: State): void {
    for (const { key, current } of this.refusals.get(revision) ?? []) {
      const where = `refused at ${revision}: ${key}`;
      if (current === 'not asked') assert.ok(state.has(key), where);
      else requireSame(current, state.get(key), where);
    }
    for (const read of this.reads.get(revision) ?? []) verifyRead(read, revision, state);
    this.refusals.delete(revision);
    this.reads.delete(revision);
  }
}

function verifyWrite({ revision, changes }: Revision, write: LedgerWrite): void {
  const where = `revision ${revision}: ${write.key}`;
  const [change] = changes;
  assert.equal(changes.length, 1, where);
  assert.equal(change?.key, write.key, where);
  assert.equal(change.stored?.token, write.token, where);
  if (change.stored !== undefined) assert.equal(change.stored.lease, write.lease, where);
}

function verifyRead(read: Read, revision: number, state: State): void {
  const { start, end, limit, content } = read.request;
  const where = `read of [${start}, ${end}) at ${revision}`;
  const all = keysInRange(state, start, end);
  assert.equal(read.count, all.length, `${where}: count`);
  if (content === 'count') {
    assert.equal(read.keys.length, 0, where);
    return;
  }
  const expected = limit > 0 ? all.slice(0, limit) : all;
  assert.deepEqual(read.keys, expected, `${where}: keys`);
  assert.equal(read.more, expected.length < all.length, `${where}: more`);
  for (const stored of read.stored) requireSame(stored, state.get(stored.key), where);
}

import assert from 'node:assert/strict';
import { KV, Lease, Maintenance, Watch } from '../../../src/proto/generated/etcdserverpb.js';
import type { EtcdClient } from '../../support/etcd-client.js';
import { GrpcError } from '../../support/grpc.js';
import type { Dice } from './dice.js';
import {
  FIRST_REVISION,
  groupByRevision,
  keysOfLease,
  type Revision,
  requireSame,
  type State,
  storedKey,
} from './history.js';
import type { Observer } from './observer.js';
import { type LeaseRecord, nowMs } from './operations.js';
import { requireMayBeGone, type Settlement } from './settlement.js';
import type { Compactions } from './workload.js';

const EVERYTHING = Buffer.from([0]);
const OUT_OF_RANGE = 11;
const WALK_TIMEOUT_MS = 20_000;
/** Leases that run out meanwhile make new revisions; so often the look at the store begins again. */
const MAX_ATTEMPTS = 20;
const PAST_REVISIONS_READ = 3;

/** HashKV of a revision as it was once told. */
interface KnownHash {
  readonly revision: number;
  readonly compactRevision: number;
  readonly hash: number;
}

export interface VerifierDependencies {
  readonly observer: Observer;
  readonly settlement: Settlement;
  readonly compactions: Compactions;
  readonly dice: Dice;
}

/** Compares a restarted member with everything its clients know. */
export class Verifier {
  private readonly dependencies: VerifierDependencies;
  private knownHashes: KnownHash[] = [];

  constructor(dependencies: VerifierDependencies) {
    this.dependencies = dependencies;
  }

  /** Verifies everything. Throws on the first contradiction. */
  async verify(client: EtcdClient): Promise<void> {
    const { observer, settlement } = this.dependencies;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const revision = await currentRevision(client);
      const { acknowledgedRevision } = settlement;
      assert.ok(
        revision >= acknowledgedRevision,
        `the store is at ${revision}; ${acknowledgedRevision} was acknowledged`,
      );
      await observer.reach(revision);
      // Only the end of leases can have added anything since, and that needs no settling twice.
      if (observer.history.lastRevision !== revision) continue;
      settlement.settle();
      const compactRevision = await this.verifyCompaction(client, revision);
      await this.verifyReads(client, compactRevision, revision);
      await this.verifyWalk(client, compactRevision, revision);
      await this.verifyHashes(client, compactRevision, revision);
      const leases = await this.readLeases(client);
      if ((await currentRevision(client)) !== revision) continue;
      this.verifyLeases(leases);
      return;
    }
    throw new Error('the store did not come to rest');
  }

  /** The hash of the newest revision, for a comparison after a clean restart. */
  async hash(client: EtcdClient, revision: number): Promise<KnownHash> {
    const response = await client.call(Maintenance.methods.hashKv, { revision: BigInt(revision) });
    const { hash, compactRevision, hashRevision } = response;
    assert.equal(Number(hashRevision), revision);
    return { revision, compactRevision, hash };
  }

  /** The ids of all leases there are. */
  async aliveLeases(client: EtcdClient): Promise<Set<bigint>> {
    const { leases } = await client.call(Lease.methods.leaseLeases, {});
    return new Set(leases.map((lease) => lease.id));
  }

  /** The compaction is kept and is one that was asked for; below it nothing is readable. */
  private async verifyCompaction(client: EtcdClient, revision: number): Promise<number> {
    const { compactions } = this.dependencies;
    const compactRevision = await readCompactRevision(client, revision);
    if (compactRevision === 0) {
      assert.equal(compactions.acknowledged, 0, 'an acknowledged compaction is lost');
      return 0;
    }
    assert.ok(compactRevision >= compactions.acknowledged, 'an acknowledged compaction is lost');
    assert.ok(compactions.requested.has(compactRevision), 'nobody asked for that compaction');
    const below = { key: EVERYTHING, rangeEnd: EVERYTHING, revision: compactRevision - 1 };
    if (below.revision > 0) {
      await assert.rejects(client.call(KV.methods.range, below), (error) => {
        assert.ok(error instanceof GrpcError);
        assert.equal(error.code, OUT_OF_RANGE);
        return true;
      });
    }
    return compactRevision;
  }

  /** The store now, at the compaction and at some revisions between is what the history says. */
  private async verifyReads(
    client: EtcdClient,
    compactRevision: number,
    revision: number,
  ): Promise<void> {
    const { dice, observer } = this.dependencies;
    const oldest = Math.max(compactRevision, FIRST_REVISION);
    const past = Array.from({ length: PAST_REVISIONS_READ }, () => dice.between(oldest, revision));
    for (const each of new Set([oldest, ...past, revision])) {
      await verifyState(client, each, observer.history.stateAt(each));
    }
  }

  /** A watch from the compaction on tells the same events once more, each revision once. */
  private async verifyWalk(
    client: EtcdClient,
    compactRevision: number,
    revision: number,
  ): Promise<void> {
    const { history } = this.dependencies.observer;
    let next = Math.max(compactRevision, FIRST_REVISION) + 1;
    if (next > revision) return;
    const startRevision = next;
    const create = { key: EVERYTHING, rangeEnd: EVERYTHING, startRevision, prevKv: true };
    const watch = client.watch(create);
    const walk = (): boolean => {
      for (const message of watch.stream.received.splice(0)) {
        const { canceled, events } = Watch.methods.watch.response.decode(message);
        assert.equal(canceled, false);
        for (const group of groupByRevision(events)) {
          assert.equal(group.revision, next++);
          if (group.revision <= revision) requireSameRevision(group, history.at(group.revision));
        }
      }
      return next > revision;
    };
    try {
      const isDone = await watch.stream.until(walk, WALK_TIMEOUT_MS);
      assert.ok(isDone, `the walk ended at ${next} of ${revision}: ${watch.stream.ending}`);
    } finally {
      watch.cancel();
    }
  }

  /** What HashKV said of a revision it says again, and of the newest one for the next time. */
  private async verifyHashes(
    client: EtcdClient,
    compactRevision: number,
    revision: number,
  ): Promise<void> {
    for (const known of this.knownHashes) {
      if (known.revision < compactRevision) continue;
      const again = await this.hash(client, known.revision);
      if (again.compactRevision === known.compactRevision) assert.deepEqual(again, known);
    }
    this.knownHashes = [...this.knownHashes, await this.hash(client, revision)].slice(-10);
  }

  private async readLeases(client: EtcdClient): Promise<Map<bigint, LeaseAnswer>> {
    const { leases } = this.dependencies.settlement;
    const alive = await this.aliveLeases(client);
    const answers = new Map<bigint, LeaseAnswer>();
    for (const id of alive) {
      assert.ok(leases.has(id), `nobody granted the lease ${id}`);
      const response = await client.call(Lease.methods.leaseTimeToLive, { id, keys: true });
      const keys = response.keys.map((key) => key.toString('latin1')).sort();
      answers.set(id, { ttl: response.ttl, granted: response.grantedTtl, keys, atMs: nowMs() });
    }
    for (const id of leases.keys()) {
      if (!alive.has(id)) answers.set(id, { ttl: -1, granted: 0, keys: [], atMs: nowMs() });
    }
    return answers;
  }

  private verifyLeases(answers: ReadonlyMap<bigint, LeaseAnswer>): void {
    const { settlement } = this.dependencies;
    for (const [id, answer] of answers) {
      const lease = settlement.leases.get(id);
      if (lease !== undefined) verifyLease(lease, answer, settlement.current);
    }
  }
}

interface LeaseAnswer {
  readonly ttl: number;
  readonly granted: number;
  readonly keys: readonly string[];
  readonly atMs: number;
}

function verifyLease(lease: LeaseRecord, answer: LeaseAnswer, state: State): void {
  const name = `lease ${lease.id}`;
  const isThere = answer.ttl !== -1;
  if (lease.outcome === 'unknown') lease.outcome = isThere ? 'applied' : 'lost';
  if (!isThere) {
    assert.deepEqual(keysOfLease(state, lease.id), [], `${name} is gone, its keys are not`);
    if (lease.outcome === 'acknowledged') requireMayBeGone(lease, answer.atMs);
    return;
  }
  assert.ok(lease.outcome === 'acknowledged' || lease.outcome === 'applied', `${name} came back`);
  assert.equal(lease.isRevokeAcknowledged, false, `${name} was revoked`);
  assert.equal(lease.endRevision, 0, `${name} had ended`);
  assert.equal(answer.granted, lease.ttlSeconds, `${name}: granted TTL`);
  assert.ok(answer.ttl <= lease.ttlSeconds + 1, `${name} has ${answer.ttl} s left`);
  assert.deepEqual(answer.keys, keysOfLease(state, lease.id), `${name}: keys`);
}

function requireSameRevision(actual: Revision, expected: Revision): void {
  const where = `revision ${actual.revision}`;
  assert.equal(actual.changes.length, expected.changes.length, `${where}: number of changes`);
  actual.changes.forEach((change, index) => {
    const other = expected.changes[index];
    assert.equal(change.key, other?.key, `${where}: order of keys`);
    requireSame(change.stored, other?.stored, where);
    requireSame(change.previous, other?.previous, `${where}: prev_kv`);
  });
}

async function verifyState(client: EtcdClient, revision: number, state: State): Promise<void> {
  const request = { key: EVERYTHING, rangeEnd: EVERYTHING, revision };
  const { kvs, count } = await client.call(KV.methods.range, request);
  const where = `the store at ${revision}`;
  assert.equal(count, state.size, `${where}: count`);
  const keys = [...state.keys()].sort();
  assert.deepEqual(
    kvs.map((kv) => kv.key.toString('latin1')),
    keys,
    `${where}: keys`,
  );
  for (const kv of kvs) requireSame(storedKey(kv), state.get(kv.key.toString('latin1')), where);
}

async function currentRevision(client: EtcdClient): Promise<number> {
  const { header } = await client.call(KV.methods.range, { key: EVERYTHING });
  return header?.revision ?? 0;
}

/** What a watch from the beginning is told; 0 if it is told nothing but events. */
async function readCompactRevision(client: EtcdClient, revision: number): Promise<number> {
  if (revision === FIRST_REVISION) return 0;
  const watch = client.watch({ key: EVERYTHING, rangeEnd: EVERYTHING, startRevision: 1 });
  try {
    // The created response says nothing of it; events or the end of the watch do.
    await watch.waitFor('answer to a watch from 1', ({ responses }) =>
      responses.some(({ canceled, events }) => canceled || events.length > 0),
    );
    return watch.responses.find(({ canceled }) => canceled)?.compactRevision ?? 0;
  } finally {
    watch.cancel();
  }
}

import {
  KV,
  Lease,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../../src/proto/generated/etcdserverpb.js';
import { EtcdClient } from '../../support/etcd-client.js';
import { GrpcError } from '../../support/grpc.js';
import type { Dice } from './dice.js';
import type { Observer } from './observer.js';
import {
  type LeaseRecord,
  nowMs,
  type Part,
  valueBytes,
  type WriteOperation,
} from './operations.js';
import type { Settlement } from './settlement.js';

const SHARED_KEYS = 60;
const OWN_KEYS = 12;
const WORKERS = 18;
const CONNECTIONS = 3;
const LARGE_VALUE_BYTES = 400_000;
const LONG_TTL_SECONDS = 3600;
const TIMEOUT = { timeoutMs: 15_000 };

/** By these codes the server says that it did nothing. */
const REFUSALS: ReadonlySet<number> = new Set([3, 5, 8, 9, 11]);

const WEIGHTS = {
  put: 30,
  largePut: 4,
  multiPut: 20,
  ownDelete: 12,
  markedDelete: 8,
  grant: 6,
  renew: 3,
  revoke: 4,
  compact: 3,
} as const;

/** Compactions that were asked for. */
export interface Compactions {
  readonly requested: Set<number>;
  /** The highest one that was acknowledged; 0 while there is none. */
  acknowledged: number;
}

export interface WorkloadDependencies {
  readonly settlement: Settlement;
  readonly observer: Observer;
  readonly compactions: Compactions;
  readonly dice: Dice;
}

/**
 * Many clients that write at once, each one request after the other, until they are told to stop.
 * Whatever they send is noted before it is sent.
 */
export class Workload {
  private readonly name: string;
  private readonly dependencies: WorkloadDependencies;
  private readonly clients: EtcdClient[];
  private readonly workers: Promise<void>[];
  private tokens = 0;
  private isStopping = false;

  /** Starts at once. `name` sets the tokens of this load apart from those of all others. */
  constructor(name: string, address: string, dependencies: WorkloadDependencies) {
    this.name = name;
    this.dependencies = dependencies;
    this.clients = Array.from({ length: CONNECTIONS }, () => new EtcdClient(address));
    this.workers = Array.from({ length: WORKERS }, (_, worker) => this.work(worker));
  }

  /** Resolves when no request is under way any more; to be called after the member was killed. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const client of this.clients) client.close();
    await Promise.all(this.workers);
  }

  private async work(worker: number): Promise<void> {
    const client = this.clients[worker % CONNECTIONS];
    while (!this.isStopping && client !== undefined) {
      await this.step(worker, client);
      await new Promise((resolve) => setTimeout(resolve, this.dependencies.dice.below(3)));
    }
  }

  private step(worker: number, client: EtcdClient): Promise<void> {
    const { dice } = this.dependencies;
    switch (dice.weighted(WEIGHTS)) {
      case 'put':
        return this.put(client, 1, dice.between(1, 600));
      case 'largePut':
        return this.put(client, 1, dice.between(20_000, LARGE_VALUE_BYTES));
      case 'multiPut':
        return this.put(client, dice.between(2, 8), dice.between(1, 200));
      case 'ownDelete':
        return this.ownKeys(worker, client);
      case 'markedDelete':
        return this.markedDelete(worker, client);
      case 'grant':
        return this.grant(client);
      case 'renew':
        return this.renew(client);
      case 'revoke':
        return this.revoke(client);
      default:
        return this.compact(client);
    }
  }

  /** The same value into some keys, in one transaction if they are several. */
  private put(client: EtcdClient, keys: number, sizeBytes: number): Promise<void> {
    const { dice } = this.dependencies;
    const parts = dice
      .distinct(keys, SHARED_KEYS)
      .map((key): Part => ({ kind: 'put', key: `k/${key}`, lease: this.someLease() }));
    return this.write(client, parts, sizeBytes);
  }

  /**
   * A delete without a put cannot be told from others of its kind, so each client does that to keys of
   * its own; they are put by the same hand.
   */
  private async ownKeys(worker: number, client: EtcdClient): Promise<void> {
    const { dice } = this.dependencies;
    const folder = `own/${worker}/`;
    if (dice.chance(60)) {
      const parts = dice
        .distinct(dice.between(1, 4), OWN_KEYS)
        .map((key): Part => ({ kind: 'put', key: folder + key, lease: this.someLease() }));
      return this.write(client, parts, dice.between(1, 100));
    }
    const isWhole = dice.chance(30);
    const key = isWhole ? folder : folder + dice.below(OWN_KEYS);
    const end = isWhole ? `own/${worker}0` : '';
    return this.write(client, [{ kind: 'delete', key, end }], 0);
  }

  /** Deletes of shared keys, beside a put by which one finds the transaction again. */
  private markedDelete(worker: number, client: EtcdClient): Promise<void> {
    const { dice } = this.dependencies;
    const deletes = dice
      .distinct(dice.between(1, 3), SHARED_KEYS)
      .map((key): Part => ({ kind: 'delete', key: `k/${key}`, end: '' }));
    if (dice.chance(10)) deletes.push({ kind: 'delete', key: 'k/3', end: 'k/5' });
    const mark: Part = { kind: 'put', key: `mark/${worker}`, lease: 0n };
    const parts = dice.chance(50) ? [mark, ...deletes] : [...deletes, mark];
    return this.write(client, parts, 20);
  }

  private async write(
    client: EtcdClient,
    parts: readonly Part[],
    sizeBytes: number,
  ): Promise<void> {
    const token = `${this.name}.${this.tokens++}`;
    const value = valueBytes(token, sizeBytes);
    const operation: WriteOperation = {
      token,
      valueSizeBytes: value.length,
      parts,
      sentAtMs: nowMs(),
      answeredAtMs: 0,
      outcome: 'pending',
      revision: 0,
      deletedKeys: 0,
    };
    this.dependencies.settlement.add(operation);
    try {
      const { revision, deleted } = await send(client, parts, value);
      operation.revision = revision;
      operation.deletedKeys = deleted;
      operation.answeredAtMs = nowMs();
      operation.outcome = 'acknowledged';
    } catch (error) {
      operation.outcome = isRefusal(error) ? 'refused' : 'unknown';
      // The member is dead; nothing that is sent from now on can reach it.
      if (operation.outcome === 'unknown') this.isStopping = true;
    }
  }

  private async grant(client: EtcdClient): Promise<void> {
    const { dice, settlement } = this.dependencies;
    const lease: LeaseRecord = {
      id: dice.bytes(8).readBigInt64BE() & 0x7fff_ffff_ffff_ffffn,
      ttlSeconds: dice.chance(60) ? LONG_TTL_SECONDS : dice.between(2, 4),
      outcome: 'pending',
      startedAtMs: nowMs(),
      isRevokeRequested: false,
      isRevokeAcknowledged: false,
      endRevision: 0,
    };
    settlement.addLease(lease);
    const request = { id: lease.id, ttl: lease.ttlSeconds };
    try {
      await client.call(Lease.methods.leaseGrant, request, TIMEOUT);
      lease.outcome = 'acknowledged';
    } catch (error) {
      lease.outcome = isRefusal(error) ? 'refused' : 'unknown';
    }
  }

  private async renew(client: EtcdClient): Promise<void> {
    const lease = this.dependencies.dice.pick(this.liveLeases());
    if (lease === undefined) return;
    const sentAtMs = nowMs();
    const stream = client.grpc.bidirectional(Lease.methods.leaseKeepAlive.path, TIMEOUT);
    stream.send(LeaseKeepAliveRequest.encode({ id: lease.id }));
    await stream.until(() => stream.received.length > 0, TIMEOUT.timeoutMs);
    const [answer] = stream.received;
    if (answer !== undefined && LeaseKeepAliveResponse.decode(answer).ttl > 0) {
      lease.startedAtMs = Math.max(lease.startedAtMs, sentAtMs);
    }
    stream.cancel();
  }

  private async revoke(client: EtcdClient): Promise<void> {
    const lease = this.dependencies.dice.pick(this.liveLeases());
    if (lease === undefined) return;
    lease.isRevokeRequested = true;
    try {
      await client.call(Lease.methods.leaseRevoke, { id: lease.id }, TIMEOUT);
      lease.isRevokeAcknowledged = true;
    } catch (error) {
      // It may have run out meanwhile; any other refusal is a fault.
      if (isRefusal(error) && !(error instanceof GrpcError && error.code === 5)) throw error;
    }
  }

  /** Never beyond what the observer has seen: it must be able to go on after a break. */
  private async compact(client: EtcdClient): Promise<void> {
    const { compactions, dice, observer } = this.dependencies;
    const revision = observer.history.lastRevision - dice.below(200);
    if (revision <= compactions.acknowledged || revision <= 1) return;
    compactions.requested.add(revision);
    const request = { revision, physical: dice.chance(30) };
    try {
      await client.call(KV.methods.compact, request, TIMEOUT);
      compactions.acknowledged = Math.max(compactions.acknowledged, revision);
    } catch (error) {
      // Another worker's may have passed it (OutOfRange).
      if (isRefusal(error) && !(error instanceof GrpcError && error.code === 11)) throw error;
    }
  }

  private liveLeases(): LeaseRecord[] {
    return [...this.dependencies.settlement.leases.values()].filter(
      (lease) =>
        lease.outcome === 'acknowledged' && !lease.isRevokeRequested && lease.endRevision === 0,
    );
  }

  private someLease(): bigint {
    const { dice } = this.dependencies;
    return dice.chance(70) ? 0n : (dice.pick(this.liveLeases())?.id ?? 0n);
  }
}

/** Sends a write as the simplest request that says it; resolves to what the answer tells. */
async function send(
  client: EtcdClient,
  parts: readonly Part[],
  value: Buffer,
): Promise<{ revision: number; deleted: number }> {
  const [part] = parts;
  if (parts.length === 1 && part?.kind === 'put') {
    const { header } = await client.call(KV.methods.put, putOf(part, value), TIMEOUT);
    return { revision: header?.revision ?? 0, deleted: 0 };
  }
  if (parts.length === 1 && part?.kind === 'delete') {
    const response = await client.call(KV.methods.deleteRange, deleteOf(part), TIMEOUT);
    return { revision: response.header?.revision ?? 0, deleted: response.deleted };
  }
  const success = parts.map((each) =>
    each.kind === 'put'
      ? { requestPut: putOf(each, value) }
      : { requestDeleteRange: deleteOf(each) },
  );
  const { header, responses } = await client.call(KV.methods.txn, { success }, TIMEOUT);
  const deleted = responses.map((response) => response.responseDeleteRange?.deleted ?? 0);
  return { revision: header?.revision ?? 0, deleted: deleted.reduce((sum, each) => sum + each, 0) };
}

function putOf(part: Extract<Part, { kind: 'put' }>, value: Buffer) {
  return { key: Buffer.from(part.key), value, lease: part.lease };
}

function deleteOf(part: Extract<Part, { kind: 'delete' }>) {
  return { key: Buffer.from(part.key), rangeEnd: Buffer.from(part.end) };
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof GrpcError)) throw error;
  return REFUSALS.has(error.code);
}

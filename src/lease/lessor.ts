import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import { exponentialBounds, Histogram } from '../base/metrics.js';
import { Lease as LeaseRecord } from '../proto/generated/leasepb.js';
import { type Expiring, ExpiryQueue } from './expiry-queue.js';

/** The longest TTL a client may ask for, in seconds (G.36). */
export const MAX_LEASE_TTL_SECONDS = 9_000_000_000;

/** Where leases are persisted: the backend's lease bucket, keyed by the id as u64 big endian. */
export interface LeaseRecords {
  putLease(key: Buffer, value: Buffer): void;
  deleteLease(key: Buffer): void;
}

export interface LessorOptions {
  /** Shorter TTLs are raised to this: ceil(1.5 × election timeout) seconds (formats.md §10.8). */
  readonly minTtlSeconds: number;
}

export interface LessorDependencies {
  readonly clock: Clock;
  readonly records: LeaseRecords;
  /**
   * Whether checkpoints are persisted, so that they outlive a restart: from cluster version 3.6 on,
   * or by a flag (formats.md §10.9). Always, unless told otherwise.
   */
  readonly persistsCheckpoints?: () => boolean;
}

/** Told what the lessor decides about time, while this member leads. */
export interface LessorObserver {
  /** The lease has so much time to run from now on; called again at each checkpoint of it. */
  scheduled(lease: Lease): void;
  /** Another member leads. */
  demoted(): void;
}

/** A granted lease. */
export interface Lease extends Expiring {
  readonly id: bigint;
  /** The granted TTL in seconds. */
  readonly ttlSeconds: number;
  /** What is left of it according to the last checkpoint; 0 means the whole TTL. */
  remainingTtlSeconds: number;
  /** The attached keys, as latin1 strings. */
  readonly keys: Set<string>;
}

/** What a lessor has done since its start. */
export interface LeaseCounts {
  granted: number;
  revoked: number;
  renewed: number;
  /** Found to be past their time, by this member as the leader. */
  expired: number;
  /** The TTLs of what was granted. */
  readonly ttlSeconds: Histogram;
}

/** The bucket key of a lease. */
export function leaseRecordKey(id: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt.asUintN(64, id));
  return key;
}

/**
 * All leases of the cluster. What is granted, revoked and attached is replicated state and follows
 * from the log; when a lease runs out is known to the leader alone, by its own clock.
 */
export class Lessor {
  readonly #options: LessorOptions;
  readonly #clock: Clock;
  readonly #records: LeaseRecords;
  readonly #persistsCheckpoints: () => boolean;
  /** What was done since the start, for metrics. */
  readonly counts: LeaseCounts = {
    granted: 0,
    revoked: 0,
    renewed: 0,
    expired: 0,
    ttlSeconds: new Histogram(exponentialBounds(1, 2, 24)),
  };
  #leases = new Map<bigint, Lease>();
  readonly #queue = new ExpiryQueue<Lease>();
  #isPrimary = false;
  #observer: LessorObserver | undefined;

  constructor(options: LessorOptions, dependencies: LessorDependencies) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#records = dependencies.records;
    this.#persistsCheckpoints = dependencies.persistsCheckpoints ?? (() => true);
  }

  /** Has one observer told from now on. */
  observe(observer: LessorObserver): void {
    this.#observer = observer;
  }

  /** Whether leases run out by this member's clock: it leads, and has taken over. */
  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  /** Whether the lease is past its time; it stays until its revoke is applied. */
  isExpired(lease: Lease): boolean {
    return lease.expiresAtMs <= this.#clock.nowMs();
  }

  /** Takes over a persisted lease at start-up; its keys are attached as the store finds them. */
  restore(value: Uint8Array): void {
    const record = LeaseRecord.decode(value);
    this.#leases.set(record.id, {
      id: record.id,
      ttlSeconds: Math.max(record.ttl, this.#options.minTtlSeconds),
      remainingTtlSeconds: record.remainingTtl,
      expiresAtMs: Number.POSITIVE_INFINITY,
      keys: new Set(),
    });
  }

  /**
   * Takes over the leases of `other`, into which another state was restored aside and which is of no
   * use afterwards: a leader's snapshot replaces everything. Nothing runs out here then.
   */
  takeOver(other: Lessor): void {
    this.#leases = other.#leases;
    this.demote();
  }

  get(id: bigint): Lease | undefined {
    return this.#leases.get(id);
  }

  get size(): number {
    return this.#leases.size;
  }

  /**
   * Grants a lease; part of applying an entry.
   * Throws EtcdError LeaseNotFound (id 0), LeaseTTLTooLarge or LeaseExist.
   */
  grant(id: bigint, ttlSeconds: number): Lease {
    if (id === 0n) throw new EtcdError('LeaseNotFound');
    if (ttlSeconds > MAX_LEASE_TTL_SECONDS) throw new EtcdError('LeaseTTLTooLarge');
    if (this.#leases.has(id)) throw new EtcdError('LeaseExist');
    const lease: Lease = {
      id,
      ttlSeconds: Math.max(ttlSeconds, this.#options.minTtlSeconds),
      remainingTtlSeconds: 0,
      expiresAtMs: Number.POSITIVE_INFINITY,
      keys: new Set(),
    };
    this.#leases.set(id, lease);
    this.counts.granted++;
    this.counts.ttlSeconds.observe(lease.ttlSeconds);
    this.#persist(lease);
    if (this.#isPrimary) this.#schedule(lease, 0);
    return lease;
  }

  /**
   * Forgets a lease; part of applying an entry. Returns the keys that were attached, in byte order,
   * which the caller deletes in the same step. Throws EtcdError LeaseNotFound.
   */
  revoke(id: bigint): string[] {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError('LeaseNotFound');
    this.#leases.delete(id);
    this.counts.revoked++;
    this.#records.deleteLease(leaseRecordKey(id));
    return [...lease.keys].sort(compareBytewise);
  }

  /** Starts the time of a lease anew. Returns its TTL in seconds, or 0 if there is no such lease. */
  renew(id: bigint): number {
    const lease = this.#leases.get(id);
    const nowMs = this.#clock.nowMs();
    // A lease that is past its time may have a revoke on the way: it can no longer be saved.
    if (lease === undefined || lease.expiresAtMs <= nowMs) return 0;
    this.counts.renewed++;
    lease.remainingTtlSeconds = 0;
    lease.expiresAtMs = nowMs + lease.ttlSeconds * 1000;
    return lease.ttlSeconds;
  }

  /** Whole seconds until the lease runs out, at least 0. */
  remainingSeconds(lease: Lease): number {
    if (lease.expiresAtMs === Number.POSITIVE_INFINITY) return lease.ttlSeconds;
    return Math.max(0, Math.floor((lease.expiresAtMs - this.#clock.nowMs()) / 1000));
  }

  /** The ids of all leases, the one that runs out first coming first. */
  idsByExpiry(): bigint[] {
    return [...this.#leases.values()]
      .sort((a, b) => (a.expiresAtMs === b.expiresAtMs ? 0 : a.expiresAtMs - b.expiresAtMs))
      .map((lease) => lease.id);
  }

  /** Notes that the record of `key` now carries the lease. Unknown leases are ignored. */
  attach(id: bigint, key: string): void {
    this.#leases.get(id)?.keys.add(key);
  }

  /** Notes that the record of `key` no longer carries the lease. */
  detach(id: bigint, key: string): void {
    this.#leases.get(id)?.keys.delete(key);
  }

  /**
   * This member leads from now on: every lease gets its whole (or check-pointed) time and
   * `extensionMs` more, since nobody knows how long the last leader was silent. Never early.
   */
  promote(extensionMs: number): void {
    this.#isPrimary = true;
    this.#queue.clear();
    for (const lease of this.#leases.values()) this.#schedule(lease, extensionMs);
  }

  /** Another member leads: nothing expires here. */
  demote(): void {
    this.#isPrimary = false;
    this.#queue.clear();
    for (const lease of this.#leases.values()) lease.expiresAtMs = Number.POSITIVE_INFINITY;
    this.#observer?.demoted();
  }

  /**
   * The leases whose time is over, at most `limit`. They stay until a revoke for them is applied and
   * come again after `retryMs` if it is not.
   */
  takeExpired(limit: number, retryMs: number): Lease[] {
    if (!this.#isPrimary) return [];
    const nowMs = this.#clock.nowMs();
    const expired = this.#queue.takeExpired(
      nowMs,
      limit,
      (lease) => this.#leases.get(lease.id) === lease,
    );
    this.counts.expired += expired.length;
    for (const lease of expired) this.#retryAt(lease, nowMs + retryMs);
    return expired;
  }

  /**
   * Sets what is left of a lease as the leader saw it; part of applying an entry. When the lease runs
   * out here stays as it is: it may have been renewed since, and it is the next leader that needs this.
   */
  checkpoint(id: bigint, remainingTtlSeconds: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.remainingTtlSeconds = remainingTtlSeconds;
    if (this.#persistsCheckpoints()) this.#persist(lease);
    if (this.#isPrimary) this.#observer?.scheduled(lease);
  }

  /** Queues another look at an expired lease without giving it any more time. */
  #retryAt(lease: Lease, atMs: number): void {
    const expiresAtMs = lease.expiresAtMs;
    lease.expiresAtMs = atMs;
    this.#queue.push(lease);
    lease.expiresAtMs = expiresAtMs;
  }

  #schedule(lease: Lease, extensionMs: number): void {
    const leftSeconds =
      lease.remainingTtlSeconds > 0 ? lease.remainingTtlSeconds : lease.ttlSeconds;
    lease.expiresAtMs = this.#clock.nowMs() + leftSeconds * 1000 + extensionMs;
    this.#queue.push(lease);
    this.#observer?.scheduled(lease);
  }

  #persist(lease: Lease): void {
    const value = LeaseRecord.encode({
      id: lease.id,
      ttl: lease.ttlSeconds,
      remainingTtl: lease.remainingTtlSeconds,
    });
    this.#records.putLease(leaseRecordKey(lease.id), value);
  }
}

/** The order of Go's byte-wise string comparison, for latin1 strings. */
function compareBytewise(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import type { Clock } from '../../base/clock.js';
import { EtcdError, GrpcCode, RpcError } from '../../base/errors.js';
import type { Lessor } from '../../lease/index.js';
import type { AppliedWait } from './applied-wait.js';

/** How long a lease request waits for what is committed to be applied. */
const APPLY_TIMEOUT_MS = 1000;
/** How often a renewal of a lease past its time looks whether the lease is gone. */
const EXPIRED_POLL_MS = 50;

/** This member does not decide when leases run out: another leads, or it has not taken over yet. */
export class NotPrimaryError extends RpcError {
  override readonly name = 'NotPrimaryError';

  constructor() {
    super(GrpcCode.unknown, 'not a primary lessor');
  }
}

/** A lease as it stands on the leader. */
export interface LeaseTime {
  readonly id: bigint;
  /** Whole seconds left. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  /** The attached keys, if they were asked for. */
  readonly keys: readonly Buffer[];
}

export interface PrimaryLeasesDependencies {
  readonly clock: Clock;
  readonly lessor: Lessor;
  readonly appliedWait: AppliedWait;
  /** Proposes that nothing is left of the lease's checkpoint; resolves when that is applied. */
  readonly clearCheckpoint: (id: bigint) => Promise<void>;
}

/** Renewals and remaining times of leases where they are decided: on the leader. */
export class PrimaryLeases {
  readonly #clock: Clock;
  readonly #lessor: Lessor;
  readonly #appliedWait: AppliedWait;
  readonly #clearCheckpoint: (id: bigint) => Promise<void>;
  #isStopped = false;

  constructor(dependencies: PrimaryLeasesDependencies) {
    this.#clock = dependencies.clock;
    this.#lessor = dependencies.lessor;
    this.#appliedWait = dependencies.appliedWait;
    this.#clearCheckpoint = dependencies.clearCheckpoint;
  }

  /** Whether this member decides at present. */
  get isPrimary(): boolean {
    return this.#lessor.isPrimary;
  }

  has(id: bigint): boolean {
    return this.#lessor.get(id) !== undefined;
  }

  /**
   * Renews at once where nothing has to be waited for, which is nearly always. The TTL in seconds, 0
   * for no such lease; undefined if only {@link renew} can tell.
   */
  renewNow(id: bigint): number | undefined {
    if (!this.#lessor.isPrimary) return undefined;
    const lease = this.#lessor.get(id);
    if (lease === undefined) return this.#appliedWait.isCaughtUp ? 0 : undefined;
    if (lease.remainingTtlSeconds > 0 || this.#lessor.isExpired(lease)) return undefined;
    return this.#lessor.renew(id);
  }

  /**
   * Renews a lease. The TTL in seconds, 0 for no such lease.
   * @throws NotPrimaryError, and EtcdErrors of the checkpoint that may have to be cleared
   */
  async renew(id: bigint): Promise<number> {
    const { isPrimary } = this.#lessor;
    const lease = this.#lessor.get(id);
    if (!isPrimary) throw new NotPrimaryError();
    if (lease === undefined) return 0;
    // A lease past its time is about to be revoked. Only when it is gone is it certain that it does
    // not come back under a new leader.
    while (this.#lessor.get(id) === lease && this.#lessor.isExpired(lease)) {
      if (this.#isStopped) throw new NotPrimaryError();
      await this.#pause();
    }
    if (!this.#lessor.isPrimary) throw new NotPrimaryError();
    // The next leader would give it no more than that.
    if (lease.remainingTtlSeconds > 0) await this.#clearCheckpoint(id);
    if (!this.#lessor.isPrimary) throw new NotPrimaryError();
    return this.#lessor.renew(id);
  }

  /**
   * Waits until everything committed so far is applied.
   * @throws EtcdError TimeoutWaitAppliedIndex after a second
   */
  async caughtUp(): Promise<void> {
    const isApplied = await this.#appliedWait.wait(APPLY_TIMEOUT_MS);
    if (!isApplied) throw new EtcdError('TimeoutWaitAppliedIndex');
  }

  get isCaughtUp(): boolean {
    return this.#appliedWait.isCaughtUp;
  }

  /**
   * What is left of a lease; undefined for no such lease.
   * @throws NotPrimaryError if nobody can tell here
   */
  timeToLive(id: bigint, withKeys: boolean): LeaseTime | undefined {
    const lease = this.#lessor.get(id);
    if (lease === undefined) return undefined;
    if (!this.#lessor.isPrimary) throw new NotPrimaryError();
    return {
      id,
      ttlSeconds: this.#lessor.remainingSeconds(lease),
      grantedTtlSeconds: lease.ttlSeconds,
      keys: withKeys ? [...lease.keys].map((key) => Buffer.from(key, 'latin1')) : [],
    };
  }

  /** Ends all waiting. */
  stop(): void {
    this.#isStopped = true;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, EXPIRED_POLL_MS);
    });
  }
}

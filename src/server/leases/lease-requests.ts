import type { Clock } from '../../base/clock.js';
import { EtcdError, isEtcdError } from '../../base/errors.js';
import type { LeaseForwarding } from './lease-forwarding.js';
import { type LeaseTime, NotPrimaryError, type PrimaryLeases } from './primary-leases.js';

/** Pause before the leader is looked for, or asked, once more. */
const RETRY_MS = 50;
/** One attempt to reach the leader takes no longer: another member may lead by then. */
const MAX_ATTEMPT_MS = 2500;

/** Tells a waiting request that nobody waits for it any more. */
export interface Caller {
  readonly isGone: boolean;
}

const STAYING_CALLER: Caller = { isGone: false };

export interface LeaseRequestsOptions {
  /** How long a request may take: 5 s and two election timeouts. */
  readonly timeoutMs: number;
}

export interface LeaseRequestsDependencies {
  readonly clock: Clock;
  readonly primary: PrimaryLeases;
  readonly forwarding: LeaseForwarding;
  readonly isLeader: () => boolean;
  /**
   * Whether this member's clock has ticked lately. One that was held up may have lost its leadership
   * without having noticed, and asks the others first.
   */
  readonly isActive: () => boolean;
  /** Calls back once this member's state holds all that was acknowledged, or with why it may not. */
  readonly linearizableRead: (callback: (error: Error | null) => void) => void;
  /** Peer URLs of the member that leads; undefined if none is known. */
  readonly leaderPeerUrls: () => readonly string[] | undefined;
}

/**
 * LeaseKeepAlive and LeaseTimeToLive as a client may ask them of any member (G.38, G.39): the leader
 * answers by its own clock, the others ask the leader. Neither goes through the log.
 */
export class LeaseRequests {
  readonly #timeoutMs: number;
  readonly #dependencies: LeaseRequestsDependencies;
  #isStopped = false;

  constructor(options: LeaseRequestsOptions, dependencies: LeaseRequestsDependencies) {
    this.#timeoutMs = options.timeoutMs;
    this.#dependencies = dependencies;
  }

  /**
   * Renews at once if this member can, which is how nearly all renewals go. The TTL in seconds, 0
   * for no such lease; undefined: {@link renew} has to be asked.
   */
  renewNow(id: bigint): number | undefined {
    const { isLeader, isActive, primary } = this.#dependencies;
    return isLeader() && isActive() ? primary.renewNow(id) : undefined;
  }

  /**
   * Renews a lease. The TTL in seconds, 0 for no such lease.
   * @throws EtcdError NoLeader, Timeout, TimeoutWaitAppliedIndex, Stopped; NotPrimaryError
   */
  async renew(id: bigint, caller: Caller = STAYING_CALLER): Promise<number> {
    const { isLeader, primary, forwarding } = this.#dependencies;
    if (isLeader()) {
      await this.#ensureLeadership();
      // An unknown lease may be one whose grant is not applied yet.
      if (!primary.has(id)) await primary.caughtUp();
      if (primary.isPrimary) {
        const ttlSeconds = await unlessDemoted(primary.renew(id));
        if (ttlSeconds !== undefined) return ttlSeconds;
      }
    }
    return await this.#ask(caller, {
      here: () => unlessDemoted(primary.renew(id)),
      at: (url, timeoutMs) => forwarding.renew(url, id, timeoutMs),
    });
  }

  /**
   * What is left of a lease; undefined for no such lease.
   * @throws EtcdError NoLeader, LeaderChanged, Timeout, TimeoutWaitAppliedIndex, Stopped
   */
  async timeToLive(
    id: bigint,
    withKeys: boolean,
    caller: Caller = STAYING_CALLER,
  ): Promise<LeaseTime | undefined> {
    const { isLeader, primary, forwarding } = this.#dependencies;
    if (isLeader()) {
      await primary.caughtUp();
      return this.#timeToLiveHere(id, withKeys);
    }
    const found = await this.#ask<{ lease: LeaseTime | undefined }>(caller, {
      here: async () => {
        await primary.caughtUp();
        return primary.isPrimary ? { lease: primary.timeToLive(id, withKeys) } : undefined;
      },
      at: async (url, timeoutMs) => ({
        lease: await forwarding.timeToLive(url, id, withKeys, timeoutMs),
      }),
    });
    return found.lease;
  }

  /** Whether {@link timeToLiveNow} can answer without waiting. */
  get canTellNow(): boolean {
    const { isLeader, primary } = this.#dependencies;
    return isLeader() && primary.isCaughtUp;
  }

  /** As {@link timeToLive}, at once; only while {@link canTellNow}. */
  timeToLiveNow(id: bigint, withKeys: boolean): LeaseTime | undefined {
    return this.#timeToLiveHere(id, withKeys);
  }

  /** Ends all waiting. */
  stop(): void {
    this.#isStopped = true;
    this.#dependencies.primary.stop();
    this.#dependencies.forwarding.stop();
  }

  #timeToLiveHere(id: bigint, withKeys: boolean): LeaseTime | undefined {
    try {
      return this.#dependencies.primary.timeToLive(id, withKeys);
    } catch (error) {
      // Clients try again after this one, unlike after the other.
      if (error instanceof NotPrimaryError) throw new EtcdError('LeaderChanged');
      throw error;
    }
  }

  /** A leader that was held up asks the others whether it still is one. */
  async #ensureLeadership(): Promise<void> {
    const { isActive, isLeader, linearizableRead } = this.#dependencies;
    if (isActive()) return;
    const error = await new Promise<Error | null>((resolve) => linearizableRead(resolve));
    if (error !== null || !isLeader()) throw new NotPrimaryError();
  }

  /** Asks whoever leads, until there is an answer or the time is over. */
  async #ask<T>(
    caller: Caller,
    ask: {
      /** Undefined: this member leads, but has not taken over yet. */
      readonly here: () => Promise<T | undefined>;
      readonly at: (url: string, timeoutMs: number) => Promise<T>;
    },
  ): Promise<T> {
    const { clock, isLeader, leaderPeerUrls } = this.#dependencies;
    const deadlineMs = clock.nowMs() + this.#timeoutMs;
    let lacksLeader = false;
    while (clock.nowMs() < deadlineMs) {
      if (this.#isStopped) throw new EtcdError('Stopped');
      if (caller.isGone) throw new EtcdError('Canceled');
      const urls = isLeader() ? [] : leaderPeerUrls();
      lacksLeader = urls === undefined;
      if (isLeader()) {
        const answer = await ask.here();
        if (answer !== undefined) return answer;
      }
      for (const url of urls ?? []) {
        const leftMs = Math.min(MAX_ATTEMPT_MS, deadlineMs - clock.nowMs());
        if (leftMs <= 0) break;
        try {
          return await ask.at(url, leftMs);
        } catch (error) {
          if (isEtcdError(error, 'RequestTooManyRequests')) throw error;
        }
      }
      await this.#pause();
    }
    throw new EtcdError(lacksLeader ? 'NoLeader' : 'Timeout');
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#dependencies.clock.setTimeout(resolve, RETRY_MS);
    });
  }
}

/** The answer, or undefined if this member does not decide about leases. */
async function unlessDemoted<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotPrimaryError) return undefined;
    throw error;
  }
}

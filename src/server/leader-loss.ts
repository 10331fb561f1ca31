import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { formatNodeId, NO_NODE, type NodeId } from '../raft/index.js';

/** A leader that lives is heard within one heartbeat interval; some more for a busy machine. */
const SILENT_INTERVALS = 1.5;
/** Then the others seem to be gone as well, and elections go on at their usual pace. */
const ATTEMPTS = 5;

export interface LeaderLossOptions {
  readonly heartbeatIntervalMs: number;
}

export interface LeaderLossDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The leader as far as this member knows, `NO_NODE` for none. */
  readonly leader: () => NodeId;
  /** When this member last heard from it, on the monotonic clock. */
  readonly lastHeardMs: () => number;
  /** Lets this member vote for another although it has heard from the leader lately. */
  readonly forgetLeader: () => void;
  readonly campaign: () => void;
}

/**
 * Shortens the time without a leader when its process has ended: its machine refuses connections then,
 * which nobody who is merely slow or cut off does. If nothing is heard from it either, this member gives
 * it up at once instead of after an election timeout, and the others do the same. That is always safe,
 * for an election may be held at any time; a leader that lives after all is not disturbed, since those
 * who still hear it do not answer the pre-vote (Raft thesis §9.6).
 */
export class LeaderLoss {
  readonly #options: LeaderLossOptions;
  readonly #dependencies: LeaderLossDependencies;
  #cancel: (() => void) | undefined;

  constructor(options: LeaderLossOptions, dependencies: LeaderLossDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** A connection to a member was refused by its machine. */
  refused(id: NodeId): void {
    const { clock, leader, lastHeardMs } = this.#dependencies;
    if (id === NO_NODE || id !== leader() || this.#cancel !== undefined) return;
    const silentAtMs = lastHeardMs() + SILENT_INTERVALS * this.#options.heartbeatIntervalMs;
    const heardMs = lastHeardMs();
    this.#after(Math.max(0, silentAtMs - clock.nowMs()), () => {
      if (leader() === id && lastHeardMs() === heardMs) this.#giveUp(id);
    });
  }

  stop(): void {
    this.#cancel?.();
    // Nothing more is taken up.
    this.#cancel = () => {};
  }

  #giveUp(id: NodeId): void {
    const { logger, random, forgetLeader } = this.#dependencies;
    logger.warn('the leader has gone: its machine refuses connections', {
      'leader-member-id': formatNodeId(id),
    });
    forgetLeader();
    // Not all at the same time; the others need as long to notice, too.
    this.#after(random.below(this.#options.heartbeatIntervalMs), () => this.#campaign(ATTEMPTS));
  }

  /**
   * Another member may not have given the leader up yet, or have more of its log than this one: who asked
   * too early asks again, instead of waiting for an election timeout.
   */
  #campaign(attemptsLeft: number): void {
    const { random, leader, campaign } = this.#dependencies;
    if (attemptsLeft === 0 || leader() !== NO_NODE) return;
    campaign();
    const { heartbeatIntervalMs } = this.#options;
    const waitMs = heartbeatIntervalMs + random.below(heartbeatIntervalMs);
    this.#after(waitMs, () => this.#campaign(attemptsLeft - 1));
  }

  #after(delayMs: number, run: () => void): void {
    this.#cancel = this.#dependencies.clock.setTimeout(() => {
      this.#cancel = undefined;
      run();
    }, delayMs);
  }
}

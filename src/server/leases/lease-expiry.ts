import type { Clock } from '../../base/clock.js';
import type { Lessor } from '../../lease/index.js';

/** How often the leader looks for leases whose time is over (G.40). */
const CHECK_INTERVAL_MS = 500;
/** Leases revoked in one check, so that a mass expiry does not crowd out clients: 1,000 a second. */
const MAX_REVOKES_PER_CHECK = 500;
/** A revoke that was lost (a change of leader) is proposed again after this. */
const RETRY_MS = 3000;

/** Has the leases revoked whose time is over. Runs on every member; only the leader's lessor expires. */
export class LeaseExpiry {
  readonly #lessor: Lessor;
  readonly #clock: Clock;
  readonly #revoke: (id: bigint) => void;
  #cancel: (() => void) | undefined;

  /** `revoke` proposes a LeaseRevoke; its outcome shows in the lessor. */
  constructor(dependencies: { lessor: Lessor; clock: Clock; revoke: (id: bigint) => void }) {
    this.#lessor = dependencies.lessor;
    this.#clock = dependencies.clock;
    this.#revoke = dependencies.revoke;
  }

  start(): void {
    this.#cancel = this.#clock.setInterval(() => {
      for (const lease of this.#lessor.takeExpired(MAX_REVOKES_PER_CHECK, RETRY_MS)) {
        this.#revoke(lease.id);
      }
    }, CHECK_INTERVAL_MS);
  }

  stop(): void {
    this.#cancel?.();
  }
}

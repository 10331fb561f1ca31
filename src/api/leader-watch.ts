import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import type { StreamCall } from '../transport/index.js';

/** A new stream is refused at once; ending those that are open costs more, so it is done later. */
const PATIENCE_ELECTION_TIMEOUTS = 3;

export interface LeaderWatchDependencies {
  readonly clock: Clock;
  readonly hasLeader: () => boolean;
  readonly electionTimeoutMs: number;
}

/**
 * Ends the streams of clients that want a leader (`hasleader: true`) once this member has known none
 * for three election timeouts (G.46): such a client goes to another member.
 */
export class LeaderWatch {
  readonly #dependencies: LeaderWatchDependencies;
  readonly #calls = new Set<StreamCall>();
  #leaderlessChecks = 0;
  #cancel: (() => void) | undefined;

  constructor(dependencies: LeaderWatchDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { clock, electionTimeoutMs } = this.#dependencies;
    this.#cancel = clock.setInterval(() => this.#check(), electionTimeoutMs);
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Whether this member knows a leader. */
  get hasLeader(): boolean {
    return this.#dependencies.hasLeader();
  }

  /** The call wants a leader from now on. */
  add(call: StreamCall): void {
    this.#calls.add(call);
  }

  /** The call is over. */
  delete(call: StreamCall): void {
    this.#calls.delete(call);
  }

  #check(): void {
    this.#leaderlessChecks = this.hasLeader ? 0 : this.#leaderlessChecks + 1;
    if (this.#leaderlessChecks < PATIENCE_ELECTION_TIMEOUTS) return;
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call.end(new EtcdError('NoLeader'));
  }
}

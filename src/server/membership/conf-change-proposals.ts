import type { Clock } from '../../base/clock.js';
import { EtcdError } from '../../base/errors.js';
import type { Member, MembershipChange } from '../../membership/index.js';
import { type ConfChange, ProposalDroppedError } from '../../raft/index.js';
import type { ConfChangeOutcome } from './conf-change-applier.js';
import { toConfChange } from './conf-changes.js';

/** A change that Raft did not take, or silently turned into nothing, is proposed anew after this. */
const RETRY_MS = 500;

export interface ConfChangeProposalDependencies {
  readonly clock: Clock;
  /** The next request id, all 64 bits of it. */
  readonly nextId: () => bigint;
  /** Hands a change to Raft. Throws ProposalDroppedError if it is certainly not taken. */
  readonly proposeConfChange: (change: ConfChange) => void;
  /** What a client is told that has waited in vain since then. */
  readonly timeoutError: (startedAtMs: number) => Error;
}

interface Waiter {
  readonly resolve: (members: readonly Member[]) => void;
  readonly reject: (error: unknown) => void;
  cancelRetry: () => void;
  cancelDeadline: () => void;
}

interface Answer {
  readonly index: number;
  readonly outcome: ConfChangeOutcome;
}

/**
 * Changes of the membership on their way through Raft. Each waits until its entry is applied, and
 * then until Raft knows that: before, it would take no further change (formats.md §1.4).
 *
 * Raft turns a change into an entry without effect while another one is unapplied, and tells nobody.
 * So one without an answer is proposed again under the same id: the members refuse the second copy
 * of what was carried out already. An update has no such guard, and is not repeated once taken. (Should
 * what stood in the way of an addition go just between two copies, the second one is carried out although
 * its client has been refused; to that client it looks like an addition by somebody else.)
 */
export class ConfChangeProposals {
  readonly #dependencies: ConfChangeProposalDependencies;
  readonly #waiting = new Map<bigint, Waiter>();
  /** Of applied entries that Raft does not know to be applied yet; at most one per waiter. */
  #answers: Answer[] = [];
  #isStopped = false;

  constructor(dependencies: ConfChangeProposalDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves with all members once the change is carried out. It is given up at `deadlineMs`; then
   * nobody knows whether it will still be carried out.
   * @throws EtcdError why the members refused it, Timeout and its like, or Stopped
   */
  propose(change: MembershipChange, deadlineMs: number): Promise<readonly Member[]> {
    if (this.#isStopped) return Promise.reject(new EtcdError('Stopped'));
    const { clock, nextId, timeoutError } = this.#dependencies;
    const startedAtMs = clock.nowMs();
    const id = nextId();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, cancelRetry() {}, cancelDeadline() {} };
      this.#waiting.set(id, waiter);
      waiter.cancelDeadline = clock.setTimeout(
        () => this.#take(id)?.reject(timeoutError(startedAtMs)),
        Math.max(0, deadlineMs - startedAtMs),
      );
      this.#tryPropose(id, toConfChange(id, change), change.kind !== 'update');
    });
  }

  #tryPropose(id: bigint, change: ConfChange, isRepeatable: boolean): void {
    const { clock, proposeConfChange } = this.#dependencies;
    let isTaken = false;
    try {
      proposeConfChange(change);
      isTaken = true;
    } catch (error) {
      // Without a leader it is held back, in the hope of one.
      if (!(error instanceof ProposalDroppedError)) {
        this.#take(id)?.reject(error);
        return;
      }
    }
    // A single member may have applied it within the call.
    const waiter = this.#waiting.get(id);
    if (waiter === undefined || (isTaken && !isRepeatable)) return;
    waiter.cancelRetry = clock.setTimeout(
      () => this.#tryPropose(id, change, isRepeatable),
      RETRY_MS,
    );
  }

  /** The entry at `index` is applied, with this outcome. */
  applied(index: number, outcome: ConfChangeOutcome): void {
    if (!this.#waiting.has(outcome.changeId)) return;
    this.#answers.push({ index, outcome });
  }

  /** Raft knows that entries up to `index` are applied. */
  advanced(index: number): void {
    if (this.#answers.length === 0) return;
    const due = this.#answers.filter((answer) => answer.index <= index);
    this.#answers = this.#answers.filter((answer) => answer.index > index);
    for (const { outcome } of due) {
      const waiter = this.#take(outcome.changeId);
      if (outcome.error === null) waiter?.resolve(outcome.members);
      else waiter?.reject(outcome.error);
    }
  }

  #take(id: bigint): Waiter | undefined {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiter?.cancelRetry();
    waiter?.cancelDeadline();
    return waiter;
  }

  /** Ends the waiting with `Stopped`. */
  stop(): void {
    this.#isStopped = true;
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new EtcdError('Stopped'));
    this.#answers = [];
  }
}

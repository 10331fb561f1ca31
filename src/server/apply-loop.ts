import type { Clock } from '../base/clock.js';
import { EtcdError, errorText, isEtcdError, RpcError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { CompactedError, FutureRevisionError } from '../mvcc/index.js';
import {
  decodeInternalRequest,
  type InternalRequest,
  type RequestKind,
} from '../proto/internal-request.js';
import { decodeLegacyRequest, mayBeLegacyRequest } from '../proto/legacy-request.js';
import { type ConfState, type Entry, EntryType, type SnapshotMetadata } from '../raft/index.js';
import { type Applier, decodeRequest } from './applier.js';
import { translateLegacyRequest } from './legacy-entries.js';
import type { ConfChangeApplier, ConfChangeOutcome } from './membership/conf-change-applier.js';
import type { MemberMetrics } from './metrics.js';
import type { Proposals } from './proposals.js';
import { requestName } from './request-name.js';
import type { ApplyResult } from './results.js';

export interface ApplyLoopOptions {
  /** The upper 16 bits of this member's request ids. */
  readonly idPrefix: number;
  /** What the backend held at the start: the entry after it is the first to be applied. */
  readonly appliedIndex: number;
  readonly warningApplyDurationMs: number;
}

export interface ApplyLoopDependencies {
  readonly applier: Applier;
  readonly proposals: Proposals;
  readonly confChanges: ConfChangeApplier;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<MemberMetrics, 'applies' | 'slowApplies'>;
  /** Puts the index of an applied entry into the same backend batch as its effects. */
  readonly setConsistentIndex: (index: number, term: number) => void;
  /** A change of the membership is decided; its proposer, if it is here, waits to hear of it. */
  readonly confChangeDecided: (index: number, outcome: ConfChangeOutcome) => void;
  /** The first entry of a leader's term is applied: it knows all that is committed. */
  readonly leaderReady: (term: number) => void;
  /** A request found the backend full; `done` answers its client once the alarm is on its way. */
  readonly spaceExceeded: (done: () => void) => void;
}

/**
 * Applies committed entries in order. An entry's effects and its index go to the backend in one
 * synchronous step, so a restart continues exactly behind what was applied (formats.md §10.1).
 */
export class ApplyLoop {
  readonly #options: ApplyLoopOptions;
  readonly #dependencies: ApplyLoopDependencies;
  #appliedIndex: number;
  /** When the entry before ended, if this one follows it at once; else undefined. */
  #lastEndMs: number | undefined;

  constructor(options: ApplyLoopOptions, dependencies: ApplyLoopDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#appliedIndex = options.appliedIndex;
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** The configuration as of {@link appliedIndex}. */
  get confState(): ConfState {
    return this.#dependencies.confChanges.confState;
  }

  /** A snapshot has replaced the state. */
  restored({ index, confState }: SnapshotMetadata): void {
    this.#appliedIndex = index;
    this.#dependencies.confChanges.restored(confState);
  }

  /** A run of entries is over: what comes next begins later. */
  endRun(): void {
    this.#lastEndMs = undefined;
  }

  /**
   * Applies one entry; to be followed by another at once, or by {@link endRun}. What it throws means that
   * this member must not go on.
   */
  apply(entry: Entry): void {
    const { setConsistentIndex, confChanges, confChangeDecided, leaderReady } = this.#dependencies;
    let outcome: ConfChangeOutcome | undefined;
    if (entry.type !== EntryType.normal) {
      outcome = confChanges.apply(entry);
      this.endRun();
    } else if (entry.data.length > 0) this.#applyRequest(entry);
    setConsistentIndex(entry.index, entry.term);
    this.#appliedIndex = entry.index;
    if (outcome !== undefined) confChangeDecided(entry.index, outcome);
    else if (entry.data.length === 0) leaderReady(entry.term);
  }

  #applyRequest(entry: Entry): void {
    const { proposals } = this.#dependencies;
    const request = requestOf(entry.data);
    if (request === undefined) return;
    const { kind, body, idPrefix, idSuffix } = request;
    const waiter =
      idPrefix === this.#options.idPrefix ? proposals.waiterOf(idSuffix, entry.data) : undefined;
    // What the proposer had decoded is not kept: doing it again is cheaper than keeping it alive.
    const decoded = decodeRequest(kind, body);
    let result: ApplyResult | undefined;
    let failure: Error | null = null;
    const { applier, clock } = this.#dependencies;
    // The clock is read once an entry, since reading it takes a thirtieth of what applying a put does.
    const startMs = this.#lastEndMs ?? clock.nowMs();
    try {
      result = applier.apply(decoded);
    } catch (error) {
      failure = clientError(error);
    }
    const endMs = clock.nowMs();
    this.#lastEndMs = endMs;
    this.#note(kind, failure === null, endMs - startMs);
    // Every member that has no room says so, whoever asked.
    if (failure !== null && isEtcdError(failure, 'NoSpace')) {
      const answered = failure;
      this.#dependencies.spaceExceeded(() => {
        if (waiter !== undefined) proposals.applied(waiter, answered, undefined, endMs);
      });
    } else if (waiter !== undefined) proposals.applied(waiter, failure, result, endMs);
  }

  #note(kind: RequestKind, succeeded: boolean, tookMs: number): void {
    const { logger, metrics } = this.#dependencies;
    metrics.applies.observe(kind, succeeded, tookMs / 1000);
    if (tookMs <= this.#options.warningApplyDurationMs) return;
    metrics.slowApplies++;
    logger.warn('apply request took too long', {
      took: `${tookMs.toFixed(3)}ms`,
      'expected-duration': `${this.#options.warningApplyDurationMs}ms`,
      request: requestName(kind),
    });
  }
}

/** Undefined if an entry of etcd's former store has no meaning any more. */
function requestOf(data: Uint8Array): InternalRequest | undefined {
  const legacy = mayBeLegacyRequest(data) ? decodeLegacyRequest(data) : undefined;
  return legacy === undefined ? decodeInternalRequest(data) : translateLegacyRequest(legacy);
}

/** What of a failure goes to the client; anything else is a defect and stops the member. */
function clientError(error: unknown): Error {
  if (error instanceof RpcError) return error;
  if (error instanceof CompactedError) return new EtcdError('Compacted');
  if (error instanceof FutureRevisionError) return new EtcdError('FutureRev');
  throw error instanceof Error ? error : new Error(errorText(error));
}

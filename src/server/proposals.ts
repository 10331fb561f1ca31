import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import { ClusterMemberAttrSetRequest } from '../proto/generated/membershippb.js';
import {
  encodeInternalRequest,
  internalRequestSize,
  type RequestKind,
} from '../proto/internal-request.js';
import { ProposalDroppedError, RaftInvariantError } from '../raft/index.js';
import { encodeLegacyAttributes } from './legacy-entries.js';
import type { MemberMetrics } from './metrics.js';
import type { RequestIds } from './request-id.js';
import type { ApplyResult } from './results.js';

/** Called once with the result of a request, or with why there is none. */
export type ProposalCallback = (error: Error | null, result: ApplyResult | undefined) => void;

/**
 * Replicates and applies a request of which `body` is the encoded form. `isLegacy`: it has to stand in the
 * log as members before 3.5 read it (only of a member's attributes).
 */
export type Propose = (
  kind: RequestKind,
  body: Uint8Array,
  callback: ProposalCallback,
  isLegacy?: boolean,
) => void;

/** Committed entries that may wait to be applied before new requests are refused (G.50). */
const MAX_UNAPPLIED_ENTRIES = 5000;
/** Bytes proposed at once. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
/** How often requests are looked at for having waited too long. */
const TIMEOUT_SWEEP_MS = 250;

export interface ProposalOptions {
  /** Largest encoded request, --max-request-bytes. */
  readonly maxRequestBytes: number;
  /** How long a request may take: 5 s and two election timeouts. */
  readonly timeoutMs: number;
  /** Requests that may wait for their result at once. */
  readonly maxWaiting: number;
  /** Bytes of requests that may wait at once. */
  readonly maxWaitingBytes: number;
}

export interface ProposalDependencies {
  readonly ids: RequestIds;
  readonly clock: Clock;
  /** Hands a batch of entries to Raft. Throws ProposalDroppedError. */
  readonly propose: (batch: readonly Uint8Array[]) => void;
  /** Committed entries that are not applied yet. */
  readonly unappliedEntries: () => number;
  readonly metrics?: Pick<MemberMetrics, 'failedProposals' | 'requests'>;
  /** What a request that has waited in vain since `startMs` is told. */
  readonly timeoutError: (startMs: number) => EtcdError;
}

/**
 * Somebody who waits for a request. No more than this is kept of it: thousands wait at a time, and
 * whatever outlives a turn of the collector is copied by it.
 */
export interface Waiter {
  /** The lower 30 bits of the request id: small integers, and unique among those that wait. */
  readonly id: number;
  readonly kind: RequestKind;
  readonly callback: ProposalCallback;
  readonly startMs: number;
  /** The encoded request as it goes into the log. */
  readonly entry: Uint8Array;
}

/**
 * Requests on their way through Raft. All that come in one turn of the event loop go as one batch;
 * each is answered when its entry is applied, or when it has waited too long, and then nobody knows
 * whether it will still be carried out.
 */
export class Proposals {
  readonly #options: ProposalOptions;
  readonly #dependencies: ProposalDependencies;
  /** By id, in the order of their deadlines. */
  readonly #waiting = new Map<number, Waiter>();
  #waitingBytes = 0;
  /** Those whose requests Raft has not been given yet, in order; some may have stopped waiting. */
  #gathered: Waiter[] = [];
  #isFlushScheduled = false;
  /** When the first request of this turn came. */
  #turnStartMs = 0;
  #cancelSweep: (() => void) | undefined;
  #isStopped = false;

  constructor(options: ProposalOptions, dependencies: ProposalDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#cancelSweep = this.#dependencies.clock.setInterval(() => this.#sweep(), TIMEOUT_SWEEP_MS);
  }

  /** Ends the waiting of all requests with `Stopped`; new ones get the same. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#gathered = [];
    this.#waitingBytes = 0;
    for (const waiter of waiting) waiter.callback(new EtcdError('Stopped'), undefined);
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** See {@link Propose}. */
  submit(kind: RequestKind, body: Uint8Array, callback: ProposalCallback, isLegacy = false): void {
    const refusal = this.#refusal(body);
    if (refusal !== undefined) {
      callback(refusal, undefined);
      return;
    }
    const { ids, clock } = this.#dependencies;
    const suffix = ids.next();
    const entry = isLegacy
      ? encodeLegacyAttributes(ClusterMemberAttrSetRequest.decode(body), ids.prefix, suffix)
      : encodeInternalRequest(kind, body, ids.prefix, suffix);
    if (!this.#isFlushScheduled) this.#turnStartMs = clock.nowMs();
    const waiter = { id: shortId(suffix), kind, callback, startMs: this.#turnStartMs, entry };
    this.#waiting.set(waiter.id, waiter);
    this.#waitingBytes += entry.length;
    this.#gathered.push(waiter);
    // What else arrives in this turn of the event loop joins the batch.
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    clock.setImmediate(() => this.flush());
  }

  #refusal(body: Uint8Array): EtcdError | undefined {
    if (this.#isStopped) return new EtcdError('Stopped');
    const { ids, unappliedEntries } = this.#dependencies;
    const { maxWaiting, maxWaitingBytes, maxRequestBytes } = this.#options;
    if (unappliedEntries() > MAX_UNAPPLIED_ENTRIES || this.#waiting.size >= maxWaiting) {
      return new EtcdError('RequestTooManyRequests');
    }
    // The kind's tag takes one byte for all requests that come from clients.
    if (internalRequestSize(4, body.length, ids.prefix, 0) > maxRequestBytes) {
      return new EtcdError('RequestTooLarge');
    }
    if (this.#waitingBytes + body.length > maxWaitingBytes) {
      return new EtcdError('RequestTooManyRequests');
    }
    return undefined;
  }

  /**
   * Gives Raft what has gathered, a limited number of bytes at a time. While there is no leader, or too
   * much is on its way already, the rest stays here; the owner calls this again when that may have
   * changed.
   */
  flush(): void {
    this.#isFlushScheduled = false;
    while (this.#gathered.length > 0 && !this.#isStopped) {
      const gathered = this.#gathered;
      const batch = nextBatch(gathered);
      // Taken out first: what Raft does with it may lead back here.
      this.#gathered = gathered.slice(batch.length);
      try {
        this.#dependencies.propose(batch);
      } catch (error) {
        if (error instanceof RaftInvariantError) throw error;
        const waiters = gathered.slice(0, batch.length);
        if (mayBeTakenLater(error)) {
          this.#gathered = [...waiters, ...this.#gathered];
          return;
        }
        for (const waiter of waiters) this.#fail(waiter, dropReason(error));
      }
    }
  }

  /**
   * Who waits for a request that is found in the log; undefined: nobody any more, or nobody here. An id
   * has only 16 bits of its member's, so another member's request may have the same: the bytes tell. On
   * the leader they are the very bytes that were proposed.
   */
  waiterOf(suffix: number, entry: Uint8Array): Waiter | undefined {
    const waiter = this.#waiting.get(shortId(suffix));
    if (waiter === undefined) return undefined;
    return waiter.entry === entry || Buffer.compare(waiter.entry, entry) === 0 ? waiter : undefined;
  }

  /** Answers the proposer of a request that was applied at `nowMs`, if it still waits. */
  applied(
    waiter: Waiter,
    error: Error | null,
    result: ApplyResult | undefined,
    nowMs = this.#dependencies.clock.nowMs(),
  ): void {
    if (!this.#waiting.delete(waiter.id)) return;
    const { metrics } = this.#dependencies;
    metrics?.requests.observe(waiter.kind, error === null, (nowMs - waiter.startMs) / 1000);
    this.#answer(waiter, error, result);
  }

  /** The request was not carried out, or nobody knows. */
  #fail(waiter: Waiter, error: Error): void {
    if (!this.#waiting.delete(waiter.id)) return;
    const { metrics } = this.#dependencies;
    if (metrics !== undefined) metrics.failedProposals++;
    this.#answer(waiter, error, undefined);
  }

  #answer(waiter: Waiter, error: Error | null, result: ApplyResult | undefined): void {
    this.#waitingBytes -= waiter.entry.length;
    waiter.callback(error, result);
  }

  /** All requests have the same patience, so those that waited longest stand first in the map. */
  #sweep(): void {
    const { clock, timeoutError } = this.#dependencies;
    const startedBeforeMs = clock.nowMs() - this.#options.timeoutMs;
    for (const waiter of this.#waiting.values()) {
      if (waiter.startMs > startedBeforeMs) break;
      this.#fail(waiter, timeoutError(waiter.startMs));
    }
    // What Raft was not given when its client stopped waiting is never carried out.
    if (this.#gathered.length > 0) {
      this.#gathered = this.#gathered.filter(({ id }) => this.#waiting.has(id));
    }
    this.flush();
  }
}

const shortId = (suffix: number): number => suffix & 0x3fff_ffff;

/** The requests at the beginning that go at once. */
function nextBatch(waiters: readonly Waiter[]): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const { entry } of waiters) {
    if (batch.length > 0 && sizeBytes + entry.length > MAX_BATCH_BYTES) break;
    sizeBytes += entry.length;
    batch.push(entry);
  }
  return batch;
}

/**
 * Whether the same proposal may be taken a little later: once a leader is found, or has handed over, or
 * has committed some of what it holds. A client would rather wait than try again.
 */
function mayBeTakenLater(error: unknown): boolean {
  return error instanceof ProposalDroppedError && error.reason !== 'invalid';
}

/** What a client is told of a proposal that Raft did not take: it may be tried again. */
function dropReason(error: unknown): Error {
  if (error instanceof ProposalDroppedError) return new EtcdError('NoLeader');
  return error instanceof Error ? error : new Error(String(error));
}

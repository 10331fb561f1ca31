import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import {
  encodeInternalRequest,
  internalRequestSize,
  RequestKind,
} from '../proto/internal-request.js';
import { ProposalDroppedError, RaftInvariantError } from '../raft/index.js';
import type { DecodedRequest } from './applier.js';
import { encodeLegacyAttributes } from './legacy-entries.js';
import type { MemberMetrics } from './metrics.js';
import type { RequestIds } from './request-id.js';
import type { ApplyResult } from './results.js';

/** Called once with the result of a request, or with why there is none. */
export type ProposalCallback = (error: Error | null, result: ApplyResult | undefined) => void;

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

interface Waiter {
  readonly decoded: DecodedRequest;
  readonly callback: ProposalCallback;
  readonly deadlineMs: number;
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
  /** By the lower 48 bits of the request id, in the order of their deadlines. */
  readonly #waiting = new Map<number, Waiter>();
  #waitingBytes = 0;
  /** Encoded requests that Raft has not been given yet, by id, in order. */
  readonly #gathered = new Map<number, Uint8Array>();
  #isFlushScheduled = false;
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
    this.#gathered.clear();
    this.#waitingBytes = 0;
    for (const waiter of waiting) waiter.callback(new EtcdError('Stopped'), undefined);
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Proposes a request; `body` is its encoded form, `decoded` the same in decoded form. */
  submit(body: Uint8Array, decoded: DecodedRequest, callback: ProposalCallback): void {
    const refusal = this.#refusal(body);
    if (refusal !== undefined) {
      callback(refusal, undefined);
      return;
    }
    const { ids, clock } = this.#dependencies;
    const id = ids.next();
    const entry = encodeEntry(body, decoded, ids.prefix, id);
    const deadlineMs = clock.nowMs() + this.#options.timeoutMs;
    this.#waiting.set(id, { decoded, callback, deadlineMs, entry });
    this.#waitingBytes += entry.length;
    this.#gathered.set(id, entry);
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
    while (this.#gathered.size > 0 && !this.#isStopped) {
      const { ids, batch } = this.#nextBatch();
      try {
        this.#dependencies.propose(batch);
      } catch (error) {
        if (error instanceof RaftInvariantError) throw error;
        if (mayBeTakenLater(error)) return;
        for (const id of ids) this.#fail(id, dropReason(error));
      }
      for (const id of ids) this.#gathered.delete(id);
    }
  }

  #nextBatch(): { ids: number[]; batch: Uint8Array[] } {
    const ids: number[] = [];
    const batch: Uint8Array[] = [];
    let sizeBytes = 0;
    for (const [id, entry] of this.#gathered) {
      if (ids.length > 0 && sizeBytes + entry.length > MAX_BATCH_BYTES) break;
      sizeBytes += entry.length;
      ids.push(id);
      batch.push(entry);
    }
    return { ids, batch };
  }

  /**
   * The decoded form of a request of this process that is found in the log, if its proposer still waits.
   * An id has only 16 bits of its member's, so another member's request may have the same: the bytes
   * tell. On the leader they are the very bytes that were proposed.
   */
  decodedOf(id: number, entry: Uint8Array): DecodedRequest | undefined {
    const waiter = this.#waiting.get(id);
    if (waiter === undefined) return undefined;
    if (waiter.entry === entry || Buffer.compare(waiter.entry, entry) === 0) return waiter.decoded;
    return undefined;
  }

  /** Answers the proposer of a request that was applied at `nowMs`, if it still waits. */
  applied(
    id: number,
    error: Error | null,
    result: ApplyResult | undefined,
    nowMs = this.#dependencies.clock.nowMs(),
  ): void {
    const waiter = this.#waiting.get(id);
    if (waiter === undefined) return;
    const tookMs = nowMs - (waiter.deadlineMs - this.#options.timeoutMs);
    const { metrics } = this.#dependencies;
    metrics?.requests.observe(waiter.decoded.kind, error === null, tookMs / 1000);
    this.#finish(id, error, result);
  }

  /** The request was not carried out, or nobody knows. */
  #fail(id: number, error: Error): void {
    const { metrics } = this.#dependencies;
    if (metrics !== undefined) metrics.failedProposals++;
    this.#finish(id, error, undefined);
  }

  #finish(id: number, error: Error | null, result: ApplyResult | undefined): void {
    const waiter = this.#waiting.get(id);
    if (waiter === undefined) return;
    this.#waiting.delete(id);
    // What Raft was not given when its client stopped waiting is never carried out.
    this.#gathered.delete(id);
    this.#waitingBytes -= waiter.entry.length;
    waiter.callback(error, result);
  }

  /** All requests have the same patience, so those that waited longest stand first in the map. */
  #sweep(): void {
    const { clock, timeoutError } = this.#dependencies;
    const nowMs = clock.nowMs();
    for (const [id, { deadlineMs }] of this.#waiting) {
      if (deadlineMs > nowMs) break;
      this.#fail(id, timeoutError(deadlineMs - this.#options.timeoutMs));
    }
    this.flush();
  }
}

function encodeEntry(
  body: Uint8Array,
  decoded: DecodedRequest,
  idPrefix: number,
  id: number,
): Uint8Array {
  if (decoded.kind === RequestKind.clusterMemberAttrSet && decoded.isLegacy === true) {
    return encodeLegacyAttributes(decoded.request, idPrefix, id);
  }
  return encodeInternalRequest(decoded.kind, body, idPrefix, id);
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

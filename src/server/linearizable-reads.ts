import type { Clock } from '../base/clock.js';
import { EtcdError } from '../base/errors.js';
import type { ReadState } from '../raft/index.js';
import type { MemberMetrics } from './metrics.js';
import type { RequestIds } from './request-id.js';

/** Called when the read may be served from memory, or with why it may not. */
export type ReadCallback = (error: Error | null) => void;

const TIMEOUT_SWEEP_MS = 250;
/** A leader may have dropped a request for a read index: it is asked again. */
const RETRY_MS = 500;

export interface LinearizableReadOptions {
  readonly timeoutMs: number;
  /** Reads that may wait at once. */
  readonly maxWaiting: number;
}

export interface LinearizableReadDependencies {
  readonly clock: Clock;
  /** Names the questions: no other member's, and none of an earlier run, has the same. */
  readonly ids: RequestIds;
  /** Asks Raft for a read index; the answer carries the same context. */
  readonly readIndex: (context: Uint8Array) => void;
  readonly appliedIndex: () => number;
  /** False while the whole state is being replaced: reads wait for the other one. */
  readonly isReadable: () => boolean;
  readonly hasLeader: () => boolean;
  readonly metrics?: Pick<MemberMetrics, 'slowReadIndexes' | 'failedReadIndexes'>;
}

interface Round {
  readonly callbacks: ReadCallback[];
  readonly deadlineMs: number;
  /** The index up to which entries must be applied; unknown until the leader has answered. */
  index: number | undefined;
  askedAtMs: number;
}

/**
 * Linearizable reads by ReadIndex (Raft thesis §6.4). All reads that come while a round is being
 * agreed on share the next one: one question to the leader for however many reads.
 */
export class LinearizableReads {
  readonly #options: LinearizableReadOptions;
  readonly #dependencies: LinearizableReadDependencies;
  #gathering: ReadCallback[] = [];
  #isScheduled = false;
  /** By the id that travels as the request context; in order of age. */
  readonly #rounds = new Map<number, Round>();
  #waitingCount = 0;
  #cancelSweep: (() => void) | undefined;
  #isStopped = false;

  constructor(options: LinearizableReadOptions, dependencies: LinearizableReadDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#cancelSweep = this.#dependencies.clock.setInterval(() => this.#sweep(), TIMEOUT_SWEEP_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
    const rounds = [...this.#rounds.values()];
    this.#rounds.clear();
    for (const round of rounds) this.#answer(round.callbacks, new EtcdError('Stopped'));
    const gathering = this.#gathering;
    this.#gathering = [];
    this.#answer(gathering, new EtcdError('Stopped'));
  }

  /** Calls back once everything that was acknowledged before this call is applied here. */
  wait(callback: ReadCallback): void {
    if (this.#isStopped) {
      callback(new EtcdError('Stopped'));
      return;
    }
    if (this.#waitingCount >= this.#options.maxWaiting) {
      callback(new EtcdError('RequestTooManyRequests'));
      return;
    }
    this.#waitingCount++;
    this.#gathering.push(callback);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#dependencies.clock.setImmediate(() => this.#ask());
  }

  #ask(): void {
    this.#isScheduled = false;
    if (this.#gathering.length === 0 || this.#isStopped) return;
    const { clock, ids } = this.#dependencies;
    const round: Round = {
      callbacks: this.#gathering,
      deadlineMs: clock.nowMs() + this.#options.timeoutMs,
      index: undefined,
      askedAtMs: clock.nowMs(),
    };
    this.#gathering = [];
    const id = ids.next();
    this.#rounds.set(id, round);
    this.#request(id);
  }

  #request(id: number): void {
    if (!this.#dependencies.hasLeader()) return;
    const context = Buffer.allocUnsafe(8);
    context.writeUInt16BE(this.#dependencies.ids.prefix, 0);
    context.writeUIntBE(id, 2, 6);
    this.#dependencies.readIndex(context);
  }

  /** Takes the answers to questions asked before. */
  readStates(states: readonly ReadState[]): void {
    for (const state of states) {
      const context = Buffer.from(state.requestContext);
      if (context.length !== 8) continue;
      const answered = context.readUIntBE(2, 6);
      // What nobody waits for may be as old as an earlier run of this member, and its index with it.
      if (!this.#rounds.has(answered)) continue;
      // An answer to a later question is at least as good for the earlier ones.
      for (const [id, round] of this.#rounds) {
        if (id > answered) break;
        round.index ??= state.index;
      }
    }
    this.applied();
  }

  /** Serves the rounds whose index is applied. */
  applied(): void {
    if (this.#rounds.size === 0 || !this.#dependencies.isReadable()) return;
    const appliedIndex = this.#dependencies.appliedIndex();
    for (const [id, round] of this.#rounds) {
      if (round.index === undefined || round.index > appliedIndex) break;
      this.#rounds.delete(id);
      this.#answer(round.callbacks, null);
    }
  }

  /** The leader changed: what it was asked may be lost, so it is asked anew. */
  leaderChanged(): void {
    for (const [id, round] of this.#rounds) {
      if (round.index === undefined) this.#request(id);
    }
  }

  #answer(callbacks: readonly ReadCallback[], error: Error | null): void {
    this.#waitingCount -= callbacks.length;
    for (const callback of callbacks) callback(error);
  }

  #noteTimeout(round: Round): void {
    const { metrics } = this.#dependencies;
    if (metrics === undefined) return;
    if (round.index === undefined) metrics.slowReadIndexes++;
    metrics.failedReadIndexes++;
  }

  #sweep(): void {
    const nowMs = this.#dependencies.clock.nowMs();
    for (const [id, round] of this.#rounds) {
      if (round.deadlineMs <= nowMs) {
        this.#rounds.delete(id);
        this.#noteTimeout(round);
        this.#answer(round.callbacks, new EtcdError('Timeout'));
      } else if (round.index === undefined && nowMs - round.askedAtMs >= RETRY_MS) {
        round.askedAtMs = nowMs;
        this.#request(id);
      }
    }
  }
}

import { EtcdError } from '../base/errors.js';
import type { LeaseRequests } from '../server/leases/index.js';
import type { StreamCall, StreamReceiver } from '../transport/index.js';
import { KeepAliveMessage, leaseOfKeepAlive } from './keep-alive-message.js';
import type { ResponseHeaders } from './response-header.js';
import { toStreamError } from './rpc.js';

/** Renewals of one stream that may be under way at once, when each takes a while. */
const MAX_UNDER_WAY = 16;
/** Renewals that may wait for their turn; a client that sends more reads no answers. */
const MAX_QUEUED = 100_000;

/** Whoever renews leases. */
export type Renewals = Pick<LeaseRequests, 'renewNow' | 'renew'>;

export interface KeepAliveDependencies {
  readonly renewals: Renewals;
  readonly store: { readonly revision: number };
  readonly headers: ResponseHeaders;
}

/** A renewal under way. */
interface Pending {
  readonly id: bigint;
  /** Taken before the renewal, as etcd does: a client must not see it succeed after the revoke. */
  readonly header: Buffer;
  /** Undefined until it is known. */
  ttlSeconds: number | undefined;
  /** Why there will be no answer; it comes in its turn, too. */
  failure: unknown;
}

/**
 * A stream of keep-alives, answered in the order in which they came. Where this member decides, each
 * is answered at once; where another has to be asked, a few are under way at a time.
 */
export class KeepAliveCall implements StreamReceiver {
  readonly #dependencies: KeepAliveDependencies;
  readonly #call: StreamCall;
  readonly #caller = { isGone: false };
  /** Ids that wait for their turn, from `#queueStart` on. */
  #queue: bigint[] = [];
  #queueStart = 0;
  readonly #underWay: Pending[] = [];
  /** The client reads slower than it asks. */
  #isFull = false;
  #isHalfClosed = false;

  constructor(dependencies: KeepAliveDependencies, call: StreamCall) {
    this.#dependencies = dependencies;
    this.#call = call;
  }

  message(bytes: Buffer): void {
    if (this.#caller.isGone) return;
    try {
      const id = leaseOfKeepAlive(bytes);
      if (this.#isIdle && !this.#isFull && this.#answerNow(id)) return;
      if (this.#waitingCount >= MAX_QUEUED) throw new EtcdError('RequestTooManyRequests');
      this.#queue.push(id);
      this.#advance();
    } catch (error) {
      this.#end(error);
    }
  }

  halfClosed(): void {
    this.#isHalfClosed = true;
    this.#advance();
  }

  drained(): void {
    this.#isFull = false;
    this.#advance();
  }

  closed(): void {
    this.#caller.isGone = true;
    this.#queue = [];
    this.#queueStart = 0;
  }

  /** Nothing waits and nothing is under way. */
  get #isIdle(): boolean {
    return this.#queue.length === 0 && this.#underWay.length === 0;
  }

  get #waitingCount(): number {
    return this.#queue.length - this.#queueStart;
  }

  /** Answers and begins what can be. */
  #advance(): void {
    while (!this.#isFull && !this.#caller.isGone) {
      const [first] = this.#underWay;
      if (first?.failure !== undefined) {
        this.#end(first.failure);
        return;
      }
      if (first?.ttlSeconds !== undefined) {
        this.#underWay.shift();
        this.#answer(first.id, first.header, first.ttlSeconds);
      } else if (!this.#beginNext()) break;
    }
    if (this.#isHalfClosed && this.#isIdle && !this.#caller.isGone) this.#end(null);
  }

  /** Answers at once, if this member can; only while no answer before it is still to come. */
  #answerNow(id: bigint): boolean {
    const { renewals, store, headers } = this.#dependencies;
    const ttlSeconds = renewals.renewNow(id);
    if (ttlSeconds === undefined) return false;
    this.#answer(id, headers.field(store.revision), ttlSeconds);
    return true;
  }

  /** Begins the renewal whose turn it is; false if there is none, or too many are under way. */
  #beginNext(): boolean {
    if (this.#underWay.length >= MAX_UNDER_WAY) return false;
    const id = this.#takeQueued();
    if (id === undefined) return false;
    if (this.#underWay.length === 0 && this.#answerNow(id)) return true;
    const { renewals, store, headers } = this.#dependencies;
    const header = headers.field(store.revision);
    const pending: Pending = { id, header, ttlSeconds: undefined, failure: undefined };
    this.#underWay.push(pending);
    renewals.renew(id, this.#caller).then(
      (renewed) => {
        pending.ttlSeconds = renewed;
        this.#advance();
      },
      (error: unknown) => {
        pending.failure = error ?? new Error('a renewal failed');
        this.#advance();
      },
    );
    return true;
  }

  #takeQueued(): bigint | undefined {
    const id = this.#queue[this.#queueStart];
    if (id === undefined) return undefined;
    this.#queueStart++;
    if (this.#queueStart === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueStart = 0;
    } else if (this.#queueStart >= 1024) {
      this.#queue = this.#queue.slice(this.#queueStart);
      this.#queueStart = 0;
    }
    return id;
  }

  #answer(id: bigint, header: Buffer, ttlSeconds: number): void {
    if (!this.#call.write(new KeepAliveMessage(header, id, ttlSeconds))) this.#isFull = true;
  }

  #end(error: unknown): void {
    if (this.#caller.isGone) return;
    this.#caller.isGone = true;
    this.#call.end(error === null ? null : toStreamError(error));
  }
}

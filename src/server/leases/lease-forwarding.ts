import { EtcdError, GrpcCode, RpcError } from '../../base/errors.js';
import type { MemberRequest } from '../../peer/index.js';
import {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../proto/generated/etcdserverpb.js';
import { LeaseInternalRequest, LeaseInternalResponse } from '../../proto/generated/leasepb.js';
import type { LeaseTime } from './primary-leases.js';
import { RequestSlots } from './request-slots.js';

/** Requests, and so connections, to the leader at once, and those that wait for their turn. */
const MAX_CONCURRENT = 16;
const MAX_QUEUED = 50_000;
/** A lease may have many keys; a leader that sends more than this is not well. */
const MAX_ANSWER_BYTES = 100 * 1024 * 1024;
const HEADERS = { 'Content-Type': 'application/protobuf' };

/** Sends a request to a member, as ClusterQueries.exchange does. */
export type SendToMember = (
  url: string,
  request: MemberRequest,
) => Promise<{ readonly status: number; readonly body: Buffer }>;

/** Asks the leader, over its peer port, what only it can say of leases (formats.md §7.1). */
export class LeaseForwarding {
  readonly #send: SendToMember;
  readonly #slots = new RequestSlots(MAX_CONCURRENT, MAX_QUEUED);

  constructor(dependencies: { readonly send: SendToMember }) {
    this.#send = dependencies.send;
  }

  /**
   * Has the member at `url` renew a lease. The TTL in seconds, 0 for no such lease.
   * @throws EtcdError RequestTooManyRequests; anything else may pass if it is tried again
   */
  async renew(url: string, id: bigint, timeoutMs: number): Promise<number> {
    const body = await this.#post(url, '/leases', LeaseKeepAliveRequest.encode({ id }), timeoutMs);
    if (body === undefined) return 0;
    const answer = LeaseKeepAliveResponse.decode(body);
    if (answer.id !== id) throw unusable('renew id mismatch');
    return answer.ttl;
  }

  /**
   * What the member at `url` says is left of a lease; undefined for no such lease.
   * @throws as {@link renew}
   */
  async timeToLive(
    url: string,
    id: bigint,
    withKeys: boolean,
    timeoutMs: number,
  ): Promise<LeaseTime | undefined> {
    const request = { leaseTimeToLiveRequest: { id, keys: withKeys } };
    const encoded = LeaseInternalRequest.encode(request);
    const body = await this.#post(url, '/leases/internal', encoded, timeoutMs);
    if (body === undefined) return undefined;
    const answer = LeaseInternalResponse.decode(body).leaseTimeToLiveResponse;
    if (answer?.id !== id) throw unusable('TTL id mismatch');
    const { ttl, grantedTtl, keys } = answer;
    return { id, ttlSeconds: ttl, grantedTtlSeconds: grantedTtl, keys };
  }

  /** Ends the waiting for a turn. */
  stop(): void {
    this.#slots.stop();
  }

  /** The body of the answer; undefined for no such lease. */
  async #post(
    url: string,
    path: string,
    body: Buffer,
    timeoutMs: number,
  ): Promise<Buffer | undefined> {
    const isFree = await this.#slots.take();
    if (!isFree) throw new EtcdError('RequestTooManyRequests');
    try {
      const answer = await this.#send(url, {
        method: 'POST',
        path,
        headers: HEADERS,
        body,
        // Asking twice renews twice, at the same time: no harm.
        reuseConnection: true,
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      });
      if (answer.status === 404) return undefined;
      if (answer.status === 200) return answer.body;
      throw unusable(`unknown error(${answer.body.toString('utf8')})`);
    } finally {
      this.#slots.release();
    }
  }
}

function unusable(reason: string): RpcError {
  return new RpcError(GrpcCode.unknown, `lease: ${reason}`);
}

import { errorText, isEtcdError } from '../../base/errors.js';
import {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../proto/generated/etcdserverpb.js';
import { LeaseInternalRequest, LeaseInternalResponse } from '../../proto/generated/leasepb.js';
import { type LeaseTime, NotPrimaryError, type PrimaryLeases } from './primary-leases.js';

/** An answer to another member: an encoded message with 200, a line of text with anything else. */
export type PeerAnswer =
  | { readonly status: 200; readonly body: Buffer }
  | { readonly status: number; readonly text: string };

const NOT_FOUND: PeerAnswer = { status: 404, text: 'lease not found' };
const UNREADABLE: PeerAnswer = { status: 400, text: 'error unmarshalling request' };
const TOO_SLOW: PeerAnswer = {
  status: 408,
  text: 'waiting for node to catch up its applied index has timed out',
};

/** What other members get that forward lease requests to this one (formats.md §7.1). */
export class PeerLeaseAnswers {
  readonly #primary: PrimaryLeases;

  constructor(dependencies: { readonly primary: PrimaryLeases }) {
    this.#primary = dependencies.primary;
  }

  /** Answers an encoded LeaseKeepAliveRequest. */
  async keepAlive(body: Uint8Array): Promise<PeerAnswer> {
    const request = decoded(() => LeaseKeepAliveRequest.decode(body));
    if (request === undefined) return UNREADABLE;
    try {
      await this.#primary.caughtUp();
      // Only a primary can say that there is no such lease.
      const ttl = await this.#primary.renew(request.id);
      if (ttl === 0) return NOT_FOUND;
      const answer = LeaseKeepAliveResponse.encode({ id: request.id, ttl });
      return { status: 200, body: answer };
    } catch (error) {
      if (isEtcdError(error, 'TimeoutWaitAppliedIndex')) return TOO_SLOW;
      return { status: 400, text: errorText(error) };
    }
  }

  /** Answers an encoded LeaseInternalRequest. */
  async timeToLive(body: Uint8Array): Promise<PeerAnswer> {
    const request = decoded(() => LeaseInternalRequest.decode(body))?.leaseTimeToLiveRequest;
    if (request === undefined) return UNREADABLE;
    try {
      await this.#primary.caughtUp();
      const lease = this.#primary.timeToLive(request.id, request.keys);
      return lease === undefined ? NOT_FOUND : { status: 200, body: encodeLeaseTime(lease) };
    } catch (error) {
      if (isEtcdError(error, 'TimeoutWaitAppliedIndex')) return TOO_SLOW;
      return { status: error instanceof NotPrimaryError ? 500 : 400, text: errorText(error) };
    }
  }
}

function encodeLeaseTime(lease: LeaseTime): Buffer {
  return LeaseInternalResponse.encode({
    leaseTimeToLiveResponse: {
      // Present, but empty: the member that asked makes a header of its own.
      header: { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 },
      id: lease.id,
      ttl: lease.ttlSeconds,
      grantedTtl: lease.grantedTtlSeconds,
      keys: [...lease.keys],
    },
  });
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

import { EtcdError } from '../base/errors.js';
import {
  Lease,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import { type KvorumServer, leaseGrantCost } from '../server/index.js';
import type { RpcMethod, StreamCall, StreamReceiver } from '../transport/index.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, toStreamError, unary } from './rpc.js';

/** The Lease service (G.36–G.41). */
export function leaseMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const { leaseGrant, leaseRevoke, leaseKeepAlive, leaseTimeToLive, leaseLeases } = Lease.methods;
  return [
    unary(leaseGrant.path, (bytes, reply) => handleGrant(server, headers, bytes, reply)),
    unary(leaseRevoke.path, (bytes, reply) => handleRevoke(server, headers, bytes, reply)),
    {
      kind: 'bidi',
      path: leaseKeepAlive.path,
      open: (call) => new KeepAliveCall(server, headers, call),
    },
    unary(leaseTimeToLive.path, (bytes, reply) => {
      const request = LeaseTimeToLiveRequest.decode(bytes);
      reply(null, timeToLive(server, headers, request));
    }),
    unary(leaseLeases.path, (bytes, reply) => {
      LeaseLeasesRequest.decode(bytes);
      const response = LeaseLeasesResponse.encode({
        header: headers.message(server.store.revision),
        leases: server.lessor.idsByExpiry().map((id) => ({ id })),
      });
      reply(null, response);
    }),
  ];
}

function handleGrant(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = LeaseGrantRequest.decode(bytes);
  if (!server.quota.hasRoomFor(leaseGrantCost)) {
    server.raiseNoSpaceAlarm(() => reply(new EtcdError('NoSpace')));
    return;
  }
  // The entry must name the id: every member has to grant the same lease.
  const hasId = request.id !== 0n;
  const chosen = hasId ? request : { ...request, id: server.newLeaseId() };
  const body = hasId ? bytes : LeaseGrantRequest.encode(chosen);
  server.propose(body, { kind: RequestKind.leaseGrant, request: chosen }, (error, result) => {
    if (result?.kind !== 'leaseGrant') {
      reply(error ?? new Error('a lease was granted with an unexpected result'));
      return;
    }
    const { id, ttlSeconds, revision } = result;
    const header = headers.message(revision);
    reply(null, LeaseGrantResponse.encode({ header, id, ttl: ttlSeconds }));
  });
}

function handleRevoke(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = LeaseRevokeRequest.decode(bytes);
  server.propose(bytes, { kind: RequestKind.leaseRevoke, request }, (error, result) => {
    if (result === undefined) reply(error);
    else reply(null, LeaseRevokeResponse.encode({ header: headers.message(result.revision) }));
  });
}

function timeToLive(
  server: KvorumServer,
  headers: ResponseHeaders,
  request: LeaseTimeToLiveRequest,
): Buffer {
  const header = headers.message(server.store.revision);
  const lease = server.lessor.get(request.id);
  if (lease === undefined) {
    return LeaseTimeToLiveResponse.encode({ header, id: request.id, ttl: -1 });
  }
  return LeaseTimeToLiveResponse.encode({
    header,
    id: lease.id,
    ttl: server.lessor.remainingSeconds(lease),
    grantedTtl: lease.ttlSeconds,
    keys: request.keys ? [...lease.keys].map((key) => Buffer.from(key, 'latin1')) : [],
  });
}

/** A stream of keep-alives, each answered in its turn. */
class KeepAliveCall implements StreamReceiver {
  readonly #server: KvorumServer;
  readonly #headers: ResponseHeaders;
  readonly #call: StreamCall;

  constructor(server: KvorumServer, headers: ResponseHeaders, call: StreamCall) {
    this.#server = server;
    this.#headers = headers;
    this.#call = call;
  }

  message(bytes: Buffer): void {
    try {
      const { id } = LeaseKeepAliveRequest.decode(bytes);
      const header = this.#headers.message(this.#server.store.revision);
      const ttl = this.#server.lessor.renew(id);
      this.#call.write(LeaseKeepAliveResponse.encode({ header, id, ttl }));
    } catch (error) {
      this.#call.end(toStreamError(error));
    }
  }

  halfClosed(): void {
    this.#call.end(null);
  }

  drained(): void {}

  closed(): void {}
}

import { EtcdError } from '../base/errors.js';
import {
  Lease,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import { type KvorumServer, leaseGrantCost } from '../server/index.js';
import type { LeaseRequests, LeaseTime } from '../server/leases/index.js';
import type { RpcMethod } from '../transport/index.js';
import { KeepAliveCall, type Renewals } from './lease-keep-alive.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, unary } from './rpc.js';

/** Keep-alives and remaining times, by whoever decides about them. */
export type LeaseService = Renewals &
  Pick<LeaseRequests, 'canTellNow' | 'timeToLiveNow' | 'timeToLive'>;

/** The Lease service (G.36–G.41). */
export function leaseMethods(
  server: KvorumServer,
  headers: ResponseHeaders,
  leases: LeaseService,
): RpcMethod[] {
  const { leaseGrant, leaseRevoke, leaseKeepAlive, leaseTimeToLive, leaseLeases } = Lease.methods;
  return [
    unary(leaseGrant.path, (bytes, reply) => handleGrant(server, headers, bytes, reply)),
    unary(leaseRevoke.path, (bytes, reply) => handleRevoke(server, headers, bytes, reply)),
    {
      kind: 'bidi',
      path: leaseKeepAlive.path,
      open: (call) => new KeepAliveCall({ renewals: leases, store: server.store, headers }, call),
    },
    unary(leaseTimeToLive.path, (bytes, reply) => {
      const { id, keys } = LeaseTimeToLiveRequest.decode(bytes);
      const answer = (lease: LeaseTime | undefined): void =>
        reply(null, timeToLiveResponse(server, headers, id, lease));
      if (leases.canTellNow) answer(leases.timeToLiveNow(id, keys));
      else leases.timeToLive(id, keys).then(answer, (error: unknown) => reply(error));
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
  const body = hasId ? bytes : LeaseGrantRequest.encode({ ...request, id: server.newLeaseId() });
  server.propose(RequestKind.leaseGrant, body, (error, result) => {
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
  // What cannot be decoded must not enter the log.
  LeaseRevokeRequest.decode(bytes);
  server.propose(RequestKind.leaseRevoke, bytes, (error, result) => {
    if (result === undefined) reply(error);
    else reply(null, LeaseRevokeResponse.encode({ header: headers.message(result.revision) }));
  });
}

function timeToLiveResponse(
  server: KvorumServer,
  headers: ResponseHeaders,
  id: bigint,
  lease: LeaseTime | undefined,
): Buffer {
  const header = headers.message(server.store.revision);
  if (lease === undefined) return LeaseTimeToLiveResponse.encode({ header, id, ttl: -1 });
  return LeaseTimeToLiveResponse.encode({
    header,
    id,
    ttl: lease.ttlSeconds,
    grantedTtl: lease.grantedTtlSeconds,
    keys: [...lease.keys],
  });
}

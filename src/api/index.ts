import { Auth } from '../proto/generated/etcdserverpb.js';
import { Election } from '../proto/generated/v3electionpb.js';
import { Lock } from '../proto/generated/v3lockpb.js';
import type { KvorumServer } from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import { clusterMethods } from './cluster.js';
import { healthMethods } from './health.js';
import { kvMethods } from './kv.js';
import { leaseMethods } from './lease.js';
import { maintenanceMethods } from './maintenance.js';
import { ResponseHeaders } from './response-header.js';
import { requireLeader, unimplemented } from './rpc.js';
import { watchMethods } from './watch.js';

/** Services that later versions bring; until then their methods answer Unimplemented. */
const FUTURE_SERVICES = [Auth, Lock, Election];

/** All gRPC methods of a member. */
export function createRpcMethods(server: KvorumServer): RpcMethod[] {
  const headers = new ResponseHeaders(server);
  const methods = [
    ...kvMethods(server, headers),
    ...watchMethods(server, headers),
    ...leaseMethods(server, headers),
    ...clusterMethods(server, headers),
    ...maintenanceMethods(server, headers),
    ...FUTURE_SERVICES.flatMap((service) =>
      Object.values(service.methods).map(({ path }) => unimplemented(path)),
    ),
  ];
  return [...requireLeader(methods, () => server.leaderId !== 0n), ...healthMethods()];
}

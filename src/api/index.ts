import type { Clock } from '../base/clock.js';
import { Auth } from '../proto/generated/etcdserverpb.js';
import { Election } from '../proto/generated/v3electionpb.js';
import { Lock } from '../proto/generated/v3lockpb.js';
import type { KvorumServer } from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import { clusterMethods } from './cluster.js';
import { healthMethods } from './health.js';
import { kvMethods } from './kv.js';
import { LeaderWatch } from './leader-watch.js';
import { gateLearner } from './learner-gate.js';
import { leaseMethods } from './lease.js';
import { maintenanceMethods } from './maintenance.js';
import { ResponseHeaders } from './response-header.js';
import { requireLeader, unimplemented } from './rpc.js';
import { watchMethods } from './watch.js';

/** Services that later versions bring; until then their methods answer Unimplemented. */
const FUTURE_SERVICES = [Auth, Lock, Election];

export interface RpcDependencies {
  readonly clock: Clock;
}

/** All gRPC methods of a member, and what has to be stopped with them. */
export interface RpcService {
  readonly methods: readonly RpcMethod[];
  stop(): void;
}

export function createRpcService(server: KvorumServer, { clock }: RpcDependencies): RpcService {
  const headers = new ResponseHeaders(server);
  const { electionTicks, tickMs } = server.options;
  const hasLeader = (): boolean => server.leaderId !== 0n;
  const watch = new LeaderWatch({ clock, hasLeader, electionTimeoutMs: electionTicks * tickMs });
  watch.start();
  const methods = [
    ...kvMethods(server, headers),
    ...watchMethods(server, headers),
    ...leaseMethods(server, headers, server.leases.requests),
    ...clusterMethods(server, headers),
    ...maintenanceMethods(server, headers),
    ...FUTURE_SERVICES.flatMap((service) =>
      Object.values(service.methods).map(({ path }) => unimplemented(path)),
    ),
  ];
  const all = [...requireLeader(methods, hasLeader, watch), ...healthMethods()];
  return { methods: gateLearner(all, () => server.isLearner), stop: () => watch.stop() };
}

import { Cluster, MemberListRequest, MemberListResponse } from '../proto/generated/etcdserverpb.js';
import type { KvorumServer } from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, unary, unimplemented } from './rpc.js';

/** The Cluster service; changing the membership comes with replication. */
export function clusterMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const { memberList, memberAdd, memberRemove, memberUpdate, memberPromote } = Cluster.methods;
  return [
    unary(memberList.path, (bytes, reply) => {
      const request = MemberListRequest.decode(bytes);
      if (!request.linearizable) {
        replyMembers(server, headers, reply);
        return;
      }
      server.linearizableRead((error) => {
        if (error !== null) reply(error);
        else replyMembers(server, headers, reply);
      });
    }),
    ...[memberAdd, memberRemove, memberUpdate, memberPromote].map(({ path }) =>
      unimplemented(path),
    ),
  ];
}

function replyMembers(server: KvorumServer, headers: ResponseHeaders, reply: Reply): void {
  const members = server.cluster.members();
  // Membership answers carry no revision (G.3).
  reply(null, MemberListResponse.encode({ header: headers.message(0), members }));
}

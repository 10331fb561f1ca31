import type { Member } from '../membership/index.js';
import {
  Cluster,
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from '../proto/generated/etcdserverpb.js';
import type { KvorumServer } from '../server/index.js';
import type { MembershipChanges } from '../server/membership/index.js';
import type { RpcMethod } from '../transport/index.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, unary } from './rpc.js';

/** What the Cluster service needs of a member. */
export interface ClusterSource {
  readonly cluster: Pick<KvorumServer['cluster'], 'members'>;
  readonly linearizableRead: KvorumServer['linearizableRead'];
  readonly membershipChanges: Pick<MembershipChanges, 'add' | 'remove' | 'update' | 'promote'>;
}

/** The Cluster service (clients-and-behaviour.md G.44). Its answers carry no revision (G.3). */
export function clusterMethods(server: ClusterSource, headers: ResponseHeaders): RpcMethod[] {
  const { memberList, memberAdd, memberRemove, memberUpdate, memberPromote } = Cluster.methods;
  const list = unary(memberList.path, (bytes, reply) => {
    const { linearizable } = MemberListRequest.decode(bytes);
    const answer = (): void => {
      const members = server.cluster.members().map(toMessage);
      reply(null, MemberListResponse.encode({ header: headers.message(0), members }));
    };
    if (!linearizable) {
      answer();
      return;
    }
    server.linearizableRead((error) => {
      if (error !== null) reply(error);
      else answer();
    });
  });
  const changes = server.membershipChanges;
  return [
    list,
    unary(memberAdd.path, (bytes, reply) => {
      const { peerUrls, isLearner } = MemberAddRequest.decode(bytes);
      settle(changes.add(peerUrls, isLearner), reply, ({ member, members }) =>
        MemberAddResponse.encode({
          header: headers.message(0),
          member: toMessage(member),
          members: members.map(toMessage),
        }),
      );
    }),
    unary(memberRemove.path, (bytes, reply) => {
      const { id } = MemberRemoveRequest.decode(bytes);
      settle(changes.remove(id), reply, (members) =>
        MemberRemoveResponse.encode({
          header: headers.message(0),
          members: members.map(toMessage),
        }),
      );
    }),
    unary(memberUpdate.path, (bytes, reply) => {
      const { id, peerUrls } = MemberUpdateRequest.decode(bytes);
      settle(changes.update(id, peerUrls), reply, (members) =>
        MemberUpdateResponse.encode({
          header: headers.message(0),
          members: members.map(toMessage),
        }),
      );
    }),
    unary(memberPromote.path, (bytes, reply) => {
      const { id } = MemberPromoteRequest.decode(bytes);
      settle(changes.promote(id), reply, (members) =>
        MemberPromoteResponse.encode({
          header: headers.message(0),
          members: members.map(toMessage),
        }),
      );
    }),
  ];
}

/** A member as responses name it; one that has not started has neither name nor client URLs. */
function toMessage(member: Member) {
  const { id, name, isLearner } = member;
  return {
    id,
    name,
    isLearner,
    peerUrls: [...member.peerUrls],
    clientUrls: [...member.clientUrls],
  };
}

function settle<T>(promise: Promise<T>, reply: Reply, encode: (value: T) => Buffer): void {
  promise.then(
    (value) => reply(null, encode(value)),
    (error: unknown) => reply(error),
  );
}

import { clusterId, encodeMember, type Member, memberId } from '../../membership/index.js';
import type { BootstrapPeer } from '../../raft/index.js';
import type { InitialMember } from '../options.js';

/** Who a member is, and with whom it starts. */
export interface Identity {
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** The founding members of a cluster, ascending by id, and which of them this one is. */
export interface Founding extends Identity {
  readonly members: readonly Member[];
}

export interface FoundingOptions {
  readonly name: string;
  readonly initialMembers: readonly InitialMember[];
  readonly initialClusterToken: string;
}

/**
 * The members of a new cluster. Every one of them computes the same: the ids follow from the peer URLs
 * and the token, the order is ascending by id (formats.md §8, §8.3).
 */
export function foundingOf(options: FoundingOptions): Founding {
  const { initialClusterToken, initialMembers, name: ownName } = options;
  const members = initialMembers.map(
    ({ name, peerUrls }): Member => ({
      id: memberId(peerUrls, initialClusterToken),
      peerUrls,
      isLearner: false,
      name,
      clientUrls: [],
    }),
  );
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  const own = members.find((member) => member.name === ownName);
  if (own === undefined) throw new Error(`${ownName} is not among the initial members`);
  return { members, memberId: own.id, clusterId: clusterId(members.map((member) => member.id)) };
}

/** The entries that every founding member's log starts with, as Raft takes them. */
export function foundingPeers({ members }: Founding): BootstrapPeer[] {
  return members.map((member) => ({
    id: member.id,
    context: Buffer.from(encodeMember(member), 'utf8'),
  }));
}

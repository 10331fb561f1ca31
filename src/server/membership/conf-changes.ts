import {
  decodeMember,
  encodeMember,
  encodePromotion,
  type MembershipChange,
} from '../../membership/index.js';
import { type ConfChange, ConfChangeType, EMPTY_BYTES } from '../../raft/index.js';

/** A configuration change whose content contradicts itself; it is refused on every member. */
export class MalformedConfChangeError extends Error {
  override readonly name = 'MalformedConfChangeError';
}

/** The form in which a change of the membership goes through the log (formats.md §1.4). */
export function toConfChange(id: bigint, change: MembershipChange): ConfChange {
  switch (change.kind) {
    case 'add': {
      const { addNode, addLearnerNode } = ConfChangeType;
      const type = change.member.isLearner ? addLearnerNode : addNode;
      return { id, type, nodeId: change.member.id, context: utf8(encodeMember(change.member)) };
    }
    case 'promote': {
      const context = utf8(encodePromotion(change.id));
      return { id, type: ConfChangeType.addNode, nodeId: change.id, context };
    }
    case 'update': {
      const { id: nodeId, peerUrls } = change;
      const member = { id: nodeId, peerUrls, isLearner: false, name: '', clientUrls: [] };
      return { id, type: ConfChangeType.updateNode, nodeId, context: utf8(encodeMember(member)) };
    }
    case 'remove':
      return { id, type: ConfChangeType.removeNode, nodeId: change.id, context: EMPTY_BYTES };
  }
}

/**
 * What a configuration change from the log does to the membership.
 * @throws MalformedConfChangeError if its context cannot be read or is about another member
 */
export function toMembershipChange(confChange: ConfChange): MembershipChange {
  const { type, nodeId } = confChange;
  if (type === ConfChangeType.removeNode) return { kind: 'remove', id: nodeId };
  const { isPromote, ...member } = decodeContext(confChange);
  if (member.id !== nodeId) throw new MalformedConfChangeError('a change of two members at once');
  if (type === ConfChangeType.updateNode) {
    return { kind: 'update', id: nodeId, peerUrls: member.peerUrls };
  }
  if (isPromote) return { kind: 'promote', id: nodeId };
  return { kind: 'add', member };
}

function decodeContext({ context }: ConfChange) {
  try {
    return decodeMember(Buffer.from(context).toString('utf8'));
  } catch (error) {
    throw new MalformedConfChangeError('a change with an unreadable context', { cause: error });
  }
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

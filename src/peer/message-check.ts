import {
  isLocalMessageType,
  isLocalTarget,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
} from '../raft/index.js';

/** The last type that exists; later ones are unknown to every version. */
const LAST_TYPE = MessageType.forgetLeader;

/** True if the type is one that members send each other. */
export function isWireType(type: number): boolean {
  return type >= 0 && type <= LAST_TYPE && !isLocalMessageType(type as MessageType);
}

/**
 * Why a message that came from another member must not reach Raft, or undefined if it may. The core
 * relies on what this checks; a correct member never sends anything else (formats.md §1.3).
 */
export function messageFault(message: Message, local: NodeId): string | undefined {
  if (!isWireType(message.type)) return `a message of type ${message.type} is never sent`;
  if (message.to !== local) return 'the message is for another member';
  if (message.from === NO_NODE || message.from === local || isLocalTarget(message.from)) {
    return 'the message has no sender';
  }
  switch (message.type) {
    case MessageType.append:
      return appendFault(message);
    case MessageType.snapshot:
      return message.snapshot === undefined ? 'a snapshot message without a snapshot' : undefined;
    case MessageType.readIndex:
    case MessageType.readIndexResponse:
      return message.entries.length === 1 ? undefined : 'a read needs one entry';
    case MessageType.propose:
      return message.entries.length > 0 ? undefined : 'a proposal without entries';
    default:
      return undefined;
  }
}

/** The entries of an append continue its index one by one, with terms that never fall. */
function appendFault(message: Message): string | undefined {
  let term = message.logTerm;
  let index = message.index;
  if (message.term === 0) return 'an append without a term';
  for (const entry of message.entries) {
    index++;
    if (entry.index !== index) return `entry ${entry.index} where ${index} was due`;
    if (entry.term < term) return `the term falls at entry ${index}`;
    term = entry.term;
  }
  return term > message.term ? 'entries of a later term than the message' : undefined;
}

import { createMessage, type Message, MessageType, NO_NODE } from '../raft/index.js';

/**
 * What a stream carries every few seconds so that neither end takes it for dead (formats.md §7.4).
 * Raft's own heartbeats always have a sender and a receiver.
 */
export const LINK_HEARTBEAT: Message = createMessage({ type: MessageType.heartbeat });

/** True for a keep-alive of the stream, which means nothing to Raft. */
export function isLinkHeartbeat(message: Message): boolean {
  return (
    message.type === MessageType.heartbeat && message.from === NO_NODE && message.to === NO_NODE
  );
}

import {
  APPEND_THREAD,
  APPLY_THREAD,
  EMPTY_BYTES,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
} from './types.js';

/** The fields of a message that are not at their default. */
export type MessageFields = { readonly type: MessageType } & {
  readonly [Name in keyof Message]?: Message[Name] | undefined;
};

const NOTHING: readonly never[] = [];

/**
 * A complete message from the given fields; `from` and `term` take precedence over theirs. All messages are built here, field by field in one
 * order, so that they share one hidden class and property access stays monomorphic.
 */
export function createMessage(
  fields: MessageFields,
  from: NodeId = fields.from ?? NO_NODE,
  term: number = fields.term ?? 0,
): Message {
  return {
    type: fields.type,
    to: fields.to ?? NO_NODE,
    from,
    term,
    logTerm: fields.logTerm ?? 0,
    index: fields.index ?? 0,
    entries: fields.entries ?? NOTHING,
    commit: fields.commit ?? 0,
    vote: fields.vote ?? NO_NODE,
    snapshot: fields.snapshot,
    reject: fields.reject ?? false,
    rejectHint: fields.rejectHint ?? 0,
    context: fields.context ?? EMPTY_BYTES,
    responses: fields.responses ?? NOTHING,
  };
}

const LOCAL_TYPES: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.hup,
  MessageType.beat,
  MessageType.unreachable,
  MessageType.snapshotStatus,
  MessageType.checkQuorum,
  MessageType.storageAppend,
  MessageType.storageAppendResponse,
  MessageType.storageApply,
  MessageType.storageApplyResponse,
  MessageType.forgetLeader,
]);

const RESPONSE_TYPES: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.appendResponse,
  MessageType.voteResponse,
  MessageType.heartbeatResponse,
  MessageType.unreachable,
  MessageType.readIndexResponse,
  MessageType.preVoteResponse,
  MessageType.storageAppendResponse,
  MessageType.storageApplyResponse,
]);

/** True for types that never come from another member. */
export function isLocalMessageType(type: MessageType): boolean {
  return LOCAL_TYPES.has(type);
}

/** True for types that answer a request of this member. */
export function isResponseMessageType(type: MessageType): boolean {
  return RESPONSE_TYPES.has(type);
}

/** True for the ids of the append and apply threads. */
export function isLocalTarget(id: NodeId): boolean {
  return id === APPEND_THREAD || id === APPLY_THREAD;
}

/** The response type of a vote or pre-vote request. */
export function voteResponseType(type: MessageType): MessageType {
  return type === MessageType.vote ? MessageType.voteResponse : MessageType.preVoteResponse;
}

/**
 * Raft messages from protobuf, straight into the shapes of the `raft` room. Any presence of fields and
 * any order is taken (formats.md §1.2); numbers beyond 2^53, unknown entry types and absurd counts are
 * refused, since nothing sensible could be done with them.
 */
import { ProtoReader, WireError } from '../proto/wire.js';
import {
  type ConfState,
  createMessage,
  EMPTY_BYTES,
  EMPTY_CONF_STATE,
  type Entry,
  EntryType,
  type Message,
  type MessageType,
  NO_NODE,
  type NodeId,
  type Snapshot,
  type SnapshotMetadata,
} from '../raft/index.js';
import { FrameTooLargeError, PeerProtocolError } from './errors.js';

/** More entries than any sender puts into one message: they are limited to about a mebibyte. */
export const MAX_ENTRIES_PER_MESSAGE = 1 << 20;
/** More members than any configuration has. */
const MAX_IDS_PER_LIST = 1 << 16;

/** A term or an index. The reader saturates at 2^53 - 1, which therefore stands for "too large". */
function readNumber(reader: ProtoReader): number {
  const value = reader.uint64Number();
  if (value >= Number.MAX_SAFE_INTEGER) throw new PeerProtocolError('a number beyond 2^53');
  return value;
}

/** Reads the entry in `[reader.position, reader.end)`. Its data is a view of the reader's bytes. */
export function readEntry(reader: ProtoReader): Entry {
  let type = 0;
  let term = 0;
  let index = 0;
  let data: Uint8Array = EMPTY_BYTES;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x10) term = readNumber(reader);
    else if (tag === 0x18) index = readNumber(reader);
    else if (tag === 0x22) data = reader.bytes();
    else if (tag === 0x08) type = reader.int32();
    else reader.skip(tag);
  }
  return { type: entryType(type), term, index, data };
}

function entryType(type: number): EntryType {
  if (type === EntryType.normal) return EntryType.normal;
  if (type === EntryType.confChange) return EntryType.confChange;
  if (type === EntryType.confChangeV2) return EntryType.confChangeV2;
  throw new PeerProtocolError(`unknown entry type ${type}`);
}

function readMessage(reader: ProtoReader): Message {
  let type = 0;
  let to: NodeId = NO_NODE;
  let from: NodeId = NO_NODE;
  let term = 0;
  let logTerm = 0;
  let index = 0;
  const entries: Entry[] = [];
  let commit = 0;
  let vote: NodeId = NO_NODE;
  let snapshot: Snapshot | undefined;
  let reject = false;
  let rejectHint = 0;
  let context: Uint8Array = EMPTY_BYTES;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x08:
        type = reader.int32();
        break;
      case 0x10:
        to = reader.uint64();
        break;
      case 0x18:
        from = reader.uint64();
        break;
      case 0x20:
        term = readNumber(reader);
        break;
      case 0x28:
        logTerm = readNumber(reader);
        break;
      case 0x30:
        index = readNumber(reader);
        break;
      case 0x3a: {
        if (entries.length >= MAX_ENTRIES_PER_MESSAGE) throw new FrameTooLargeError();
        const outerEnd = reader.enter();
        entries.push(readEntry(reader));
        reader.leave(outerEnd);
        break;
      }
      case 0x40:
        commit = readNumber(reader);
        break;
      case 0x4a: {
        const outerEnd = reader.enter();
        snapshot = readSnapshot(reader);
        reader.leave(outerEnd);
        break;
      }
      case 0x50:
        reject = reader.bool();
        break;
      case 0x58:
        rejectHint = readNumber(reader);
        break;
      case 0x62:
        context = reader.bytes();
        break;
      case 0x68:
        vote = reader.uint64();
        break;
      default:
        // `responses` too: they belong to messages that never leave a member.
        reader.skip(tag);
    }
  }
  return createMessage({
    // Types that this version does not know are sorted out with the local ones.
    type: type as MessageType,
    to,
    from,
    term,
    logTerm,
    index,
    entries,
    commit,
    vote,
    snapshot,
    reject,
    rejectHint,
    context,
  });
}

function readSnapshot(reader: ProtoReader): Snapshot {
  let data: Uint8Array = EMPTY_BYTES;
  let metadata: SnapshotMetadata = { confState: EMPTY_CONF_STATE, index: 0, term: 0 };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) data = reader.bytes();
    else if (tag === 0x12) {
      const outerEnd = reader.enter();
      metadata = readSnapshotMetadata(reader);
      reader.leave(outerEnd);
    } else reader.skip(tag);
  }
  return { data, metadata };
}

function readSnapshotMetadata(reader: ProtoReader): SnapshotMetadata {
  let confState = EMPTY_CONF_STATE;
  let index = 0;
  let term = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) {
      const outerEnd = reader.enter();
      confState = readConfState(reader);
      reader.leave(outerEnd);
    } else if (tag === 0x10) index = readNumber(reader);
    else if (tag === 0x18) term = readNumber(reader);
    else reader.skip(tag);
  }
  return { confState, index, term };
}

/** Takes packed and unpacked ids. */
function readConfState(reader: ProtoReader): ConfState {
  const lists: [NodeId[], NodeId[], NodeId[], NodeId[]] = [[], [], [], []];
  let autoLeave = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const list = lists[(tag >>> 3) - 1];
    if (list !== undefined && (tag & 7) === 0) list.push(reader.uint64());
    else if (list !== undefined && (tag & 7) === 2) {
      const outerEnd = reader.enter();
      while (reader.position < reader.end && list.length <= MAX_IDS_PER_LIST) {
        list.push(reader.uint64());
      }
      reader.leave(outerEnd);
    } else if (tag === 0x28) autoLeave = reader.bool();
    else reader.skip(tag);
    if (list !== undefined && list.length > MAX_IDS_PER_LIST) throw new FrameTooLargeError();
  }
  const [voters, learners, votersOutgoing, learnersNext] = lists;
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

/**
 * Decodes one message; byte fields are views of `bytes`.
 * @throws PeerProtocolError if it is none
 */
export function decodeMessage(bytes: Uint8Array): Message {
  return translateErrors(() => readMessage(new ProtoReader(bytes)));
}

/**
 * Decodes one entry; its data is a view of `bytes`.
 * @throws PeerProtocolError if it is none
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  return translateErrors(() => readEntry(new ProtoReader(bytes)));
}

function translateErrors<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) throw new PeerProtocolError(error.message, { cause: error });
    throw error;
  }
}

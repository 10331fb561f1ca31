// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export const EntryType = {
  EntryNormal: 0,
  EntryConfChange: 1,
  EntryConfChangeV2: 2,
} as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

export interface Entry {
  type: EntryType | undefined;
  term: number | undefined;
  index: number | undefined;
  data: Buffer | undefined;
}

export function newEntry(): Entry {
  return { type: undefined, term: undefined, index: undefined, data: undefined };
}

export function readEntryInto(reader: ProtoReader, message: Entry): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.type = reader.int32() as EntryType;
        break;
      }
      case 16: {
        message.term = reader.uint64Number();
        break;
      }
      case 24: {
        message.index = reader.uint64Number();
        break;
      }
      case 34: {
        message.data = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeEntry(writer: ProtoWriter, message: Init<Entry>): void {
  if (message.data !== undefined) {
    writer.bytes(message.data);
    writer.uint32(34);
  }
  if (message.index !== undefined) {
    writer.int64Number(message.index);
    writer.uint32(24);
  }
  if (message.term !== undefined) {
    writer.int64Number(message.term);
    writer.uint32(16);
  }
  if (message.type !== undefined) {
    writer.int32(message.type);
    writer.uint32(8);
  }
}

export const Entry = {
  encode: (message: Init<Entry>): Buffer => encodeWith(writeEntry, message),
  decode(bytes: Uint8Array): Entry {
    const message = newEntry();
    readEntryInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ConfState {
  voters: bigint[];
  learners: bigint[];
  votersOutgoing: bigint[];
  learnersNext: bigint[];
  autoLeave: boolean | undefined;
}

export function newConfState(): ConfState {
  return { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: undefined };
}

export function readConfStateInto(reader: ProtoReader, message: ConfState): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.voters.push(reader.uint64());
        break;
      }
      case 10: {
        const outerEnd = reader.enter();
        while (reader.position < reader.end) message.voters.push(reader.uint64());
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.learners.push(reader.uint64());
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        while (reader.position < reader.end) message.learners.push(reader.uint64());
        reader.leave(outerEnd);
        break;
      }
      case 24: {
        message.votersOutgoing.push(reader.uint64());
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        while (reader.position < reader.end) message.votersOutgoing.push(reader.uint64());
        reader.leave(outerEnd);
        break;
      }
      case 32: {
        message.learnersNext.push(reader.uint64());
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        while (reader.position < reader.end) message.learnersNext.push(reader.uint64());
        reader.leave(outerEnd);
        break;
      }
      case 40: {
        message.autoLeave = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeConfState(writer: ProtoWriter, message: Init<ConfState>): void {
  if (message.autoLeave !== undefined) {
    writer.bool(message.autoLeave);
    writer.uint32(40);
  }
  const learnersNextList = message.learnersNext ?? [];
  for (let i = learnersNextList.length - 1; i >= 0; i--) {
    const element = learnersNextList[i];
    if (element === undefined) continue;
    writer.uint64(element);
    writer.uint32(32);
  }
  const votersOutgoingList = message.votersOutgoing ?? [];
  for (let i = votersOutgoingList.length - 1; i >= 0; i--) {
    const element = votersOutgoingList[i];
    if (element === undefined) continue;
    writer.uint64(element);
    writer.uint32(24);
  }
  const learnersList = message.learners ?? [];
  for (let i = learnersList.length - 1; i >= 0; i--) {
    const element = learnersList[i];
    if (element === undefined) continue;
    writer.uint64(element);
    writer.uint32(16);
  }
  const votersList = message.voters ?? [];
  for (let i = votersList.length - 1; i >= 0; i--) {
    const element = votersList[i];
    if (element === undefined) continue;
    writer.uint64(element);
    writer.uint32(8);
  }
}

export const ConfState = {
  encode: (message: Init<ConfState>): Buffer => encodeWith(writeConfState, message),
  decode(bytes: Uint8Array): ConfState {
    const message = newConfState();
    readConfStateInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface SnapshotMetadata {
  confState: ConfState | undefined;
  index: number | undefined;
  term: number | undefined;
}

export function newSnapshotMetadata(): SnapshotMetadata {
  return { confState: undefined, index: undefined, term: undefined };
}

export function readSnapshotMetadataInto(reader: ProtoReader, message: SnapshotMetadata): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.confState ?? newConfState();
        message.confState = nested;
        readConfStateInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 16: {
        message.index = reader.uint64Number();
        break;
      }
      case 24: {
        message.term = reader.uint64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeSnapshotMetadata(writer: ProtoWriter, message: Init<SnapshotMetadata>): void {
  if (message.term !== undefined) {
    writer.int64Number(message.term);
    writer.uint32(24);
  }
  if (message.index !== undefined) {
    writer.int64Number(message.index);
    writer.uint32(16);
  }
  if (message.confState !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeConfState(writer, message.confState);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const SnapshotMetadata = {
  encode: (message: Init<SnapshotMetadata>): Buffer => encodeWith(writeSnapshotMetadata, message),
  decode(bytes: Uint8Array): SnapshotMetadata {
    const message = newSnapshotMetadata();
    readSnapshotMetadataInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Snapshot {
  data: Buffer | undefined;
  metadata: SnapshotMetadata | undefined;
}

export function newSnapshot(): Snapshot {
  return { data: undefined, metadata: undefined };
}

export function readSnapshotInto(reader: ProtoReader, message: Snapshot): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.data = reader.bytes();
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.metadata ?? newSnapshotMetadata();
        message.metadata = nested;
        readSnapshotMetadataInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeSnapshot(writer: ProtoWriter, message: Init<Snapshot>): void {
  if (message.metadata !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeSnapshotMetadata(writer, message.metadata);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.data !== undefined) {
    writer.bytes(message.data);
    writer.uint32(10);
  }
}

export const Snapshot = {
  encode: (message: Init<Snapshot>): Buffer => encodeWith(writeSnapshot, message),
  decode(bytes: Uint8Array): Snapshot {
    const message = newSnapshot();
    readSnapshotInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const MessageType = {
  MsgHup: 0,
  MsgBeat: 1,
  MsgProp: 2,
  MsgApp: 3,
  MsgAppResp: 4,
  MsgVote: 5,
  MsgVoteResp: 6,
  MsgSnap: 7,
  MsgHeartbeat: 8,
  MsgHeartbeatResp: 9,
  MsgUnreachable: 10,
  MsgSnapStatus: 11,
  MsgCheckQuorum: 12,
  MsgTransferLeader: 13,
  MsgTimeoutNow: 14,
  MsgReadIndex: 15,
  MsgReadIndexResp: 16,
  MsgPreVote: 17,
  MsgPreVoteResp: 18,
  MsgStorageAppend: 19,
  MsgStorageAppendResp: 20,
  MsgStorageApply: 21,
  MsgStorageApplyResp: 22,
  MsgForgetLeader: 23,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export interface Message {
  type: MessageType | undefined;
  to: bigint | undefined;
  from: bigint | undefined;
  term: number | undefined;
  logTerm: number | undefined;
  index: number | undefined;
  entries: Entry[];
  commit: number | undefined;
  snapshot: Snapshot | undefined;
  reject: boolean | undefined;
  rejectHint: number | undefined;
  context: Buffer | undefined;
  vote: bigint | undefined;
  responses: Message[];
}

export function newMessage(): Message {
  return { type: undefined, to: undefined, from: undefined, term: undefined, logTerm: undefined, index: undefined, entries: [], commit: undefined, snapshot: undefined, reject: undefined, rejectHint: undefined, context: undefined, vote: undefined, responses: [] };
}

export function readMessageInto(reader: ProtoReader, message: Message): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.type = reader.int32() as MessageType;
        break;
      }
      case 16: {
        message.to = reader.uint64();
        break;
      }
      case 24: {
        message.from = reader.uint64();
        break;
      }
      case 32: {
        message.term = reader.uint64Number();
        break;
      }
      case 40: {
        message.logTerm = reader.uint64Number();
        break;
      }
      case 48: {
        message.index = reader.uint64Number();
        break;
      }
      case 58: {
        const outerEnd = reader.enter();
        const element = newEntry();
        readEntryInto(reader, element);
        message.entries.push(element);
        reader.leave(outerEnd);
        break;
      }
      case 64: {
        message.commit = reader.uint64Number();
        break;
      }
      case 74: {
        const outerEnd = reader.enter();
        const nested = message.snapshot ?? newSnapshot();
        message.snapshot = nested;
        readSnapshotInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 80: {
        message.reject = reader.bool();
        break;
      }
      case 88: {
        message.rejectHint = reader.uint64Number();
        break;
      }
      case 98: {
        message.context = reader.bytes();
        break;
      }
      case 104: {
        message.vote = reader.uint64();
        break;
      }
      case 114: {
        const outerEnd = reader.enter();
        const element = newMessage();
        readMessageInto(reader, element);
        message.responses.push(element);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMessage(writer: ProtoWriter, message: Init<Message>): void {
  const responsesList = message.responses ?? [];
  for (let i = responsesList.length - 1; i >= 0; i--) {
    const element = responsesList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeMessage(writer, element);
    writer.length(sizeBefore);
    writer.uint32(114);
  }
  if (message.vote !== undefined) {
    writer.uint64(message.vote);
    writer.uint32(104);
  }
  if (message.context !== undefined) {
    writer.bytes(message.context);
    writer.uint32(98);
  }
  if (message.rejectHint !== undefined) {
    writer.int64Number(message.rejectHint);
    writer.uint32(88);
  }
  if (message.reject !== undefined) {
    writer.bool(message.reject);
    writer.uint32(80);
  }
  if (message.snapshot !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeSnapshot(writer, message.snapshot);
    writer.length(sizeBefore);
    writer.uint32(74);
  }
  if (message.commit !== undefined) {
    writer.int64Number(message.commit);
    writer.uint32(64);
  }
  const entriesList = message.entries ?? [];
  for (let i = entriesList.length - 1; i >= 0; i--) {
    const element = entriesList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeEntry(writer, element);
    writer.length(sizeBefore);
    writer.uint32(58);
  }
  if (message.index !== undefined) {
    writer.int64Number(message.index);
    writer.uint32(48);
  }
  if (message.logTerm !== undefined) {
    writer.int64Number(message.logTerm);
    writer.uint32(40);
  }
  if (message.term !== undefined) {
    writer.int64Number(message.term);
    writer.uint32(32);
  }
  if (message.from !== undefined) {
    writer.uint64(message.from);
    writer.uint32(24);
  }
  if (message.to !== undefined) {
    writer.uint64(message.to);
    writer.uint32(16);
  }
  if (message.type !== undefined) {
    writer.int32(message.type);
    writer.uint32(8);
  }
}

export const Message = {
  encode: (message: Init<Message>): Buffer => encodeWith(writeMessage, message),
  decode(bytes: Uint8Array): Message {
    const message = newMessage();
    readMessageInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface HardState {
  term: number | undefined;
  vote: bigint | undefined;
  commit: number | undefined;
}

export function newHardState(): HardState {
  return { term: undefined, vote: undefined, commit: undefined };
}

export function readHardStateInto(reader: ProtoReader, message: HardState): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.term = reader.uint64Number();
        break;
      }
      case 16: {
        message.vote = reader.uint64();
        break;
      }
      case 24: {
        message.commit = reader.uint64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeHardState(writer: ProtoWriter, message: Init<HardState>): void {
  if (message.commit !== undefined) {
    writer.int64Number(message.commit);
    writer.uint32(24);
  }
  if (message.vote !== undefined) {
    writer.uint64(message.vote);
    writer.uint32(16);
  }
  if (message.term !== undefined) {
    writer.int64Number(message.term);
    writer.uint32(8);
  }
}

export const HardState = {
  encode: (message: Init<HardState>): Buffer => encodeWith(writeHardState, message),
  decode(bytes: Uint8Array): HardState {
    const message = newHardState();
    readHardStateInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const ConfChangeType = {
  ConfChangeAddNode: 0,
  ConfChangeRemoveNode: 1,
  ConfChangeUpdateNode: 2,
  ConfChangeAddLearnerNode: 3,
} as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

export interface ConfChange {
  id: bigint | undefined;
  type: ConfChangeType | undefined;
  nodeId: bigint | undefined;
  context: Buffer | undefined;
}

export function newConfChange(): ConfChange {
  return { id: undefined, type: undefined, nodeId: undefined, context: undefined };
}

export function readConfChangeInto(reader: ProtoReader, message: ConfChange): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 16: {
        message.type = reader.int32() as ConfChangeType;
        break;
      }
      case 24: {
        message.nodeId = reader.uint64();
        break;
      }
      case 34: {
        message.context = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeConfChange(writer: ProtoWriter, message: Init<ConfChange>): void {
  if (message.context !== undefined) {
    writer.bytes(message.context);
    writer.uint32(34);
  }
  if (message.nodeId !== undefined) {
    writer.uint64(message.nodeId);
    writer.uint32(24);
  }
  if (message.type !== undefined) {
    writer.int32(message.type);
    writer.uint32(16);
  }
  if (message.id !== undefined) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const ConfChange = {
  encode: (message: Init<ConfChange>): Buffer => encodeWith(writeConfChange, message),
  decode(bytes: Uint8Array): ConfChange {
    const message = newConfChange();
    readConfChangeInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const ConfChangeTransition = {
  ConfChangeTransitionAuto: 0,
  ConfChangeTransitionJointImplicit: 1,
  ConfChangeTransitionJointExplicit: 2,
} as const;
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition];

export interface ConfChangeSingle {
  type: ConfChangeType | undefined;
  nodeId: bigint | undefined;
}

export function newConfChangeSingle(): ConfChangeSingle {
  return { type: undefined, nodeId: undefined };
}

export function readConfChangeSingleInto(reader: ProtoReader, message: ConfChangeSingle): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.type = reader.int32() as ConfChangeType;
        break;
      }
      case 16: {
        message.nodeId = reader.uint64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeConfChangeSingle(writer: ProtoWriter, message: Init<ConfChangeSingle>): void {
  if (message.nodeId !== undefined) {
    writer.uint64(message.nodeId);
    writer.uint32(16);
  }
  if (message.type !== undefined) {
    writer.int32(message.type);
    writer.uint32(8);
  }
}

export const ConfChangeSingle = {
  encode: (message: Init<ConfChangeSingle>): Buffer => encodeWith(writeConfChangeSingle, message),
  decode(bytes: Uint8Array): ConfChangeSingle {
    const message = newConfChangeSingle();
    readConfChangeSingleInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ConfChangeV2 {
  transition: ConfChangeTransition | undefined;
  changes: ConfChangeSingle[];
  context: Buffer | undefined;
}

export function newConfChangeV2(): ConfChangeV2 {
  return { transition: undefined, changes: [], context: undefined };
}

export function readConfChangeV2Into(reader: ProtoReader, message: ConfChangeV2): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.transition = reader.int32() as ConfChangeTransition;
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const element = newConfChangeSingle();
        readConfChangeSingleInto(reader, element);
        message.changes.push(element);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        message.context = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeConfChangeV2(writer: ProtoWriter, message: Init<ConfChangeV2>): void {
  if (message.context !== undefined) {
    writer.bytes(message.context);
    writer.uint32(26);
  }
  const changesList = message.changes ?? [];
  for (let i = changesList.length - 1; i >= 0; i--) {
    const element = changesList[i];
    if (element === undefined) continue;
    const sizeBefore = writer.sizeBytes;
    writeConfChangeSingle(writer, element);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.transition !== undefined) {
    writer.int32(message.transition);
    writer.uint32(8);
  }
}

export const ConfChangeV2 = {
  encode: (message: Init<ConfChangeV2>): Buffer => encodeWith(writeConfChangeV2, message),
  decode(bytes: Uint8Array): ConfChangeV2 {
    const message = newConfChangeV2();
    readConfChangeV2Into(new ProtoReader(bytes), message);
    return message;
  },
};

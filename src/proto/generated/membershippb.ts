// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface RaftAttributes {
  peerUrls: string[];
  isLearner: boolean;
}

export function newRaftAttributes(): RaftAttributes {
  return { peerUrls: [], isLearner: false };
}

export function readRaftAttributesInto(reader: ProtoReader, message: RaftAttributes): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.peerUrls.push(reader.string());
        break;
      }
      case 16: {
        message.isLearner = reader.bool();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRaftAttributes(writer: ProtoWriter, message: Init<RaftAttributes>): void {
  if (message.isLearner) {
    writer.bool(message.isLearner);
    writer.uint32(16);
  }
  const peerUrlsList = message.peerUrls ?? [];
  for (let i = peerUrlsList.length - 1; i >= 0; i--) {
    const element = peerUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(10);
  }
}

export const RaftAttributes = {
  encode: (message: Init<RaftAttributes>): Buffer => encodeWith(writeRaftAttributes, message),
  decode(bytes: Uint8Array): RaftAttributes {
    const message = newRaftAttributes();
    readRaftAttributesInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Attributes {
  name: string;
  clientUrls: string[];
}

export function newAttributes(): Attributes {
  return { name: '', clientUrls: [] };
}

export function readAttributesInto(reader: ProtoReader, message: Attributes): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.string();
        break;
      }
      case 18: {
        message.clientUrls.push(reader.string());
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeAttributes(writer: ProtoWriter, message: Init<Attributes>): void {
  const clientUrlsList = message.clientUrls ?? [];
  for (let i = clientUrlsList.length - 1; i >= 0; i--) {
    const element = clientUrlsList[i];
    if (element === undefined) continue;
    writer.string(element);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name !== '') {
    writer.string(message.name);
    writer.uint32(10);
  }
}

export const Attributes = {
  encode: (message: Init<Attributes>): Buffer => encodeWith(writeAttributes, message),
  decode(bytes: Uint8Array): Attributes {
    const message = newAttributes();
    readAttributesInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Member {
  id: bigint;
  raftAttributes: RaftAttributes | undefined;
  memberAttributes: Attributes | undefined;
}

export function newMember(): Member {
  return { id: 0n, raftAttributes: undefined, memberAttributes: undefined };
}

export function readMemberInto(reader: ProtoReader, message: Member): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.uint64();
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.raftAttributes ?? newRaftAttributes();
        message.raftAttributes = nested;
        readRaftAttributesInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.memberAttributes ?? newAttributes();
        message.memberAttributes = nested;
        readAttributesInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeMember(writer: ProtoWriter, message: Init<Member>): void {
  if (message.memberAttributes !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAttributes(writer, message.memberAttributes);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.raftAttributes !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeRaftAttributes(writer, message.raftAttributes);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const Member = {
  encode: (message: Init<Member>): Buffer => encodeWith(writeMember, message),
  decode(bytes: Uint8Array): Member {
    const message = newMember();
    readMemberInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ClusterVersionSetRequest {
  ver: string;
}

export function newClusterVersionSetRequest(): ClusterVersionSetRequest {
  return { ver: '' };
}

export function readClusterVersionSetRequestInto(reader: ProtoReader, message: ClusterVersionSetRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.ver = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeClusterVersionSetRequest(writer: ProtoWriter, message: Init<ClusterVersionSetRequest>): void {
  if (message.ver !== undefined && message.ver !== '') {
    writer.string(message.ver);
    writer.uint32(10);
  }
}

export const ClusterVersionSetRequest = {
  encode: (message: Init<ClusterVersionSetRequest>): Buffer => encodeWith(writeClusterVersionSetRequest, message),
  decode(bytes: Uint8Array): ClusterVersionSetRequest {
    const message = newClusterVersionSetRequest();
    readClusterVersionSetRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ClusterMemberAttrSetRequest {
  memberId: bigint;
  memberAttributes: Attributes | undefined;
}

export function newClusterMemberAttrSetRequest(): ClusterMemberAttrSetRequest {
  return { memberId: 0n, memberAttributes: undefined };
}

export function readClusterMemberAttrSetRequestInto(reader: ProtoReader, message: ClusterMemberAttrSetRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.memberId = reader.uint64();
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.memberAttributes ?? newAttributes();
        message.memberAttributes = nested;
        readAttributesInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeClusterMemberAttrSetRequest(writer: ProtoWriter, message: Init<ClusterMemberAttrSetRequest>): void {
  if (message.memberAttributes !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeAttributes(writer, message.memberAttributes);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint64(message.memberId);
    writer.uint32(8);
  }
}

export const ClusterMemberAttrSetRequest = {
  encode: (message: Init<ClusterMemberAttrSetRequest>): Buffer => encodeWith(writeClusterMemberAttrSetRequest, message),
  decode(bytes: Uint8Array): ClusterMemberAttrSetRequest {
    const message = newClusterMemberAttrSetRequest();
    readClusterMemberAttrSetRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface DowngradeInfoSetRequest {
  enabled: boolean;
  ver: string;
}

export function newDowngradeInfoSetRequest(): DowngradeInfoSetRequest {
  return { enabled: false, ver: '' };
}

export function readDowngradeInfoSetRequestInto(reader: ProtoReader, message: DowngradeInfoSetRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.enabled = reader.bool();
        break;
      }
      case 18: {
        message.ver = reader.string();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeDowngradeInfoSetRequest(writer: ProtoWriter, message: Init<DowngradeInfoSetRequest>): void {
  if (message.ver !== undefined && message.ver !== '') {
    writer.string(message.ver);
    writer.uint32(18);
  }
  if (message.enabled) {
    writer.bool(message.enabled);
    writer.uint32(8);
  }
}

export const DowngradeInfoSetRequest = {
  encode: (message: Init<DowngradeInfoSetRequest>): Buffer => encodeWith(writeDowngradeInfoSetRequest, message),
  decode(bytes: Uint8Array): DowngradeInfoSetRequest {
    const message = newDowngradeInfoSetRequest();
    readDowngradeInfoSetRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { newResponseHeader, readResponseHeaderInto, type ResponseHeader, writeResponseHeader } from './etcdserverpb.js';
import { newKeyValue, readKeyValueInto, type KeyValue, writeKeyValue } from './mvccpb.js';
import { EMPTY_BYTES, ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface CampaignRequest {
  name: Buffer;
  lease: bigint;
  value: Buffer;
}

export function newCampaignRequest(): CampaignRequest {
  return { name: EMPTY_BYTES, lease: 0n, value: EMPTY_BYTES };
}

export function readCampaignRequestInto(reader: ProtoReader, message: CampaignRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.bytes();
        break;
      }
      case 16: {
        message.lease = reader.int64();
        break;
      }
      case 26: {
        message.value = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeCampaignRequest(writer: ProtoWriter, message: Init<CampaignRequest>): void {
  if (message.value !== undefined && message.value.length > 0) {
    writer.bytes(message.value);
    writer.uint32(26);
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint64(message.lease);
    writer.uint32(16);
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const CampaignRequest = {
  encode: (message: Init<CampaignRequest>): Buffer => encodeWith(writeCampaignRequest, message),
  decode(bytes: Uint8Array): CampaignRequest {
    const message = newCampaignRequest();
    readCampaignRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface CampaignResponse {
  header: ResponseHeader | undefined;
  leader: LeaderKey | undefined;
}

export function newCampaignResponse(): CampaignResponse {
  return { header: undefined, leader: undefined };
}

export function readCampaignResponseInto(reader: ProtoReader, message: CampaignResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.leader ?? newLeaderKey();
        message.leader = nested;
        readLeaderKeyInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeCampaignResponse(writer: ProtoWriter, message: Init<CampaignResponse>): void {
  if (message.leader !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaderKey(writer, message.leader);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const CampaignResponse = {
  encode: (message: Init<CampaignResponse>): Buffer => encodeWith(writeCampaignResponse, message),
  decode(bytes: Uint8Array): CampaignResponse {
    const message = newCampaignResponse();
    readCampaignResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaderKey {
  name: Buffer;
  key: Buffer;
  rev: number;
  lease: bigint;
}

export function newLeaderKey(): LeaderKey {
  return { name: EMPTY_BYTES, key: EMPTY_BYTES, rev: 0, lease: 0n };
}

export function readLeaderKeyInto(reader: ProtoReader, message: LeaderKey): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.bytes();
        break;
      }
      case 18: {
        message.key = reader.bytes();
        break;
      }
      case 24: {
        message.rev = reader.int64Number();
        break;
      }
      case 32: {
        message.lease = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaderKey(writer: ProtoWriter, message: Init<LeaderKey>): void {
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint64(message.lease);
    writer.uint32(32);
  }
  if (message.rev !== undefined && message.rev !== 0) {
    writer.int64Number(message.rev);
    writer.uint32(24);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(18);
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const LeaderKey = {
  encode: (message: Init<LeaderKey>): Buffer => encodeWith(writeLeaderKey, message),
  decode(bytes: Uint8Array): LeaderKey {
    const message = newLeaderKey();
    readLeaderKeyInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaderRequest {
  name: Buffer;
}

export function newLeaderRequest(): LeaderRequest {
  return { name: EMPTY_BYTES };
}

export function readLeaderRequestInto(reader: ProtoReader, message: LeaderRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.name = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaderRequest(writer: ProtoWriter, message: Init<LeaderRequest>): void {
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const LeaderRequest = {
  encode: (message: Init<LeaderRequest>): Buffer => encodeWith(writeLeaderRequest, message),
  decode(bytes: Uint8Array): LeaderRequest {
    const message = newLeaderRequest();
    readLeaderRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaderResponse {
  header: ResponseHeader | undefined;
  kv: KeyValue | undefined;
}

export function newLeaderResponse(): LeaderResponse {
  return { header: undefined, kv: undefined };
}

export function readLeaderResponseInto(reader: ProtoReader, message: LeaderResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = message.kv ?? newKeyValue();
        message.kv = nested;
        readKeyValueInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaderResponse(writer: ProtoWriter, message: Init<LeaderResponse>): void {
  if (message.kv !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, message.kv);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaderResponse = {
  encode: (message: Init<LeaderResponse>): Buffer => encodeWith(writeLeaderResponse, message),
  decode(bytes: Uint8Array): LeaderResponse {
    const message = newLeaderResponse();
    readLeaderResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ResignRequest {
  leader: LeaderKey | undefined;
}

export function newResignRequest(): ResignRequest {
  return { leader: undefined };
}

export function readResignRequestInto(reader: ProtoReader, message: ResignRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.leader ?? newLeaderKey();
        message.leader = nested;
        readLeaderKeyInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeResignRequest(writer: ProtoWriter, message: Init<ResignRequest>): void {
  if (message.leader !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaderKey(writer, message.leader);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const ResignRequest = {
  encode: (message: Init<ResignRequest>): Buffer => encodeWith(writeResignRequest, message),
  decode(bytes: Uint8Array): ResignRequest {
    const message = newResignRequest();
    readResignRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ResignResponse {
  header: ResponseHeader | undefined;
}

export function newResignResponse(): ResignResponse {
  return { header: undefined };
}

export function readResignResponseInto(reader: ProtoReader, message: ResignResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeResignResponse(writer: ProtoWriter, message: Init<ResignResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const ResignResponse = {
  encode: (message: Init<ResignResponse>): Buffer => encodeWith(writeResignResponse, message),
  decode(bytes: Uint8Array): ResignResponse {
    const message = newResignResponse();
    readResignResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ProclaimRequest {
  leader: LeaderKey | undefined;
  value: Buffer;
}

export function newProclaimRequest(): ProclaimRequest {
  return { leader: undefined, value: EMPTY_BYTES };
}

export function readProclaimRequestInto(reader: ProtoReader, message: ProclaimRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.leader ?? newLeaderKey();
        message.leader = nested;
        readLeaderKeyInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        message.value = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeProclaimRequest(writer: ProtoWriter, message: Init<ProclaimRequest>): void {
  if (message.value !== undefined && message.value.length > 0) {
    writer.bytes(message.value);
    writer.uint32(18);
  }
  if (message.leader !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaderKey(writer, message.leader);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const ProclaimRequest = {
  encode: (message: Init<ProclaimRequest>): Buffer => encodeWith(writeProclaimRequest, message),
  decode(bytes: Uint8Array): ProclaimRequest {
    const message = newProclaimRequest();
    readProclaimRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface ProclaimResponse {
  header: ResponseHeader | undefined;
}

export function newProclaimResponse(): ProclaimResponse {
  return { header: undefined };
}

export function readProclaimResponseInto(reader: ProtoReader, message: ProclaimResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.header ?? newResponseHeader();
        message.header = nested;
        readResponseHeaderInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeProclaimResponse(writer: ProtoWriter, message: Init<ProclaimResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const ProclaimResponse = {
  encode: (message: Init<ProclaimResponse>): Buffer => encodeWith(writeProclaimResponse, message),
  decode(bytes: Uint8Array): ProclaimResponse {
    const message = newProclaimResponse();
    readProclaimResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Election = {
  name: 'v3electionpb.Election',
  methods: {
    campaign: {
      name: 'Campaign',
      path: '/v3electionpb.Election/Campaign',
      request: CampaignRequest,
      response: CampaignResponse,
      clientStream: false,
      serverStream: false,
    },
    proclaim: {
      name: 'Proclaim',
      path: '/v3electionpb.Election/Proclaim',
      request: ProclaimRequest,
      response: ProclaimResponse,
      clientStream: false,
      serverStream: false,
    },
    leader: {
      name: 'Leader',
      path: '/v3electionpb.Election/Leader',
      request: LeaderRequest,
      response: LeaderResponse,
      clientStream: false,
      serverStream: false,
    },
    observe: {
      name: 'Observe',
      path: '/v3electionpb.Election/Observe',
      request: LeaderRequest,
      response: LeaderResponse,
      clientStream: false,
      serverStream: true,
    },
    resign: {
      name: 'Resign',
      path: '/v3electionpb.Election/Resign',
      request: ResignRequest,
      response: ResignResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { newResponseHeader, readResponseHeaderInto, type ResponseHeader, writeResponseHeader } from './etcdserverpb.js';
import { EMPTY_BYTES, ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface LockRequest {
  name: Buffer;
  lease: bigint;
}

export function newLockRequest(): LockRequest {
  return { name: EMPTY_BYTES, lease: 0n };
}

export function readLockRequestInto(reader: ProtoReader, message: LockRequest): void {
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
      default:
        reader.skip(tag);
    }
  }
}

export function writeLockRequest(writer: ProtoWriter, message: Init<LockRequest>): void {
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint64(message.lease);
    writer.uint32(16);
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.bytes(message.name);
    writer.uint32(10);
  }
}

export const LockRequest = {
  encode: (message: Init<LockRequest>): Buffer => encodeWith(writeLockRequest, message),
  decode(bytes: Uint8Array): LockRequest {
    const message = newLockRequest();
    readLockRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LockResponse {
  header: ResponseHeader | undefined;
  key: Buffer;
}

export function newLockResponse(): LockResponse {
  return { header: undefined, key: EMPTY_BYTES };
}

export function readLockResponseInto(reader: ProtoReader, message: LockResponse): void {
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
        message.key = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLockResponse(writer: ProtoWriter, message: Init<LockResponse>): void {
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(18);
  }
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LockResponse = {
  encode: (message: Init<LockResponse>): Buffer => encodeWith(writeLockResponse, message),
  decode(bytes: Uint8Array): LockResponse {
    const message = newLockResponse();
    readLockResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface UnlockRequest {
  key: Buffer;
}

export function newUnlockRequest(): UnlockRequest {
  return { key: EMPTY_BYTES };
}

export function readUnlockRequestInto(reader: ProtoReader, message: UnlockRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeUnlockRequest(writer: ProtoWriter, message: Init<UnlockRequest>): void {
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const UnlockRequest = {
  encode: (message: Init<UnlockRequest>): Buffer => encodeWith(writeUnlockRequest, message),
  decode(bytes: Uint8Array): UnlockRequest {
    const message = newUnlockRequest();
    readUnlockRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface UnlockResponse {
  header: ResponseHeader | undefined;
}

export function newUnlockResponse(): UnlockResponse {
  return { header: undefined };
}

export function readUnlockResponseInto(reader: ProtoReader, message: UnlockResponse): void {
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

export function writeUnlockResponse(writer: ProtoWriter, message: Init<UnlockResponse>): void {
  if (message.header !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeResponseHeader(writer, message.header);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const UnlockResponse = {
  encode: (message: Init<UnlockResponse>): Buffer => encodeWith(writeUnlockResponse, message),
  decode(bytes: Uint8Array): UnlockResponse {
    const message = newUnlockResponse();
    readUnlockResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Lock = {
  name: 'v3lockpb.Lock',
  methods: {
    lock: {
      name: 'Lock',
      path: '/v3lockpb.Lock/Lock',
      request: LockRequest,
      response: LockResponse,
      clientStream: false,
      serverStream: false,
    },
    unlock: {
      name: 'Unlock',
      path: '/v3lockpb.Lock/Unlock',
      request: UnlockRequest,
      response: UnlockResponse,
      clientStream: false,
      serverStream: false,
    },
  },
} as const;

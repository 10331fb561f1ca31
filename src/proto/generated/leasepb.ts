// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { newLeaseTimeToLiveRequest, newLeaseTimeToLiveResponse, readLeaseTimeToLiveRequestInto, readLeaseTimeToLiveResponseInto, type LeaseTimeToLiveRequest, type LeaseTimeToLiveResponse, writeLeaseTimeToLiveRequest, writeLeaseTimeToLiveResponse } from './etcdserverpb.js';
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface Lease {
  id: bigint;
  ttl: number;
  remainingTtl: number;
}

export function newLease(): Lease {
  return { id: 0n, ttl: 0, remainingTtl: 0 };
}

export function readLeaseInto(reader: ProtoReader, message: Lease): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.id = reader.int64();
        break;
      }
      case 16: {
        message.ttl = reader.int64Number();
        break;
      }
      case 24: {
        message.remainingTtl = reader.int64Number();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLease(writer: ProtoWriter, message: Init<Lease>): void {
  if (message.remainingTtl !== undefined && message.remainingTtl !== 0) {
    writer.int64Number(message.remainingTtl);
    writer.uint32(24);
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.int64Number(message.ttl);
    writer.uint32(16);
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint64(message.id);
    writer.uint32(8);
  }
}

export const Lease = {
  encode: (message: Init<Lease>): Buffer => encodeWith(writeLease, message),
  decode(bytes: Uint8Array): Lease {
    const message = newLease();
    readLeaseInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseInternalRequest {
  leaseTimeToLiveRequest: LeaseTimeToLiveRequest | undefined;
}

export function newLeaseInternalRequest(): LeaseInternalRequest {
  return { leaseTimeToLiveRequest: undefined };
}

export function readLeaseInternalRequestInto(reader: ProtoReader, message: LeaseInternalRequest): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.leaseTimeToLiveRequest ?? newLeaseTimeToLiveRequest();
        message.leaseTimeToLiveRequest = nested;
        readLeaseTimeToLiveRequestInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseInternalRequest(writer: ProtoWriter, message: Init<LeaseInternalRequest>): void {
  if (message.leaseTimeToLiveRequest !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaseTimeToLiveRequest(writer, message.leaseTimeToLiveRequest);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseInternalRequest = {
  encode: (message: Init<LeaseInternalRequest>): Buffer => encodeWith(writeLeaseInternalRequest, message),
  decode(bytes: Uint8Array): LeaseInternalRequest {
    const message = newLeaseInternalRequest();
    readLeaseInternalRequestInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface LeaseInternalResponse {
  leaseTimeToLiveResponse: LeaseTimeToLiveResponse | undefined;
}

export function newLeaseInternalResponse(): LeaseInternalResponse {
  return { leaseTimeToLiveResponse: undefined };
}

export function readLeaseInternalResponseInto(reader: ProtoReader, message: LeaseInternalResponse): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = message.leaseTimeToLiveResponse ?? newLeaseTimeToLiveResponse();
        message.leaseTimeToLiveResponse = nested;
        readLeaseTimeToLiveResponseInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeLeaseInternalResponse(writer: ProtoWriter, message: Init<LeaseInternalResponse>): void {
  if (message.leaseTimeToLiveResponse !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeLeaseTimeToLiveResponse(writer, message.leaseTimeToLiveResponse);
    writer.length(sizeBefore);
    writer.uint32(10);
  }
}

export const LeaseInternalResponse = {
  encode: (message: Init<LeaseInternalResponse>): Buffer => encodeWith(writeLeaseInternalResponse, message),
  decode(bytes: Uint8Array): LeaseInternalResponse {
    const message = newLeaseInternalResponse();
    readLeaseInternalResponseInto(new ProtoReader(bytes), message);
    return message;
  },
};

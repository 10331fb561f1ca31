// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { EMPTY_BYTES, ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface KeyValue {
  key: Buffer;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Buffer;
  lease: bigint;
}

export function newKeyValue(): KeyValue {
  return { key: EMPTY_BYTES, createRevision: 0, modRevision: 0, version: 0, value: EMPTY_BYTES, lease: 0n };
}

export function readKeyValueInto(reader: ProtoReader, message: KeyValue): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10: {
        message.key = reader.bytes();
        break;
      }
      case 16: {
        message.createRevision = reader.int64Number();
        break;
      }
      case 24: {
        message.modRevision = reader.int64Number();
        break;
      }
      case 32: {
        message.version = reader.int64Number();
        break;
      }
      case 42: {
        message.value = reader.bytes();
        break;
      }
      case 48: {
        message.lease = reader.int64();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeKeyValue(writer: ProtoWriter, message: Init<KeyValue>): void {
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint64(message.lease);
    writer.uint32(48);
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.bytes(message.value);
    writer.uint32(42);
  }
  if (message.version !== undefined && message.version !== 0) {
    writer.int64Number(message.version);
    writer.uint32(32);
  }
  if (message.modRevision !== undefined && message.modRevision !== 0) {
    writer.int64Number(message.modRevision);
    writer.uint32(24);
  }
  if (message.createRevision !== undefined && message.createRevision !== 0) {
    writer.int64Number(message.createRevision);
    writer.uint32(16);
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.bytes(message.key);
    writer.uint32(10);
  }
}

export const KeyValue = {
  encode: (message: Init<KeyValue>): Buffer => encodeWith(writeKeyValue, message),
  decode(bytes: Uint8Array): KeyValue {
    const message = newKeyValue();
    readKeyValueInto(new ProtoReader(bytes), message);
    return message;
  },
};

export const Event_EventType = {
  PUT: 0,
  DELETE: 1,
} as const;
export type Event_EventType = (typeof Event_EventType)[keyof typeof Event_EventType];

export interface Event {
  type: Event_EventType;
  kv: KeyValue | undefined;
  prevKv: KeyValue | undefined;
}

export function newEvent(): Event {
  return { type: 0, kv: undefined, prevKv: undefined };
}

export function readEventInto(reader: ProtoReader, message: Event): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.type = reader.int32() as Event_EventType;
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
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.prevKv ?? newKeyValue();
        message.prevKv = nested;
        readKeyValueInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeEvent(writer: ProtoWriter, message: Init<Event>): void {
  if (message.prevKv !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, message.prevKv);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.kv !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeKeyValue(writer, message.kv);
    writer.length(sizeBefore);
    writer.uint32(18);
  }
  if (message.type !== undefined && message.type !== 0) {
    writer.int32(message.type);
    writer.uint32(8);
  }
}

export const Event = {
  encode: (message: Init<Event>): Buffer => encodeWith(writeEvent, message),
  decode(bytes: Uint8Array): Event {
    const message = newEvent();
    readEventInto(new ProtoReader(bytes), message);
    return message;
  },
};

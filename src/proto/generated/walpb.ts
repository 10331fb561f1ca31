// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { newConfState, readConfStateInto, type ConfState, writeConfState } from './raftpb.js';
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface Record {
  type: number | undefined;
  crc: number | undefined;
  data: Buffer | undefined;
}

export function newRecord(): Record {
  return { type: undefined, crc: undefined, data: undefined };
}

export function readRecordInto(reader: ProtoReader, message: Record): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.type = reader.int64Number();
        break;
      }
      case 16: {
        message.crc = reader.uint32();
        break;
      }
      case 26: {
        message.data = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeRecord(writer: ProtoWriter, message: Init<Record>): void {
  if (message.data !== undefined) {
    writer.bytes(message.data);
    writer.uint32(26);
  }
  if (message.crc !== undefined) {
    writer.uint32(message.crc);
    writer.uint32(16);
  }
  if (message.type !== undefined) {
    writer.int64Number(message.type);
    writer.uint32(8);
  }
}

export const Record = {
  encode: (message: Init<Record>): Buffer => encodeWith(writeRecord, message),
  decode(bytes: Uint8Array): Record {
    const message = newRecord();
    readRecordInto(new ProtoReader(bytes), message);
    return message;
  },
};

export interface Snapshot {
  index: number | undefined;
  term: number | undefined;
  confState: ConfState | undefined;
}

export function newSnapshot(): Snapshot {
  return { index: undefined, term: undefined, confState: undefined };
}

export function readSnapshotInto(reader: ProtoReader, message: Snapshot): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.index = reader.uint64Number();
        break;
      }
      case 16: {
        message.term = reader.uint64Number();
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = message.confState ?? newConfState();
        message.confState = nested;
        readConfStateInto(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeSnapshot(writer: ProtoWriter, message: Init<Snapshot>): void {
  if (message.confState !== undefined) {
    const sizeBefore = writer.sizeBytes;
    writeConfState(writer, message.confState);
    writer.length(sizeBefore);
    writer.uint32(26);
  }
  if (message.term !== undefined) {
    writer.int64Number(message.term);
    writer.uint32(16);
  }
  if (message.index !== undefined) {
    writer.int64Number(message.index);
    writer.uint32(8);
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

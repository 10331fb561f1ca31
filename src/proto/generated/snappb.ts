// Generated from proto/ by scripts/generate-proto.mjs. Do not edit.
import { ProtoReader, encodeWith, type Init, type ProtoWriter } from '../wire.js';

export interface Snapshot {
  crc: number | undefined;
  data: Buffer | undefined;
}

export function newSnapshot(): Snapshot {
  return { crc: undefined, data: undefined };
}

export function readSnapshotInto(reader: ProtoReader, message: Snapshot): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8: {
        message.crc = reader.uint32();
        break;
      }
      case 18: {
        message.data = reader.bytes();
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

export function writeSnapshot(writer: ProtoWriter, message: Init<Snapshot>): void {
  if (message.data !== undefined) {
    writer.bytes(message.data);
    writer.uint32(18);
  }
  if (message.crc !== undefined) {
    writer.uint32(message.crc);
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

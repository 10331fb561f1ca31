/**
 * A look at protobuf messages as the fields they are made of, independent of the codecs under test.
 * Strict: anything that is not a sequence of complete fields is refused.
 */

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** One field as it stands in the bytes. `value` is unsigned; `bytes` is set for wire type 2 only. */
export interface WireField {
  number: number;
  wireType: number;
  value: bigint;
  bytes: Buffer;
  /** The field with its tag, as it stands in the message. */
  raw: Buffer;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The fields of a message, in the order of the bytes. Throws on malformed input. */
export function parseFields(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[offset++];
      if (byte === undefined) throw new Error('truncated varint');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error('varint of more than ten bytes');
  };
  const take = (sizeBytes: number): Buffer => {
    if (offset + sizeBytes > message.length) throw new Error('truncated field');
    offset += sizeBytes;
    return message.subarray(offset - sizeBytes, offset);
  };
  while (offset < message.length) {
    const start = offset;
    const tag = Number(readVarint());
    const field = { number: Math.floor(tag / 8), wireType: tag % 8, value: 0n, bytes: NO_BYTES };
    if (field.wireType === WIRE_VARINT) field.value = readVarint();
    else if (field.wireType === WIRE_FIXED64) field.value = take(8).readBigUInt64LE();
    else if (field.wireType === WIRE_BYTES) field.bytes = take(Number(readVarint()));
    else if (field.wireType === WIRE_FIXED32) field.value = BigInt(take(4).readUInt32LE());
    else throw new Error(`wire type ${field.wireType}`);
    fields.push({ ...field, raw: message.subarray(start, offset) });
  }
  return fields;
}

/** A varint; negative numbers take ten bytes, as protobuf's int64 does. */
export function encodeVarint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A varint field with its tag. */
export function encodeVarintField(number: number, value: bigint): Buffer {
  return Buffer.concat([encodeVarint(BigInt(number * 8 + WIRE_VARINT)), encodeVarint(value)]);
}

/** A length-delimited field with its tag. */
export function encodeBytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([
    encodeVarint(BigInt(number * 8 + WIRE_BYTES)),
    encodeVarint(BigInt(bytes.length)),
    bytes,
  ]);
}

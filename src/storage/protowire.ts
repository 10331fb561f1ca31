/**
 * The few protobuf wire primitives that the write-ahead log and the snapshot files need (formats.md
 * §1.1). Written by hand because records are encoded and decoded on the hot path, without objects
 * in between.
 */

/** The bytes are not the protobuf message they should be. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** Bytes of the longest varint of a number up to 2^53. */
export const MAX_NUMBER_VARINT_BYTES = 8;
/** Bytes of the longest varint of 64 bits. */
export const MAX_VARINT_BYTES = 10;

/**
 * Walks over the fields of a message in `bytes[position, end)`. Every method throws
 * {@link WireError} instead of reading past `end`.
 */
export class WireReader {
  bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Points the reader at other bytes, so that hot loops need no new one. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** A field's tag: field number · 8 + wire type. Field number 0 is refused. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > 0xffffffff) throw new WireError(`bad field tag ${tag}`);
    return tag;
  }

  /** A varint that must not exceed 2^53. */
  varint(): number {
    const bytes = this.bytes;
    let position = this.position;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      if (position >= this.end) throw new WireError('varint past the end');
      const byte = bytes[position++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new WireError(`number too large: ${value}`);
        this.position = position;
        return value;
      }
      scale *= 0x80;
    }
    throw new WireError('varint longer than 10 bytes');
  }

  /** A varint of full 64 bits, unsigned. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw new WireError('varint past the end');
      const byte = this.bytes[this.position++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError('varint longer than 10 bytes');
  }

  /** The end of a length-delimited field whose content starts at `position` afterwards. */
  lengthDelimitedEnd(): number {
    const length = this.varint();
    if (length > this.end - this.position) throw new WireError('field past the end');
    return this.position + length;
  }

  /** A length-delimited field, as a view. */
  lengthDelimited(): Uint8Array {
    const end = this.lengthDelimitedEnd();
    const view = this.bytes.subarray(this.position, end);
    this.position = end;
    return view;
  }

  /** Steps over a field that the reader does not know. */
  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === WIRE_VARINT) this.varint64();
    else if (wireType === WIRE_FIXED64) this.#advance(8);
    else if (wireType === WIRE_BYTES) this.position = this.lengthDelimitedEnd();
    else if (wireType === WIRE_FIXED32) this.#advance(4);
    else throw new WireError(`unsupported wire type ${wireType}`);
  }

  #advance(count: number): void {
    if (count > this.end - this.position) throw new WireError('field past the end');
    this.position += count;
  }
}

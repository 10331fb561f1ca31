/**
 * The protobuf wire format: a reader over one message's bytes and a writer that fills a buffer from
 * its end. Generated codecs and the hand-written ones of the hot messages both stand on it.
 *
 * 64-bit fields are JS numbers where the schema says JS_NUMBER (revisions, counts, terms): values
 * beyond 2^53 - 1 saturate, so that a client's MaxInt64 stays "very large" instead of being an error.
 * Ids are bigint and never rounded.
 */
import { isUtf8 } from 'node:buffer';

/** Bytes that are no protobuf message; the text is the one grpc-go sends for them. */
export class WireError extends Error {
  override readonly name = 'WireError';
  constructor(message = 'proto: cannot parse invalid wire-format data') {
    super(message);
  }
}

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
const WIRE_GROUP_START = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;

export const EMPTY_BYTES: Buffer = Buffer.alloc(0);

/**
 * Messages nested deeper than this are refused. A transaction can be nested 128 deep at most
 * (--max-txn-ops), two messages a level; the limit keeps hostile input from exhausting the stack.
 */
const MAX_DEPTH = 1000;

const TWO_32 = 4294967296;

/** What `encode` takes for a message type: every field may be left out, bytes may be any Uint8Array. */
export type Init<T> = T extends Buffer
  ? Uint8Array
  : T extends Map<infer K, infer V>
    ? Map<K, V>
    : T extends readonly (infer U)[]
      ? readonly Init<U>[]
      : T extends object
        ? { readonly [K in keyof T]?: Init<T[K]> | undefined }
        : T;

/** Reads the fields of one message from `buffer[position, end)`. Byte fields are views, not copies. */
export class ProtoReader {
  readonly buffer: Buffer;
  position: number;
  end: number;
  /**
   * The halves of the last varint that was read: 64 bits without a bigint. Signed, since V8 would
   * box larger unsigned ones, which took a third of the time of reading an entry's envelope.
   */
  low = 0;
  high = 0;
  private depth = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = this.buffer.length;
  }

  /** The next tag, `field number * 8 + wire type`; 0 at the end of the message. */
  tag(): number {
    if (this.position >= this.end) return 0;
    const tag = this.uint32();
    if (tag >>> 3 === 0 || this.high !== 0) throw new WireError();
    return tag;
  }

  /** Reads a varint into {@link low} and {@link high}. */
  varint64(): void {
    const { buffer, end } = this;
    let position = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (position >= end) throw new WireError();
      const byte = buffer[position++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.low = low;
        this.high = 0;
        this.position = position;
        return;
      }
    }
    if (position >= end) throw new WireError();
    const middle = buffer[position++] as number;
    low |= (middle & 0x0f) << 28;
    high = (middle & 0x7f) >>> 4;
    if (middle >= 0x80) {
      for (let shift = 3; ; shift += 7) {
        if (position >= end || shift > 31) throw new WireError();
        const byte = buffer[position++] as number;
        // The tenth byte holds the one bit that is left.
        if (shift === 31 && byte > 1) throw new WireError();
        high |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    this.low = low | 0;
    this.high = high | 0;
    this.position = position;
  }

  /** A varint cut to its low 32 bits, unsigned. */
  uint32(): number {
    this.varint64();
    return this.low >>> 0;
  }

  /** A varint cut to its low 32 bits, signed: enums. */
  int32(): number {
    this.varint64();
    return this.low | 0;
  }

  bool(): boolean {
    this.varint64();
    return this.low !== 0 || this.high !== 0;
  }

  /** An int64 as a number, saturated at ±(2^53 - 1). */
  int64Number(): number {
    this.varint64();
    if (this.high === 0) return this.low >>> 0;
    const value = (this.high | 0) * TWO_32 + (this.low >>> 0);
    if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
    return Math.max(value, -Number.MAX_SAFE_INTEGER);
  }

  /** A uint64 as a number, saturated at 2^53 - 1. */
  uint64Number(): number {
    this.varint64();
    const value = (this.high >>> 0) * TWO_32 + (this.low >>> 0);
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  uint64(): bigint {
    this.varint64();
    if (this.high === 0) return BigInt(this.low >>> 0);
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** The length of a length-delimited field, checked against the message's end. */
  private length(): number {
    this.varint64();
    const length = this.low >>> 0;
    if (this.high !== 0 || length > this.end - this.position) throw new WireError();
    return length;
  }

  /** A view of a bytes field. */
  bytes(): Buffer {
    const length = this.length();
    if (length === 0) return EMPTY_BYTES;
    const start = this.position;
    this.position = start + length;
    return this.buffer.subarray(start, this.position);
  }

  /** A string field; proto3 wants valid UTF-8. */
  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw new WireError('proto: field contains invalid UTF-8');
    return bytes.toString('utf8');
  }

  /** Enters a nested message; give what it returns to {@link leave}. */
  enter(): number {
    const length = this.length();
    if (++this.depth > MAX_DEPTH) throw new WireError();
    const outerEnd = this.end;
    this.end = this.position + length;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.depth--;
    this.end = outerEnd;
  }

  /** Skips a field that the schema does not know (or knows with another wire type). */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.varint64();
        return;
      case WIRE_FIXED64:
        this.advance(8);
        return;
      case WIRE_BYTES:
        this.advance(this.length());
        return;
      case WIRE_GROUP_START:
        this.skipGroup(tag);
        return;
      case WIRE_FIXED32:
        this.advance(4);
        return;
      default:
        throw new WireError();
    }
  }

  private skipGroup(startTag: number): void {
    if (++this.depth > MAX_DEPTH) throw new WireError();
    for (;;) {
      const tag = this.tag();
      if (tag === 0) throw new WireError();
      if ((tag & 7) === WIRE_GROUP_END) {
        if (tag >>> 3 !== startTag >>> 3) throw new WireError();
        break;
      }
      this.skip(tag);
    }
    this.depth--;
  }

  private advance(sizeBytes: number): void {
    if (sizeBytes > this.end - this.position) throw new WireError();
    this.position += sizeBytes;
  }
}

/**
 * Writes a message from its last byte to its first, so that the length of a nested message is known
 * when its prefix is written: one pass, nothing is moved. Callers write fields in descending order.
 */
export class ProtoWriter {
  private buffer: Buffer;
  private position: number;

  constructor(sizeBytes = 4096) {
    this.buffer = Buffer.allocUnsafeSlow(sizeBytes);
    this.position = sizeBytes;
  }

  /** How many bytes are written so far. */
  get sizeBytes(): number {
    return this.buffer.length - this.position;
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Buffer {
    const result = Buffer.allocUnsafe(this.buffer.length - this.position);
    this.buffer.copy(result, 0, this.position);
    // One huge message must not pin its memory for ever.
    if (this.buffer.length > 4_194_304) this.buffer = Buffer.allocUnsafeSlow(4096);
    this.position = this.buffer.length;
    return result;
  }

  private reserve(sizeBytes: number): void {
    if (this.position >= sizeBytes) return;
    const used = this.buffer.length - this.position;
    let capacity = this.buffer.length * 2;
    while (capacity - used < sizeBytes) capacity *= 2;
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.buffer.copy(larger, capacity - used, this.position);
    this.buffer = larger;
    this.position = capacity - used;
  }

  private varint64(low: number, high: number): void {
    this.reserve(10);
    let size = 1;
    if (high === 0) {
      for (let rest = low >>> 7; rest !== 0; rest >>>= 7) size++;
    } else {
      size = 5;
      for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size++;
    }
    const { buffer } = this;
    let position = this.position - size;
    this.position = position;
    let restLow = low >>> 0;
    let restHigh = high >>> 0;
    while (restHigh !== 0 || restLow > 0x7f) {
      buffer[position++] = (restLow & 0x7f) | 0x80;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    buffer[position] = restLow;
  }

  /** An unsigned number up to 32 bits: tags and lengths. */
  uint32(value: number): void {
    if (value < 0x80) {
      this.reserve(1);
      this.buffer[--this.position] = value;
    } else {
      this.varint64(value >>> 0, 0);
    }
  }

  /** An integer in ±(2^53 - 1), as int64 or uint64; negative ones take ten bytes. */
  int64Number(value: number): void {
    const low = value >>> 0;
    this.varint64(low, Math.floor((value - low) / TWO_32) >>> 0);
  }

  uint64(value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.varint64(Number(bits & 0xffffffffn), Number(bits >> 32n));
  }

  /** An enum or int32: negative ones are sign-extended to 64 bits. */
  int32(value: number): void {
    this.varint64(value >>> 0, value < 0 ? 0xffffffff : 0);
  }

  bool(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  /** The content of a bytes field without its length. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.position -= bytes.length;
    this.buffer.set(bytes, this.position);
  }

  /** A bytes field: content and length. */
  bytes(bytes: Uint8Array): void {
    this.raw(bytes);
    this.uint32(bytes.length);
  }

  /** A string field: content and length. */
  string(text: string): void {
    const sizeBytes = Buffer.byteLength(text, 'utf8');
    this.reserve(sizeBytes);
    this.position -= sizeBytes;
    this.buffer.write(text, this.position, sizeBytes, 'utf8');
    this.uint32(sizeBytes);
  }

  /** The length of a nested message whose fields were written since `sizeBefore` ({@link sizeBytes}). */
  length(sizeBefore: number): void {
    this.uint32(this.sizeBytes - sizeBefore);
  }
}

const sharedWriter = new ProtoWriter(65536);

/** Encodes one message with the process's shared writer. Not re-entrant: encoders never call it. */
export function encodeWith<T>(
  write: (writer: ProtoWriter, message: T) => void,
  message: T,
): Buffer {
  write(sharedWriter, message);
  return sharedWriter.finish();
}

/** Decodes one message. Throws {@link WireError}. */
export function decodeWith<T>(read: (reader: ProtoReader) => T, bytes: Uint8Array): T {
  return read(new ProtoReader(bytes));
}

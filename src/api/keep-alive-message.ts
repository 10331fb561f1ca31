import { int64Of, varint64Size, varintSize, writeVarint, writeVarint64 } from '../base/varint.js';
import { LeaseKeepAliveRequest } from '../proto/generated/etcdserverpb.js';
import type { MessageSource } from '../transport/index.js';

const REQUEST_TAG_ID = 0x08;
/** A varint of 64 bits takes no more. */
const MAX_VARINT_BYTES = 10;
const TAG_ID = 0x10;
const TAG_TTL = 0x18;

/**
 * The lease that a LeaseKeepAliveRequest names. What is not just that one field, as all clients send
 * it, is left to the generated codec, the slow twin. Throws `WireError`.
 */
export function leaseOfKeepAlive(bytes: Buffer): bigint {
  const last = bytes.length - 1;
  if (bytes[0] !== REQUEST_TAG_ID || last < 1 || last >= MAX_VARINT_BYTES) return decoded(bytes);
  let low = 0;
  let high = 0;
  for (let index = 1, shift = 0; index <= last; index++, shift += 7) {
    const byte = bytes[index] as number;
    // The varint ends with the message, not before.
    if (byte < 0x80 !== (index === last)) return decoded(bytes);
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift > 28) high |= bits << (shift - 32);
    else {
      low |= bits << 28;
      high = bits >>> 4;
    }
  }
  return int64Of(low, high);
}

function decoded(bytes: Buffer): bigint {
  return LeaseKeepAliveRequest.decode(bytes).id;
}

/**
 * A LeaseKeepAliveResponse, written where it is sent from: nothing else is allocated for it. The
 * generated codec is its slow twin.
 */
export class KeepAliveMessage implements MessageSource {
  readonly length: number;
  readonly #header: Buffer;
  readonly #id: bigint;
  readonly #ttlSeconds: number;
  /** Of a message that is read in pieces: all of it, and how much was read. */
  #whole: Buffer | undefined;
  #readBytes = 0;

  /** `header` is field 1, encoded. */
  constructor(header: Buffer, id: bigint, ttlSeconds: number) {
    this.#header = header;
    this.#id = id;
    this.#ttlSeconds = ttlSeconds;
    const idBytes = id === 0n ? 0 : 1 + varint64Size(id);
    this.length = header.length + idBytes + (ttlSeconds === 0 ? 0 : 1 + varintSize(ttlSeconds));
  }

  read(target: Buffer, at: number, count: number): void {
    if (count === this.length) {
      this.#write(target, at);
      return;
    }
    if (this.#whole === undefined) {
      this.#whole = Buffer.allocUnsafe(this.length);
      this.#write(this.#whole, 0);
    }
    this.#whole.copy(target, at, this.#readBytes, this.#readBytes + count);
    this.#readBytes += count;
  }

  #write(target: Buffer, at: number): void {
    const header = this.#header;
    target.set(header, at);
    let position = at + header.length;
    if (this.#id !== 0n) {
      target[position] = TAG_ID;
      position = writeVarint64(target, position + 1, this.#id);
    }
    if (this.#ttlSeconds === 0) return;
    target[position] = TAG_TTL;
    writeVarint(target, position + 1, this.#ttlSeconds);
  }
}

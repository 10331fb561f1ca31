/** Bytes before each message: a format byte and the length (gRPC over HTTP/2). */
export const PREFIX_BYTES = 5;
const FIRST_CAPACITY_BYTES = 16 * 1024;
const GROWTH = 4;

/**
 * Gathers a message that comes in several DATA frames. Memory is taken as bytes come, not as the
 * prefix promises: a client that promises much and sends little holds little.
 */
export class PartialMessage {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #body: Buffer = EMPTY;
  #bodyBytes = 0;

  /** Takes what it needs of `bytes[start, end)`; returns where the rest begins. */
  add(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#prefixBytes < PREFIX_BYTES) {
      const copied = bytes.copy(
        this.#prefix,
        this.#prefixBytes,
        at,
        Math.min(end, at + PREFIX_BYTES - this.#prefixBytes),
      );
      this.#prefixBytes += copied;
      return at + copied;
    }
    const count = Math.min(end - at, this.lengthBytes - this.#bodyBytes);
    this.#ensure(this.#bodyBytes + count);
    bytes.copy(this.#body, this.#bodyBytes, at, at + count);
    this.#bodyBytes += count;
    at += count;
    return at;
  }

  /** The prefix is known, hence format and length. */
  get hasPrefix(): boolean {
    return this.#prefixBytes === PREFIX_BYTES;
  }

  get isComplete(): boolean {
    return this.hasPrefix && this.#bodyBytes === this.lengthBytes;
  }

  get format(): number {
    return this.#prefix[0] ?? 0;
  }

  get lengthBytes(): number {
    return this.#prefix.readUInt32BE(1);
  }

  /** Memory held. */
  get capacityBytes(): number {
    return this.#body.length;
  }

  /** The message, once complete. */
  get body(): Buffer {
    return this.#body.subarray(0, this.#bodyBytes);
  }

  #ensure(length: number): void {
    if (length <= this.#body.length) return;
    const wanted = Math.max(length, FIRST_CAPACITY_BYTES, this.#body.length * GROWTH);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.lengthBytes, wanted));
    this.#body.copy(grown, 0, 0, this.#bodyBytes);
    this.#body = grown;
  }
}

const EMPTY = Buffer.alloc(0);

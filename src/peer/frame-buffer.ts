import { FrameTooLargeError } from './errors.js';

/** Up to this, memory for a whole frame is taken as soon as its length is known. */
const EAGER_BYTES = 4 * 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * The bytes of a stream that are not decoded yet. Chunks may come in any slicing: a chunk that begins
 * with a whole frame is read in place, the rest of one is gathered in a buffer that grows with what
 * really arrives, never with what a length prefix promises.
 *
 * Views that {@link take} returned stay valid: bytes are only ever appended behind them.
 */
export class FrameBuffer {
  #bytes: Buffer = NO_BYTES;
  #start = 0;
  #end = 0;
  /** True if the buffer is this object's own, so that its free rest may be written. */
  #isOwn = false;
  #wantedBytes = 0;

  /** How many bytes are there. */
  get sizeBytes(): number {
    return this.#end - this.#start;
  }

  /** Tells how many bytes the reader waits for, so that the next {@link push} takes fitting memory. */
  want(sizeBytes: number): void {
    this.#wantedBytes = sizeBytes;
  }

  push(chunk: Buffer): void {
    const held = this.sizeBytes;
    if (held === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#isOwn = false;
      return;
    }
    if (!this.#isOwn || this.#bytes.length - this.#end < chunk.length) this.#grow(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #grow(additionalBytes: number): void {
    const total = this.sizeBytes + additionalBytes;
    const eager = Math.min(this.#wantedBytes, Math.max(2 * total, EAGER_BYTES));
    const larger = Buffer.allocUnsafeSlow(Math.max(total, eager));
    this.#bytes.copy(larger, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = larger;
    this.#isOwn = true;
  }

  /** Takes one byte; there must be one. */
  takeByte(): number {
    return this.#bytes[this.#start++] as number;
  }

  /** The unsigned 64-bit big-endian number in front. At least eight bytes must be there. */
  peekUint64(): number {
    const value =
      this.#bytes.readUInt32BE(this.#start) * 0x1_0000_0000 +
      this.#bytes.readUInt32BE(this.#start + 4);
    if (value > Number.MAX_SAFE_INTEGER) throw new FrameTooLargeError();
    return value;
  }

  /** Takes a view of the first `sizeBytes` bytes, which must be there. */
  take(sizeBytes: number): Buffer {
    const start = this.#start;
    this.#start += sizeBytes;
    return this.#bytes.subarray(start, this.#start);
  }

  skip(sizeBytes: number): void {
    this.#start += sizeBytes;
  }
}

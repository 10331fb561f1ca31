import {
  CLIENT_PREFACE,
  ConnectionError,
  DEFAULT_MAX_FRAME_BYTES,
  ErrorCode,
  FRAME_HEADER_BYTES,
} from './protocol.js';

/** Takes the frames of a connection. */
export interface FrameSink {
  /** False ends the reading: what is left of the input is dropped. */
  readonly isReading: boolean;
  /**
   * One frame with its payload `bytes[start, end)`. The bytes are never reused: slices of them may be
   * kept, at the price of the whole buffer.
   */
  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

/**
 * Cuts a connection's input into frames. Frames that lie whole in what was read are handed on where
 * they are; one that straddles two reads is gathered in a buffer of its own.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #prefaceBytes = 0;
  /** The header of a straddling frame, and then its payload. */
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #payload: Buffer | undefined;
  #payloadBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  get hasPreface(): boolean {
    return this.#prefaceBytes === CLIENT_PREFACE.length;
  }

  /** Takes what was read. Throws {@link ConnectionError}. */
  read(bytes: Buffer): void {
    let at = this.hasPreface ? 0 : this.#readPreface(bytes);
    if (this.#headerBytes > 0) at = this.#continueFrame(bytes, at);
    const sink = this.#sink;
    const length = bytes.length;
    while (at + FRAME_HEADER_BYTES <= length && sink.isReading) {
      const payloadBytes =
        ((bytes[at] as number) << 16) |
        ((bytes[at + 1] as number) << 8) |
        (bytes[at + 2] as number);
      if (payloadBytes > DEFAULT_MAX_FRAME_BYTES) throw frameTooLarge();
      const start = at + FRAME_HEADER_BYTES;
      const end = start + payloadBytes;
      if (end > length) break;
      const streamId =
        (((bytes[at + 5] as number) & 0x7f) << 24) |
        ((bytes[at + 6] as number) << 16) |
        ((bytes[at + 7] as number) << 8) |
        (bytes[at + 8] as number);
      sink.frame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, bytes, start, end);
      at = end;
    }
    if (at < length && sink.isReading) this.#beginFrame(bytes, at);
  }

  /** Compares as much of the preface as there is; returns where it ends. */
  #readPreface(bytes: Buffer): number {
    const have = this.#prefaceBytes;
    const count = Math.min(CLIENT_PREFACE.length - have, bytes.length);
    if (bytes.compare(CLIENT_PREFACE, have, have + count, 0, count) !== 0) {
      throw new ConnectionError(ErrorCode.protocolError, 'invalid connection preface');
    }
    this.#prefaceBytes += count;
    return count;
  }

  /** Keeps the incomplete frame that begins at `at`. */
  #beginFrame(bytes: Buffer, at: number): void {
    this.#headerBytes = bytes.copy(this.#header, 0, at, at + FRAME_HEADER_BYTES);
    if (this.#headerBytes < FRAME_HEADER_BYTES) return;
    this.#payload = this.#newPayload();
    this.#payloadBytes = bytes.copy(this.#payload, 0, at + FRAME_HEADER_BYTES);
  }

  /** Completes the kept frame with what came; returns where its bytes end. */
  #continueFrame(bytes: Buffer, from: number): number {
    const header = this.#header;
    let at = from;
    if (this.#payload === undefined) {
      const copied = bytes.copy(
        header,
        this.#headerBytes,
        at,
        at + FRAME_HEADER_BYTES - this.#headerBytes,
      );
      this.#headerBytes += copied;
      at += copied;
      if (this.#headerBytes < FRAME_HEADER_BYTES) return at;
      this.#payload = this.#newPayload();
      this.#payloadBytes = 0;
    }
    const payload = this.#payload;
    const copied = bytes.copy(payload, this.#payloadBytes, at);
    this.#payloadBytes += copied;
    at += copied;
    if (this.#payloadBytes < payload.length) return at;
    this.#payload = undefined;
    this.#headerBytes = 0;
    const streamId = header.readUInt32BE(5) & 0x7fffffff;
    this.#sink.frame(
      header[3] as number,
      header[4] as number,
      streamId,
      payload,
      0,
      payload.length,
    );
    return at;
  }

  #newPayload(): Buffer {
    const payloadBytes = this.#header.readUIntBE(0, 3);
    if (payloadBytes > DEFAULT_MAX_FRAME_BYTES) throw frameTooLarge();
    return Buffer.allocUnsafe(payloadBytes);
  }
}

function frameTooLarge(): ConnectionError {
  return new ConnectionError(
    ErrorCode.frameSizeError,
    'a frame larger than SETTINGS_MAX_FRAME_SIZE',
  );
}

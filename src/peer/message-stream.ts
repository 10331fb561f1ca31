import type { Message } from '../raft/index.js';
import { FrameTooLargeError } from './errors.js';
import { FrameBuffer } from './frame-buffer.js';
import { isLinkHeartbeat } from './link-heartbeat.js';
import { decodeMessage } from './message-decoder.js';
import { prepareMessage, writeMessage, writeUint64 } from './message-encoder.js';
import { DEFAULT_MAX_FRAME_BYTES, type StreamDecoder, type StreamEncoder } from './stream-codec.js';

const LENGTH_BYTES = 8;
const LINK_HEARTBEAT_FRAME = Buffer.from('00000000000000020808', 'hex');

/** A message behind its length: a frame of the message stream, and the head of a snapshot's body. */
export function encodeMessageFrame(message: Message): Buffer {
  if (isLinkHeartbeat(message)) return LINK_HEARTBEAT_FRAME;
  const prepared = prepareMessage(message);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + prepared.sizeBytes);
  writeMessage(frame, writeUint64(frame, 0, prepared.sizeBytes), prepared);
  return frame;
}

/** The `message` stream: every frame is a length and a whole message (formats.md §7.4). */
export class MessageStreamEncoder implements StreamEncoder {
  encode(message: Message): Buffer {
    return encodeMessageFrame(message);
  }
}

/** Reads what {@link MessageStreamEncoder} writes. */
export class MessageStreamDecoder implements StreamDecoder {
  readonly #maxFrameBytes: number;
  readonly #buffer = new FrameBuffer();

  constructor(maxFrameBytes = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  get isBetweenFrames(): boolean {
    return this.#buffer.sizeBytes === 0;
  }

  push(chunk: Buffer, messages: Message[]): void {
    this.#buffer.push(chunk);
    for (;;) {
      const message = this.#next();
      if (message === undefined) return;
      messages.push(message);
    }
  }

  /** Reads the first frame of `chunk` and what came before it; the rest is for {@link takeRest}. */
  pushOne(chunk: Buffer): Message | undefined {
    this.#buffer.push(chunk);
    return this.#next();
  }

  /** The bytes behind the last decoded frame. */
  takeRest(): Buffer {
    return this.#buffer.take(this.#buffer.sizeBytes);
  }

  #next(): Message | undefined {
    const buffer = this.#buffer;
    if (buffer.sizeBytes < LENGTH_BYTES) {
      buffer.want(LENGTH_BYTES);
      return undefined;
    }
    const length = buffer.peekUint64();
    if (length > this.#maxFrameBytes) throw new FrameTooLargeError();
    if (buffer.sizeBytes < LENGTH_BYTES + length) {
      buffer.want(LENGTH_BYTES + length);
      return undefined;
    }
    buffer.skip(LENGTH_BYTES);
    return decodeMessage(buffer.take(length));
  }
}

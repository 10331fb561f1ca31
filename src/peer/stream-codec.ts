import type { Message } from '../raft/index.js';

/** The two streams that each member opens to each other one (formats.md §7.4). */
export const StreamKind = { message: 'message', append: 'msgapp' } as const;
export type StreamKind = (typeof StreamKind)[keyof typeof StreamKind];

/** The limit that etcd sets on a frame of the message stream. */
export const DEFAULT_MAX_FRAME_BYTES = 512 * 1024 * 1024;

/** Turns the messages of one connection into frames; frames depend on what was sent before. */
export interface StreamEncoder {
  encode(message: Message): Buffer;
}

/** Turns the bytes of one connection into messages, in whatever slices they arrive. */
export interface StreamDecoder {
  /**
   * Appends the messages that `chunk` completes to `messages`; those before a bad frame are there
   * also if it throws.
   * @throws PeerProtocolError; then the connection is useless
   */
  push(chunk: Buffer, messages: Message[]): void;

  /** False while a frame has begun and not ended. */
  readonly isBetweenFrames: boolean;
}

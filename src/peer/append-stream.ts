import {
  createMessage,
  type Entry,
  type Message,
  MessageType,
  type NodeId,
} from '../raft/index.js';
import { FrameTooLargeError, PeerProtocolError } from './errors.js';
import { FrameBuffer } from './frame-buffer.js';
import { isLinkHeartbeat, LINK_HEARTBEAT } from './link-heartbeat.js';
import { decodeEntry, decodeMessage, MAX_ENTRIES_PER_MESSAGE } from './message-decoder.js';
import {
  entryWireSizeBytes,
  prepareMessage,
  writeEntry,
  writeMessage,
  writeUint64,
} from './message-encoder.js';
import { DEFAULT_MAX_FRAME_BYTES, type StreamDecoder, type StreamEncoder } from './stream-codec.js';

/** The first byte of a frame of the msgapp stream, version 2 (formats.md §7.4). */
const FrameType = { linkHeartbeat: 0, entries: 1, message: 2 } as const;

const UINT64_BYTES = 8;
const LINK_HEARTBEAT_FRAME = Buffer.of(FrameType.linkHeartbeat);

/**
 * The `msgapp` stream. Both ends remember the term and the index that the last frame led to; an
 * append that begins exactly there is sent as its entries and the commit index only.
 */
export class AppendStreamEncoder implements StreamEncoder {
  #term = 0;
  #index = 0;

  encode(message: Message): Buffer {
    if (isLinkHeartbeat(message)) return LINK_HEARTBEAT_FRAME;
    const follows =
      message.index === this.#index &&
      message.logTerm === this.#term &&
      message.term === this.#term;
    return follows ? this.#entriesFrame(message) : this.#messageFrame(message);
  }

  #entriesFrame(message: Message): Buffer {
    const { entries } = message;
    let sizeBytes = 1 + 2 * UINT64_BYTES + entries.length * UINT64_BYTES;
    for (const entry of entries) sizeBytes += entryWireSizeBytes(entry);
    const frame = Buffer.allocUnsafe(sizeBytes);
    frame[0] = FrameType.entries;
    let position = writeUint64(frame, 1, entries.length);
    for (const entry of entries) {
      const end = writeEntry(frame, position + UINT64_BYTES, entry);
      writeUint64(frame, position, end - position - UINT64_BYTES);
      position = end;
    }
    writeUint64(frame, position, message.commit);
    this.#index += entries.length;
    return frame;
  }

  #messageFrame(message: Message): Buffer {
    const prepared = prepareMessage(message);
    const frame = Buffer.allocUnsafe(1 + UINT64_BYTES + prepared.sizeBytes);
    frame[0] = FrameType.message;
    writeMessage(frame, writeUint64(frame, 1, prepared.sizeBytes), prepared);
    this.#term = message.term;
    this.#index = lastIndex(message);
    return frame;
  }
}

function lastIndex(message: Message): number {
  return message.entries.at(-1)?.index ?? message.index;
}

/** What the decoder waits for next. */
type Step = 'type' | 'count' | 'entry' | 'commit' | 'message';

export interface AppendStreamDecoderOptions {
  /** This member, which the messages are for. */
  readonly local: NodeId;
  /** The member at the other end, which they are from. */
  readonly remote: NodeId;
  /** How large a frame may be. */
  readonly maxFrameBytes?: number;
}

/** Reads what {@link AppendStreamEncoder} writes. */
export class AppendStreamDecoder implements StreamDecoder {
  readonly #local: NodeId;
  readonly #remote: NodeId;
  readonly #maxFrameBytes: number;
  readonly #buffer = new FrameBuffer();
  #step: Step = 'type';
  #term = 0;
  #index = 0;
  /** Of the frame of entries under way. */
  #entries: Entry[] = [];
  #missingEntries = 0;
  #entriesBytes = 0;

  constructor(options: AppendStreamDecoderOptions) {
    this.#local = options.local;
    this.#remote = options.remote;
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
  }

  get isBetweenFrames(): boolean {
    return this.#step === 'type' && this.#buffer.sizeBytes === 0;
  }

  push(chunk: Buffer, messages: Message[]): void {
    this.#buffer.push(chunk);
    while (this.#advance(messages)) {
      // Every step takes bytes or says that it has not got enough.
    }
  }

  /** Does one step; false if it needs more bytes. */
  #advance(messages: Message[]): boolean {
    switch (this.#step) {
      case 'type':
        return this.#readType(messages);
      case 'count':
        return this.#readCount();
      case 'entry':
        return this.#readEntry();
      case 'commit':
        return this.#readCommit(messages);
      default:
        return this.#readMessage(messages);
    }
  }

  #readType(messages: Message[]): boolean {
    if (!this.#has(1)) return false;
    const type = this.#buffer.takeByte();
    if (type === FrameType.linkHeartbeat) messages.push(LINK_HEARTBEAT);
    else if (type === FrameType.entries) this.#step = 'count';
    else if (type === FrameType.message) this.#step = 'message';
    else throw new PeerProtocolError(`unknown frame type ${type} on a msgapp stream`);
    return true;
  }

  #readCount(): boolean {
    if (!this.#has(UINT64_BYTES)) return false;
    const count = this.#takeUint64();
    if (count > MAX_ENTRIES_PER_MESSAGE) throw new FrameTooLargeError();
    this.#entries = [];
    this.#missingEntries = count;
    this.#entriesBytes = 0;
    this.#step = count > 0 ? 'entry' : 'commit';
    return true;
  }

  #readEntry(): boolean {
    if (!this.#has(UINT64_BYTES)) return false;
    const length = this.#buffer.peekUint64();
    if (this.#entriesBytes + length > this.#maxFrameBytes) throw new FrameTooLargeError();
    if (!this.#has(UINT64_BYTES + length)) return false;
    this.#buffer.skip(UINT64_BYTES);
    this.#entries.push(decodeEntry(this.#buffer.take(length)));
    this.#entriesBytes += length;
    this.#missingEntries--;
    if (this.#missingEntries === 0) this.#step = 'commit';
    return true;
  }

  #readCommit(messages: Message[]): boolean {
    if (!this.#has(UINT64_BYTES)) return false;
    const entries = this.#entries;
    this.#entries = [];
    messages.push(
      createMessage({
        type: MessageType.append,
        to: this.#local,
        from: this.#remote,
        term: this.#term,
        logTerm: this.#term,
        index: this.#index,
        entries,
        commit: this.#takeUint64(),
      }),
    );
    this.#index += entries.length;
    this.#step = 'type';
    return true;
  }

  #readMessage(messages: Message[]): boolean {
    if (!this.#has(UINT64_BYTES)) return false;
    const length = this.#buffer.peekUint64();
    if (length > this.#maxFrameBytes) throw new FrameTooLargeError();
    if (!this.#has(UINT64_BYTES + length)) return false;
    this.#buffer.skip(UINT64_BYTES);
    const message = decodeMessage(this.#buffer.take(length));
    this.#term = message.term;
    this.#index = lastIndex(message);
    this.#step = 'type';
    messages.push(message);
    return true;
  }

  #has(sizeBytes: number): boolean {
    if (this.#buffer.sizeBytes >= sizeBytes) return true;
    this.#buffer.want(sizeBytes);
    return false;
  }

  #takeUint64(): number {
    const value = this.#buffer.peekUint64();
    this.#buffer.skip(UINT64_BYTES);
    return value;
  }
}

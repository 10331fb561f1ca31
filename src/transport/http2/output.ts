import type { Socket } from 'node:net';
import type { MessageSource } from '../handler.js';
import { CHUNK_BYTES, releaseChunk, takeChunk } from './chunk-pool.js';
import { FRAME_HEADER_BYTES } from './protocol.js';

/** Up to this many bytes are copied; more is cheaper to pass by reference. */
export const COPY_LIMIT_BYTES = 4096;

/**
 * What a connection has to send, gathered until `flush` so that a turn's frames leave in one system
 * call. Small things are copied into pooled chunks, large payloads are passed by reference. At most
 * one write is in flight: what comes meanwhile leaves as the next one.
 */
export class Output {
  readonly #socket: Socket;
  readonly #onWritten: () => void;
  readonly #afterWrite = (error?: Error | null): void => this.#written(error);
  #chunk: Buffer | undefined;
  /** `[#start, #end)` of the chunk waits for the next flush. */
  #start = 0;
  #end = 0;
  /** What waits before the bytes of the current chunk. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Full chunks that the next write, or the one in flight, refers to. */
  #retired: Buffer[] = [];
  #retiredInFlight: Buffer[] = [];
  #inFlight = false;
  #isClosed = false;
  #inFlightBytes = 0;
  /** Writes that the system has taken in full, and their bytes. */
  writesDone = 0;
  sentBytes = 0;

  /** `onWritten` is called whenever a write has left, and the next one may be filled. */
  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Bytes that wait for a flush or for the write before them. */
  get pendingBytes(): number {
    return this.#partsBytes + this.#end - this.#start;
  }

  get isInFlight(): boolean {
    return this.#inFlight;
  }

  /**
   * Room for `length` bytes (at most a chunk): the caller writes them at {@link position} of the
   * returned buffer and then calls {@link advance}.
   */
  reserve(length: number): Buffer {
    const chunk = this.#chunk;
    if (chunk !== undefined && this.#end + length <= CHUNK_BYTES) return chunk;
    return this.#nextChunk();
  }

  get position(): number {
    return this.#end;
  }

  advance(length: number): void {
    this.#end += length;
  }

  /** Appends bytes: small ones are copied, larger ones must not change any more. */
  append(bytes: Buffer): void {
    if (bytes.length <= COPY_LIMIT_BYTES) {
      const chunk = this.reserve(bytes.length);
      chunk.set(bytes, this.#end);
      this.#end += bytes.length;
    } else {
      this.#seal();
      this.#parts.push(bytes);
      this.#partsBytes += bytes.length;
    }
  }

  /** Appends the next `count` bytes of a source: into the pooled chunks, without a copy between. */
  fill(source: MessageSource, count: number): void {
    for (let left = count; left > 0; ) {
      const chunk = this.reserve(1);
      const length = Math.min(left, CHUNK_BYTES - this.#end);
      source.read(chunk, this.#end, length);
      this.#end += length;
      left -= length;
    }
  }

  frameHeader(length: number, type: number, flags: number, streamId: number): void {
    const chunk = this.reserve(FRAME_HEADER_BYTES);
    putFrameHeader(chunk, this.#end, length, type, flags, streamId);
    this.#end += FRAME_HEADER_BYTES;
  }

  uint32(value: number): void {
    // The place is known only once there is room: reserving may begin another chunk.
    const chunk = this.reserve(4);
    chunk.writeUInt32BE(value, this.#end);
    this.#end += 4;
  }

  /** Hands to the socket what waits, unless a write is in flight: then it follows that one. */
  flush(): void {
    if (this.#inFlight || this.#isClosed || this.pendingBytes === 0) return;
    this.#inFlight = true;
    this.#inFlightBytes = this.pendingBytes;
    const spare = this.#retiredInFlight;
    this.#retiredInFlight = this.#retired;
    this.#retired = spare;
    const socket = this.#socket;
    if (this.#parts.length === 0 && this.#chunk !== undefined) {
      const bytes = this.#chunk.subarray(this.#start, this.#end);
      this.#start = this.#end;
      socket.write(bytes, this.#afterWrite);
      return;
    }
    this.#seal();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsBytes = 0;
    // Corked writes leave as one writev.
    socket.cork();
    const last = parts.length - 1;
    for (let at = 0; at < last; at++) socket.write(parts[at] as Buffer);
    socket.write(parts[last] as Buffer, this.#afterWrite);
    socket.uncork();
  }

  /** Drops what waits; nothing is written any more. Chunks in flight are left to the collector. */
  close(): void {
    this.#isClosed = true;
    this.#parts = [];
    this.#partsBytes = 0;
    this.#retired = [];
    this.#retiredInFlight = [];
    this.#chunk = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  /** Makes the bytes of the current chunk a part of their own. */
  #seal(): void {
    if (this.#chunk === undefined || this.#start === this.#end) return;
    this.#parts.push(this.#chunk.subarray(this.#start, this.#end));
    this.#partsBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  #nextChunk(): Buffer {
    this.#seal();
    if (this.#chunk !== undefined) this.#retired.push(this.#chunk);
    this.#chunk = takeChunk();
    this.#start = 0;
    this.#end = 0;
    return this.#chunk;
  }

  #written(error?: Error | null): void {
    this.#inFlight = false;
    this.writesDone += 1;
    this.sentBytes += this.#inFlightBytes;
    if (this.#isClosed || (error !== undefined && error !== null)) return;
    if (this.#retiredInFlight.length > 0) {
      for (const chunk of this.#retiredInFlight) releaseChunk(chunk);
      this.#retiredInFlight.length = 0;
    }
    // All of the current chunk has left: an idle connection holds none.
    if (this.#chunk !== undefined && this.pendingBytes === 0) {
      releaseChunk(this.#chunk);
      this.#chunk = undefined;
      this.#start = 0;
      this.#end = 0;
    }
    this.#onWritten();
  }
}

/** Writes the nine bytes of a frame header (RFC 9113 §4.1). */
export function putFrameHeader(
  target: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  target[at + 5] = streamId >>> 24;
  target[at + 6] = streamId >>> 16;
  target[at + 7] = streamId >>> 8;
  target[at + 8] = streamId;
}

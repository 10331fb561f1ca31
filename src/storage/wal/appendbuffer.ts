/** What is appended to the log and not yet handed to the disk. */
import type { HardState, LogEntry } from '../raftcodec.js';
import type { WalError } from './errors.js';
import { RECORD_METADATA, RECORD_SNAPSHOT, RecordEncoder } from './recordencoder.js';
import type { Segment } from './segments.js';
import { makeSegment } from './segments.js';
import type { WalSnapshot } from './walsnapshot.js';
import { encodeWalSnapshot } from './walsnapshot.js';

const INITIAL_BUFFER_BYTES = 1 << 20;
/** A buffer that a burst made larger than this is given back to the collector. */
const MAX_KEPT_BUFFER_BYTES = 8 << 20;
const MAX_KEPT_BUFFERS = 2;

/** Called with `null` once durable, or with the error that ended the log. */
export type AppendCallback = (error: WalError | null) => void;

/** Encoded records that go to the file in one write. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** How much of `bytes` is filled. */
  readonly length: number;
  /** File offset in the segment. */
  readonly position: number;
  readonly mustSync: boolean;
  /** Set if the chunk is the head of this new segment. */
  readonly segment: Segment | undefined;
  readonly callbacks: readonly AppendCallback[];
}

/** Where a log goes on. */
export interface LogPosition {
  /** The segment that is appended to. */
  readonly segment: Segment;
  /** Offset behind the last record in it. */
  readonly offset: number;
  /** Running checksum there. */
  readonly crc: number;
  /** Bytes that stand at the head of every segment. */
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  /** Index of the last entry or snapshot. */
  readonly lastIndex: number;
}

/**
 * Encodes appends as they come and keeps their callbacks, until {@link takeChunk} hands out all of
 * them for one write. It knows where in which segment every byte will stand.
 */
export class AppendBuffer {
  readonly #directory: string;
  readonly #segmentSizeBytes: number;
  readonly #metadata: Uint8Array;
  readonly #encoder: RecordEncoder;
  readonly #spareBuffers: Uint8Array[] = [];
  #segment: Segment;
  #hardState: HardState;
  #lastIndex: number;
  #callbacks: AppendCallback[] = [];
  #mustSync = false;
  #newSegment: Segment | undefined;
  /** File offset at which the encoder's first byte will stand. */
  #position: number;

  constructor(directory: string, segmentSizeBytes: number, start: LogPosition) {
    this.#directory = directory;
    this.#segmentSizeBytes = segmentSizeBytes;
    this.#metadata = start.metadata;
    this.#encoder = new RecordEncoder(start.crc, Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES));
    this.#segment = start.segment;
    this.#hardState = start.hardState;
    this.#lastIndex = start.lastIndex;
    this.#position = start.offset;
  }

  /** Bytes encoded and not taken. */
  get length(): number {
    return this.#encoder.length;
  }

  /** Whether something gathered must become durable. */
  get mustSync(): boolean {
    return this.#mustSync;
  }

  /** The segment that is encoded for; it may not exist on disk yet. */
  get segment(): Segment {
    return this.#segment;
  }

  /** Entries first, then the state; which must be durable is the rule of formats.md §2.5. */
  addEntries(hardState: HardState | undefined, entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#encoder.writeEntry(entry);
    const last = entries.at(-1);
    if (last !== undefined) {
      this.#lastIndex = last.index;
      this.#mustSync = true;
    }
    if (hardState === undefined || isEmptyHardState(hardState)) return;
    const known = this.#hardState;
    if (hardState.term !== known.term || hardState.vote !== known.vote) this.#mustSync = true;
    this.#encoder.writeHardState(hardState);
    this.#hardState = hardState;
  }

  addSnapshot(snapshot: WalSnapshot): void {
    this.#encoder.writeRecord(RECORD_SNAPSHOT, encodeWalSnapshot(snapshot));
    this.#lastIndex = Math.max(this.#lastIndex, snapshot.index);
    this.#mustSync = true;
  }

  /** `done` waits for all that was added so far; for it to be durable if `mustSync` is set. */
  addCallback(done: AppendCallback, mustSync = false): void {
    this.#callbacks.push(done);
    if (mustSync) this.#mustSync = true;
  }

  /** Whether the segment has reached its size. */
  get segmentIsFull(): boolean {
    return this.#position + this.#encoder.length >= this.#segmentSizeBytes;
  }

  /**
   * Ends the segment and begins the next with its head (formats.md §2.4); returns what is left to
   * write of the old one. The cut is made at encoding and not when the bytes reach the file, because
   * the head is part of the checksum chain of everything encoded after it.
   */
  cut(): Chunk {
    this.#mustSync = true;
    const chunk = this.takeChunk();
    const sequence = this.#segment.sequence + 1;
    this.#segment = makeSegment(this.#directory, sequence, this.#lastIndex + 1);
    this.#newSegment = this.#segment;
    this.#position = 0;
    this.#mustSync = true;
    this.#encoder.writeCrc();
    this.#encoder.writeRecord(RECORD_METADATA, this.#metadata);
    if (!isEmptyHardState(this.#hardState)) this.#encoder.writeHardState(this.#hardState);
    return chunk;
  }

  /** All that is gathered, for one write; the encoder goes on in another buffer. */
  takeChunk(): Chunk {
    const length = this.#encoder.length;
    const next = this.#spareBuffers.pop() ?? Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES);
    const chunk: Chunk = {
      bytes: this.#encoder.takeBuffer(next),
      length,
      position: this.#position,
      mustSync: this.#mustSync,
      segment: this.#newSegment,
      callbacks: this.takeCallbacks(),
    };
    this.#position += length;
    this.#mustSync = false;
    this.#newSegment = undefined;
    return chunk;
  }

  /** The callbacks alone; the bytes stay. */
  takeCallbacks(): AppendCallback[] {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    return callbacks;
  }

  /** Takes back the buffer of a chunk that was written. */
  recycle(chunk: Chunk): void {
    const small = chunk.bytes.length <= MAX_KEPT_BUFFER_BYTES;
    if (small && this.#spareBuffers.length < MAX_KEPT_BUFFERS) this.#spareBuffers.push(chunk.bytes);
  }
}

function isEmptyHardState(state: HardState): boolean {
  return state.term === 0 && state.vote === 0n && state.commit === 0;
}

/**
 * Encodes records with their frames straight into one growing buffer (formats.md §2.2, §2.3). This
 * is the hot half of the log: an entry's data is copied once and read once for the checksum, and
 * nothing is allocated per record.
 */
import { crc32c } from '../../base/crc32c.js';
import { varintSize, writeVarint } from '../../base/varint.js';
import { MAX_NUMBER_VARINT_BYTES } from '../protowire.js';
import type { HardState, LogEntry } from '../raftcodec.js';
import { encodeHardState } from '../raftcodec.js';

/** Record types. */
export const RECORD_METADATA = 1;
export const RECORD_ENTRY = 2;
export const RECORD_STATE = 3;
export const RECORD_CRC = 4;
export const RECORD_SNAPSHOT = 5;

/** Most bytes of a record beside its data: frame, tags, crc, data length, padding. */
export const MAX_RECORD_OVERHEAD_BYTES = 8 + 2 + 6 + 1 + MAX_NUMBER_VARINT_BYTES + 8;
/** Most bytes of an entry beside its data. */
export const MAX_ENTRY_OVERHEAD_BYTES = 4 + 4 * MAX_NUMBER_VARINT_BYTES;

const FRAME_BYTES = 8;
const MAX_CRC_VARINT_BYTES = 5;
const TAG_TYPE = 0x08;
const TAG_CRC = 0x10;
const TAG_DATA = 0x1a;

/** The encoder of one log: its output buffer, and the checksum over all record data so far. */
export class RecordEncoder {
  #buffer: Uint8Array;
  #length = 0;
  #crc: number;

  /** Continues the checksum chain at `crc`, writing to `buffer` from its start. */
  constructor(crc: number, buffer: Uint8Array) {
    this.#crc = crc;
    this.#buffer = buffer;
  }

  /** Bytes encoded since the buffer was last taken. */
  get length(): number {
    return this.#length;
  }

  /** The running checksum, that of the last record. */
  get crc(): number {
    return this.#crc;
  }

  /** The buffer, of which `length` bytes are filled; the encoder goes on at the start of `next`. */
  takeBuffer(next: Uint8Array): Uint8Array {
    const taken = this.#buffer;
    this.#buffer = next;
    this.#length = 0;
    return taken;
  }

  /** The record that opens a segment: the checksum so far, and no data. */
  writeCrc(): void {
    this.#reserve(MAX_RECORD_OVERHEAD_BYTES);
    const start = this.#length + FRAME_BYTES;
    this.#finishRecord(start, this.#recordHead(start, RECORD_CRC));
  }

  /** A record whose data is at hand as bytes. */
  writeRecord(type: number, data: Uint8Array): void {
    this.#reserve(MAX_RECORD_OVERHEAD_BYTES + data.length);
    this.#crc = crc32c(data, this.#crc);
    const start = this.#length + FRAME_BYTES;
    let end = this.#recordHead(start, type);
    this.#buffer[end] = TAG_DATA;
    end = writeVarint(this.#buffer, end + 1, data.length);
    this.#buffer.set(data, end);
    this.#finishRecord(start, end + data.length);
  }

  /** term, vote, commit. */
  writeHardState(state: HardState): void {
    this.writeRecord(RECORD_STATE, encodeHardState(state));
  }

  /** An entry in the sparse form: no type if normal, no data if empty. */
  writeEntry(entry: LogEntry): void {
    const data = entry.data;
    const size = data.length;
    this.#reserve(MAX_RECORD_OVERHEAD_BYTES + MAX_ENTRY_OVERHEAD_BYTES + size);
    const buffer = this.#buffer;
    const start = this.#length + FRAME_BYTES;

    // The record's crc stands before the entry and covers it. So the entry's own head is encoded
    // where it belongs if the crc takes five bytes (15 of 16 do), and moved down a little if not.
    const entryBytes = entrySize(entry);
    const assumedEnd = start + 2 + 1 + MAX_CRC_VARINT_BYTES + 1 + varintSize(entryBytes);
    const assumedDataStart = writeEntryHead(buffer, assumedEnd, entry);
    let crc = crc32c(buffer, this.#crc, assumedEnd, assumedDataStart);
    crc = crc32c(data, crc);
    this.#crc = crc;

    let end = this.#recordHead(start, RECORD_ENTRY);
    buffer[end] = TAG_DATA;
    end = writeVarint(buffer, end + 1, entryBytes);
    if (end !== assumedEnd) buffer.copyWithin(end, assumedEnd, assumedDataStart);
    end += assumedDataStart - assumedEnd;
    buffer.set(data, end);
    this.#finishRecord(start, end + size);
  }

  /** Writes type and crc, and returns the offset after them. */
  #recordHead(start: number, type: number): number {
    const buffer = this.#buffer;
    buffer[start] = TAG_TYPE;
    buffer[start + 1] = type;
    buffer[start + 2] = TAG_CRC;
    return writeVarint(buffer, start + 3, this.#crc);
  }

  /** Writes the frame before the record and the zero padding after it. */
  #finishRecord(start: number, end: number): void {
    const buffer = this.#buffer;
    const size = end - start;
    const padding = -size & 7;
    const frame = start - FRAME_BYTES;
    buffer[frame] = size & 0xff;
    buffer[frame + 1] = (size >>> 8) & 0xff;
    buffer[frame + 2] = (size >>> 16) & 0xff;
    buffer[frame + 3] = (size >>> 24) & 0xff;
    // Records are far below 4 GiB, so of the upper half only the padding byte can be set.
    buffer[frame + 4] = 0;
    buffer[frame + 5] = 0;
    buffer[frame + 6] = 0;
    buffer[frame + 7] = padding === 0 ? 0 : 0x80 | padding;
    for (let offset = end; offset < end + padding; offset++) buffer[offset] = 0;
    this.#length = end + padding;
  }

  /** Makes room for `sizeBytes` more, by doubling. */
  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

/** Encoded size of an entry in the sparse form. */
function entrySize(entry: LogEntry): number {
  const size = entry.data.length;
  return (
    (entry.type === 0 ? 0 : 1 + varintSize(entry.type)) +
    (1 + varintSize(entry.term)) +
    (1 + varintSize(entry.index)) +
    (size === 0 ? 0 : 1 + varintSize(size) + size)
  );
}

/** Writes all of an entry but the data bytes, and returns the offset where those go. */
function writeEntryHead(target: Uint8Array, offset: number, entry: LogEntry): number {
  let end = offset;
  if (entry.type !== 0) {
    target[end] = 0x08;
    end = writeVarint(target, end + 1, entry.type);
  }
  target[end] = 0x10;
  end = writeVarint(target, end + 1, entry.term);
  target[end] = 0x18;
  end = writeVarint(target, end + 1, entry.index);
  if (entry.data.length > 0) {
    target[end] = 0x22;
    end = writeVarint(target, end + 1, entry.data.length);
  }
  return end;
}

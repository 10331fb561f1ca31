/**
 * Reads records from segment files, in large chunks and with a turn of the event loop between them
 * (formats.md §2.2, §2.3, §2.7).
 */
import { crc32c } from '../../base/crc32c.js';
import type { Disk, DiskFile } from '../disk.js';
import { WireError, WireReader } from '../protowire.js';
import { WalCorruptError, WalTornError } from './errors.js';
import { RECORD_CRC } from './recordencoder.js';
import type { Segment } from './segments.js';

/**
 * One read: at 1 to 2 GB/s of checksum and some 100,000 records per 10 ms this keeps a turn of the
 * loop within a few milliseconds.
 */
const CHUNK_BYTES = 512 * 1024;
const FRAME_BYTES = 8;
const SECTOR_BYTES = 512;

/** Thrown by a {@link RecordVisitor} for a record that must not stand where it stands. */
export class InvalidRecordError extends Error {
  override readonly name = 'InvalidRecordError';
}

/**
 * Takes one record: its type, and its data as `data[start, end)`. The bytes stay valid and
 * unchanged; the buffer is not reused. May throw WireError or {@link InvalidRecordError}, which
 * becomes a {@link WalCorruptError} naming the place.
 */
export type RecordVisitor = (type: number, data: Uint8Array, start: number, end: number) => void;

/** Where reading came to a clean end. */
export interface LogEnd {
  /** Offset behind the last record in the last segment. */
  readonly offset: number;
  /** The running checksum there. */
  readonly crc: number;
}

/**
 * Reads all records of `segments` in order and checks the checksum chain. Resolves at the clean end
 * of the last one; throws {@link WalTornError} if that ends in a torn record, and
 * {@link WalCorruptError} for any other damage.
 */
export async function readRecords(
  disk: Disk,
  segments: readonly Segment[],
  visit: RecordVisitor,
): Promise<LogEnd> {
  let crc = 0;
  let offset = 0;
  for (const [position, segment] of segments.entries()) {
    const file = await disk.open(segment.path, 'read');
    try {
      const isLast = position === segments.length - 1;
      const reader = new SegmentReader(file, await file.sizeBytes(), segment.path, isLast, crc);
      await reader.read(visit);
      crc = reader.crc;
      offset = reader.offset;
    } finally {
      await file.close();
    }
  }
  return { offset, crc };
}

class SegmentReader {
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  readonly #path: string;
  readonly #isLast: boolean;
  readonly #fields = new WireReader(new Uint8Array(0));
  /** Bytes of the file read ahead: `#chunk[#start, #end)` begins at file offset `offset`. */
  #chunk: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** The running checksum. */
  crc: number;
  /** Offset behind the last valid record. */
  offset = 0;

  constructor(file: DiskFile, fileBytes: number, path: string, isLast: boolean, crc: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#path = path;
    this.#isLast = isLast;
    this.crc = crc;
  }

  async read(visit: RecordVisitor): Promise<void> {
    for (;;) {
      const missing = this.#visitBuffered(visit);
      if (missing === 0) return;
      await this.#fill(missing);
    }
  }

  /** Visits all whole records read ahead. Returns how many bytes the next one needs; 0 at the end. */
  #visitBuffered(visit: RecordVisitor): number {
    for (;;) {
      const left = this.#fileBytes - this.offset;
      if (left === 0) return 0;
      if (left < FRAME_BYTES) this.#unexpectedEnd('unexpected end of file in a record length');
      if (this.#end - this.#start < FRAME_BYTES) return FRAME_BYTES;
      const low = readUint32(this.#chunk, this.#start);
      const high = readUint32(this.#chunk, this.#start + 4);
      if (low === 0 && high === 0) return 0;
      // The low 56 bits are the record's length; the top byte is 0x80 + padding if there is any.
      const recordBytes = low + (high & 0xffffff) * 0x1_0000_0000;
      const paddingBytes = high >= 0x8000_0000 ? (high >>> 24) & 7 : 0;
      const frameBytes = FRAME_BYTES + recordBytes + paddingBytes;
      if (frameBytes > left) {
        this.#unexpectedEnd(`a record of ${recordBytes} bytes exceeds the file`);
      }
      if (this.#end - this.#start < frameBytes) return frameBytes;
      this.#visitRecord(recordBytes, paddingBytes, visit);
      this.#start += frameBytes;
      this.offset += frameBytes;
    }
  }

  #visitRecord(recordBytes: number, paddingBytes: number, visit: RecordVisitor): void {
    const chunk = this.#chunk;
    const start = this.#start + FRAME_BYTES;
    const fields = this.#fields;
    fields.reset(chunk, start, start + recordBytes);
    let type = 0;
    let recordCrc = 0;
    let dataStart = start;
    let dataEnd = start;
    try {
      while (!fields.atEnd) {
        const tag = fields.tag();
        if (tag === 0x08) type = fields.varint();
        else if (tag === 0x10) recordCrc = fields.varint();
        else if (tag === 0x1a) {
          dataEnd = fields.lengthDelimitedEnd();
          dataStart = fields.position;
          fields.position = dataEnd;
        } else fields.skip(tag);
      }
    } catch (error) {
      this.#damaged('record cannot be decoded', recordBytes + paddingBytes, error);
    }
    if (type === RECORD_CRC) {
      // A fresh reader starts at 0 and takes the chain's value from the first segment it reads.
      if (dataStart !== dataEnd) this.#corrupt('crc record with data');
      if (this.crc !== 0 && this.crc !== recordCrc) this.#corrupt('crc mismatch between segments');
      this.crc = recordCrc;
    } else {
      const crc = crc32c(chunk, this.crc, dataStart, dataEnd);
      if (crc !== recordCrc) this.#damaged('crc mismatch', recordBytes + paddingBytes);
      this.crc = crc;
    }
    try {
      visit(type, chunk, dataStart, dataEnd);
    } catch (error) {
      if (error instanceof WireError || error instanceof InvalidRecordError) {
        this.#corrupt(`record of type ${type}: ${error.message}`, error);
      }
      throw error;
    }
  }

  /** A record that does not check out: torn if a sector of it was never written, else corrupt. */
  #damaged(reason: string, bodyBytes: number, cause?: unknown): never {
    if (this.#isLast && this.#hasZeroSector(bodyBytes)) {
      throw new WalTornError(reason, this.#path, this.offset);
    }
    this.#corrupt(reason, cause);
  }

  #unexpectedEnd(reason: string): never {
    if (this.#isLast) throw new WalTornError(reason, this.#path, this.offset);
    this.#corrupt(reason);
  }

  #corrupt(reason: string, cause?: unknown): never {
    throw new WalCorruptError(reason, this.#path, this.offset, cause);
  }

  /** Whether the record, cut at the file's 512-byte sectors, has a piece of only zeros. */
  #hasZeroSector(bodyBytes: number): boolean {
    const chunk = this.#chunk;
    const bodyStart = this.#start + FRAME_BYTES;
    const bodyEnd = bodyStart + bodyBytes;
    let pieceStart = bodyStart;
    let fileOffset = this.offset + FRAME_BYTES;
    while (pieceStart < bodyEnd) {
      const pieceBytes = Math.min(SECTOR_BYTES - (fileOffset % SECTOR_BYTES), bodyEnd - pieceStart);
      const pieceEnd = pieceStart + pieceBytes;
      let position = pieceStart;
      while (position < pieceEnd && chunk[position] === 0) position++;
      if (position === pieceEnd) return true;
      pieceStart = pieceEnd;
      fileOffset += pieceBytes;
    }
    return false;
  }

  /**
   * Reads ahead so that at least `neededBytes` are buffered. What is needed was checked against the
   * file's size, so memory is bounded by it. Records handed out keep their chunk, so each chunk is
   * fresh.
   */
  async #fill(neededBytes: number): Promise<void> {
    const kept = this.#end - this.#start;
    const chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, neededBytes));
    chunk.set(this.#chunk.subarray(this.#start, this.#end));
    this.#chunk = chunk;
    this.#start = 0;
    this.#end = kept;
    while (this.#end < neededBytes) {
      const position = this.offset + this.#end;
      const count = await this.#file.read(chunk, this.#end, chunk.length - this.#end, position);
      if (count === 0) this.#unexpectedEnd('the file shrank while it was read');
      this.#end += count;
    }
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16)) +
    (bytes[offset + 3] as number) * 0x100_0000
  );
}

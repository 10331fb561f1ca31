/**
 * The answers of the KV service, written by hand: stored records go into them as they are, without
 * being decoded. The generated codecs are the slow twin that the tests hold against this.
 */
import { ProtoWriter } from '../proto/wire.js';
import type {
  DeleteRangeResult,
  OpResult,
  PutResult,
  RangeResult,
  TxnResult,
} from '../server/index.js';
import type { Message } from '../transport/index.js';
import { RecordsMessage, recordFieldsSize } from './records-message.js';
import type { ResponseHeaders } from './response-header.js';

type WriteHeader = (writer: ProtoWriter) => void;

const writer = new ProtoWriter(65_536);
const NOTHING = Buffer.alloc(0);

function encode(write: (writer: ProtoWriter) => void): Buffer {
  write(writer);
  return writer.finish();
}

/** Larger answers to a Range are put together while they are sent. */
const MAX_WHOLE_BYTES = 4096;

/** The answer to a Range. */
export function rangeResponse(headers: ResponseHeaders, result: RangeResult): Message {
  const { records } = result;
  let sizeBytes = 0;
  for (let index = 0; index < records.length && sizeBytes <= MAX_WHOLE_BYTES; index++) {
    sizeBytes += records[index]?.length ?? 0;
  }
  if (sizeBytes <= MAX_WHOLE_BYTES) {
    return encode((target) =>
      writeRange(target, result, (inner) => headers.write(inner, result.revision)),
    );
  }
  const header = encode((target) => headers.write(target, result.revision));
  const end = encode((target) => writeRangeEnd(target, result));
  return new RecordsMessage(header, records.slice(), end);
}

export function encodePutResponse(headers: ResponseHeaders, result: PutResult): Buffer {
  return encode((target) =>
    writePut(target, result, (inner) => headers.write(inner, result.revision)),
  );
}

export function encodeDeleteRangeResponse(
  headers: ResponseHeaders,
  result: DeleteRangeResult,
): Buffer {
  return encode((target) =>
    writeDeleteRange(target, result, (inner) => headers.write(inner, result.revision)),
  );
}

export function encodeTxnResponse(headers: ResponseHeaders, result: TxnResult): Buffer {
  return encode((target) =>
    writeTxn(target, result, (inner) => headers.write(inner, result.revision)),
  );
}

/**
 * One chunk of a streamed range; only the last has a header, `more` and `count`. The array of records
 * is used up.
 */
export function rangeChunk(
  headers: ResponseHeaders,
  records: Buffer[],
  end: { readonly revision: number; readonly more: boolean; readonly count: number } | undefined,
): Message {
  const tail = end === undefined ? NOTHING : encode((target) => writeRangeEnd(target, end));
  const head = encode((target) => {
    if (end !== undefined) headers.write(target, end.revision);
    target.uint32(target.sizeBytes + recordFieldsSize(records) + tail.length);
    target.uint32(0x0a);
  });
  return new RecordsMessage(head, records, tail);
}

/** The header of an answer inside a transaction holds the revision alone (G.17). */
function writeInnerHeader(target: ProtoWriter, revision: number): void {
  const sizeBefore = target.sizeBytes;
  if (revision !== 0) {
    target.int64Number(revision);
    target.uint32(0x18);
  }
  target.length(sizeBefore);
  target.uint32(0x0a);
}

function writeRange(
  target: ProtoWriter,
  result: Pick<RangeResult, 'records' | 'more' | 'count'>,
  writeHeader: WriteHeader,
): void {
  writeRangeEnd(target, result);
  writeRecords(target, result.records, 0x12);
  writeHeader(target);
}

/** What stands behind the records. */
function writeRangeEnd(target: ProtoWriter, result: Pick<RangeResult, 'more' | 'count'>): void {
  if (result.count !== 0) {
    target.int64Number(result.count);
    target.uint32(0x20);
  }
  if (result.more) {
    target.bool(true);
    target.uint32(0x18);
  }
}

function writePut(target: ProtoWriter, result: PutResult, writeHeader: WriteHeader): void {
  if (result.previous !== undefined) {
    target.bytes(result.previous);
    target.uint32(0x12);
  }
  writeHeader(target);
}

function writeDeleteRange(
  target: ProtoWriter,
  result: DeleteRangeResult,
  writeHeader: WriteHeader,
): void {
  writeRecords(target, result.previous, 0x1a);
  if (result.deleted !== 0) {
    target.int64Number(result.deleted);
    target.uint32(0x10);
  }
  writeHeader(target);
}

function writeTxn(target: ProtoWriter, result: TxnResult, writeHeader: WriteHeader): void {
  for (let index = result.responses.length - 1; index >= 0; index--) {
    const response = result.responses[index];
    if (response === undefined) continue;
    const opBefore = target.sizeBytes;
    const sizeBefore = target.sizeBytes;
    const tag = writeOp(target, response);
    target.length(sizeBefore);
    target.uint32(tag);
    target.length(opBefore);
    target.uint32(0x1a);
  }
  if (result.succeeded) {
    target.bool(true);
    target.uint32(0x10);
  }
  writeHeader(target);
}

/** Writes the answer to one operation and returns the tag it has in ResponseOp. */
function writeOp(target: ProtoWriter, result: OpResult): number {
  const writeHeader: WriteHeader = (inner) => writeInnerHeader(inner, result.revision);
  switch (result.kind) {
    case 'range':
      writeRange(target, result, writeHeader);
      return 0x0a;
    case 'put':
      writePut(target, result, writeHeader);
      return 0x12;
    case 'deleteRange':
      writeDeleteRange(target, result, writeHeader);
      return 0x1a;
    case 'txn':
      writeTxn(target, result, writeHeader);
      return 0x22;
  }
}

function writeRecords(target: ProtoWriter, records: readonly Buffer[], tag: number): void {
  for (let index = records.length - 1; index >= 0; index--) {
    const record = records[index];
    if (record === undefined) continue;
    target.bytes(record);
    target.uint32(tag);
  }
}

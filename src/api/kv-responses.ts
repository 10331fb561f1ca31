/**
 * The answers of the KV service, written by hand: stored records go into them as they are, without
 * being decoded. The generated codecs are the slow twin that the tests hold against this.
 */
import { varintSize, writeVarint } from '../base/varint.js';
import { ProtoWriter } from '../proto/wire.js';
import type {
  DeleteRangeResult,
  OpResult,
  PutResult,
  RangeResult,
  TxnResult,
} from '../server/index.js';
import type { ResponseHeaders } from './response-header.js';

type WriteHeader = (writer: ProtoWriter) => void;

const writer = new ProtoWriter(65_536);

function encode(write: (writer: ProtoWriter) => void): Buffer {
  write(writer);
  return writer.finish();
}

/**
 * Written from front to back into one buffer of the right size: a list can be a hundred megabytes,
 * and the writer of the other answers would double its buffer and copy everything twice.
 */
export function encodeRangeResponse(headers: ResponseHeaders, result: RangeResult): Buffer {
  const { records, count, more } = result;
  const header = encode((target) => headers.write(target, result.revision));
  let sizeBytes = header.length + (more ? 2 : 0) + (count === 0 ? 0 : 1 + varintSize(count));
  for (const record of records) sizeBytes += 1 + varintSize(record.length) + record.length;
  const response = Buffer.allocUnsafe(sizeBytes);
  response.set(header, 0);
  let position = header.length;
  for (const record of records) {
    response[position] = 0x12;
    position = writeVarint(response, position + 1, record.length);
    response.set(record, position);
    position += record.length;
  }
  if (more) {
    response[position++] = 0x18;
    response[position++] = 1;
  }
  if (count !== 0) {
    response[position] = 0x20;
    writeVarint(response, position + 1, count);
  }
  return response;
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

/** One chunk of a streamed range; only the last has a header, `more` and `count`. */
export function encodeRangeChunk(
  headers: ResponseHeaders,
  records: readonly Buffer[],
  end: { readonly revision: number; readonly more: boolean; readonly count: number } | undefined,
): Buffer {
  return encode((target) => {
    const sizeBefore = target.sizeBytes;
    const { more, count } = end ?? { more: false, count: 0 };
    writeRange(target, { records, more, count }, (inner) => {
      if (end !== undefined) headers.write(inner, end.revision);
    });
    target.length(sizeBefore);
    target.uint32(0x0a);
  });
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
  if (result.count !== 0) {
    target.int64Number(result.count);
    target.uint32(0x20);
  }
  if (result.more) {
    target.bool(true);
    target.uint32(0x18);
  }
  writeRecords(target, result.records, 0x12);
  writeHeader(target);
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

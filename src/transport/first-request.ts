import { HpackDecoder, HpackError } from './http2/hpack/decoder.js';
import type { HeaderField } from './http2/hpack/header-field.js';
import { DEFAULT_HEADER_TABLE_BYTES } from './http2/protocol.js';

/** The length of the preface that an HTTP/2 connection begins with (RFC 9113 §3.4). */
const PREFACE_BYTES = 24;
const FRAME_HEAD_BYTES = 9;
const HEADERS_FRAME = 1;
const FLAG_END_HEADERS = 0x4;
const FLAG_PADDED = 0x8;
const FLAG_PRIORITY = 0x20;
/** First requests larger than this are not waited for. */
const MAX_BYTES = 64 * 1024;

/**
 * Whether the first request of an HTTP/2 connection is plain HTTP rather than gRPC; `bytes` is what
 * came so far, preface included. Undefined as long as the request is not complete. What is odd counts
 * as gRPC, whose carrier knows how to complain.
 */
export function beginsWithPlainRequest(bytes: Buffer): boolean | undefined {
  let at = PREFACE_BYTES;
  while (bytes.length >= at + FRAME_HEAD_BYTES) {
    const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (end > MAX_BYTES) return false;
    if (bytes.length < end) return undefined;
    if (bytes[at + 3] === HEADERS_FRAME) {
      return isPlain(bytes.subarray(at + FRAME_HEAD_BYTES, end), bytes[at + 4] ?? 0);
    }
    at = end;
  }
  return undefined;
}

function isPlain(payload: Buffer, flags: number): boolean {
  if ((flags & FLAG_END_HEADERS) === 0) return false;
  const paddingBytes = (flags & FLAG_PADDED) === 0 ? 0 : (payload[0] ?? 0);
  const start = ((flags & FLAG_PADDED) === 0 ? 0 : 1) + ((flags & FLAG_PRIORITY) === 0 ? 0 : 5);
  const end = payload.length - paddingBytes;
  if (start > end) return false;
  const fields: HeaderField[] = [];
  try {
    new HpackDecoder(DEFAULT_HEADER_TABLE_BYTES).decode(payload, start, end, fields, MAX_BYTES);
  } catch (error) {
    if (error instanceof HpackError) return false;
    throw error;
  }
  const isGrpc = ({ name, value }: HeaderField): boolean =>
    name === 'content-type' && value.startsWith('application/grpc');
  return !fields.some(isGrpc);
}

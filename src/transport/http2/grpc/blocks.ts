import { GrpcCode, type RpcError } from '../../../base/errors.js';
import { encodeLiteral, STATUS_200 } from '../hpack/encoder.js';

/**
 * The header blocks of responses. All are free of table references but to the static one, so that
 * they are the same bytes on every connection. They carry what Go's gRPC sends, an empty
 * `grpc-message` of OK included.
 */

const CONTENT_TYPE = encodeLiteral('content-type', 'application/grpc');
const HEAD = Buffer.concat([STATUS_200, CONTENT_TYPE]);

/** Subtypes are few (`proto`); clients that make up more get a block of their own each time. */
const MAX_KNOWN_SUBTYPES = 16;
const heads = new Map<string, Buffer>([['', HEAD]]);

/** The head of a response; it names the content subtype that the client asked with. */
export function headBlock(contentSubtype: string): Buffer {
  const known = heads.get(contentSubtype);
  if (known !== undefined) return known;
  const block = Buffer.concat([STATUS_200, contentType(contentSubtype)]);
  if (heads.size < MAX_KNOWN_SUBTYPES) heads.set(contentSubtype, block);
  return block;
}

/** The trailers of a call that went well. */
export const OK_TRAILERS = Buffer.concat([
  encodeLiteral('grpc-status', '0'),
  encodeLiteral('grpc-message', ''),
]);

/** The trailers of a call: of a failed one, or of one that went well for null. */
export function trailersBlock(error: RpcError | null): Buffer {
  if (error === null) return OK_TRAILERS;
  return statusFields(error.code, error.message);
}

/** A response of trailers only: head and status in one block. */
export function trailersOnlyBlock(contentSubtype: string, error: RpcError | null): Buffer {
  const head = headBlock(contentSubtype);
  const isUnknownEncoding =
    error !== null &&
    error.code === GrpcCode.unimplemented &&
    error.message.startsWith('grpc: Decompressor is not installed');
  const extra = isUnknownEncoding ? [encodeLiteral('grpc-accept-encoding', 'identity,gzip')] : [];
  return Buffer.concat([head, ...extra, trailersBlock(error)]);
}

/** The refusal of a request that is no proper gRPC call. */
export function refusalBlock(
  httpStatus: number,
  contentSubtype: string,
  code: number,
  message: string,
): Buffer {
  return Buffer.concat([
    encodeLiteral(':status', String(httpStatus)),
    contentType(contentSubtype),
    statusFields(code, message),
  ]);
}

function contentType(subtype: string): Buffer {
  if (subtype === '') return CONTENT_TYPE;
  return encodeLiteral('content-type', `application/grpc+${subtype}`);
}

function statusFields(code: number, message: string): Buffer {
  return Buffer.concat([
    encodeLiteral('grpc-status', String(code)),
    encodeLiteral('grpc-message', percentEncode(message)),
  ]);
}

/** Printable ASCII without the percent sign stays; everything else is encoded byte by byte. */
export function percentEncode(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message;
  let text = '';
  for (const byte of Buffer.from(message, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

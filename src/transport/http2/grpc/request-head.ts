import { GrpcCode, type RpcError } from '../../../base/errors.js';
import type { CallContext, RpcMethod } from '../../handler.js';
import { type HeaderField, HeaderKind, LAST_PSEUDO_KIND } from '../hpack/header-field.js';
import { encodingError } from './compression.js';
import { goQuote } from './go-quote.js';
import type { MethodTable } from './method-table.js';
import { parseTimeout } from './timeout.js';

/** A request that is refused before its method is looked for. */
export interface Refusal {
  readonly httpStatus: number;
  readonly code: number;
  readonly message: string;
}

/**
 * What the headers of a request say. It never changes and knows nothing of the stream: requests with
 * the same headers share one.
 */
export interface RequestHead extends CallContext {
  readonly method: RpcMethod | undefined;
  /** The refusal as a proper gRPC status: no such method, no such encoding. */
  readonly error: RpcError | undefined;
  readonly refusal: Refusal | undefined;
  /** Breaks the rules of HTTP: the stream is reset (RFC 9113 §8.1.1). */
  readonly isMalformed: boolean;
  /** Infinity: none. */
  readonly timeoutMs: number;
  /** `grpc-encoding`; '' for none. */
  readonly encoding: string;
  /** -1: not given. */
  readonly contentLength: number;
  readonly contentSubtype: string;
  /** The size of its list of fields (RFC 9113 §6.5.2). */
  readonly sizeBytes: number;
}

const GRPC_CONTENT_TYPE = 'application/grpc';

/** The one implementation of {@link RequestHead}; written field by field while it is parsed. */
class ParsedHead implements RequestHead {
  method: RpcMethod | undefined;
  error: RpcError | undefined;
  refusal: Refusal | undefined;
  isMalformed = false;
  timeoutMs = Number.POSITIVE_INFINITY;
  encoding = '';
  contentLength = -1;
  contentSubtype = '';
  sizeBytes = 0;
  readonly #fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
  }

  metadata(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value;
    return undefined;
  }
}

/** Reads the headers of a request (RFC 9113 §8.3.1; gRPC over HTTP/2, "Requests"). */
export function parseRequestHead(
  fields: readonly HeaderField[],
  methods: MethodTable,
): RequestHead {
  const head = new ParsedHead(fields);
  let method = '';
  let path = '';
  let pseudoSeen = 0;
  let hasRegular = false;
  let hosts = 0;
  let contentType: string | undefined;
  let isGrpc = false;
  let headerError: string | undefined;
  for (const field of fields) {
    const kind = field.kind;
    head.sizeBytes += field.sizeBytes;
    if (!field.isValid) head.isMalformed = true;
    if (kind === HeaderKind.other) {
      hasRegular = true;
      continue;
    }
    if (kind <= LAST_PSEUDO_KIND) {
      // Pseudo-headers: known ones only, each once, before all others (§8.3).
      const bit = 1 << kind;
      if (hasRegular || kind === HeaderKind.badPseudo || (pseudoSeen & bit) !== 0) {
        head.isMalformed = true;
      }
      pseudoSeen |= bit;
      if (kind === HeaderKind.method) method = field.value;
      else if (kind === HeaderKind.path) path = field.value;
      continue;
    }
    hasRegular = true;
    const value = field.value;
    switch (kind) {
      case HeaderKind.contentType: {
        const subtype = contentSubtype(value);
        if (subtype === undefined) contentType = value;
        else {
          isGrpc = true;
          head.contentSubtype = subtype;
        }
        break;
      }
      case HeaderKind.grpcTimeout: {
        const timeout = parseTimeout(value, goQuote);
        if (typeof timeout === 'string') headerError = `malformed grpc-timeout: ${timeout}`;
        else head.timeoutMs = timeout;
        break;
      }
      case HeaderKind.grpcEncoding:
        head.encoding = value;
        break;
      case HeaderKind.contentLength:
        if (!readContentLength(head, value)) head.isMalformed = true;
        break;
      case HeaderKind.connectionSpecific:
        head.isMalformed = true;
        break;
      case HeaderKind.te:
        // The only value that may be sent (RFC 9113 §8.2.2).
        if (value !== 'trailers') head.isMalformed = true;
        break;
      case HeaderKind.host:
        hosts += 1;
        break;
      default: {
        const at = badBase64At(value);
        if (at !== undefined) {
          headerError = `malformed binary metadata ${goQuote(value)} in header ${goQuote(field.name)}: illegal base64 data at input byte ${at}`;
        }
      }
    }
  }
  if ((pseudoSeen & MANDATORY_PSEUDO) !== MANDATORY_PSEUDO || path === '') head.isMalformed = true;
  if (head.isMalformed) return head;
  head.refusal = refusalOf(method, isGrpc, contentType, headerError, hosts, pseudoSeen);
  if (head.refusal !== undefined) return head;
  head.method = methods.get(path);
  if (head.method === undefined) head.error = methods.unknown(path);
  else head.error = encodingError(head.encoding);
  return head;
}

const MANDATORY_PSEUDO =
  (1 << HeaderKind.method) | (1 << HeaderKind.path) | (1 << HeaderKind.scheme);

/** The refusals of Go's gRPC server, in its order. */
function refusalOf(
  method: string,
  isGrpc: boolean,
  contentType: string | undefined,
  headerError: string | undefined,
  hosts: number,
  pseudoSeen: number,
): Refusal | undefined {
  if (hosts > 1) {
    const authorities = (pseudoSeen >> HeaderKind.authority) & 1;
    const message = `num values of :authority: ${authorities}, num values of host: ${hosts}, both must only have 1 value as per HTTP/2 spec`;
    return { httpStatus: 400, code: GrpcCode.internal, message };
  }
  if (!isGrpc) {
    const message = `invalid gRPC request content-type ${goQuote(contentType ?? '')}`;
    return { httpStatus: 415, code: GrpcCode.invalidArgument, message };
  }
  if (headerError !== undefined) {
    return { httpStatus: 400, code: GrpcCode.internal, message: headerError };
  }
  if (method !== 'POST') {
    const message = `Received a HEADERS frame with :method ${goQuote(method)} which should be POST`;
    return { httpStatus: 405, code: GrpcCode.internal, message };
  }
  return undefined;
}

/** What follows `application/grpc+` or `;`; '' for nothing, undefined for another content type. */
function contentSubtype(contentType: string): string | undefined {
  if (contentType === GRPC_CONTENT_TYPE) return '';
  if (!contentType.startsWith(GRPC_CONTENT_TYPE)) return undefined;
  const separator = contentType[GRPC_CONTENT_TYPE.length];
  if (separator !== '+' && separator !== ';') return undefined;
  return contentType.slice(GRPC_CONTENT_TYPE.length + 1);
}

function readContentLength(head: ParsedHead, value: string): boolean {
  if (!/^[0-9]{1,15}$/.test(value)) return false;
  const length = Number(value);
  if (head.contentLength >= 0 && head.contentLength !== length) return false;
  head.contentLength = length;
  return true;
}

/** Where a value stops being base64, padded or not, as Go's decoder reports it. */
function badBase64At(value: string): number | undefined {
  const valid = /^[A-Za-z0-9+/]*/.exec(value)?.[0].length ?? 0;
  if (value.length % 4 === 0 && valid >= value.length - 2 && /^={0,2}$/.test(value.slice(valid))) {
    return undefined;
  }
  if (valid < value.length) return valid;
  // One character left over is itself what is wrong.
  return value.length % 4 === 1 ? value.length - 1 : undefined;
}

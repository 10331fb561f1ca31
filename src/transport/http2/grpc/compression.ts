import { gunzipSync } from 'node:zlib';
import { errorText, GrpcCode, RpcError } from '../../../base/errors.js';
import { goQuote } from './go-quote.js';

/** Refuses a request whose `grpc-encoding` is not known here; '' is no encoding. */
export function encodingError(encoding: string): RpcError | undefined {
  if (encoding === '' || encoding === 'identity' || encoding === 'gzip') return undefined;
  return new RpcError(
    GrpcCode.unimplemented,
    `grpc: Decompressor is not installed for grpc-encoding ${goQuote(encoding)}`,
  );
}

/** Checks a message's first byte; undefined: it may be taken. */
export function formatError(format: number, encoding: string): RpcError | undefined {
  if (format === 0) return undefined;
  if (format !== 1) {
    return new RpcError(GrpcCode.internal, `grpc: received unexpected payload format ${format}`);
  }
  if (encoding === '' || encoding === 'identity') {
    return new RpcError(
      GrpcCode.internal,
      'grpc: compressed flag set with identity or empty encoding',
    );
  }
  return undefined;
}

/** Refuses a message that is too large. */
export function sizeError(sizeBytes: number, limitBytes: number): RpcError {
  return new RpcError(
    GrpcCode.resourceExhausted,
    `grpc: received message larger than max (${sizeBytes} vs. ${limitBytes})`,
  );
}

/**
 * Unpacks a gzip message of at most `limitBytes`; what it would unpack to beyond that is never
 * produced. Throws `RpcError`. Done in place: messages are at most a few MiB, which takes less time
 * than a slice of work may.
 */
export function gunzipMessage(message: Buffer, limitBytes: number): Buffer {
  try {
    return gunzipSync(message, { maxOutputLength: Math.max(1, limitBytes) });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RpcError(
        GrpcCode.resourceExhausted,
        `grpc: received message after decompression larger than max ${limitBytes}`,
      );
    }
    throw new RpcError(
      GrpcCode.internal,
      `grpc: failed to decompress the message: ${errorText(error)}`,
    );
  }
}

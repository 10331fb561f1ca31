/**
 * Entries of the kind that etcd wrote before 3.5 for the names of members and the cluster's version:
 * a request to its former store as an entry of its own, etcdserverpb.Request (formats.md §8.2).
 */
import { ProtoReader, WIRE_BYTES, WIRE_VARINT, WireError } from './wire.js';

export interface LegacyRequest {
  readonly method: string;
  readonly path: string;
  readonly value: string;
  /** The upper 16 and the lower 48 bits of the request's id. */
  readonly idPrefix: number;
  readonly idSuffix: number;
}

const ID_TAG = 1 * 8 + WIRE_VARINT;
const METHOD_TAG = 2 * 8 + WIRE_BYTES;
const PATH_TAG = 3 * 8 + WIRE_BYTES;
const VALUE_TAG = 4 * 8 + WIRE_BYTES;
const METHODS: ReadonlySet<string> = new Set(['PUT', 'POST', 'DELETE', 'QGET', 'SYNC']);
/** The fields that follow: all of them stand there, with nothing in them. */
const OTHER_FIELDS = Buffer.from('2800320038004800500058006000680070007800800100', 'hex');

/** Whether it is worth looking closer: later requests begin with neither an id nor a method. */
export function mayBeLegacyRequest(entry: Uint8Array): boolean {
  return entry[0] === ID_TAG || entry[0] === METHOD_TAG;
}

/** Undefined if an entry is not of this kind. A request may also stand in the later envelope. */
export function decodeLegacyRequest(entry: Uint8Array): LegacyRequest | undefined {
  try {
    return decode(entry);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function decode(entry: Uint8Array): LegacyRequest | undefined {
  const reader = new ProtoReader(entry);
  const request = { method: '', path: '', value: '', idPrefix: 0, idSuffix: 0 };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ID_TAG) {
      reader.varint64();
      request.idPrefix = reader.high >>> 16;
      request.idSuffix = (reader.high & 0xffff) * 2 ** 32 + (reader.low >>> 0);
    } else if (tag === METHOD_TAG) {
      const bytes = reader.bytes();
      request.method = bytes.toString('latin1');
      // In the later envelope this field is the whole request.
      if (!METHODS.has(request.method)) {
        return mayBeLegacyRequest(bytes) ? decode(bytes) : undefined;
      }
    } else if (tag === PATH_TAG) request.path = reader.bytes().toString();
    else if (tag === VALUE_TAG) request.value = reader.bytes().toString();
    else reader.skip(tag);
  }
  return METHODS.has(request.method) ? request : undefined;
}

/** The entry that stores a value at a path, byte for byte as etcd 3.4 writes it. */
export function encodeLegacyPut(
  path: string,
  value: string,
  idPrefix: number,
  idSuffix: number,
): Buffer {
  const id = (BigInt(idPrefix) << 48n) | BigInt(idSuffix);
  return Buffer.concat([
    Buffer.from([ID_TAG]),
    varint(id),
    text(METHOD_TAG, 'PUT'),
    text(PATH_TAG, path),
    text(VALUE_TAG, value),
    OTHER_FIELDS,
  ]);
}

function text(tag: number, content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([tag]), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

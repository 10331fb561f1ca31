/**
 * The envelope of a log entry, etcdserverpb.InternalRaftRequest, written and read by hand: it stands
 * around every write, and the request inside goes in as the client sent it, byte for byte.
 */
import { varintSize, writeVarint } from '../base/varint.js';
import { ProtoReader, WIRE_BYTES, WIRE_VARINT, WireError } from './wire.js';

/** Field numbers of the requests that an entry can carry (formats.md §8.1). */
export const RequestKind = {
  range: 3,
  put: 4,
  deleteRange: 5,
  txn: 6,
  compaction: 7,
  leaseGrant: 8,
  leaseRevoke: 9,
  alarm: 10,
  leaseCheckpoint: 11,
  authEnable: 1000,
  authDisable: 1011,
  authenticate: 1012,
  authStatus: 1013,
  authUserAdd: 1100,
  authUserDelete: 1101,
  authUserGet: 1102,
  authUserChangePassword: 1103,
  authUserGrantRole: 1104,
  authUserRevokeRole: 1105,
  authUserList: 1106,
  authRoleList: 1107,
  authRoleAdd: 1200,
  authRoleDelete: 1201,
  authRoleGet: 1202,
  authRoleGrantPermission: 1203,
  authRoleRevokePermission: 1204,
  clusterVersionSet: 1300,
  clusterMemberAttrSet: 1301,
  downgradeInfoSet: 1302,
  downgradeVersionTest: 9900,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

const KINDS: ReadonlySet<number> = new Set(Object.values(RequestKind));
const HEADER_FIELD = 100;

const isRequestKind = (field: number): field is RequestKind => KINDS.has(field);

/** What stands in an entry. */
export interface InternalRequest {
  readonly kind: RequestKind;
  /** The encoded request; a view into the entry. */
  readonly body: Buffer;
  /** The upper 16 bits of header.ID: which member waits. */
  readonly idPrefix: number;
  /** The lower 48 bits of header.ID. */
  readonly idSuffix: number;
}

/** A request id is 64 bits: nine or ten varint bytes, from its two parts. */
function writeRequestId(target: Buffer, offset: number, prefix: number, suffix: number): number {
  // With nothing above them, the lower bits alone are the varint.
  if (prefix === 0) return writeVarint(target, offset, suffix);
  // Seven bits at a time: six groups from the lower 48 bits leave 6 of them for the seventh.
  let position = offset;
  let rest = suffix;
  for (let group = 0; group < 6; group++) {
    target[position++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  // `rest` holds 6 bits; above them the 16 bits of the prefix: 22 bits, four more groups at most.
  return writeVarint(target, position, rest + prefix * 64);
}

function requestIdSize(prefix: number, suffix: number): number {
  if (prefix === 0) return varintSize(suffix);
  return 6 + varintSize(Math.floor(suffix / 2 ** 42) + prefix * 64);
}

/** The entry data for a request, its body verbatim. The id's parts are those of RequestIds. */
export function encodeInternalRequest(
  kind: RequestKind,
  body: Uint8Array,
  idPrefix: number,
  idSuffix: number,
): Buffer {
  const bodyTag = kind * 8 + WIRE_BYTES;
  const headerTag = HEADER_FIELD * 8 + WIRE_BYTES;
  const headerSize = 1 + requestIdSize(idPrefix, idSuffix);
  const bodyHead = varintSize(bodyTag) + varintSize(body.length);
  const total = bodyHead + body.length + varintSize(headerTag) + 1 + headerSize;
  const entry = Buffer.allocUnsafe(total);
  // Fields ascend: requests numbered above the header come after it.
  let position = 0;
  if (kind < HEADER_FIELD) position = writeBody(entry, position, bodyTag, body);
  position = writeVarint(entry, position, headerTag);
  entry[position++] = headerSize;
  entry[position++] = 8 + WIRE_VARINT;
  position = writeRequestId(entry, position, idPrefix, idSuffix);
  if (kind > HEADER_FIELD) writeBody(entry, position, bodyTag, body);
  return entry;
}

function writeBody(entry: Buffer, offset: number, tag: number, body: Uint8Array): number {
  let position = writeVarint(entry, offset, tag);
  position = writeVarint(entry, position, body.length);
  entry.set(body, position);
  return position + body.length;
}

/** How many bytes {@link encodeInternalRequest} would make. */
export function internalRequestSize(
  kind: RequestKind,
  bodySize: number,
  idPrefix: number,
  idSuffix: number,
): number {
  const headerSize = 1 + requestIdSize(idPrefix, idSuffix);
  const bodyTag = kind * 8 + WIRE_BYTES;
  return varintSize(bodyTag) + varintSize(bodySize) + bodySize + 2 + 1 + headerSize;
}

/** Reads an entry's data. Throws {@link WireError} if it is none or carries no known request. */
export function decodeInternalRequest(data: Uint8Array): InternalRequest {
  const reader = new ProtoReader(data);
  let kind: RequestKind | undefined;
  let body: Buffer | undefined;
  let idPrefix = 0;
  let idSuffix = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = tag >>> 3;
    if (tag === HEADER_FIELD * 8 + WIRE_BYTES) {
      const outerEnd = reader.enter();
      for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
        if (inner === 8 + WIRE_VARINT) {
          reader.varint64();
          idPrefix = reader.high >>> 16;
          idSuffix = (reader.high & 0xffff) * 2 ** 32 + (reader.low >>> 0);
        } else reader.skip(inner);
      }
      reader.leave(outerEnd);
    } else if ((tag & 7) === WIRE_BYTES && isRequestKind(field)) {
      kind = field;
      body = reader.bytes();
    } else reader.skip(tag);
  }
  if (kind === undefined || body === undefined) throw new WireError('no known request in an entry');
  return { kind, body, idPrefix, idSuffix };
}

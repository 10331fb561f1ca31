/**
 * Raft messages as protobuf, in the form that etcd 3.7.1 writes: a field is there if Raft sets it for
 * the message's type, zero or not, or if it is not zero (formats.md §1.2, §1.3).
 *
 * Written by hand since every replicated entry passes here once per peer: sizes are computed first and
 * the bytes written forward into one buffer, without an object in between. The generated codec is the
 * plain twin that the tests compare it with.
 */
import { Snapshot as SnapshotCodec } from '../proto/generated/raftpb.js';
import { type Entry, type Message, MessageType, NO_NODE, type Snapshot } from '../raft/index.js';
import { IdVarints, varintSizeBytes, writeVarint } from './varint.js';

const TERM = 1;
const LOG_TERM = 2;
const INDEX = 4;
const COMMIT = 8;
const REJECT = 16;
const REJECT_HINT = 32;

/** Tag bytes: field number · 8 + wire type. */
const Tag = {
  type: 0x08,
  to: 0x10,
  from: 0x18,
  term: 0x20,
  logTerm: 0x28,
  index: 0x30,
  entries: 0x3a,
  commit: 0x40,
  snapshot: 0x4a,
  reject: 0x50,
  rejectHint: 0x58,
  context: 0x62,
  vote: 0x68,
} as const;
const EntryTag = { type: 0x08, term: 0x10, index: 0x18, data: 0x22 } as const;

const ids = new IdVarints();

/** The fields that Raft sets for this type of message, whatever their value. */
function alwaysWritten(message: Message): number {
  switch (message.type) {
    case MessageType.append:
      return TERM | LOG_TERM | INDEX | COMMIT;
    case MessageType.appendResponse:
      return message.reject ? TERM | LOG_TERM | INDEX | REJECT | REJECT_HINT : TERM;
    case MessageType.vote:
    case MessageType.preVote:
      return TERM | LOG_TERM | INDEX;
    case MessageType.heartbeat:
      return TERM | COMMIT;
    case MessageType.readIndexResponse:
      return TERM | INDEX;
    case MessageType.propose:
    case MessageType.readIndex:
      return 0;
    default:
      return TERM;
  }
}

function writtenFields(message: Message): number {
  let fields = alwaysWritten(message);
  if (message.term !== 0) fields |= TERM;
  if (message.logTerm !== 0) fields |= LOG_TERM;
  if (message.index !== 0) fields |= INDEX;
  if (message.commit !== 0) fields |= COMMIT;
  if (message.reject) fields |= REJECT;
  if (message.rejectHint !== 0) fields |= REJECT_HINT;
  return fields;
}

function bytesFieldSize(length: number): number {
  return 1 + varintSizeBytes(length) + length;
}

/** The encoded size of `entry`. Proposals on their way to the leader have neither term nor index. */
export function entryWireSizeBytes(entry: Entry): number {
  let sizeBytes = entry.type === 0 ? 0 : 2;
  if (entry.term !== 0) sizeBytes += 1 + varintSizeBytes(entry.term);
  if (entry.index !== 0) sizeBytes += 1 + varintSizeBytes(entry.index);
  if (entry.data.length > 0) sizeBytes += bytesFieldSize(entry.data.length);
  return sizeBytes;
}

/** Writes `entry` at `offset` and returns the offset after it. */
export function writeEntry(target: Buffer, offset: number, entry: Entry): number {
  let position = offset;
  if (entry.type !== 0) position = writeNumber(target, position, EntryTag.type, entry.type);
  if (entry.term !== 0) position = writeNumber(target, position, EntryTag.term, entry.term);
  if (entry.index !== 0) position = writeNumber(target, position, EntryTag.index, entry.index);
  if (entry.data.length > 0) position = writeBytes(target, position, EntryTag.data, entry.data);
  return position;
}

function writeNumber(target: Buffer, offset: number, tag: number, value: number): number {
  target[offset] = tag;
  return writeVarint(target, offset + 1, value);
}

function writeBytes(target: Buffer, offset: number, tag: number, bytes: Uint8Array): number {
  const position = writeNumber(target, offset, tag, bytes.length);
  target.set(bytes, position);
  return position + bytes.length;
}

function writeId(target: Buffer, offset: number, tag: number, id: bigint): number {
  target[offset] = tag;
  const bytes = ids.of(id);
  target.set(bytes, offset + 1);
  return offset + 1 + bytes.length;
}

function idFieldSize(id: bigint): number {
  return id === NO_NODE ? 0 : 1 + ids.of(id).length;
}

/** All that Raft sets, the membership's `auto_leave` included; no data if there is none. */
function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return SnapshotCodec.encode({
    data: snapshot.data.length > 0 ? snapshot.data : undefined,
    metadata: snapshot.metadata,
  });
}

/** A message with its size known, so that it can be written behind a length prefix. */
export interface PreparedMessage {
  readonly message: Message;
  readonly sizeBytes: number;
  readonly fields: number;
  readonly snapshot: Uint8Array | undefined;
}

/** Computes the size of `message`. */
export function prepareMessage(message: Message): PreparedMessage {
  const fields = writtenFields(message);
  const snapshot = message.snapshot === undefined ? undefined : encodeSnapshot(message.snapshot);
  let sizeBytes = 2 + idFieldSize(message.to) + idFieldSize(message.from);
  if (fields & TERM) sizeBytes += 1 + varintSizeBytes(message.term);
  if (fields & LOG_TERM) sizeBytes += 1 + varintSizeBytes(message.logTerm);
  if (fields & INDEX) sizeBytes += 1 + varintSizeBytes(message.index);
  for (const entry of message.entries) sizeBytes += bytesFieldSize(entryWireSizeBytes(entry));
  if (fields & COMMIT) sizeBytes += 1 + varintSizeBytes(message.commit);
  if (snapshot !== undefined) sizeBytes += bytesFieldSize(snapshot.length);
  if (fields & REJECT) sizeBytes += 2;
  if (fields & REJECT_HINT) sizeBytes += 1 + varintSizeBytes(message.rejectHint);
  if (message.context.length > 0) sizeBytes += bytesFieldSize(message.context.length);
  return { message, sizeBytes: sizeBytes + idFieldSize(message.vote), fields, snapshot };
}

/** Writes a prepared message at `offset` and returns the offset after it. */
export function writeMessage(target: Buffer, offset: number, prepared: PreparedMessage): number {
  const { message, fields, snapshot } = prepared;
  let at = writeNumber(target, offset, Tag.type, message.type);
  if (message.to !== NO_NODE) at = writeId(target, at, Tag.to, message.to);
  if (message.from !== NO_NODE) at = writeId(target, at, Tag.from, message.from);
  if (fields & TERM) at = writeNumber(target, at, Tag.term, message.term);
  if (fields & LOG_TERM) at = writeNumber(target, at, Tag.logTerm, message.logTerm);
  if (fields & INDEX) at = writeNumber(target, at, Tag.index, message.index);
  for (const entry of message.entries) {
    at = writeNumber(target, at, Tag.entries, entryWireSizeBytes(entry));
    at = writeEntry(target, at, entry);
  }
  if (fields & COMMIT) at = writeNumber(target, at, Tag.commit, message.commit);
  if (snapshot !== undefined) at = writeBytes(target, at, Tag.snapshot, snapshot);
  if (fields & REJECT) at = writeNumber(target, at, Tag.reject, message.reject ? 1 : 0);
  if (fields & REJECT_HINT) at = writeNumber(target, at, Tag.rejectHint, message.rejectHint);
  if (message.context.length > 0) at = writeBytes(target, at, Tag.context, message.context);
  if (message.vote !== NO_NODE) at = writeId(target, at, Tag.vote, message.vote);
  return at;
}

/** One message as protobuf: the body of a POST to /raft. */
export function encodeMessage(message: Message): Buffer {
  const prepared = prepareMessage(message);
  const bytes = Buffer.allocUnsafe(prepared.sizeBytes);
  writeMessage(bytes, 0, prepared);
  return bytes;
}

/** Writes an unsigned 64-bit big-endian number below 2^53 and returns the offset after it. */
export function writeUint64(target: Buffer, offset: number, value: number): number {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset);
  return target.writeUInt32BE(value >>> 0, offset + 4);
}

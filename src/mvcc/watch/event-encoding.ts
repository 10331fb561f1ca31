/**
 * Encoded mvccpb.Event around records: type, kv, prev_kv (A.4). A put's kv is its record as it is; that
 * of a deletion is the tombstone record and its revision.
 */
import { varintSize, writeVarint } from '../../base/varint.js';

const TAG_TYPE = 0x08;
const TYPE_DELETE = 1;
const TAG_KV = 0x12;
const TAG_PREV_KV = 0x1a;
const TAG_MOD_REVISION = 0x18;

/** The event of a put. */
export function encodePutEvent(record: Buffer, previous: Buffer | undefined): Buffer {
  const size = fieldSize(record.length) + previousSize(previous);
  const event = Buffer.allocUnsafe(size);
  const position = writeField(event, 0, TAG_KV, record);
  if (previous !== undefined) writeField(event, position, TAG_PREV_KV, previous);
  return event;
}

/** The event of a deletion at the revision `main`. */
export function encodeDeleteEvent(
  tombstone: Buffer,
  main: number,
  previous: Buffer | undefined,
): Buffer {
  const kvSize = tombstone.length + 1 + varintSize(main);
  const event = Buffer.allocUnsafe(2 + fieldSize(kvSize) + previousSize(previous));
  event[0] = TAG_TYPE;
  event[1] = TYPE_DELETE;
  event[2] = TAG_KV;
  let position = writeVarint(event, 3, kvSize);
  event.set(tombstone, position);
  position += tombstone.length;
  event[position] = TAG_MOD_REVISION;
  position = writeVarint(event, position + 1, main);
  if (previous !== undefined) writeField(event, position, TAG_PREV_KV, previous);
  return event;
}

const fieldSize = (length: number): number => 1 + varintSize(length) + length;

function previousSize(previous: Buffer | undefined): number {
  return previous === undefined ? 0 : fieldSize(previous.length);
}

function writeField(target: Buffer, offset: number, tag: number, content: Buffer): number {
  target[offset] = tag;
  const position = writeVarint(target, offset + 1, content.length);
  target.set(content, position);
  return position + content.length;
}

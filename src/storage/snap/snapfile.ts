/** The content of a `.snap` file (formats.md §3): a checksum around an encoded raftpb.Snapshot. */
import { crc32c } from '../../base/crc32c.js';
import { writeVarint } from '../../base/varint.js';
import { MAX_VARINT_BYTES, WireError, WireReader } from '../protowire.js';
import type { ConfState } from '../raftcodec.js';
import { decodeConfState, encodeConfState, simpleConfState } from '../raftcodec.js';
import { SnapFileError } from './errors.js';

/** raftpb.Snapshot: which state of the log is in a snapshot. */
export interface RaftSnapshot {
  readonly index: number;
  readonly term: number;
  /** The members at `index`. */
  readonly confState: ConfState;
  /** What members before 3.7 read the membership from (see `encodeV2Store`). */
  readonly data: Uint8Array;
}

const TAG_1_VARINT = 0x08;
const TAG_2_VARINT = 0x10;
const TAG_3_VARINT = 0x18;
const TAG_1_BYTES = 0x0a;
const TAG_2_BYTES = 0x12;

/** The whole file. */
export function encodeSnapFile(snapshot: RaftSnapshot): Uint8Array {
  const body = encodeRaftSnapshot(snapshot);
  const head = new Uint8Array(2 + 2 * MAX_VARINT_BYTES);
  head[0] = TAG_1_VARINT;
  let end = writeVarint(head, 1, crc32c(body));
  head[end] = TAG_2_BYTES;
  end = writeVarint(head, end + 1, body.length);
  return Buffer.concat([head.subarray(0, end), body]);
}

/** Throws {@link SnapFileError}. The data is a view of `bytes`. */
export function decodeSnapFile(bytes: Uint8Array): RaftSnapshot {
  let crc = 0;
  let body: Uint8Array = new Uint8Array(0);
  try {
    const reader = new WireReader(bytes);
    while (!reader.atEnd) {
      const tag = reader.tag();
      if (tag === TAG_1_VARINT) crc = reader.varint();
      else if (tag === TAG_2_BYTES) body = reader.lengthDelimited();
      else reader.skip(tag);
    }
    if (crc === 0 || body.length === 0) throw new SnapFileError('snap: empty snapshot');
    if (crc32c(body) !== crc) throw new SnapFileError('snap: crc mismatch');
    return decodeRaftSnapshot(body);
  } catch (error) {
    if (error instanceof WireError) throw new SnapFileError(`snap: ${error.message}`);
    throw error;
  }
}

/** data if there is any, then metadata with all its fields. */
export function encodeRaftSnapshot(snapshot: RaftSnapshot): Uint8Array {
  const { data } = snapshot;
  const confState = encodeConfState(snapshot.confState);
  const metadata = new Uint8Array(3 + 3 * MAX_VARINT_BYTES + confState.length);
  metadata[0] = TAG_1_BYTES;
  let end = writeVarint(metadata, 1, confState.length);
  metadata.set(confState, end);
  end += confState.length;
  metadata[end] = TAG_2_VARINT;
  end = writeVarint(metadata, end + 1, snapshot.index);
  metadata[end] = TAG_3_VARINT;
  end = writeVarint(metadata, end + 1, snapshot.term);

  const bytes = new Uint8Array(2 + 2 * MAX_VARINT_BYTES + data.length + end);
  let position = 0;
  if (data.length > 0) {
    bytes[0] = TAG_1_BYTES;
    position = writeVarint(bytes, 1, data.length);
    bytes.set(data, position);
    position += data.length;
  }
  bytes[position] = TAG_2_BYTES;
  position = writeVarint(bytes, position + 1, end);
  bytes.set(metadata.subarray(0, end), position);
  return bytes.subarray(0, position + end);
}

/** Throws WireError. The data is a view of `bytes`. */
export function decodeRaftSnapshot(bytes: Uint8Array): RaftSnapshot {
  let data: Uint8Array = new Uint8Array(0);
  let metadata: Omit<RaftSnapshot, 'data'> = { index: 0, term: 0, confState: simpleConfState([]) };
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === TAG_1_BYTES) data = reader.lengthDelimited();
    else if (tag === TAG_2_BYTES) metadata = decodeMetadata(reader.lengthDelimited());
    else reader.skip(tag);
  }
  return { ...metadata, data };
}

function decodeMetadata(bytes: Uint8Array): Omit<RaftSnapshot, 'data'> {
  let index = 0;
  let term = 0;
  let confState = simpleConfState([]);
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === TAG_1_BYTES) confState = decodeConfState(reader.lengthDelimited());
    else if (tag === TAG_2_VARINT) index = reader.varint();
    else if (tag === TAG_3_VARINT) term = reader.varint();
    else reader.skip(tag);
  }
  return { index, term, confState };
}

/** Snapshot records of the log (walpb.Snapshot, formats.md §2.2). */
import { writeVarint } from '../../base/varint.js';
import { MAX_VARINT_BYTES, WireError, type WireReader } from '../protowire.js';
import type { ConfState } from '../raftcodec.js';
import { decodeConfState, encodeConfState } from '../raftcodec.js';

/** Says that the state up to `index` is in a snapshot, so that reading may start there. */
export interface WalSnapshot {
  readonly index: number;
  readonly term: number;
  /** The members at `index`; absent in the initial record and in logs of etcd before 3.5. */
  readonly confState?: ConfState;
}

const TAG_1_VARINT = 0x08;
const TAG_2_VARINT = 0x10;
const TAG_3_BYTES = 0x1a;

/** index, term, conf_state if present. */
export function encodeWalSnapshot(snapshot: WalSnapshot): Uint8Array {
  const confState =
    snapshot.confState === undefined ? undefined : encodeConfState(snapshot.confState);
  const bytes = new Uint8Array(3 + 3 * MAX_VARINT_BYTES + (confState?.length ?? 0));
  bytes[0] = TAG_1_VARINT;
  let end = writeVarint(bytes, 1, snapshot.index);
  bytes[end] = TAG_2_VARINT;
  end = writeVarint(bytes, end + 1, snapshot.term);
  if (confState !== undefined) {
    bytes[end] = TAG_3_BYTES;
    end = writeVarint(bytes, end + 1, confState.length);
    bytes.set(confState, end);
    end += confState.length;
  }
  return bytes.subarray(0, end);
}

/** Throws WireError if the bytes are not a snapshot record. */
export function decodeWalSnapshot(reader: WireReader): WalSnapshot {
  let index = -1;
  let term = -1;
  let confState: ConfState | undefined;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === TAG_1_VARINT) index = reader.varint();
    else if (tag === TAG_2_VARINT) term = reader.varint();
    else if (tag === TAG_3_BYTES) confState = decodeConfState(reader.lengthDelimited());
    else reader.skip(tag);
  }
  if (index < 0 || term < 0) throw new WireError('a snapshot record needs index and term');
  return confState === undefined ? { index, term } : { index, term, confState };
}

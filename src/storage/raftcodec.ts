/**
 * Raft's persistent messages as the log and the snapshot files hold them (formats.md §1.1, §1.2), in
 * the form that etcd 3.7.1 writes: only the fields that are set. Reading takes any form.
 */
import { writeVarint, writeVarint64 } from '../base/varint.js';
import { MAX_VARINT_BYTES, WIRE_BYTES, WIRE_VARINT, WireError, WireReader } from './protowire.js';

/** raftpb.EntryType. */
export const ENTRY_NORMAL = 0;
export const ENTRY_CONF_CHANGE = 1;
export const ENTRY_CONF_CHANGE_V2 = 2;

/** One entry of the Raft log (raftpb.Entry). */
export interface LogEntry {
  readonly type: number;
  readonly term: number;
  readonly index: number;
  /** The payload; empty if the entry has none. */
  readonly data: Uint8Array;
}

/** raftpb.HardState. */
export interface HardState {
  readonly term: number;
  /** Member id voted for in `term`; 0n = none. */
  readonly vote: bigint;
  readonly commit: number;
}

/** raftpb.ConfState: the members of the configuration, by id. */
export interface ConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
  readonly votersOutgoing: readonly bigint[];
  readonly learnersNext: readonly bigint[];
  readonly autoLeave: boolean;
}

export const EMPTY_HARD_STATE: HardState = { term: 0, vote: 0n, commit: 0 };

/** A configuration of voters and learners that is not in a joint state. */
export function simpleConfState(
  voters: readonly bigint[],
  learners: readonly bigint[] = [],
): ConfState {
  return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
}

const TAG_1_VARINT = 0x08;
const TAG_2_VARINT = 0x10;
const TAG_3_VARINT = 0x18;
const TAG_5_VARINT = 0x28;
const TAG_4_BYTES = 0x22;

const NO_DATA = new Uint8Array(0);

/**
 * Throws WireError if the bytes are not an entry. Its data is a view of `bytes`. A record's type is not
 * covered by its checksum, so the messages are told apart by their shape: no field may be unknown, and
 * those that every version writes must be there.
 */
export function decodeEntry(reader: WireReader): LogEntry {
  let type = 0;
  let term = 0;
  let index = 0;
  let data: Uint8Array = NO_DATA;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === TAG_1_VARINT) type = reader.varint();
    else if (tag === TAG_2_VARINT) term = reader.varint();
    else if (tag === TAG_3_VARINT) index = reader.varint();
    else if (tag === TAG_4_BYTES) data = reader.lengthDelimited();
    else throw new WireError(`an entry has no field tag ${tag}`);
  }
  if (term === 0 || index === 0) throw new WireError('an entry needs a term and an index');
  if (type > ENTRY_CONF_CHANGE_V2) throw new WireError(`unknown entry type ${type}`);
  if (type === ENTRY_CONF_CHANGE && data.length === 0) throw new WireError('empty conf change');
  return { type, term, index, data };
}

/** Throws WireError if the bytes are not a hard state; see {@link decodeEntry}. */
export function decodeHardState(reader: WireReader): HardState {
  let term = -1;
  let vote = 0n;
  let commit = -1;
  let hasVote = false;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === TAG_1_VARINT) term = reader.varint();
    else if (tag === TAG_2_VARINT) {
      vote = reader.varint64();
      hasVote = true;
    } else if (tag === TAG_3_VARINT) commit = reader.varint();
    else throw new WireError(`a hard state has no field tag ${tag}`);
  }
  if (term < 0 || commit < 0 || !hasVote) throw new WireError('incomplete hard state');
  if (term === 0 && vote !== 0n) throw new WireError('a vote in term 0');
  return { term, vote, commit };
}

/** term, vote and commit, zeros included. */
export function encodeHardState(state: HardState): Uint8Array {
  const bytes = new Uint8Array(3 + 3 * MAX_VARINT_BYTES);
  bytes[0] = TAG_1_VARINT;
  let end = writeVarint(bytes, 1, state.term);
  bytes[end] = TAG_2_VARINT;
  end = writeVarint64(bytes, end + 1, state.vote);
  bytes[end] = TAG_3_VARINT;
  end = writeVarint(bytes, end + 1, state.commit);
  return bytes.subarray(0, end);
}

/** One tag per id (unpacked), auto_leave always. */
export function encodeConfState(state: ConfState): Uint8Array {
  const lists = [state.voters, state.learners, state.votersOutgoing, state.learnersNext];
  const count = lists.reduce((sum, ids) => sum + ids.length, 0);
  const bytes = new Uint8Array(count * (1 + MAX_VARINT_BYTES) + 2);
  let end = 0;
  lists.forEach((ids, position) => {
    for (const id of ids) {
      bytes[end] = TAG_1_VARINT + position * 8;
      end = writeVarint64(bytes, end + 1, id);
    }
  });
  bytes[end] = TAG_5_VARINT;
  bytes[end + 1] = state.autoLeave ? 1 : 0;
  return bytes.subarray(0, end + 2);
}

/** Takes packed and unpacked ids. Throws WireError if the bytes are not a configuration. */
export function decodeConfState(bytes: Uint8Array): ConfState {
  const lists: [bigint[], bigint[], bigint[], bigint[]] = [[], [], [], []];
  let autoLeave = false;
  const reader = new WireReader(bytes);
  while (!reader.atEnd) {
    const tag = reader.tag();
    const list = lists[(tag >>> 3) - 1];
    if (list !== undefined && (tag & 7) === WIRE_VARINT) {
      list.push(reader.varint64());
    } else if (list !== undefined && (tag & 7) === WIRE_BYTES) {
      const packed = new WireReader(reader.lengthDelimited());
      while (!packed.atEnd) list.push(packed.varint64());
    } else if (tag === TAG_5_VARINT) {
      autoLeave = reader.varint64() !== 0n;
    } else {
      reader.skip(tag);
    }
  }
  const [voters, learners, votersOutgoing, learnersNext] = lists;
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

import { ConfChangeDecodeError } from '../errors.js';
import { EMPTY_BYTES, type Entry, EntryType } from '../types.js';
import {
  type AnyConfChange,
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  isConfChangeV2,
} from './types.js';

/**
 * The protobuf form of configuration changes (formats.md §1.1, §1.2): `type`, `node_id` and
 * `transition` are always written, `id` and `context` only if set.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

function pushVarint(out: number[], value: bigint | number): void {
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

function pushBytes(out: number[], field: number, bytes: Uint8Array | readonly number[]): void {
  out.push((field << 3) | LENGTH);
  pushVarint(out, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function pushNumber(out: number[], field: number, value: bigint | number): void {
  out.push((field << 3) | VARINT);
  pushVarint(out, value);
}

/** The change as entry data. */
export function encodeConfChange(change: AnyConfChange): Uint8Array {
  const out: number[] = [];
  if (isConfChangeV2(change)) {
    pushNumber(out, 1, change.transition);
    for (const single of change.changes) {
      const inner: number[] = [];
      pushNumber(inner, 1, single.type);
      pushNumber(inner, 2, single.nodeId);
      pushBytes(out, 2, inner);
    }
    if (change.context.length > 0) pushBytes(out, 3, change.context);
  } else {
    if (change.id !== 0n) pushNumber(out, 1, change.id);
    pushNumber(out, 2, change.type);
    pushNumber(out, 3, change.nodeId);
    if (change.context.length > 0) pushBytes(out, 4, change.context);
  }
  return Uint8Array.from(out);
}

/** One field: its number and either its varint or its bytes (undefined: another wire type). */
interface Field {
  readonly number: number;
  readonly varint: bigint | undefined;
  readonly bytes: Uint8Array | undefined;
}

/** Reads the fields of one message from front to back. */
class FieldReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next field, or undefined at the end. Throws {@link ConfChangeDecodeError}. */
  next(): Field | undefined {
    if (this.#offset === this.#bytes.length) return undefined;
    const tag = this.#varint();
    const number = Number(tag >> 3n);
    if (number === 0) throw new ConfChangeDecodeError('field number 0');
    switch (Number(tag & 7n)) {
      case VARINT:
        return { number, varint: this.#varint(), bytes: undefined };
      case LENGTH:
        return { number, varint: undefined, bytes: this.#take(Number(this.#varint())) };
      case FIXED64:
        this.#take(8);
        return { number, varint: undefined, bytes: undefined };
      case FIXED32:
        this.#take(4);
        return { number, varint: undefined, bytes: undefined };
      default:
        throw new ConfChangeDecodeError(`unknown wire type in field ${number}`);
    }
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new ConfChangeDecodeError('truncated varint');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ConfChangeDecodeError('varint longer than 10 bytes');
  }

  #take(sizeBytes: number): Uint8Array {
    const end = this.#offset + sizeBytes;
    if (end > this.#bytes.length) throw new ConfChangeDecodeError('truncated field');
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ConfChangeDecodeError(`${name} has a wrong wire type`);
  return value;
}

function changeType(value: bigint): ConfChangeType {
  for (const known of Object.values(ConfChangeType)) {
    if (value === BigInt(known)) return known;
  }
  throw new ConfChangeDecodeError(`unknown change type ${value}`);
}

function transitionOf(value: bigint): ConfChangeTransition {
  for (const known of Object.values(ConfChangeTransition)) {
    if (value === BigInt(known)) return known;
  }
  throw new ConfChangeDecodeError(`unknown transition ${value}`);
}

/** Decodes the data of a `confChange` entry. Throws {@link ConfChangeDecodeError}. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  let id = 0n;
  let type: ConfChangeType = ConfChangeType.addNode;
  let nodeId = 0n;
  let context = EMPTY_BYTES;
  const reader = new FieldReader(bytes);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) id = required(field.varint, 'id');
    else if (field.number === 2) type = changeType(required(field.varint, 'type'));
    else if (field.number === 3) nodeId = required(field.varint, 'node_id');
    else if (field.number === 4) context = required(field.bytes, 'context');
  }
  return { id, type, nodeId, context };
}

function decodeSingle(bytes: Uint8Array): ConfChangeSingle {
  let type: ConfChangeType = ConfChangeType.addNode;
  let nodeId = 0n;
  const reader = new FieldReader(bytes);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) type = changeType(required(field.varint, 'type'));
    else if (field.number === 2) nodeId = required(field.varint, 'node_id');
  }
  return { type, nodeId };
}

/** Decodes the data of a `confChangeV2` entry. Throws {@link ConfChangeDecodeError}. */
export function decodeConfChangeV2(bytes: Uint8Array): ConfChangeV2 {
  let transition: ConfChangeTransition = ConfChangeTransition.auto;
  const changes: ConfChangeSingle[] = [];
  let context = EMPTY_BYTES;
  const reader = new FieldReader(bytes);
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) transition = transitionOf(required(field.varint, 'transition'));
    else if (field.number === 2) changes.push(decodeSingle(required(field.bytes, 'changes')));
    else if (field.number === 3) context = required(field.bytes, 'context');
  }
  return { transition, changes, context };
}

/**
 * The change an entry carries, or undefined for a normal entry. Throws
 * {@link ConfChangeDecodeError}.
 */
export function confChangeOfEntry(entry: Entry): AnyConfChange | undefined {
  if (entry.type === EntryType.confChange) return decodeConfChange(entry.data);
  if (entry.type === EntryType.confChangeV2) return decodeConfChangeV2(entry.data);
  return undefined;
}

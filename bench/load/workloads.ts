import type { BodyWriter } from './connection.js';
import type { Workload } from './jobs.js';
import { FieldCursor } from './messages.js';

/** The calls one stream makes, one after the other. */
export interface CallSource extends BodyWriter {
  readonly path: string;
  /** Fewer bytes than this are a failed call. */
  readonly minResponseBytes: number;
  /** Takes the response, where the next call depends on it. Says whether it was the wanted one. */
  readonly onResponse?: (bytes: Buffer, start: number, end: number) => boolean;
}

/** The path of a method, from its full name. */
const TXN_PATH = '/etcdserverpb.KV/Txn';
const PUT_PATH = '/etcdserverpb.KV/Put';
const KEY_DIGITS = 8;
/** A prime: multiples of it, modulo the number of keys, meet every key once in a scattered order. */
const SCATTER = 611_953;
const ANY_RESPONSE = 1;

/** The key with this number: `prefix` and eight digits. */
export function keyName(prefix: string, number: number): string {
  return prefix + String(number).padStart(KEY_DIGITS, '0');
}

/** One source for every stream of a load; what they share is made once. */
export function callSources(workload: Workload, count: number): CallSource[] {
  const sources = (create: (index: number) => CallSource): CallSource[] =>
    Array.from({ length: count }, (_, index) => create(index));
  switch (workload.kind) {
    case 'put': {
      const numbers = { next: 0 };
      return sources(() => new Puts(workload.prefix, workload.keys, workload.valueBytes, numbers));
    }
    case 'transactions':
      return sources((index) => new Transactions(workload.prefix, index, workload.valueBytes));
    case 'fixed': {
      const bodies = workload.bodies.map((body) => Buffer.from(body, 'base64'));
      return sources((index) => new FixedCalls(workload, bodies, index, count));
    }
  }
}

/** Bytes that do not compress; a value is a slice of them that differs from call to call. */
class Values {
  private readonly pool: Buffer;
  private readonly sizeBytes: number;
  private offset = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.pool = Buffer.alloc(sizeBytes + 65_536);
    // The same sequence in every run: a linear congruential generator is random enough here.
    let state = 12_345;
    for (let offset = 0; offset < this.pool.length; offset++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      this.pool[offset] = state >>> 16;
    }
  }

  write(out: Buffer, position: number): number {
    this.offset = (this.offset + 61) % 65_536;
    this.pool.copy(out, position, this.offset, this.offset + this.sizeBytes);
    return position + this.sizeBytes;
  }
}

function writeVarint(out: Buffer, offset: number, value: number): number {
  let position = offset;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out[position++] = (rest % 128) | 0x80;
  out[position++] = rest;
  return position;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : 1 + varintBytes(Math.floor(value / 128));
}

/** Bytes of a length-delimited field with a one-byte tag. */
function fieldBytes(contentBytes: number): number {
  return 1 + varintBytes(contentBytes) + contentBytes;
}

function writeFieldHead(out: Buffer, offset: number, number: number, contentBytes: number): number {
  out[offset] = number * 8 + 2;
  return writeVarint(out, offset + 1, contentBytes);
}

function writeField(out: Buffer, offset: number, number: number, content: Buffer): number {
  const start = writeFieldHead(out, offset, number, content.length);
  content.copy(out, start);
  return start + content.length;
}

class Puts implements CallSource {
  readonly path = PUT_PATH;
  readonly minResponseBytes = ANY_RESPONSE;
  readonly maxSizeBytes: number;
  private readonly keys: number;
  private readonly key: Buffer;
  private readonly valueBytes: number;
  private readonly values: Values;
  /** Shared by all streams of a load. */
  private readonly numbers: { next: number };

  constructor(prefix: string, keys: number, valueBytes: number, numbers: { next: number }) {
    this.keys = keys;
    this.key = Buffer.from(keyName(prefix, 0));
    this.valueBytes = valueBytes;
    this.values = new Values(valueBytes);
    this.numbers = numbers;
    this.maxSizeBytes = fieldBytes(this.key.length) + fieldBytes(valueBytes);
  }

  write(out: Buffer, offset: number): number {
    let number = (this.numbers.next++ * SCATTER) % this.keys;
    for (let digit = this.key.length - 1; digit >= this.key.length - KEY_DIGITS; digit--) {
      this.key[digit] = 48 + (number % 10);
      number = Math.floor(number / 10);
    }
    const value = writeFieldHead(out, writeField(out, offset, 1, this.key), 2, this.valueBytes);
    return this.values.write(out, value);
  }
}

/** The steps of an object's life; grpc calls 9 to 11 of an API server. */
const STEPS = ['create', 'update', 'update', 'update', 'update', 'delete'] as const;

class Transactions implements CallSource {
  readonly path = TXN_PATH;
  readonly minResponseBytes = ANY_RESPONSE;
  readonly maxSizeBytes: number;
  private readonly prefix: string;
  private readonly valueBytes: number;
  private readonly values: Values;
  private readonly cursor = new FieldCursor();
  private key: Buffer;
  private objects = 0;
  private step = 0;
  private modRevision = 0;

  constructor(prefix: string, stream: number, valueBytes: number) {
    this.prefix = `${prefix}${stream}-`;
    this.valueBytes = valueBytes;
    this.values = new Values(valueBytes);
    this.key = Buffer.from(keyName(this.prefix, 0));
    this.maxSizeBytes = valueBytes + 4 * this.key.length + 64;
  }

  /** If mod_revision(key) is what we saw last, then put or delete, else (not on create) read. */
  write(out: Buffer, offset: number): number {
    const step = STEPS[this.step];
    const { key, modRevision, valueBytes } = this;
    const keyBytes = fieldBytes(key.length);
    let position = writeFieldHead(out, offset, 1, 2 + keyBytes + 1 + varintBytes(modRevision));
    position = writeVarint(out, writeVarint(out, position, 0x10), 2);
    position = writeField(out, position, 3, key);
    position = writeVarint(out, writeVarint(out, position, 0x30), modRevision);
    if (step === 'delete') {
      position = writeFieldHead(out, position, 2, fieldBytes(keyBytes));
      position = writeFieldHead(out, position, 3, keyBytes);
      position = writeField(out, position, 1, key);
    } else {
      const putBytes = keyBytes + fieldBytes(valueBytes);
      position = writeFieldHead(out, position, 2, fieldBytes(putBytes));
      position = writeFieldHead(out, position, 2, putBytes);
      position = writeField(out, position, 1, key);
      position = this.values.write(out, writeFieldHead(out, position, 2, valueBytes));
    }
    if (step === 'create') return position;
    position = writeFieldHead(out, position, 3, fieldBytes(keyBytes));
    position = writeFieldHead(out, position, 1, keyBytes);
    return writeField(out, position, 1, key);
  }

  readonly onResponse = (bytes: Buffer, start: number): boolean => {
    const { cursor } = this;
    cursor.set(bytes, start);
    cursor.varint();
    const headerEnd = cursor.varint() + cursor.position;
    while (cursor.position < headerEnd) {
      const tag = cursor.varint();
      if (tag === 0x18) this.modRevision = cursor.varint();
      else cursor.skip(tag);
    }
    const succeeded = bytes[headerEnd] === 0x10 && bytes[headerEnd + 1] === 1;
    this.step = (this.step + 1) % STEPS.length;
    if (this.step === 0) {
      this.modRevision = 0;
      this.key = Buffer.from(keyName(this.prefix, ++this.objects));
    }
    return succeeded;
  };
}

class FixedCalls implements CallSource {
  readonly path: string;
  readonly minResponseBytes: number;
  readonly maxSizeBytes: number;
  private readonly bodies: readonly Buffer[];
  private next: number;

  constructor(
    options: { path: string; minResponseBytes: number },
    bodies: readonly Buffer[],
    stream: number,
    streams: number,
  ) {
    this.path = options.path;
    this.minResponseBytes = options.minResponseBytes;
    this.bodies = bodies;
    this.maxSizeBytes = Math.max(...bodies.map((body) => body.length));
    this.next = Math.floor((stream * bodies.length) / streams);
  }

  write(out: Buffer, offset: number): number {
    const body = this.bodies[this.next];
    this.next = (this.next + 1) % this.bodies.length;
    return offset + (body?.copy(out, offset) ?? 0);
  }
}

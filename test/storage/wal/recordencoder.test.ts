/** The encoder of the hot path against a plain one, and the wire primitives. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../../src/base/crc32c.js';
import { varintSize, writeVarint, writeVarint64 } from '../../../src/base/varint.js';
import { WireError, WireReader } from '../../../src/storage/protowire.js';
import {
  decodeConfState,
  decodeEntry,
  decodeHardState,
  encodeConfState,
  encodeHardState,
} from '../../../src/storage/raftcodec.js';
import type { HardState, LogEntry } from '../../../src/storage/wal/index.js';
import {
  decodeWalSnapshot,
  encodeWalSnapshot,
  RECORD_ENTRY,
  RECORD_STATE,
  RecordEncoder,
} from '../../../src/storage/wal/index.js';

const numbers = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2 ** 31 }),
  fc.maxSafeNat().map((value) => value + 1 - (value === Number.MAX_SAFE_INTEGER ? 1 : 0)),
);
const entries: fc.Arbitrary<LogEntry> = fc
  .record({
    type: fc.integer({ min: 0, max: 2 }),
    term: numbers,
    index: numbers,
    data: fc.uint8Array({ maxLength: 300 }),
  })
  .filter((entry) => entry.type !== 1 || entry.data.length > 0);
const ids = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const states: fc.Arbitrary<HardState> = fc
  .tuple(numbers, ids, numbers)
  .map(([term, vote, commit]) => ({ term, vote, commit }));

function plainVarint(value: bigint): number[] {
  return value < 128n
    ? [Number(value)]
    : [Number(value % 128n) + 128, ...plainVarint(value / 128n)];
}

function plainEntry({ type, term, index, data }: LogEntry): number[] {
  return [
    ...(type === 0 ? [] : [0x08, ...plainVarint(BigInt(type))]),
    ...[0x10, ...plainVarint(BigInt(term))],
    ...[0x18, ...plainVarint(BigInt(index))],
    ...(data.length === 0 ? [] : [0x22, ...plainVarint(BigInt(data.length)), ...data]),
  ];
}

/** A record with its frame, as formats.md §2.2 describes it. */
function plainRecord(type: number, crc: number, data: number[]): number[] {
  const record = [
    ...[0x08, type],
    ...[0x10, ...plainVarint(BigInt(crc))],
    ...[0x1a, ...plainVarint(BigInt(data.length)), ...data],
  ];
  const padding = (8 - (record.length % 8)) % 8;
  const frame = Buffer.alloc(8);
  frame.writeUInt32LE(record.length);
  frame.writeUInt8(padding === 0 ? 0 : 0x80 | padding, 7);
  return [...frame, ...record, ...new Array<number>(padding).fill(0)];
}

describe('the record encoder', () => {
  it('writes what a plain encoder writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(entries, states), { maxLength: 20 }),
        fc.nat({ max: 0xffffffff }),
        (items, firstCrc) => {
          const encoder = new RecordEncoder(firstCrc, new Uint8Array(0));
          const expected: number[] = [];
          let crc = firstCrc;
          for (const item of items) {
            const isEntry = 'data' in item;
            const data = isEntry ? plainEntry(item) : [...encodeHardState(item)];
            crc = crc32c(Uint8Array.from(data), crc);
            expected.push(...plainRecord(isEntry ? RECORD_ENTRY : RECORD_STATE, crc, data));
            if (isEntry) encoder.writeEntry(item);
            else encoder.writeHardState(item);
          }
          const { length } = encoder;
          assert.equal(encoder.crc, crc);
          const written = encoder.takeBuffer(new Uint8Array(0)).subarray(0, length);
          assert.deepEqual([...written], expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('writes checksums of every varint length', () => {
    // One checksum in 16 takes fewer than five bytes; then the entry is moved.
    const encoder = new RecordEncoder(0, new Uint8Array(0));
    const sizes = new Set<number>();
    for (let index = 1; index < 20_000; index++) {
      const entry = { type: 0, term: 3, index, data: Buffer.from(`value ${index}`) };
      const before = encoder.crc;
      encoder.writeEntry(entry);
      const size = varintSize(encoder.crc);
      const isNew = !sizes.has(size);
      sizes.add(size);
      const { length } = encoder;
      const written = encoder.takeBuffer(new Uint8Array(0)).subarray(0, length);
      if (!isNew) continue;
      const data = plainEntry(entry);
      const crc = crc32c(Uint8Array.from(data), before);
      assert.deepEqual([...written], plainRecord(RECORD_ENTRY, crc, data));
    }
    assert.ok(sizes.has(3) && sizes.has(4) && sizes.has(5));
  });
});

describe('messages', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(entries, states, fc.array(ids, { maxLength: 4 }), (entry, state, members) => {
        const encoded = Uint8Array.from(plainEntry(entry));
        assert.deepEqual(plain(decodeEntry(new WireReader(encoded))), plain(entry));
        assert.deepEqual(decodeHardState(new WireReader(encodeHardState(state))), state);
        const confState = {
          voters: members,
          learners: members.slice(1),
          votersOutgoing: members.slice(2),
          learnersNext: members.slice(3),
          autoLeave: members.length % 2 === 0,
        };
        assert.deepEqual(decodeConfState(encodeConfState(confState)), confState);
        const snapshot = { index: entry.index, term: entry.term, confState };
        assert.deepEqual(decodeWalSnapshot(new WireReader(encodeWalSnapshot(snapshot))), snapshot);
      }),
    );
  });

  it('of random bytes are an error or a value, never anything else', () => {
    const decoders = [decodeEntry, decodeHardState, decodeWalSnapshot];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(new WireReader(bytes));
          } catch (error) {
            assert.ok(error instanceof WireError, String(error));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('varints', () => {
  it('are those of bigint arithmetic', () => {
    fc.assert(
      fc.property(fc.oneof(numbers, fc.constant(0)), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarint(bytes, 0, value);
        assert.deepEqual([...bytes.subarray(0, end)], plainVarint(BigInt(value)));
        assert.equal(varintSize(value), end);
        assert.equal(new WireReader(bytes, 0, end).varint(), value);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarint64(bytes, 0, value);
        assert.deepEqual([...bytes.subarray(0, end)], plainVarint(value));
        assert.equal(new WireReader(bytes, 0, end).varint64(), value);
      }),
    );
  });

  it('too long, too large or cut off are refused', () => {
    assert.throws(() => new WireReader(Buffer.alloc(11, 0x80)).varint(), WireError);
    assert.throws(() => new WireReader(Buffer.alloc(11, 0x80)).varint64(), WireError);
    assert.throws(
      () => new WireReader(Buffer.from('ffffffffffffffff7f', 'hex')).varint(),
      WireError,
    );
    assert.throws(() => new WireReader(Buffer.from('80', 'hex')).varint(), WireError);
  });
});

function plain({ type, term, index, data }: LogEntry): unknown[] {
  return [type, term, index, ...data];
}

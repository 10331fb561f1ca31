import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import {
  Compare,
  PutRequest,
  RangeRequest,
  TxnRequest,
  WatchCreateRequest,
} from '../../src/proto/generated/etcdserverpb.js';
import { KeyValue } from '../../src/proto/generated/mvccpb.js';
import { Message } from '../../src/proto/generated/raftpb.js';
import { WireError } from '../../src/proto/wire.js';
import { repositoryRoot } from '../support/repository.js';

const protoFolder = join(repositoryRoot, 'proto');
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(protoFolder, target);
root.loadSync(
  readdirSync(protoFolder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.proto')),
  { keepCase: true },
);

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const revision = fc.integer({ min: -(2 ** 40), max: Number.MAX_SAFE_INTEGER });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = (value: bigint | number): string => String(value);

describe('generated codecs', () => {
  it('write and read a KeyValue as protobufjs does', () => {
    const reference = root.lookupType('mvccpb.KeyValue');
    const keyValue = fc.record(
      {
        key: bytes,
        createRevision: revision,
        modRevision: revision,
        version: revision,
        value: bytes,
        lease: int64,
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(keyValue, (message) => {
        const encoded = KeyValue.encode(message);
        assert.deepEqual(KeyValue.decode(encoded), message);
        const decoded = reference.toObject(reference.decode(encoded), {
          longs: String,
          defaults: true,
          bytes: Buffer,
        });
        assert.deepEqual(Buffer.from(decoded.key), message.key);
        assert.equal(decoded.create_revision, text(message.createRevision));
        assert.equal(decoded.mod_revision, text(message.modRevision));
        assert.equal(decoded.lease, text(message.lease));
        // Fields ascend and zeros are left out: the bytes are the canonical ones.
        const again = reference.encode(reference.fromObject(decodedWithoutZeros(decoded))).finish();
        assert.deepEqual(Buffer.from(again), encoded);
      }),
    );
  });

  it('saturate what a number cannot hold instead of rounding it', () => {
    const largest = Buffer.from('18ffffffffffffffff7f', 'hex'); // limit = MaxInt64
    assert.equal(RangeRequest.decode(largest).limit, Number.MAX_SAFE_INTEGER);
    const smallest = Buffer.from('1880808080808080808001', 'hex'); // limit = MinInt64
    assert.equal(RangeRequest.decode(smallest).limit, -Number.MAX_SAFE_INTEGER);
    const minusOne = Buffer.from('18ffffffffffffffffff01', 'hex');
    assert.equal(RangeRequest.decode(minusOne).limit, -1);
  });

  it('keep 64-bit ids exactly', () => {
    const lease = -1234567890123456789n;
    assert.equal(PutRequest.decode(PutRequest.encode({ lease })).lease, lease);
    const id = 0xfedc_ba98_7654_3210n;
    assert.equal(Message.decode(Message.encode({ to: id })).to, id);
  });

  it('tell a oneof that is set to zero from one that is not set', () => {
    assert.equal(Compare.decode(Compare.encode({ version: 0 })).version, 0);
    assert.equal(Compare.decode(Compare.encode({})).version, undefined);
    const both = Buffer.concat([Compare.encode({ version: 3 }), Compare.encode({ lease: 4n })]);
    const decoded = Compare.decode(both);
    assert.deepEqual([decoded.version, decoded.lease], [undefined, 4n]);
  });

  it('read packed and unpacked enums alike', () => {
    const unpacked = Buffer.from('28002801', 'hex');
    assert.deepEqual(WatchCreateRequest.decode(unpacked).filters, [0, 1]);
    assert.deepEqual(WatchCreateRequest.encode({ filters: [0, 1] }).toString('hex'), '2a020001');
  });

  it('skip unknown fields of every wire type, groups included', () => {
    const known = PutRequest.encode({ key: Buffer.from('k') });
    const varint = 'f80101';
    const fixed64 = 'f9010102030405060708';
    const delimited = 'fa0102aabb';
    const group = 'fb010801fc01';
    const fixed32 = 'fd0101020304';
    for (const extra of [varint, fixed64, delimited, group, fixed32]) {
      const message = Buffer.concat([Buffer.from(extra, 'hex'), known]);
      assert.deepEqual(PutRequest.decode(message).key, Buffer.from('k'));
    }
  });

  it('refuse or read any bytes, and never crash or hang', () => {
    const types = [PutRequest, TxnRequest, Message, KeyValue, WatchCreateRequest];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 300 }), (type, input) => {
        try {
          type.decode(input);
        } catch (error) {
          assert.ok(error instanceof WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('refuse a transaction nested deeper than any limit allows', () => {
    let nested: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 3000; depth++) nested = nest(nested);
    assert.throws(() => TxnRequest.decode(nested), WireError);
  });
});

/** A TxnRequest whose only operation is the given encoded one. */
function nest(inner: Buffer): Buffer {
  const writeLength = (length: number): Buffer => {
    const parts: number[] = [];
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) parts.push((rest & 0x7f) | 0x80);
    return Buffer.from([...parts, rest]);
  };
  const op = Buffer.concat([Buffer.from([0x22]), writeLength(inner.length), inner]);
  return Buffer.concat([Buffer.from([0x12]), writeLength(op.length), op]);
}

function decodedWithoutZeros(decoded: Record<string, unknown>): Record<string, unknown> {
  const isZero = (value: unknown): boolean =>
    value === '0' || (Buffer.isBuffer(value) && value.length === 0);
  return Object.fromEntries(Object.entries(decoded).filter(([, value]) => !isZero(value)));
}

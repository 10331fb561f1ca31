import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InternalRaftRequest, PutRequest } from '../../src/proto/generated/etcdserverpb.js';
import { ClusterVersionSetRequest } from '../../src/proto/generated/membershippb.js';
import {
  decodeInternalRequest,
  encodeInternalRequest,
  internalRequestSize,
  RequestKind,
} from '../../src/proto/internal-request.js';
import { WireError } from '../../src/proto/wire.js';

const uint16 = fc.nat(0xffff);
const uint48 = fc.maxSafeNat().map((value) => value % 2 ** 48);

describe('the envelope of log entries', () => {
  it('is, byte for byte, what the generated codec makes', () => {
    const key = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(uint16, uint48, key, (prefix, suffix, bytes) => {
        const id = (BigInt(prefix) << 48n) | BigInt(suffix);
        const put = { key: bytes, value: bytes };
        const body = PutRequest.encode(put);
        const entry = encodeInternalRequest(RequestKind.put, body, prefix, suffix);
        assert.equal(
          entry.length,
          internalRequestSize(RequestKind.put, body.length, prefix, suffix),
        );
        // A protobuf encoder may write the zero id of a header as nothing at all.
        if (id !== 0n) {
          assert.deepEqual(entry, InternalRaftRequest.encode({ put, header: { id } }));
        }
        const decoded = InternalRaftRequest.decode(entry);
        assert.equal(decoded.header?.id, id);
        const read = decodeInternalRequest(entry);
        assert.deepEqual([read.idPrefix, read.idSuffix], [prefix, suffix]);
        assert.deepEqual(read.body, body);
      }),
    );
  });

  it('puts requests numbered above the header behind it', () => {
    const body = ClusterVersionSetRequest.encode({ ver: '3.7.0' });
    const entry = encodeInternalRequest(RequestKind.clusterVersionSet, body, 3, 4);
    const message = { header: { id: (3n << 48n) | 4n }, clusterVersionSet: { ver: '3.7.0' } };
    assert.deepEqual(entry, InternalRaftRequest.encode(message));
    assert.equal(decodeInternalRequest(entry).kind, RequestKind.clusterVersionSet);
  });

  it('refuses what holds no request it knows', () => {
    assert.throws(() => decodeInternalRequest(Buffer.alloc(0)), WireError);
    const headerOnly = InternalRaftRequest.encode({ header: { id: 5n } });
    assert.throws(() => decodeInternalRequest(headerOnly), WireError);
    assert.throws(() => decodeInternalRequest(Buffer.from('ffff', 'hex')), WireError);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KeepAliveMessage, leaseOfKeepAlive } from '../../src/api/keep-alive-message.js';
import { ResponseHeaders } from '../../src/api/response-header.js';
import {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { bytesOf } from '../../src/transport/index.js';

const headers = new ResponseHeaders({ clusterId: 11n, memberId: 2n ** 63n, term: 3 });
/** Of every length that the varint of an id can have. */
const id = fc
  .tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(63))
  .map(([bits, shift]) => BigInt.asIntN(64, bits >> BigInt(shift)));
const revision = fc.integer({ min: 1, max: 2 ** 52 });

describe('The request of a keep-alive', () => {
  it('names the lease that the generated codec finds in it', () => {
    fc.assert(
      fc.property(id, (lease) => {
        assert.equal(leaseOfKeepAlive(LeaseKeepAliveRequest.encode({ id: lease })), lease);
      }),
    );
  });

  it('may be anything else that can be decoded; what cannot is refused', () => {
    const tagged = fc.uint8Array({ maxLength: 12 }).map((rest) => Buffer.from([8, ...rest]));
    const outcomeOf = (decode: () => bigint): bigint | string => {
      try {
        return decode();
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(fc.oneof(tagged, fc.uint8Array().map(Buffer.from)), (bytes) => {
        assert.equal(
          outcomeOf(() => leaseOfKeepAlive(bytes)),
          outcomeOf(() => LeaseKeepAliveRequest.decode(bytes).id),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('The answer to a keep-alive', () => {
  const ttl = fc.oneof(fc.constant(0), fc.nat(), fc.constant(9_000_000_000));

  it('is, byte for byte, what the generated codec makes of it', () => {
    fc.assert(
      fc.property(id, ttl, revision, (lease, seconds, at) => {
        const message = new KeepAliveMessage(headers.field(at), lease, seconds);
        const header = headers.message(at);
        const expected = LeaseKeepAliveResponse.encode({ header, id: lease, ttl: seconds });
        assert.deepEqual(bytesOf(message), expected);
      }),
    );
  });

  it('is the same when the client has room for a few bytes at a time', () => {
    fc.assert(
      fc.property(id, ttl, fc.integer({ min: 1, max: 20 }), (lease, seconds, room) => {
        const create = () => new KeepAliveMessage(headers.field(5), lease, seconds);
        const message = create();
        const bytes = Buffer.alloc(message.length);
        for (let at = 0; at < bytes.length; at += room) {
          message.read(bytes, at, Math.min(room, bytes.length - at));
        }
        assert.deepEqual(bytes, bytesOf(create()));
      }),
    );
  });
});

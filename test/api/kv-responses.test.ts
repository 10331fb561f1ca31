import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeTxnResponse,
  rangeChunk,
  rangeResponse,
} from '../../src/api/kv-responses.js';
import { ResponseHeaders } from '../../src/api/response-header.js';
import { encodeWatchResponse, fragmentsOf } from '../../src/api/watch-responses.js';
import {
  DeleteRangeResponse,
  PutResponse,
  RangeResponse,
  RangeStreamResponse,
  type ResponseOp,
  TxnResponse,
  WatchResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import { Event, KeyValue } from '../../src/proto/generated/mvccpb.js';
import type { Init } from '../../src/proto/wire.js';
import type { OpResult } from '../../src/server/index.js';
import { bytesOf, type Message } from '../../src/transport/index.js';

const source = { clusterId: 0xcdf818194e3a8c32n, memberId: 10276657743932975437n, term: 2 };
const headers = new ResponseHeaders(source);
const header = (revision: number) => headers.message(revision);

const revision = fc.oneof(fc.constant(0), fc.nat(), fc.constant(2 ** 52));
const record = fc
  .record({ key: fc.uint8Array(), modRevision: fc.nat(), value: fc.uint8Array() })
  .map((fields) => KeyValue.encode(fields));
const records = fc.array(record, { maxLength: 4 });

const range = fc.record({
  kind: fc.constant('range' as const),
  ...{ revision, records, more: fc.boolean(), count: fc.nat() },
});
const put = fc.record({
  kind: fc.constant('put' as const),
  revision,
  previous: fc.option(record, { nil: undefined }),
});
const deleteRange = fc.record({
  kind: fc.constant('deleteRange' as const),
  ...{ revision, deleted: fc.nat(), previous: records },
});
const { op, txn } = fc.letrec<{ op: OpResult; txn: Extract<OpResult, { kind: 'txn' }> }>((tie) => ({
  op: fc.oneof({ maxDepth: 3 }, range, put, deleteRange, tie('txn')),
  txn: fc.record({
    kind: fc.constant('txn' as const),
    ...{ revision: fc.constant(0), succeeded: fc.boolean() },
    responses: fc.array(tie('op'), { maxLength: 4 }),
  }),
}));

/** The same answer as a message, for the generated codec. */
function asMessage(result: OpResult): Init<ResponseOp> {
  const own = { revision: result.revision };
  switch (result.kind) {
    case 'range': {
      const kvs = result.records.map((bytes) => KeyValue.decode(bytes));
      const { more, count } = result;
      return { responseRange: { header: own, kvs, more, count } };
    }
    case 'put': {
      const prevKv = result.previous === undefined ? undefined : KeyValue.decode(result.previous);
      return { responsePut: { header: own, prevKv } };
    }
    case 'deleteRange': {
      const prevKvs = result.previous.map((bytes) => KeyValue.decode(bytes));
      return { responseDeleteRange: { header: own, deleted: result.deleted, prevKvs } };
    }
    case 'txn': {
      const { succeeded } = result;
      const responses = result.responses.map(asMessage);
      return { responseTxn: { header: own, succeeded, responses } };
    }
  }
}

/** Reads a message as a connection does that has room for so many bytes at a time. */
function inPieces(message: Message, sizes: Iterator<number>): Buffer {
  if (Buffer.isBuffer(message)) return message;
  const bytes = Buffer.alloc(message.length);
  for (let at = 0; at < bytes.length; ) {
    const count = Math.min(sizes.next().value, bytes.length - at);
    message.read(bytes, at, count);
    at += count;
  }
  return bytes;
}

describe('answers of the KV service', () => {
  it('are, byte for byte, what the generated codecs make of the same content', () => {
    fc.assert(
      fc.property(range, (result) => {
        const { responseRange } = asMessage(result);
        const expected = RangeResponse.encode({
          ...responseRange,
          header: header(result.revision),
        });
        assert.deepEqual(bytesOf(rangeResponse(headers, result)), expected);
      }),
    );
    fc.assert(
      fc.property(put, (result) => {
        const { responsePut } = asMessage(result);
        const expected = PutResponse.encode({ ...responsePut, header: header(result.revision) });
        assert.deepEqual(encodePutResponse(headers, result), expected);
      }),
    );
    fc.assert(
      fc.property(deleteRange, (result) => {
        const message = asMessage(result).responseDeleteRange;
        const expected = DeleteRangeResponse.encode({
          ...message,
          header: header(result.revision),
        });
        assert.deepEqual(encodeDeleteRangeResponse(headers, result), expected);
      }),
    );
  });

  it('nest in transactions, the inner ones with an empty header', () => {
    fc.assert(
      fc.property(txn, fc.nat(), (result, outer) => {
        const { responseTxn } = asMessage(result);
        const expected = TxnResponse.encode({ ...responseTxn, header: header(outer) });
        assert.deepEqual(encodeTxnResponse(headers, { ...result, revision: outer }), expected);
      }),
    );
    const inner = { kind: 'txn', revision: 0, succeeded: true, responses: [] } as const;
    const outer = { kind: 'txn', revision: 7, succeeded: false, responses: [inner] } as const;
    const decoded = TxnResponse.decode(encodeTxnResponse(headers, outer));
    assert.ok(decoded.responses[0]?.responseTxn?.header !== undefined);
    assert.ok(op !== undefined);
  });

  it('are the same in whatever pieces a long list is asked for', () => {
    const size = fc.oneof(fc.nat(300), fc.integer({ min: 16_000, max: 40_000 }));
    const sizes = fc.array(size, { minLength: 1, maxLength: 8 });
    const pieces = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.nat(20_000)));
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.nat(), pieces, (valueSizes, more, count, pieceSizes) => {
        const list = valueSizes.map((length) =>
          KeyValue.encode({ value: Buffer.alloc(length, 'v') }),
        );
        const kvs = list.map((bytes) => KeyValue.decode(bytes));
        const expected = RangeResponse.encode({ header: header(7), kvs, more, count });
        const result = { kind: 'range', revision: 7, records: list, more, count } as const;
        assert.deepEqual(inPieces(rangeResponse(headers, result), pieceSizes), expected);
        const end = { revision: 7, more, count };
        const chunk = RangeStreamResponse.encode({ rangeResponse: RangeResponse.decode(expected) });
        assert.deepEqual(inPieces(rangeChunk(headers, list, end), pieceSizes), chunk);
      }),
    );
  });

  it('come in chunks of which only the last has a header', () => {
    const bytes = KeyValue.encode({ key: Buffer.from('k'), modRevision: 3 });
    const first = RangeStreamResponse.decode(bytesOf(rangeChunk(headers, [bytes], undefined)));
    assert.deepEqual(first.rangeResponse?.header, undefined);
    assert.equal(first.rangeResponse?.kvs.length, 1);
    const end = { revision: 9, more: true, count: 12 };
    const last = RangeStreamResponse.decode(bytesOf(rangeChunk(headers, [], end))).rangeResponse;
    assert.deepEqual([last?.header?.revision, last?.more, last?.count], [9, true, 12]);
  });
});

describe('answers of the Watch service', () => {
  it('are, byte for byte, what the generated codec makes of the same content', () => {
    const event = fc
      .record({ type: fc.constantFrom(0 as const, 1 as const), key: fc.uint8Array() })
      .map(({ type, key }) => Event.encode({ type, kv: { key } }));
    const fields = fc.record({
      watchId: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      revision,
      created: fc.boolean(),
      canceled: fc.boolean(),
      compactRevision: fc.nat(),
      cancelReason: fc.string({ unit: 'grapheme' }),
      fragment: fc.boolean(),
      events: fc.array(event, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fields, (response) => {
        const events = response.events.map((bytes) => Event.decode(bytes));
        const message = { ...response, header: header(response.revision), events };
        assert.deepEqual(encodeWatchResponse(headers, response), WatchResponse.encode(message));
      }),
    );
  });

  it('split large revisions into contiguous pieces below the limit', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 60 }), (lengths, limitBytes) => {
        const events = lengths.map((length) => Buffer.alloc(length));
        const pieces = fragmentsOf(events, limitBytes);
        assert.deepEqual(
          pieces.flatMap((piece) => piece.events),
          events,
        );
        assert.deepEqual(
          pieces.map((piece) => piece.isLast),
          pieces.map((_piece, index) => index === pieces.length - 1),
        );
        for (const piece of pieces) {
          const sizeBytes = piece.events.reduce((sum, one) => sum + one.length, 0);
          assert.ok(sizeBytes < limitBytes || piece.events.length === 1);
        }
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { RequestHead } from '../../../src/transport/http2/grpc/request-head.js';
import { Stream, type StreamHost } from '../../../src/transport/http2/stream.js';
import { StreamSet } from '../../../src/transport/http2/stream-set.js';

const HEAD: RequestHead = {
  method: undefined,
  error: undefined,
  refusal: undefined,
  isMalformed: false,
  timeoutMs: Number.POSITIVE_INFINITY,
  encoding: '',
  contentLength: -1,
  contentSubtype: '',
  sizeBytes: 0,
  metadata: () => undefined,
};

/** Streams in a set are only kept: none of this is asked for. */
const HOST: StreamHost = {
  maxReceiveBytes: 0,
  respond() {},
  write: () => true,
  finish() {},
  finishNow() {},
  sent() {},
  expire() {},
  holdPartial: () => true,
  unpack: (message) => message,
  refuse() {},
  lateAnswer() {},
};

it('StreamSet holds what a Map would hold', () => {
  const step = fc.record({ skip: fc.nat(300), deleteAt: fc.nat(), deletes: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const set = new StreamSet();
      const model = new Map<number, Stream>();
      let id = 1;
      for (const { skip, deleteAt, deletes } of steps) {
        // Clients may leave out stream ids (RFC 9113 §5.1.1).
        id += 2 + 2 * (skip > 280 ? skip : 0);
        const stream = new Stream(id, HEAD, { nowMs: 0, windows: { send: 0, receive: 0 } }, HOST);
        set.add(stream);
        model.set(id, stream);
        for (let count = 0; count < deletes; count++) {
          const victim = [...model.values()][(deleteAt + count) % model.size];
          if (victim === undefined) continue;
          set.delete(victim);
          set.delete(victim);
          model.delete(victim.id);
          assert.equal(set.get(victim.id), undefined);
        }
        assert.equal(set.size, model.size);
      }
      for (const [known, stream] of model) assert.equal(set.get(known), stream);
      assert.deepEqual(new Set(set.all()), new Set(model.values()));
    }),
  );
});

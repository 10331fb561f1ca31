import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppendStreamDecoder, AppendStreamEncoder } from '../../src/peer/append-stream.js';
import { FrameTooLargeError, PeerProtocolError } from '../../src/peer/errors.js';
import { decodeMessage } from '../../src/peer/message-decoder.js';
import { encodeMessage } from '../../src/peer/message-encoder.js';
import { MessageStreamDecoder, MessageStreamEncoder } from '../../src/peer/message-stream.js';
import type { StreamDecoder } from '../../src/peer/stream-codec.js';
import { encodeVarint64, varintSizeBytes, writeVarint } from '../../src/peer/varint.js';
import { Message as PlainCodec } from '../../src/proto/generated/raftpb.js';
import { createMessage, type Entry, type Message, MessageType } from '../../src/raft/index.js';
import { recordedStreams } from './recorded.js';

const number = fc.oneof(fc.nat(300), fc.nat(), fc.integer({ min: 0, max: 2 ** 53 - 2 }));
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 200 });
const idList = fc.array(id, { maxLength: 4 });
const snapshot = fc.record({
  data: bytes,
  metadata: fc.record({
    confState: fc.record({
      voters: idList,
      learners: idList,
      votersOutgoing: idList,
      learnersNext: idList,
      autoLeave: fc.boolean(),
    }),
    index: number,
    term: number,
  }),
});
const entry: fc.Arbitrary<Entry> = fc.record({
  type: fc.constantFrom(0 as const, 1 as const, 2 as const),
  term: number,
  index: number,
  data: bytes,
});
const message: fc.Arbitrary<Message> = fc
  .record({
    type: fc.constantFrom(...Object.values(MessageType)),
    to: id,
    from: id,
    term: number,
    logTerm: number,
    index: number,
    entries: fc.array(entry, { maxLength: 5 }),
    commit: number,
    vote: id,
    snapshot: fc.option(snapshot, { nil: undefined }),
    reject: fc.boolean(),
    rejectHint: number,
    context: bytes,
  })
  .map((fields) => createMessage(fields));

/** The same value with all byte arrays of one class, so that they compare by content. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

/** Appends in the way a leader sends them: most begin where the one before ended. */
const appends: fc.Arbitrary<Message[]> = fc
  .array(
    fc.record({
      jump: fc.option(fc.record({ term: number, logTerm: number, index: number }), { freq: 4 }),
      entries: fc.array(bytes, { maxLength: 4 }),
      commit: number,
    }),
    { maxLength: 8 },
  )
  .map((steps) => {
    let term = 1;
    let index = 0;
    return steps.map((step) => {
      const logTerm = step.jump?.logTerm ?? term;
      term = step.jump?.term ?? term;
      index = Math.min(step.jump?.index ?? index, 2 ** 52);
      const first = index + 1;
      const entries = step.entries.map(
        (data, offset): Entry => ({ type: 0, term, index: first + offset, data }),
      );
      index += entries.length;
      const fields = { type: MessageType.append, to: 7n, from: 8n, term, logTerm };
      return createMessage({ ...fields, index: first - 1, entries, commit: step.commit });
    });
  });

describe('varints', () => {
  test('agree with those of big integers', () => {
    fc.assert(
      fc.property(number, (value) => {
        const target = Buffer.alloc(10);
        const end = writeVarint(target, 0, value);
        assert.equal(end, varintSizeBytes(value));
        assert.deepEqual(new Uint8Array(target.subarray(0, end)), encodeVarint64(BigInt(value)));
      }),
    );
    for (const power of [7, 14, 28, 31, 32, 35, 49, 52]) {
      for (const value of [2 ** power - 1, 2 ** power]) {
        assert.equal(varintSizeBytes(value), encodeVarint64(BigInt(value)).length);
      }
    }
  });
});

describe('messages', () => {
  test('decode to what was encoded', () => {
    fc.assert(
      fc.property(message, (original) => {
        assert.deepEqual(plain(decodeMessage(encodeMessage(original))), plain(original));
      }),
    );
  });

  test('agree with the generated codec', () => {
    fc.assert(
      fc.property(message, (original) => {
        const encoded = encodeMessage(original);
        const twin = PlainCodec.decode(encoded);
        // Encoding what was read writes the same fields in the same order, so the same bytes.
        assert.equal(PlainCodec.encode(twin).toString('hex'), encoded.toString('hex'));
        assert.equal(twin.type, original.type);
        assert.equal(twin.to ?? 0n, original.to);
        assert.equal(twin.index ?? 0, original.index);
        assert.equal(twin.rejectHint ?? 0, original.rejectHint);
        assert.deepEqual(
          twin.entries.map((one) => one.data?.toString('hex') ?? ''),
          original.entries.map((one) => Buffer.from(one.data).toString('hex')),
        );
      }),
    );
  });

  test('are read in the full form that older versions write', () => {
    const full = '08081000180020002800300040004a0a12080a0228001000180050005800';
    assert.equal(decodeMessage(Buffer.from(full, 'hex')).type, MessageType.heartbeat);
  });

  test('with numbers beyond 2^53 are refused', () => {
    const term = Buffer.concat([Buffer.of(0x20), encodeVarint64(2n ** 53n - 1n)]);
    assert.throws(() => decodeMessage(term), PeerProtocolError);
  });

  test('with entries of an unknown type are refused', () => {
    assert.throws(() => decodeMessage(Buffer.from('3a020803', 'hex')), PeerProtocolError);
  });
});

describe('streams', () => {
  function decodeSliced(decoder: StreamDecoder, payload: Buffer, sliceBytes: number): Message[] {
    const messages: Message[] = [];
    for (let start = 0; start < payload.length; start += sliceBytes) {
      decoder.push(payload.subarray(start, start + sliceBytes), messages);
    }
    assert.ok(decoder.isBetweenFrames);
    return messages;
  }

  test('of messages decode to what was encoded, in any slices', () => {
    fc.assert(
      fc.property(fc.array(message), fc.integer({ min: 1, max: 400 }), (originals, sliceBytes) => {
        const encoder = new MessageStreamEncoder();
        const payload = Buffer.concat(originals.map((one) => encoder.encode(one)));
        const decoded = decodeSliced(new MessageStreamDecoder(), payload, sliceBytes);
        assert.deepEqual(plain(decoded), plain(originals));
      }),
    );
  });

  test('of appends decode to what was encoded, in any slices', () => {
    fc.assert(
      fc.property(appends, fc.integer({ min: 1, max: 400 }), (originals, sliceBytes) => {
        const encoder = new AppendStreamEncoder();
        const payload = Buffer.concat(originals.map((one) => encoder.encode(one)));
        const decoder = new AppendStreamDecoder({ local: 7n, remote: 8n });
        assert.deepEqual(plain(decodeSliced(decoder, payload, sliceBytes)), plain(originals));
      }),
    );
  });

  test('a large frame arrives in many slices', () => {
    const data = Buffer.alloc(3_000_000, 7);
    const large = createMessage({
      type: MessageType.append,
      to: 7n,
      from: 8n,
      term: 2,
      index: 4,
      logTerm: 2,
      entries: [{ type: 0, term: 2, index: 5, data }],
    });
    const frame = new AppendStreamEncoder().encode(large);
    const decoder = new AppendStreamDecoder({ local: 7n, remote: 8n });
    assert.deepEqual(plain(decodeSliced(decoder, frame, 1000)), plain([large]));
  });
});

describe('bad input', () => {
  const decoders: readonly (() => StreamDecoder)[] = [
    () => new MessageStreamDecoder(1 << 20),
    () => new AppendStreamDecoder({ local: 1n, remote: 2n, maxFrameBytes: 1 << 20 }),
  ];

  /** Whatever the bytes are: messages, or the one error that a reader has to expect. */
  function feed(decoder: StreamDecoder, payload: Buffer): void {
    try {
      decoder.push(payload, []);
    } catch (error) {
      assert.ok(error instanceof PeerProtocolError, String(error));
    }
  }

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        for (const create of decoders) feed(create(), Buffer.from(random));
        // A plausible length, so that what follows is taken for a message.
        const length = Buffer.alloc(8);
        length.writeUInt32BE(random.length, 4);
        feed(new MessageStreamDecoder(), Buffer.concat([length, random]));
      }),
      { numRuns: 2000 },
    );
  });

  test('recorded streams with flipped bits and missing bytes', () => {
    const streams = recordedStreams().filter((stream) => stream.payload.length > 0);
    const change = fc.record({
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(change, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (stream, changes, cutsOut) => {
          const part = Buffer.from(stream.payload.subarray(0, 5000));
          for (const { at, bit } of changes) {
            const position = Math.floor(at * part.length);
            part[position] = (part[position] ?? 0) ^ (1 << bit);
          }
          const cut = Math.floor((changes[0]?.at ?? 0) * part.length);
          const damaged = cutsOut
            ? Buffer.concat([part.subarray(0, cut), part.subarray(cut + 3)])
            : part;
          for (const create of decoders) feed(create(), damaged);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('lengths beyond the limit are refused before anything is gathered', () => {
    const tooLong = Buffer.from('0000000000100001', 'hex');
    const absurd = Buffer.from('ffffffffffffffff', 'hex');
    for (const length of [tooLong, absurd]) {
      assert.throws(() => new MessageStreamDecoder(1 << 20).push(length, []), FrameTooLargeError);
      for (const prefix of ['02', '01', '010000000000000002']) {
        const decoder = new AppendStreamDecoder({ local: 1n, remote: 2n, maxFrameBytes: 1 << 20 });
        const frame = Buffer.concat([Buffer.from(prefix, 'hex'), length]);
        // 2^20 + 1 entries are too many, too.
        assert.throws(() => decoder.push(frame, []), FrameTooLargeError);
      }
    }
  });

  test('a promised length takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoder = new MessageStreamDecoder();
    // 500 MiB are announced, a few bytes come.
    decoder.push(Buffer.from('000000001f40000008', 'hex'), []);
    decoder.push(Buffer.from('04', 'hex'), []);
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
  });
});

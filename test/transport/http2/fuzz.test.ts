import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { CLIENT_PREFACE, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import {
  block,
  frame,
  indexedLiteral,
  message,
  RawClient,
  requestWith,
  setting,
  uint32,
} from './raw-client.js';
import { serveHttp2 } from './service.js';

/*
 * Random and mutated frames: the server may send the client away, but it must not crash, hang, serve
 * others worse or grow. KVORUM_TEST_LONG makes it ten minutes; KVORUM_FUZZ_SEED repeats a run.
 */

const isLong = process.env.KVORUM_TEST_LONG !== undefined;
const DURATION_MS = isLong ? 11 * 60_000 : 4000;
const seed = Number(process.env.KVORUM_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** mulberry32: small, and the same everywhere. */
function randomSource(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Fuzzer {
  readonly #random: () => number;

  constructor(start: number) {
    this.#random = randomSource(start);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  bytes(maxLength: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(maxLength) }, () => this.below(256)));
  }

  /** The bytes of one client's life. */
  connection(): Buffer {
    const frames: Buffer[] = [];
    let nextStream = 1;
    const streamId = (): number => {
      const kind = this.below(10);
      if (kind < 6) return Math.max(1, nextStream - 2 * this.below(4));
      if (kind < 8) nextStream += 2;
      return kind === 9 ? this.below(30) : nextStream;
    };
    const count = 1 + this.below(40);
    for (let index = 0; index < count; index++) {
      if (this.below(3) === 0) {
        nextStream += 2;
        frames.push(this.#request(nextStream));
      } else {
        frames.push(this.#frame(streamId()));
      }
    }
    const preface = this.below(50) === 0 ? this.bytes(30) : CLIENT_PREFACE;
    const settings =
      this.below(30) === 0 ? [] : [frame(FrameType.settings, 0, 0, this.#settings())];
    return this.#mutate(Buffer.concat([preface, ...settings, ...frames]));
  }

  #settings(): Buffer {
    const values = [0, 1, 10, 100, 16_384, 65_535, 1_000_000, 2 ** 31 - 1, 2 ** 31] as const;
    const list = Array.from({ length: this.below(3) }, () =>
      setting(1 + this.below(7), this.pick(values)),
    );
    return Buffer.concat(list);
  }

  #request(id: number): Buffer {
    const path = this.pick([
      'Echo',
      'Fail',
      'Late',
      'Large',
      'Chat',
      'Open',
      'Pour',
      'Refuse',
      'None',
    ]);
    const body = this.pick(['', '10', '100000', '5 text', '100 1000', '3 100000']);
    const head = Buffer.concat([
      block(
        requestWith({
          ':path': `/test.Echo/${path}`,
          'grpc-encoding': this.pick([undefined, undefined, 'gzip', 'x']),
          'grpc-timeout': this.pick([undefined, undefined, '1m', '30m', '1S']),
        }),
      ),
      this.below(4) === 0 ? indexedLiteral('x-a', String(this.below(100))) : Buffer.alloc(0),
      this.below(6) === 0 ? Buffer.of(0xbe + this.below(3)) : Buffer.alloc(0),
    ]);
    const cut = this.below(4) === 0 ? this.below(head.length) : head.length;
    const isWhole = cut === head.length;
    const end = this.below(8) === 0 ? Flag.endStream : 0;
    const parts = [
      frame(FrameType.headers, end | (isWhole ? Flag.endHeaders : 0), id, head.subarray(0, cut)),
    ];
    if (!isWhole)
      parts.push(frame(FrameType.continuation, Flag.endHeaders, id, head.subarray(cut)));
    const data = message(body, this.below(20) === 0 ? 1 : 0);
    const split = this.below(3) === 0 ? this.below(data.length + 1) : data.length;
    if (split < data.length) parts.push(frame(FrameType.data, 0, id, data.subarray(0, split)));
    const rest = split < data.length ? data.subarray(split) : data;
    parts.push(frame(FrameType.data, this.below(3) === 0 ? 0 : Flag.endStream, id, rest));
    return Buffer.concat(parts);
  }

  #frame(id: number): Buffer {
    const increments = [0, 1, 1000, 100_000, 2 ** 31 - 1] as const;
    switch (this.below(12)) {
      case 0:
        return frame(FrameType.rstStream, 0, id, uint32(this.below(14)));
      case 1:
        return frame(FrameType.windowUpdate, 0, this.pick([0, id]), uint32(this.pick(increments)));
      case 2:
        return frame(FrameType.settings, this.below(8) === 0 ? Flag.ack : 0, 0, this.#settings());
      case 3:
        return frame(FrameType.ping, this.below(2), 0, Buffer.alloc(8, this.below(256)));
      case 4:
        return frame(FrameType.priority, 0, id, Buffer.alloc(5));
      case 5:
        return frame(FrameType.data, this.pick([0, 1, 8, 9]), id, this.bytes(100));
      case 6:
        return frame(FrameType.headers, this.pick([4, 5, 12, 36, 0]), id, this.bytes(60));
      case 7:
        return frame(FrameType.data, 0, id, message(this.bytes(2000)));
      case 8:
        return frame(FrameType.goAway, 0, 0, Buffer.alloc(8));
      case 9:
        return frame(FrameType.continuation, this.pick([0, 4]), id, this.bytes(20));
      case 10:
        return frame(this.below(256), this.below(256), this.pick([0, id]), this.bytes(300));
      default:
        return frame(FrameType.windowUpdate, 0, 0, uint32(100_000));
    }
  }

  /** Flips, removes, doubles or cuts off bytes, in half of the cases. */
  #mutate(bytes: Buffer): Buffer {
    let mutated = Buffer.from(bytes);
    const rounds = this.below(2) === 0 ? 0 : 1 + this.below(4);
    for (let round = 0; round < rounds; round++) {
      const at =
        CLIENT_PREFACE.length + this.below(Math.max(1, mutated.length - CLIENT_PREFACE.length));
      const length = 1 + this.below(8);
      switch (this.below(4)) {
        case 0:
          if (at < mutated.length) mutated[at] = (mutated[at] ?? 0) ^ (1 << this.below(8));
          break;
        case 1:
          mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + length)]);
          break;
        case 2:
          mutated = Buffer.concat([mutated.subarray(0, at + length), mutated.subarray(at)]);
          break;
        default:
          mutated = mutated.subarray(0, at);
      }
    }
    return mutated;
  }
}

/** One client: sends its bytes in pieces, reads or does not, and hangs up in one way or another. */
function live(port: number, fuzzer: Fuzzer): Promise<void> {
  return new Promise((resolve) => {
    const bytes = fuzzer.connection();
    const socket = connect(port, '127.0.0.1');
    const reads = fuzzer.below(8) > 0;
    if (reads) socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    const pieceBytes = fuzzer.pick([1_000_000, 1_000_000, 100, 7]);
    const hangUpMs = fuzzer.below(15);
    const isPolite = fuzzer.below(2) === 0;
    socket.on('connect', () => {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        socket.write(bytes.subarray(at, at + pieceBytes));
      }
      setTimeout(() => {
        if (isPolite && reads) socket.end();
        else socket.destroy();
      }, hangUpMs);
      // A server that does not hang up in turn is not what is looked for here.
      setTimeout(() => socket.destroy(), 2000).unref();
    });
  });
}

describe('random and mutated frames', () => {
  it(`neither crash, hang nor swell the server (seed ${seed})`, {
    timeout: DURATION_MS + 120_000,
  }, async (context) => {
    const { port, witness } = await serveHttp2(context, {
      limits: { resetBurst: 100, prefaceTimeoutMs: 1000 },
    });
    const fuzzer = new Fuzzer(seed);
    const end = Date.now() + DURATION_MS;
    let lives = 0;
    let settledBytes = 0;
    while (Date.now() < end) {
      await Promise.all(Array.from({ length: 20 }, () => live(port, fuzzer)));
      lives += 20;
      // The handlers' own leftovers are not the server's.
      witness.messages.length = 0;
      witness.calls.length = 0;
      for (const answer of witness.late.splice(0)) answer(Buffer.from('late'));
      if (lives % 200 === 0) {
        const client = await RawClient.open(port);
        client.call(1, 'well?');
        assert.equal((await client.reply(1)).body.subarray(5).toString(), 'well?');
        client.close();
      }
      const { rss } = process.memoryUsage();
      if (settledBytes === 0 && lives >= 2000) settledBytes = rss;
      if (settledBytes > 0) {
        assert.ok(
          rss < settledBytes + 300e6,
          `grown from ${settledBytes} to ${rss} bytes (${lives} lives)`,
        );
      }
    }
    context.diagnostic(`${lives} connections, ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  });
});

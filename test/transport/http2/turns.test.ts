/** A client that reads as fast as it is written to gets all it wants, but not in one turn of the loop. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { CLIENT_PREFACE, Flag, FrameType, Setting } from '../../../src/transport/http2/protocol.js';
import { createHttp2Carrier, type RpcMethod } from '../../../src/transport/index.js';
import { block, frame, message, REQUEST, setting, uint32 } from './raw-client.js';

const ANSWER_BYTES = 32 << 20;
const LARGEST_WINDOW = 2 ** 31 - 1;

/** A socket without a system below it: what is written is taken at once, and counted by turns. */
class GreedySocket extends Socket {
  turn = 0;
  readonly bytesOfTurn = new Map<number, number>();
  #isCounting = true;

  constructor() {
    super();
    const countTurns = (): void => {
      this.turn++;
      if (this.#isCounting) setImmediate(countTurns);
    };
    setImmediate(countTurns);
  }

  get takenBytes(): number {
    return [...this.bytesOfTurn.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytesOfTurn.set(this.turn, (this.bytesOfTurn.get(this.turn) ?? 0) + chunk.length);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this._write(chunk, 'binary', () => {});
    done();
  }

  override _final(done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#isCounting = false;
    done(error);
  }
}

test('a large answer leaves in parts of half a megabyte, or two, a turn', async (context) => {
  const method: RpcMethod = {
    kind: 'unary',
    path: '/test.Echo/Echo',
    handle: (_request, _context, responder) => responder.respond(null, Buffer.alloc(ANSWER_BYTES)),
  };
  const socket = new GreedySocket();
  const carrier = createHttp2Carrier(
    {
      maxReceiveBytes: 1 << 20,
      maxConcurrentStreams: 100,
      keepaliveMinTimeMs: 0,
      keepaliveIntervalMs: 0,
      keepaliveTimeoutMs: 0,
    },
    [method],
  );
  context.after(() => carrier.close());
  carrier.accept(socket);
  socket.push(
    Buffer.concat([
      CLIENT_PREFACE,
      frame(FrameType.settings, 0, 0, setting(Setting.initialWindowSize, LARGEST_WINDOW)),
      frame(FrameType.windowUpdate, 0, 0, uint32(LARGEST_WINDOW - 65_535)),
      frame(FrameType.headers, Flag.endHeaders, 1, block(REQUEST)),
      frame(FrameType.data, Flag.endStream, 1, message('')),
    ]),
  );
  while (socket.takenBytes < ANSWER_BYTES) await new Promise(setImmediate);
  const most = Math.max(...socket.bytesOfTurn.values());
  assert.ok(most <= 2 << 20, `${most} bytes in one turn`);
});

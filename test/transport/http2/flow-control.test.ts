import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { type Frame, message, RawClient, requestWith, setting, uint32 } from './raw-client.js';
import { type ServiceOptions, serveHttp2 } from './service.js';

const LARGE = requestWith({ ':path': '/test.Echo/Large' });
const POUR = requestWith({ ':path': '/test.Echo/Pour' });
const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE = 5;

async function open(context: TestContext, settings: Buffer, options: ServiceOptions = {}) {
  const service = await serveHttp2(context, options);
  const client = await RawClient.open(service.port, settings);
  context.after(() => client.close());
  return { client, service };
}

const dataOf = (frames: readonly Frame[], id: number): Buffer[] =>
  frames.filter((f) => f.type === FrameType.data && f.streamId === id).map((f) => f.payload);
const bytesOf = (frames: readonly Frame[], id: number): number =>
  dataOf(frames, id).reduce((sum, payload) => sum + payload.length, 0);

describe('responses within the client’s windows (RFC 9113 §5.2, §6.9)', () => {
  it('wait for the stream window, byte by byte', async (context) => {
    const { client } = await open(context, setting(INITIAL_WINDOW_SIZE, 3));
    client.call(1, '10', LARGE);
    for (let sent = 3; sent < 15; sent++) {
      await client.until((frames) => bytesOf(frames, 1) === sent, `byte ${sent}`);
      await client.sync();
      assert.equal(bytesOf(client.received, 1), sent, 'nothing beyond the window');
      client.send(FrameType.windowUpdate, 0, 1, uint32(1));
    }
    const reply = await client.reply(1);
    assert.deepEqual(reply.body, message('x'.repeat(10)));
    assert.equal(reply.fields['grpc-status'], '0');
  });

  it('wait for the connection window, which all streams share', async (context) => {
    const { client } = await open(context, setting(INITIAL_WINDOW_SIZE, 1_000_000));
    client.call(1, '50000', LARGE);
    client.call(3, '50000', LARGE);
    const total = (frames: readonly Frame[]) => bytesOf(frames, 1) + bytesOf(frames, 3);
    await client.until((frames) => total(frames) === 65_535, 'a window full');
    await client.sync();
    assert.equal(total(client.received), 65_535);
    client.send(FrameType.windowUpdate, 0, 0, uint32(100_000));
    assert.equal((await client.reply(1)).body.length, 50_005);
    assert.equal((await client.reply(3)).body.length, 50_005);
  });

  it('§6.9.2 follow a changed initial window, which may make windows negative', async (context) => {
    const { client } = await open(context, setting(INITIAL_WINDOW_SIZE, 100));
    client.call(1, '1000', LARGE);
    await client.until((frames) => bytesOf(frames, 1) === 100, 'a window full');
    client.send(FrameType.settings, 0, 0, setting(INITIAL_WINDOW_SIZE, 20));
    client.send(FrameType.windowUpdate, 0, 1, uint32(80));
    await client.sync();
    assert.equal(bytesOf(client.received, 1), 100, 'the window is 0 now');
    client.send(FrameType.windowUpdate, 0, 1, uint32(5));
    await client.until((frames) => bytesOf(frames, 1) === 105, 'five more bytes');
    client.send(FrameType.settings, 0, 0, setting(INITIAL_WINDOW_SIZE, 5000));
    assert.equal((await client.reply(1)).body.length, 1005);
  });

  it('§4.2 keep to the client’s frame size', async (context) => {
    const windows = setting(INITIAL_WINDOW_SIZE, 1_000_000);
    const { client } = await open(
      context,
      Buffer.concat([windows, setting(MAX_FRAME_SIZE, 20_000)]),
    );
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    client.call(1, '100000', LARGE);
    assert.equal((await client.reply(1)).body.length, 100_005);
    const lengths = dataOf(client.received, 1).map((payload) => payload.length);
    assert.ok(Math.max(...lengths) <= 20_000);
    assert.ok(Math.max(...lengths) > 16_384, 'and make use of it');
  });

  it('take turns: a large one does not hold up the others', async (context) => {
    const { client } = await open(context, setting(INITIAL_WINDOW_SIZE, 10_000_000));
    client.call(1, '5000000', LARGE);
    client.call(3, '30000', LARGE);
    client.send(FrameType.windowUpdate, 0, 0, uint32(200_000));
    assert.equal((await client.reply(3)).body.length, 30_005);
    assert.ok(bytesOf(client.received, 1) < 5_000_000);
  });

  it('a reset stream frees what it had queued', async (context) => {
    const { client, service } = await open(context, setting(INITIAL_WINDOW_SIZE, 0), {
      limits: { maxQueuedResponseBytes: 1000 },
    });
    client.call(1, '2000', LARGE);
    client.call(3, '1', LARGE);
    assert.equal((await client.reply(3)).resetCode, ErrorCode.refusedStream, 'too much is queued');
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    client.send(FrameType.settings, 0, 0, setting(INITIAL_WINDOW_SIZE, 100));
    client.call(5, '1', LARGE);
    assert.equal((await client.reply(5)).body.length, 6);
    assert.ok(service);
  });
});

describe('back-pressure', () => {
  it('a handler that outruns its client is told to wait, and called when there is room', async (context) => {
    const { client, service } = await open(context, setting(INITIAL_WINDOW_SIZE, 50_000), {
      limits: { streamQueueBytes: 10_000 },
    });
    client.call(1, '100 5000', POUR);
    await service.witness.until(() => service.witness.refusedWrites === 1);
    await client.until((frames) => bytesOf(frames, 1) === 50_000, 'a window full');
    await client.sync();
    assert.equal(bytesOf(client.received, 1), 50_000);
    // 50,000 bytes are out and 10,000 queued: the handler has not gone on beyond that.
    assert.ok(service.witness.refusedWrites < 10, `${service.witness.refusedWrites} refusals`);
    client.send(FrameType.windowUpdate, 0, 1, uint32(1_000_000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    const reply = await client.reply(1);
    assert.equal(reply.body.length, 100 * 5005);
    assert.ok(service.witness.drained > 0);
  });

  it('streams of all sizes arrive whole and in order', async (context) => {
    const windows = setting(INITIAL_WINDOW_SIZE, 2 ** 31 - 1);
    const { client } = await open(context, windows);
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 30));
    let id = 1;
    for (const shape of ['1000 0', '3000 10', '300 4091', '300 4092', '100 16379', '5 1000000']) {
      client.call(id, shape, POUR);
      const [count = 0, size = 0] = shape.split(' ').map(Number);
      const { body } = await client.reply(id);
      const expected = message(Buffer.alloc(size, 'y'));
      assert.equal(body.length, count * expected.length);
      for (let at = 0; at < body.length; at += expected.length) {
        assert.equal(body.compare(expected, 0, expected.length, at, at + expected.length), 0);
      }
      id += 2;
    }
  });
});

describe('request bodies', () => {
  it('windows are opened as they are used up: a client may send without end', async (context) => {
    const { client, service } = await open(context, Buffer.alloc(0), {
      limits: { streamReceiveWindowBytes: 65_535, connectionReceiveWindowBytes: 65_535 },
    });
    client.headers(1, requestWith({ ':path': '/test.Echo/Open' }));
    let streamWindow = 65_535;
    let connectionWindow = 65_535;
    let seen = 0;
    const chunk = message(Buffer.alloc(16_000));
    for (let sent = 0; sent < 100; sent++) {
      await client.until((frames) => {
        for (; seen < frames.length; seen++) {
          const update = frames[seen];
          if (update?.type !== FrameType.windowUpdate) continue;
          const increment = update.payload.readUInt32BE(0);
          if (update.streamId === 1) streamWindow += increment;
          else connectionWindow += increment;
        }
        return Math.min(streamWindow, connectionWindow) >= chunk.length;
      }, 'a window');
      streamWindow -= chunk.length;
      connectionWindow -= chunk.length;
      client.data(1, chunk, 0);
    }
    await service.witness.until(() => service.witness.messages.length === 100);
  });

  it('§6.9.1 more than the stream window is an error of the stream', async (context) => {
    const { client } = await open(context, Buffer.alloc(0), {
      limits: { streamReceiveWindowBytes: 1000 },
    });
    client.headers(1, requestWith({ ':path': '/test.Echo/Late' }));
    client.data(1, Buffer.alloc(1001), 0);
    assert.equal((await client.reply(1)).resetCode, ErrorCode.flowControlError);
  });

  it('what comes for streams that are gone, and padding, is given back to the connection', async (context) => {
    const { client } = await open(context, Buffer.alloc(0), {
      limits: { connectionReceiveWindowBytes: 65_535 },
    });
    client.headers(1, requestWith({ ':path': '/test.Echo/Nothing' }));
    const padded = Buffer.concat([Buffer.of(255), Buffer.alloc(1000), Buffer.alloc(255)]);
    let given = 0;
    for (let sent = 0; sent < 100; sent++) client.data(1, padded, Flag.padded);
    await client.sync();
    for (const frame of client.received) {
      if (frame.type === FrameType.windowUpdate) given += frame.payload.readUInt32BE(0);
    }
    assert.ok(given > 100 * padded.length - 65_535, `${given} bytes were given back`);
  });

  it('a message over many frames, and many messages in one', async (context) => {
    const { client, service } = await open(context, Buffer.alloc(0));
    client.headers(1, requestWith({ ':path': '/test.Echo/Chat' }));
    const large = Buffer.alloc(100_000, 'z');
    const bytes = Buffer.concat([
      message('a'),
      message(''),
      message(large),
      message('b'),
      message('c'),
    ]);
    for (let at = 0; at < bytes.length; at += 1003) {
      client.data(1, bytes.subarray(at, at + 1003), 0);
    }
    client.data(1, Buffer.alloc(0));
    client.send(FrameType.windowUpdate, 0, 1, uint32(1_000_000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    const reply = await client.reply(1);
    assert.deepEqual(reply.body, bytes);
    assert.deepEqual(
      service.witness.messages.map((bytes) => bytes.length),
      [1, 0, 100_000, 1, 1],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLIENT_PREFACE,
  ErrorCode,
  Flag,
  FrameType,
} from '../../../src/transport/http2/protocol.js';
import { open } from './conformance.js';
import { frame, message, RawClient, REQUEST, requestWith, setting, uint32 } from './raw-client.js';
import { serveHttp2 } from './service.js';

/* Clients that take their time; and the time that the server takes to end. */

const LATE = requestWith({ ':path': '/test.Echo/Late' });
const LARGE = requestWith({ ':path': '/test.Echo/Large' });

describe('time limits', () => {
  it('a client that sends no preface is sent away', async (context) => {
    const { port } = await serveHttp2(context, { limits: { prefaceTimeoutMs: 50 } });
    const client = await RawClient.bare(port);
    await client.goodbye();
  });

  it('nor does half a preface help, nor one without SETTINGS', async (context) => {
    const { port } = await serveHttp2(context, { limits: { prefaceTimeoutMs: 50 } });
    for (const bytes of [CLIENT_PREFACE.subarray(0, 10), CLIENT_PREFACE]) {
      const client = await RawClient.bare(port);
      client.write(bytes);
      await client.goodbye();
    }
  });

  it('nor SETTINGS that come byte by byte', async (context) => {
    const { port } = await serveHttp2(context, { limits: { prefaceTimeoutMs: 200 } });
    const client = await RawClient.bare(port);
    client.write(CLIENT_PREFACE);
    const bytes = frame(FrameType.settings, 0, 0, Buffer.alloc(60));
    let at = 0;
    const timer = setInterval(() => client.write(bytes.subarray(at, ++at)), 20);
    context.after(() => clearInterval(timer));
    await client.goodbye();
    assert.ok(at < bytes.length);
  });

  it('a header block that does not go on holds nobody up, and is left like silence', async (context) => {
    const { client, service } = await open(context, {
      keepaliveIntervalMs: 50,
      keepaliveTimeoutMs: 50,
    });
    client.headers(1, REQUEST, 0);
    const other = await RawClient.open(service.port);
    other.call(1);
    assert.equal((await other.reply(1)).fields['grpc-status'], '0');
    other.close();
    await client.goodbye();
  });

  it('a message that never ends is cut off by its deadline, and frees what it held', async (context) => {
    const { client } = await open(context, { limits: { maxPartialMessageBytes: 20_000 } });
    const promise = message('').fill(0x10, 2, 3);
    for (const id of [1, 3]) {
      client.headers(id, requestWith({ 'grpc-timeout': '100m' }));
      client.data(id, Buffer.concat([promise, Buffer.alloc(10)]), 0);
      client.data(id, Buffer.alloc(10), 0);
      assert.equal((await client.reply(id)).fields['grpc-status'], '4');
    }
  });

  it('a message in bytes, each in a frame of padding, is taken like any other', async (context) => {
    const { client } = await open(context, {
      limits: { streamReceiveWindowBytes: 65_535, connectionReceiveWindowBytes: 65_535 },
    });
    client.headers(1);
    const bytes = message('x'.repeat(500));
    for (const byte of bytes) {
      client.data(1, Buffer.concat([Buffer.of(255, byte), Buffer.alloc(255)]), Flag.padded);
      if (client.socket.writableLength > 0) await client.sync();
    }
    client.data(1, Buffer.alloc(0));
    assert.deepEqual((await client.reply(1)).body, bytes);
  });

  it('a client that is silent is pinged, and left if it does not answer', async (context) => {
    const { client } = await open(context, { keepaliveIntervalMs: 50, keepaliveTimeoutMs: 50 });
    await client.goodbye();
    assert.ok(client.received.some((f) => f.type === FrameType.ping && f.flags === 0));
  });

  it('one that answers the pings may stay', async (context) => {
    const { client } = await open(context, { keepaliveIntervalMs: 30, keepaliveTimeoutMs: 5000 });
    let answered = 0;
    await client.until((frames) => {
      const pings = frames.filter((f) => f.type === FrameType.ping && f.flags === 0);
      for (; answered < pings.length; answered++) {
        client.send(FrameType.ping, Flag.ack, 0, pings[answered]?.payload);
      }
      return answered >= 3;
    }, 'three pings');
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('a client that stops reading is left', async (context) => {
    const limits = { stalledWriteTimeoutMs: 100 };
    const { client, service } = await open(context, { limits }, setting(4, 2 ** 31 - 1));
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 30));
    await client.sync();
    client.headers(3, requestWith({ ':path': '/test.Echo/Open' }));
    await service.witness.until(() => service.witness.calls.length === 1);
    client.socket.pause();
    client.call(1, '50000000', LARGE);
    await service.witness.until(() => service.witness.closed === 1);
  });

  it('so is one that takes a large answer by no window, though it reads', async (context) => {
    const limits = { stalledWriteTimeoutMs: 100 };
    const { client } = await open(context, { limits }, setting(4, 0));
    client.call(1, '2000000', LARGE);
    // Other calls of it make no difference.
    client.send(FrameType.settings, 0, 0, setting(4, 1000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    for (let id = 3; !client.isClosed && id < 2000; id += 2) {
      client.call(id);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.goodbye();
  });

  it('but not one that lets a stream wait whose handler waits for it too', async (context) => {
    const limits = { stalledWriteTimeoutMs: 50 };
    const { client } = await open(context, { limits }, setting(4, 0));
    client.call(1, '1000 10000', requestWith({ ':path': '/test.Echo/Pour' }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.send(FrameType.windowUpdate, 0, 0, uint32(20_000_000));
    client.send(FrameType.windowUpdate, 0, 1, uint32(20_000_000));
    assert.equal((await client.reply(1)).body.length, 1000 * 10_005);
  });

  it('one that reads slowly is not, while it reads', async (context) => {
    const limits = { stalledWriteTimeoutMs: 300 };
    const { client } = await open(context, { limits }, setting(4, 2 ** 31 - 1));
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 30));
    await client.sync();
    client.call(1, '20000000', LARGE);
    const timer = setInterval(() => {
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 20);
    }, 25);
    context.after(() => clearInterval(timer));
    assert.equal((await client.reply(1)).body.length, 20_000_005);
  });

  it('an idle client is sent away, where that is asked for', async (context) => {
    const { client } = await open(context, { limits: { idleTimeoutMs: 50 } });
    await client.until((frames) => frames.some((f) => f.type === FrameType.goAway), 'GOAWAY');
    const ping = client.received.find((f) => f.type === FrameType.ping);
    client.send(FrameType.ping, Flag.ack, 0, ping?.payload);
    assert.equal((await client.goodbye())?.code, ErrorCode.noError);
  });
});

describe('graceful drain (RFC 9113 §6.8)', () => {
  it('finishes what is at work, takes what was on its way, and refuses the rest', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', LATE);
    await service.witness.until(() => service.witness.late.length === 1);
    const drained = service.carrier.drain(60_000);
    await client.until((frames) => frames.some((f) => f.type === FrameType.goAway), 'GOAWAY');
    assert.equal(
      client.received.find((f) => f.type === FrameType.goAway)?.payload.readUInt32BE(0),
      2 ** 31 - 1,
    );
    client.call(3, 'x', LATE);
    const ping = client.received.find((f) => f.type === FrameType.ping && f.flags === 0);
    client.send(FrameType.ping, Flag.ack, 0, ping?.payload);
    await client.until(
      (frames) => frames.filter((f) => f.type === FrameType.goAway).length === 2,
      'the second',
    );
    client.call(5);
    await service.witness.until(() => service.witness.late.length === 2);
    for (const answer of service.witness.late) answer(Buffer.from('done'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
    assert.deepEqual(await client.goodbye(), {
      lastStreamId: 3,
      code: ErrorCode.noError,
      text: '',
    });
    assert.ok(!client.received.some((f) => f.streamId === 5));
    await drained;
  });

  it('ends after its time, and at once without connections', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', LATE);
    await service.witness.until(() => service.witness.late.length === 1);
    await service.carrier.drain(50);
    await client.goodbye();
    const idle = await serveHttp2(context);
    await idle.carrier.drain(60_000);
  });
});

describe('floods while the connection drains', () => {
  const limits = { idleFrameBurst: 100, idleFramesPerSecond: 1 };
  for (const [name, act] of Object.entries<(client: RawClient, id: number) => void>({
    HEADERS: (client, id) => client.headers(id),
    DATA: (client, id) => client.data(id, Buffer.alloc(0)),
    RST_STREAM: (client, id) => client.send(FrameType.rstStream, 0, id, uint32(8)),
    WINDOW_UPDATE: (client, id) => client.send(FrameType.windowUpdate, 0, id, uint32(1)),
  })) {
    it(`${name} of streams that are not taken any more`, async (context) => {
      const { client, service } = await open(context, { limits });
      client.call(1, 'x', LATE);
      await service.witness.until(() => service.witness.late.length === 1);
      void service.carrier.drain(60_000);
      const isPing = (f: { type: number }) => f.type === FrameType.ping;
      await client.until((frames) => frames.some(isPing), 'a ping');
      client.send(FrameType.ping, Flag.ack, 0, client.received.find(isPing)?.payload);
      for (let id = 3; id < 403; id += 2) act(client, id);
      assert.equal((await client.goodbye())?.code, ErrorCode.enhanceYourCalm);
    });
  }
});

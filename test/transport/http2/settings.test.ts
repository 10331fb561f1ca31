import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLIENT_PREFACE,
  ErrorCode,
  Flag,
  FrameType,
  Setting,
} from '../../../src/transport/http2/protocol.js';
import { open } from './conformance.js';
import { type Frame, message, RawClient, requestWith, setting, uint32 } from './raw-client.js';
import { serveHttp2 } from './service.js';

const CHAT = requestWith({ ':path': '/test.Echo/Chat' });
const FAIL = requestWith({ ':path': '/test.Echo/Fail' });
/** A dynamic table size update to 0 (RFC 7541 §6.3). */
const TABLE_OF_NOTHING = 0x20;

const blocksOf = (client: RawClient): Frame[] =>
  client.received.filter((f) => f.type === FrameType.headers);
const firstBytes = (client: RawClient): (number | undefined)[] =>
  blocksOf(client).map(({ payload }) => payload[0]);
const updates = (client: RawClient): number =>
  firstBytes(client).filter((byte) => byte === TABLE_OF_NOTHING).length;

describe('§4.3.1 a client that makes the table smaller', () => {
  it('is told so by the first block that follows the acknowledgement', async (context) => {
    const { client } = await open(context, {}, setting(Setting.headerTableSize, 0));
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    client.call(3);
    await client.reply(3);
    assert.equal(firstBytes(client)[0], TABLE_OF_NOTHING);
    assert.equal(updates(client), 1, 'once is enough');
  });

  it('also when that is a status without a message, or the trailers of a stream', async (context) => {
    const { client } = await open(context, {}, setting(Setting.headerTableSize, 100));
    client.call(1, '5 no', FAIL);
    assert.equal((await client.reply(1)).fields['grpc-status'], '5');
    assert.equal(firstBytes(client)[0], TABLE_OF_NOTHING);

    const { client: other } = await open(context);
    other.headers(1, CHAT);
    other.data(1, message('x'), 0);
    await other.until((frames) => frames.some((f) => f.type === FrameType.data), 'the echo');
    other.send(FrameType.settings, 0, 0, setting(Setting.headerTableSize, 4095));
    other.data(1, Buffer.alloc(0));
    await other.reply(1);
    assert.notEqual(firstBytes(other)[0], TABLE_OF_NOTHING);
    assert.equal(firstBytes(other)[1], TABLE_OF_NOTHING);
  });

  it('also when it makes it larger again at once', async (context) => {
    const { client } = await open(context);
    const down = setting(Setting.headerTableSize, 0);
    client.send(
      FrameType.settings,
      0,
      0,
      Buffer.concat([down, setting(Setting.headerTableSize, 4096)]),
    );
    client.call(1);
    await client.reply(1);
    assert.equal(firstBytes(client)[0], TABLE_OF_NOTHING);
  });

  it('who makes it larger needs no word', async (context) => {
    const { client } = await open(context, {}, setting(Setting.headerTableSize, 65_536));
    client.call(1);
    await client.reply(1);
    assert.equal(updates(client), 0);
  });
});

describe('§6.5 SETTINGS', () => {
  it('§6.5.2 the bounds of each value are valid', async (context) => {
    const { client } = await open(context);
    for (const [id, value] of [
      [Setting.headerTableSize, 2 ** 32 - 1],
      [Setting.enablePush, 0],
      [Setting.enablePush, 1],
      [Setting.maxConcurrentStreams, 2 ** 32 - 1],
      [Setting.initialWindowSize, 0],
      [Setting.initialWindowSize, 2 ** 31 - 1],
      [Setting.maxFrameSize, 16_384],
      [Setting.maxFrameSize, 2 ** 24 - 1],
      [Setting.maxHeaderListSize, 0],
    ] as const) {
      client.send(FrameType.settings, 0, 0, setting(id, value));
    }
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('§6.5.3 of a value that is repeated the last counts', async (context) => {
    const windows = [100_000, 0, 7].map((size) => setting(Setting.initialWindowSize, size));
    const { client } = await open(context, {}, Buffer.concat(windows));
    client.call(1, '100', requestWith({ ':path': '/test.Echo/Large' }));
    await client.until((frames) => frames.some((f) => f.type === FrameType.data), 'data');
    await client.sync();
    const bodies = client.received.filter((f) => f.type === FrameType.data);
    assert.deepEqual(
      bodies.map(({ payload }) => payload.length),
      [7],
    );
  });

  it('§6.5.3 what the client asks for is in effect once it is acknowledged', async (context) => {
    const { client } = await open(context, {}, setting(Setting.initialWindowSize, 1_000_000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    client.send(FrameType.settings, 0, 0, setting(Setting.maxFrameSize, 20_000));
    client.call(1, '50000', requestWith({ ':path': '/test.Echo/Large' }));
    await client.reply(1);
    const acks = client.received.filter((f) => f.type === FrameType.settings && f.flags === 1);
    const last = acks.at(-1);
    const large = client.received.findIndex((f) => f.payload.length > 16_384);
    assert.ok(last !== undefined && client.received.indexOf(last) < large);
  });

  it('§6.5.3 an acknowledgement that nobody waits for is borne with', async (context) => {
    const { client } = await open(context);
    for (let sent = 0; sent < 3; sent++) client.send(FrameType.settings, Flag.ack, 0);
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('§6.5.2 our own are the first frame, and come before the client has spoken', async (context) => {
    const { port } = await serveHttp2(context);
    const client = await RawClient.bare(port);
    context.after(() => client.close());
    await client.until((frames) => frames.length > 0, 'SETTINGS');
    assert.deepEqual(
      [client.received[0]?.type, client.received[0]?.flags],
      [FrameType.settings, 0],
    );
  });

  for (const flags of [0, Flag.ack]) {
    it(`§3.4 the client's first frame is SETTINGS, and no acknowledgement (flags ${flags})`, async (context) => {
      const { port } = await serveHttp2(context);
      const client = await RawClient.bare(port);
      context.after(() => client.close());
      client.write(CLIENT_PREFACE);
      client.send(FrameType.settings, flags, 0);
      client.call(1);
      if (flags === 0) assert.equal((await client.reply(1)).fields['grpc-status'], '0');
      else assert.equal((await client.goodbye())?.code, ErrorCode.protocolError);
    });
  }
});

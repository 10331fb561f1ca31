import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameType, Setting } from '../../../src/transport/http2/protocol.js';
import { open } from './conformance.js';
import { type Frame, message, type RawClient, requestWith, setting } from './raw-client.js';

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

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { endsConnection, open } from './conformance.js';
import { block, message, REQUEST, requestWith, setting, uint32 } from './raw-client.js';

/* Streams and their states, beyond what single frames show (frames.test.ts). */

const LATE = requestWith({ ':path': '/test.Echo/Late' });
const CHAT = requestWith({ ':path': '/test.Echo/Chat' });
const LARGE = requestWith({ ':path': '/test.Echo/Large' });
const HIGHEST_STREAM = 2 ** 31 - 1;

describe('§4 frames', () => {
  it('§4.1 flags and reserved bits without meaning are ignored', async (context) => {
    const { client } = await open(context, {}, setting(4, 0));
    client.send(FrameType.settings, 0xfe, 0);
    client.send(FrameType.ping, 0xfe, 0, Buffer.from('pingping'));
    client.call(1, '5', LARGE);
    // One byte more than the reserved bit pretends.
    client.send(FrameType.windowUpdate, 0xff, 1, uint32(2 ** 31 + 10));
    assert.equal((await client.reply(1)).body.length, 10);
    client.headers(3, LATE);
    client.send(FrameType.rstStream, 0xff, 3, uint32(ErrorCode.cancel));
    client.send(FrameType.settings, 0, 0, setting(4, 1000));
    client.call(5);
    assert.equal((await client.reply(5)).fields['grpc-status'], '0');
  });

  it('§4.2 of the largest size are taken', async (context) => {
    const { client } = await open(context);
    client.headers(1, requestWith({ ':path': '/test.Echo/Length' }));
    client.data(1, message(Buffer.alloc(16_384 - 5)));
    assert.equal((await client.reply(1)).body.subarray(5).toString(), '16379');
  });

  for (const [name, type, streamId] of [
    ['of a stream', FrameType.data, 1],
    ['of the connection', FrameType.settings, 0],
    ['of an unknown type', 0xee, 0],
  ] as const) {
    endsConnection(
      `§4.2 larger than allowed, ${name}: the header alone tells`,
      ErrorCode.frameSizeError,
      (client) => {
        client.headers(1);
        const header = Buffer.from('004001000000000000', 'hex');
        header[3] = type;
        header[8] = streamId;
        client.write(header);
      },
    );
  }

  for (const [name, type, id] of [
    ['DATA', FrameType.data, 1],
    ['HEADERS', FrameType.headers, 1],
    ['SETTINGS', FrameType.settings, 0],
    ['a frame of unknown type (§5.5)', 0xee, 1],
  ] as const) {
    endsConnection(`§4.3 a block that ${name} interrupts`, ErrorCode.protocolError, (client) => {
      client.headers(1, REQUEST, 0);
      client.send(type, 0, id);
    });
  }
});

describe('§5.1 stream states', () => {
  for (const [name, type, payload] of [
    ['DATA', FrameType.data, message('x')],
    ['HEADERS', FrameType.headers, block(REQUEST)],
    ['RST_STREAM', FrameType.rstStream, uint32(8)],
    ['WINDOW_UPDATE', FrameType.windowUpdate, uint32(1)],
  ] as const) {
    endsConnection(
      `idle: ${name} on a stream that only the server could open`,
      ErrorCode.protocolError,
      (client) => {
        client.call(5, 'x', LATE);
        client.send(type, Flag.endHeaders, 2, payload);
      },
    );
  }

  it('idle: PRIORITY may come', async (context) => {
    const { client } = await open(context);
    client.send(FrameType.priority, 0, 5, Buffer.alloc(5));
    client.send(FrameType.priority, 0, 2, Buffer.alloc(5));
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('half closed (remote): WINDOW_UPDATE and PRIORITY may come', async (context) => {
    const { client } = await open(context, {}, setting(4, 0));
    client.call(1, '5', LARGE);
    client.send(FrameType.priority, 0, 1, Buffer.alloc(5));
    client.send(FrameType.windowUpdate, 0, 1, uint32(10));
    assert.equal((await client.reply(1)).body.length, 10);
  });

  endsConnection('half closed (remote): CONTINUATION', ErrorCode.protocolError, (client) => {
    client.call(1, 'x', LATE);
    client.send(FrameType.continuation, Flag.endHeaders, 1);
  });

  it('reset by the server: all that may be on its way is ignored', async (context) => {
    const { client } = await open(context);
    client.headers(1, LATE);
    client.send(FrameType.windowUpdate, 0, 1, uint32(0));
    assert.equal((await client.reply(1)).resetCode, ErrorCode.protocolError);
    const before = client.received.length;
    client.data(1, message('x'), 0);
    client.send(FrameType.windowUpdate, 0, 1, uint32(5));
    client.send(FrameType.windowUpdate, 0, 1, uint32(0));
    client.headers(1, [['grpc-x', 'trailer']], Flag.endHeaders | Flag.endStream);
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    await client.sync();
    assert.equal(client.received.length, before + 1, 'the ping alone is answered');
  });
});

describe('§5.1.1 stream identifiers', () => {
  endsConnection('that were skipped cannot be opened later', ErrorCode.protocolError, (client) => {
    client.call(5);
    client.call(3);
  });

  endsConnection('nor can they many streams later', ErrorCode.protocolError, (client) => {
    for (let id = 1; id < 400; id += 4) client.call(id);
    client.call(203);
  });

  endsConnection('that were used are closed', ErrorCode.streamClosed, async (client) => {
    for (const id of [1, 5, 9]) client.call(id);
    await client.reply(9);
    client.call(5);
  });

  it('may be skipped, up to the highest', async (context) => {
    const { client } = await open(context);
    for (const id of [1, 101, 100_001, HIGHEST_STREAM]) {
      client.call(id);
      assert.equal((await client.reply(id)).fields['grpc-status'], '0');
    }
    client.send(FrameType.ping, 0, 0, Buffer.alloc(7));
    assert.equal((await client.goodbye())?.lastStreamId, HIGHEST_STREAM);
  });
});

describe('§5.1.2 stream concurrency', () => {
  it('what the client says of it concerns pushed streams alone', async (context) => {
    const { client } = await open(context, {}, setting(3, 0));
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('§8.7 of a refused stream nothing reaches a handler', async (context) => {
    const { client, service } = await open(context, { maxConcurrentStreams: 1 });
    client.call(1, 'x', LATE);
    client.call(3, 'x', LATE);
    assert.equal((await client.reply(3)).resetCode, ErrorCode.refusedStream);
    assert.equal(service.witness.late.length, 1);
  });

  it('a handler still at work counts, though its stream is past its deadline', async (context) => {
    const { client, service } = await open(context, { maxConcurrentStreams: 1 });
    client.call(1, 'x', [...LATE, ['grpc-timeout', '20m']]);
    assert.equal((await client.reply(1)).fields['grpc-status'], '4');
    client.call(3, 'x', LATE);
    assert.equal((await client.reply(3)).resetCode, ErrorCode.refusedStream);
    service.witness.late[0]?.(Buffer.from('nobody listens'));
    // Its answer makes room for one call, not for two.
    client.call(5, 'x', LATE);
    client.call(7, 'x', LATE);
    assert.equal((await client.reply(7)).resetCode, ErrorCode.refusedStream);
    service.witness.late[1]?.(Buffer.from('done'));
    assert.equal((await client.reply(5)).fields['grpc-status'], '0');
  });

  it('nor does one whose client left its side open count twice', async (context) => {
    const { client, service } = await open(context, { maxConcurrentStreams: 1 });
    client.headers(1, [...LATE, ['grpc-timeout', '20m']]);
    client.data(1, message('x'), 0);
    assert.equal((await client.reply(1)).fields['grpc-status'], '4');
    service.witness.late[0]?.(Buffer.from('nobody listens'));
    client.call(3, 'x', LATE);
    client.call(5, 'x', LATE);
    assert.equal((await client.reply(5)).resetCode, ErrorCode.refusedStream);
    service.witness.late[1]?.(Buffer.from('done'));
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });
});

describe('§5.4 errors', () => {
  it('§5.4.1 GOAWAY is the last frame, then the connection is closed', async (context) => {
    const { client } = await open(context);
    client.call(1, 'x', LATE);
    client.data(0, Buffer.alloc(1));
    client.call(3);
    assert.equal((await client.goodbye())?.code, ErrorCode.protocolError);
    assert.equal(client.received.at(-1)?.type, FrameType.goAway);
  });

  it('§5.4.2, §6.4 RST_STREAM is not answered, nor is anything sent after it', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', LATE);
    await service.witness.until(() => service.witness.late.length === 1);
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    await client.sync();
    service.witness.late[0]?.(Buffer.from('too late'));
    await client.sync();
    assert.ok(!client.received.some((f) => f.streamId === 1));
  });

  it('§7 unknown error codes are like any other', async (context) => {
    const { client, service } = await open(context);
    client.headers(1, CHAT);
    client.send(FrameType.rstStream, 0, 1, uint32(0xdeadbeef));
    await service.witness.until(() => service.witness.closed === 1);
    const unknown = Buffer.concat([uint32(0), uint32(0xdeadbeef), Buffer.from('for no reason')]);
    client.send(FrameType.goAway, 0, 0, unknown);
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });
});

describe('§6 frame definitions', () => {
  endsConnection('§6.1 DATA that is padded, but has no length', ErrorCode.frameSizeError, (c) => {
    c.headers(1);
    c.data(1, Buffer.alloc(0), Flag.padded);
  });

  it('§6.1 DATA may be nothing but padding', async (context) => {
    const { client } = await open(context);
    client.headers(1);
    client.data(1, Buffer.of(3, 0, 0, 0), Flag.padded);
    client.data(1, message('x'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  endsConnection(
    '§6.2 padding that leaves no room for the priority',
    ErrorCode.protocolError,
    (client) => {
      const flags = Flag.endHeaders | Flag.padded | Flag.priority;
      client.send(FrameType.headers, flags, 1, Buffer.from([3, 0, 0, 0, 0, 0, 0x82]));
    },
  );

  endsConnection('§6.2 a padded HEADERS without length', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.headers, Flag.endHeaders | Flag.padded, 1),
  );

  it('§6.7 acknowledged pings are not answered, asked for or not', async (context) => {
    const { client } = await open(context);
    client.send(FrameType.ping, Flag.ack, 0, Buffer.from('unasked.'));
    await client.sync();
    assert.equal(client.received.filter((f) => f.type === FrameType.ping).length, 1);
  });

  endsConnection('§6.8 a GOAWAY that is too short', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.goAway, 0, 0, Buffer.alloc(7)),
  );

  endsConnection('§6.10 CONTINUATION on stream 0', ErrorCode.protocolError, (client) => {
    client.headers(1, REQUEST, 0);
    client.send(FrameType.continuation, Flag.endHeaders, 0);
  });

  endsConnection('§6.10 CONTINUATION after the end of a block', ErrorCode.protocolError, (c) => {
    c.headers(1, LATE);
    c.send(FrameType.continuation, Flag.endHeaders, 1);
  });
});

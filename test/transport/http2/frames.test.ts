import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLIENT_PREFACE,
  ErrorCode,
  Flag,
  FrameType,
} from '../../../src/transport/http2/protocol.js';
import { endsConnection, open, resetsStream } from './conformance.js';
import {
  block,
  frame,
  indexedLiteral,
  message,
  RawClient,
  REQUEST,
  requestWith,
  setting,
  uint32,
} from './raw-client.js';
import { serveHttp2 } from './service.js';

const path = (value: string): [string, string][] => requestWith({ ':path': value });
const late = path('/test.Echo/Late');

describe('§3.4 the connection preface', () => {
  it('is answered with SETTINGS, also when it comes byte by byte', async (context) => {
    const { port } = await serveHttp2(context);
    const client = await RawClient.bare(port);
    context.after(() => client.close());
    const bytes = Buffer.concat([
      CLIENT_PREFACE,
      frame(FrameType.settings, 0, 0, Buffer.alloc(0)),
      frame(FrameType.headers, Flag.endHeaders, 1, block(REQUEST)),
      frame(FrameType.data, Flag.endStream, 1, message('slow')),
    ]);
    for (const byte of bytes) {
      client.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    assert.equal((await client.reply(1)).body.toString('latin1'), '\0\0\0\0\x04slow');
    assert.equal(client.received[0]?.type, FrameType.settings);
  });

  it('must be right', async (context) => {
    const { port } = await serveHttp2(context);
    const client = await RawClient.bare(port);
    client.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'));
    assert.equal((await client.goodbye())?.code, ErrorCode.protocolError);
  });

  it('must be followed by SETTINGS', async (context) => {
    const { port } = await serveHttp2(context);
    const client = await RawClient.bare(port);
    client.write(CLIENT_PREFACE);
    client.send(FrameType.ping, 0, 0, Buffer.alloc(8));
    assert.equal((await client.goodbye())?.code, ErrorCode.protocolError);
  });
});

describe('§4 frames', () => {
  endsConnection('§4.2 larger than allowed', ErrorCode.frameSizeError, (client) => {
    client.headers(1);
    client.data(1, Buffer.alloc(16_385));
  });

  it('§4.1 of unknown types and flags are ignored', async (context) => {
    const { client } = await open(context);
    client.send(0xee, 0xff, 0, Buffer.from('whatever'));
    client.send(0xee, 0xff, 7, Buffer.from('whatever'));
    client.headers(1, REQUEST, Flag.endHeaders | 0x40);
    client.data(1, message('hi'), Flag.endStream | 0x80);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('§4.1 the reserved bit of the stream id is ignored', async (context) => {
    const { client } = await open(context);
    client.headers(0x80000001);
    client.data(1, message('hi'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  endsConnection('§4.3 a block that cannot be decoded', ErrorCode.compressionError, (client) => {
    client.send(FrameType.headers, Flag.endHeaders, 1, Buffer.of(0x80));
  });

  endsConnection('§4.3 a block that is interrupted', ErrorCode.protocolError, (client) => {
    client.headers(1, REQUEST, 0);
    client.send(FrameType.ping, 0, 0, Buffer.alloc(8));
  });

  endsConnection(
    '§4.3 a block that another stream interrupts',
    ErrorCode.protocolError,
    (client) => {
      client.headers(1, REQUEST, 0);
      client.send(FrameType.continuation, Flag.endHeaders, 3);
    },
  );

  it('§4.3 the table is kept in step through refused and reset streams', async (context) => {
    const { client } = await open(context);
    // Malformed (upper case), but it puts an entry into the table; the next request refers to it.
    const first = Buffer.concat([
      block(REQUEST),
      indexedLiteral('x-kept', 'yes'),
      block([['X', 'y']]),
    ]);
    client.send(FrameType.headers, Flag.endHeaders, 1, first);
    assert.equal((await client.reply(1)).resetCode, ErrorCode.protocolError);
    // Trailers of the stream that was reset.
    const trailers = Buffer.concat([Buffer.of(0xbe), indexedLiteral('x-more', 'too')]);
    client.send(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, trailers);
    const again = Buffer.concat([block(path('/test.Echo/Header')), Buffer.of(0xbf, 0xbe)]);
    client.send(FrameType.headers, Flag.endHeaders, 3, again);
    client.data(3, message('x-kept'));
    assert.equal((await client.reply(3)).body.subarray(5).toString(), 'yes');
  });
});

describe('§5.1 stream states', () => {
  for (const [name, type, payload] of [
    ['DATA', FrameType.data, message('x')],
    ['RST_STREAM', FrameType.rstStream, uint32(8)],
    ['WINDOW_UPDATE', FrameType.windowUpdate, uint32(1)],
    ['CONTINUATION', FrameType.continuation, Buffer.alloc(0)],
  ] as const) {
    endsConnection(`idle: ${name}`, ErrorCode.protocolError, (client) =>
      client.send(type, 0, 1, payload),
    );
  }

  resetsStream('half closed (remote): DATA', ErrorCode.streamClosed, (client) => {
    client.call(1, 'x', late);
    client.data(1, message('more'));
  });

  endsConnection('half closed (remote): HEADERS', ErrorCode.streamClosed, (client) => {
    client.call(1, 'x', late);
    client.headers(1);
  });

  resetsStream('closed: DATA', ErrorCode.streamClosed, (client) => {
    client.call(1, 'x', late);
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    client.data(1, message('more'));
  });

  endsConnection('closed: HEADERS', ErrorCode.streamClosed, async (client) => {
    client.call(1);
    await client.reply(1);
    client.headers(1);
  });

  it('closed: WINDOW_UPDATE, RST_STREAM and PRIORITY may arrive late', async (context) => {
    const { client } = await open(context);
    client.call(1);
    await client.reply(1);
    client.send(FrameType.windowUpdate, 0, 1, uint32(10));
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    client.send(FrameType.priority, 0, 1, Buffer.alloc(5));
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });

  it('reset by the server: what the client sent before it knew is ignored', async (context) => {
    const { client } = await open(context);
    client.headers(1, requestWith({ 'content-type': 'text/plain' }));
    const reply = await client.reply(1);
    assert.equal(reply.fields[':status'], '415');
    client.data(1, message('x'), 0);
    client.headers(1, [['grpc-x', 'trailer']], Flag.endHeaders | Flag.endStream);
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });

  endsConnection('§5.1.1 even stream ids', ErrorCode.protocolError, (client) => client.headers(2));

  it('§5.1.2 streams beyond the limit are refused', async (context) => {
    const { client, service } = await open(context, { maxConcurrentStreams: 2 });
    for (const id of [1, 3, 5]) client.call(id, 'x', late);
    assert.equal((await client.reply(5)).resetCode, ErrorCode.refusedStream);
    service.witness.late[0]?.(Buffer.from('done'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    client.call(7);
    assert.equal((await client.reply(7)).fields['grpc-status'], '0');
  });

  it('§5.1.2 a handler still at work counts, though its stream was reset', async (context) => {
    const { client, service } = await open(context, { maxConcurrentStreams: 1 });
    client.call(1, 'x', late);
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    client.call(3);
    assert.equal((await client.reply(3)).resetCode, ErrorCode.refusedStream);
    service.witness.late[0]?.(Buffer.from('nobody listens'));
    client.call(5);
    assert.equal((await client.reply(5)).fields['grpc-status'], '0');
  });
});

describe('§6 frame definitions', () => {
  endsConnection('§6.1 DATA on stream 0', ErrorCode.protocolError, (client) =>
    client.data(0, Buffer.alloc(1)),
  );
  endsConnection('§6.1 more padding than payload', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.data(1, Buffer.of(5, 0, 0), Flag.padded);
  });

  it('§6.1, §6.2 padding and priority are taken off', async (context) => {
    const { client } = await open(context);
    const padded = Buffer.concat([Buffer.of(3), Buffer.alloc(5), block(REQUEST), Buffer.alloc(3)]);
    client.send(FrameType.headers, Flag.endHeaders | Flag.padded | Flag.priority, 1, padded);
    client.data(
      1,
      Buffer.concat([Buffer.of(4), message('padded'), Buffer.alloc(4)]),
      Flag.padded | Flag.endStream,
    );
    assert.equal((await client.reply(1)).body.subarray(5).toString(), 'padded');
  });

  endsConnection('§6.2 HEADERS on stream 0', ErrorCode.protocolError, (client) =>
    client.headers(0),
  );
  endsConnection('§6.2 HEADERS too short for its priority', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.headers, Flag.endHeaders | Flag.priority, 1, Buffer.alloc(3)),
  );
  endsConnection('§6.2 HEADERS with too much padding', ErrorCode.protocolError, (client) =>
    client.send(FrameType.headers, Flag.endHeaders | Flag.padded, 1, Buffer.of(9, 0, 0)),
  );
  endsConnection('§6.3 PRIORITY on stream 0', ErrorCode.protocolError, (client) =>
    client.send(FrameType.priority, 0, 0, Buffer.alloc(5)),
  );
  endsConnection('§6.3 PRIORITY of the wrong size', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.priority, 0, 1, Buffer.alloc(4)),
  );
  endsConnection('§6.4 RST_STREAM on stream 0', ErrorCode.protocolError, (client) =>
    client.send(FrameType.rstStream, 0, 0, uint32(0)),
  );
  endsConnection('§6.4 RST_STREAM of the wrong size', ErrorCode.frameSizeError, (client) => {
    client.headers(1);
    client.send(FrameType.rstStream, 0, 1, Buffer.alloc(3));
  });
  endsConnection('§6.5 SETTINGS on a stream', ErrorCode.protocolError, (client) =>
    client.send(FrameType.settings, 0, 1),
  );
  endsConnection('§6.5 SETTINGS of the wrong size', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.settings, 0, 0, Buffer.alloc(5)),
  );
  endsConnection(
    '§6.5 a SETTINGS acknowledgement with payload',
    ErrorCode.frameSizeError,
    (client) => client.send(FrameType.settings, Flag.ack, 0, setting(1, 1)),
  );
  for (const [name, id, value, code] of [
    ['ENABLE_PUSH of 2', 2, 2, ErrorCode.protocolError],
    ['INITIAL_WINDOW_SIZE of 2^31', 4, 2 ** 31, ErrorCode.flowControlError],
    ['MAX_FRAME_SIZE of 16383', 5, 16_383, ErrorCode.protocolError],
    ['MAX_FRAME_SIZE of 2^24', 5, 2 ** 24, ErrorCode.protocolError],
  ] as const) {
    endsConnection(`§6.5.2 ${name}`, code, (client) =>
      client.send(FrameType.settings, 0, 0, setting(id, value)),
    );
  }

  it('§6.5.2 unknown settings are ignored, §6.5.3 all are acknowledged in order', async (context) => {
    const { client } = await open(context);
    client.send(FrameType.settings, 0, 0, setting(0xabcd, 5));
    client.send(FrameType.settings, 0, 0, setting(3, 5));
    const acks = (frames: readonly { type: number; flags: number }[]) =>
      frames.filter((f) => f.type === FrameType.settings && f.flags === Flag.ack);
    await client.until((frames) => acks(frames).length === 3, 'three acknowledgements');
  });

  endsConnection('§6.6 PUSH_PROMISE from a client', ErrorCode.protocolError, (client) =>
    client.send(FrameType.pushPromise, Flag.endHeaders, 1, uint32(2)),
  );

  it('§6.7 PING is answered with its payload', async (context) => {
    const { client } = await open(context);
    client.send(FrameType.ping, 0, 0, Buffer.from('12345678'));
    await client.until(
      (frames) =>
        frames.some(
          (f) =>
            f.type === FrameType.ping &&
            f.payload.toString() === '12345678' &&
            f.flags === Flag.ack,
        ),
      'the answer',
    );
  });

  endsConnection('§6.7 PING on a stream', ErrorCode.protocolError, (client) =>
    client.send(FrameType.ping, 0, 1, Buffer.alloc(8)),
  );
  endsConnection('§6.7 PING of the wrong size', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.ping, 0, 0, Buffer.alloc(7)),
  );
  endsConnection('§6.8 GOAWAY on a stream', ErrorCode.protocolError, (client) =>
    client.send(FrameType.goAway, 0, 1, Buffer.alloc(8)),
  );

  it('§6.8 a GOAWAY names the last stream, and calls go on after one from the client', async (context) => {
    const { client } = await open(context);
    client.headers(5);
    client.send(FrameType.goAway, 0, 0, Buffer.alloc(8));
    client.data(5, message('still'));
    assert.equal((await client.reply(5)).fields['grpc-status'], '0');
    client.send(FrameType.ping, 0, 0, Buffer.alloc(7));
    assert.equal((await client.goodbye())?.lastStreamId, 5);
  });

  endsConnection('§6.9 WINDOW_UPDATE of the wrong size', ErrorCode.frameSizeError, (client) =>
    client.send(FrameType.windowUpdate, 0, 0, Buffer.alloc(3)),
  );
  endsConnection('§6.9 WINDOW_UPDATE of 0 for the connection', ErrorCode.protocolError, (client) =>
    client.send(FrameType.windowUpdate, 0, 0, uint32(0)),
  );
  resetsStream('§6.9 WINDOW_UPDATE of 0 for a stream', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.send(FrameType.windowUpdate, 0, 1, uint32(0));
  });
  endsConnection('§6.9.1 a connection window beyond 2^31-1', ErrorCode.flowControlError, (client) =>
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
  );
  resetsStream('§6.9.1 a stream window beyond 2^31-1', ErrorCode.flowControlError, (client) => {
    client.headers(1);
    client.send(FrameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1));
  });
  endsConnection(
    '§6.9.2 a setting that makes a window too large',
    ErrorCode.flowControlError,
    (client) => {
      client.headers(1);
      client.send(FrameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1 - 65_535));
      client.send(FrameType.settings, 0, 0, setting(4, 65_536));
    },
  );
  endsConnection('§6.10 CONTINUATION without HEADERS', ErrorCode.protocolError, async (client) => {
    client.call(1);
    await client.reply(1);
    client.send(FrameType.continuation, Flag.endHeaders, 1);
  });

  it('§6.10 a block may come in pieces', async (context) => {
    const { client } = await open(context);
    const bytes = block(REQUEST);
    client.send(FrameType.headers, 0, 1, bytes.subarray(0, 7));
    client.send(FrameType.continuation, 0, 1, bytes.subarray(7, 7));
    client.send(FrameType.continuation, 0, 1, bytes.subarray(7, 30));
    client.send(FrameType.continuation, Flag.endHeaders, 1, bytes.subarray(30));
    client.data(1, message('pieces'));
    assert.equal((await client.reply(1)).body.subarray(5).toString(), 'pieces');
  });
});

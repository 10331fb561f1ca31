import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HpackDecoder } from '../../../src/transport/http2/hpack/decoder.js';
import type { HeaderField } from '../../../src/transport/http2/hpack/header-field.js';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src/transport/http2/protocol.js';
import { endsConnection, open, resetsStream } from './conformance.js';
import { type Frame, message, REQUEST, requestWith, setting, uint32 } from './raw-client.js';

describe('§8 requests', () => {
  const malformed: readonly [name: string, fields: [string, string][]][] = [
    [
      '§8.2.1 upper-case names',
      [...REQUEST.map(([n, v]): [string, string] => [n, v]), ['X-A', 'b']],
    ],
    ['§8.2.1 invalid characters in names', requestWith({ 'a b': 'c' })],
    ['§8.2.1 line ends in values', requestWith({ a: 'b\r\nc' })],
    ['§8.2.1 zero bytes in values', requestWith({ a: 'b\0' })],
    ['§8.2.1 white space around values', requestWith({ a: ' b' })],
    ['§8.2.2 connection', requestWith({ connection: 'close' })],
    ['§8.2.2 transfer-encoding', requestWith({ 'transfer-encoding': 'chunked' })],
    ['§8.2.2 te other than trailers', requestWith({ te: 'gzip' })],
    ['§8.3 unknown pseudo-headers', requestWith({ ':test': 'x' })],
    ['§8.3 pseudo-headers of responses', requestWith({ ':status': '200' })],
    [
      '§8.3 pseudo-headers after others',
      [['a', 'b'], ...REQUEST.map(([n, v]): [string, string] => [n, v])],
    ],
    [
      '§8.3.1 pseudo-headers twice',
      [[':method', 'POST'], ...REQUEST.map(([n, v]): [string, string] => [n, v])],
    ],
    ['§8.3.1 no :method', requestWith({ ':method': undefined })],
    ['§8.3.1 no :scheme', requestWith({ ':scheme': undefined })],
    ['§8.3.1 no :path', requestWith({ ':path': undefined })],
    ['§8.3.1 an empty :path', requestWith({ ':path': '' })],
    ['§8.1.1 content-length that is no number', requestWith({ 'content-length': 'x' })],
    ['§8.1.1 content-length with a sign', requestWith({ 'content-length': '+6' })],
    [
      '§8.1.1 content-length twice, and different',
      [...requestWith({ 'content-length': '6' }), ['content-length', '7']],
    ],
    ['§8.2.1 an empty name', requestWith({ '': 'a' })],
    ['§8.2.1 DEL in names', requestWith({ 'a\x7f': 'b' })],
    ['§8.2.1 bytes beyond ASCII in names', requestWith({ 'a\x80': 'b' })],
    ['§8.2.1 control characters in names', requestWith({ 'a\x01': 'b' })],
    ['§8.2.1 a colon within a name', requestWith({ 'a:b': 'c' })],
    ['§8.2.1 a line feed alone in values', requestWith({ a: 'b\nc' })],
    ['§8.2.1 a carriage return alone in values', requestWith({ a: 'b\rc' })],
    ['§8.2.1 white space behind values', requestWith({ a: 'b\t' })],
    ['§8.2.1 zero bytes in pseudo-headers', requestWith({ ':path': '/test.Echo/Echo\0' })],
    ['§8.2.2 keep-alive', requestWith({ 'keep-alive': 'timeout=5' })],
    ['§8.2.2 proxy-connection', requestWith({ 'proxy-connection': 'keep-alive' })],
    ['§8.2.2 upgrade (§8.6)', requestWith({ upgrade: 'h2c' })],
    ['§8.2.2 te with more than trailers', requestWith({ te: 'trailers, deflate' })],
    ['§8.3.1 :path twice', [[':path', '/'], ...requestWith({})]],
    ['§8.3.1 :authority twice', [[':authority', 'a'], ...requestWith({})]],
    [
      '§8.5 CONNECT, which the server does not do',
      requestWith({ ':method': 'CONNECT', ':scheme': undefined, ':path': undefined }),
    ],
    ['§8.5 CONNECT by a :protocol', requestWith({ ':method': 'CONNECT', ':protocol': 'x' })],
  ];
  for (const [name, fields] of malformed) {
    resetsStream(`malformed: ${name}`, ErrorCode.protocolError, (client) =>
      client.call(1, 'x', fields),
    );
  }

  for (const [name, length] of [
    ['too short', '7'],
    ['too long', '5'],
  ] as const) {
    resetsStream(
      `§8.1.1 a body ${name} for its content-length`,
      ErrorCode.protocolError,
      (client) => {
        client.headers(1, requestWith({ ':path': '/test.Echo/Late', 'content-length': length }));
        client.data(1, message('x'));
      },
    );
  }

  resetsStream(
    '§8.1.1 a content-length, but END_STREAM with the headers',
    ErrorCode.protocolError,
    (client) =>
      client.headers(
        1,
        requestWith({ ':path': '/test.Echo/Chat', 'content-length': '1' }),
        Flag.endHeaders | Flag.endStream,
      ),
  );
  resetsStream(
    '§8.1.1 a body too short for its content-length, ended by trailers',
    ErrorCode.protocolError,
    (client) => {
      client.headers(1, requestWith({ ':path': '/test.Echo/Late', 'content-length': '7' }));
      client.data(1, message('x'), 0);
      client.headers(1, [['a', 'b']], Flag.endHeaders | Flag.endStream);
    },
  );

  resetsStream('§8.1 trailers without END_STREAM', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.headers(1, [['a', 'b']]);
  });
  resetsStream('§8.1 trailers with pseudo-headers', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.headers(1, [[':path', '/']], Flag.endHeaders | Flag.endStream);
  });

  it('§8.1 trailers end the request', async (context) => {
    const { client, service } = await open(context);
    client.headers(1, requestWith({ ':path': '/test.Echo/Chat' }));
    client.data(1, message('one'), 0);
    client.headers(1, [['a', 'b']], Flag.endHeaders | Flag.endStream);
    const reply = await client.reply(1);
    assert.equal(reply.fields['grpc-status'], '0');
    assert.equal(service.witness.halfClosed, 1);
  });

  for (const [name, field] of [
    ['connection-specific fields (§8.2.2)', ['connection', 'close']],
    ['te other than trailers (§8.2.2)', ['te', 'gzip']],
    ['upper-case names (§8.2.1)', ['A', 'b']],
    ['line ends in values (§8.2.1)', ['a', 'b\r\n']],
  ] as const) {
    resetsStream(`§8.1 trailers with ${name}`, ErrorCode.protocolError, (client) => {
      client.headers(1, requestWith({ ':path': '/test.Echo/Chat' }));
      client.headers(1, [field], Flag.endHeaders | Flag.endStream);
    });
  }

  endsConnection('§8.1 HEADERS after the trailers', ErrorCode.streamClosed, (client) => {
    client.headers(1, requestWith({ ':path': '/test.Echo/Late' }));
    client.data(1, message('x'), 0);
    client.headers(1, [['a', 'b']], Flag.endHeaders | Flag.endStream);
    client.headers(1, [['a', 'b']], Flag.endHeaders | Flag.endStream);
  });

  for (const [name, fields] of [
    ['§8.1.1 the right content-length', requestWith({ 'content-length': '10' })],
    [
      '§8.1.1 the same content-length twice',
      [...requestWith({ 'content-length': '10' }), ['content-length', '10']],
    ],
    ['§8.2.1 bytes beyond ASCII in values', requestWith({ a: 'gr\xfc\xdfe' })],
    ['§8.2.1 tabs and spaces within values', requestWith({ a: 'b \t c' })],
    ['§8.2.1 empty values', requestWith({ a: '' })],
    ['§8.2.3 cookies in crumbs', [...requestWith({ cookie: 'a=b' }), ['cookie', 'c=d']]],
    ['§8.3.1 no :authority', requestWith({ ':authority': undefined })],
    ['§8.3.1 host instead of :authority', requestWith({ ':authority': undefined, host: 'a' })],
    // As Go's gRPC: what :authority says counts, and host is not looked at.
    ['§8.3.1 a host that differs from :authority', requestWith({ host: 'other' })],
    ['§8.3.1 any :scheme', requestWith({ ':scheme': 'ftp' })],
  ] as [string, [string, string][]][]) {
    it(`taken: ${name}`, async (context) => {
      const { client } = await open(context);
      client.call(1, 'hello', fields);
      assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    });
  }
});

describe('§8 responses', () => {
  /** Names of the fields of each header block of a stream. */
  function blocksOf(frames: readonly Frame[], id: number): string[][] {
    return frames
      .filter((f) => f.type === FrameType.headers && f.streamId === id)
      .map(({ payload }) => {
        const fields: HeaderField[] = [];
        new HpackDecoder(4096).decode(payload, 0, payload.length, fields, 1e6);
        return fields.map(({ name }) => name);
      });
  }

  it('§8.1, §8.3.2 :status first, and once; no pseudo-headers in trailers', async (context) => {
    const { client } = await open(context);
    client.call(1);
    client.call(3, '5 no', requestWith({ ':path': '/test.Echo/Fail' }));
    client.call(5, 'x', requestWith({ 'content-type': 'text/plain' }));
    for (const id of [1, 3, 5]) await client.reply(id);
    assert.deepEqual(blocksOf(client.received, 1), [
      [':status', 'content-type'],
      ['grpc-status', 'grpc-message'],
    ]);
    for (const id of [3, 5]) {
      assert.deepEqual(blocksOf(client.received, id), [
        [':status', 'content-type', 'grpc-status', 'grpc-message'],
      ]);
    }
  });

  it('§8.1 END_STREAM is on the last frame of each stream, and there alone', async (context) => {
    const { client } = await open(context);
    client.call(1, '5 20000', requestWith({ ':path': '/test.Echo/Pour' }));
    client.send(FrameType.windowUpdate, 0, 1, uint32(1_000_000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    await client.reply(1);
    const frames = client.received.filter((f) => f.streamId === 1);
    const isBody = ({ type }: Frame) => type === FrameType.headers || type === FrameType.data;
    assert.ok(frames.every(isBody));
    assert.deepEqual(
      frames.map(({ flags }) => (flags & Flag.endStream) !== 0),
      frames.map((_, index) => index === frames.length - 1),
    );
  });

  it('§8.4 nothing is ever pushed, nor is that announced (§6.5.2)', async (context) => {
    const { client } = await open(context, {}, setting(Setting.enablePush, 1));
    client.call(1);
    await client.reply(1);
    assert.ok(!client.received.some((f) => f.type === FrameType.pushPromise));
    const settings = client.received.find((f) => f.type === FrameType.settings && f.flags === 0);
    const ids = [];
    for (let at = 0; at < (settings?.payload.length ?? 0); at += 6) {
      ids.push(settings?.payload.readUInt16BE(at));
    }
    assert.deepEqual(ids, [Setting.initialWindowSize, Setting.maxHeaderListSize]);
  });
});

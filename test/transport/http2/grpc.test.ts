import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { block, indexedLiteral, message, RawClient, requestWith, uint32 } from './raw-client.js';
import { type ServiceOptions, serveHttp2 } from './service.js';

/*
 * What Go's gRPC server (as etcd 3.7.1 runs it) answers to requests of all kinds; the expected values
 * are what a live one sent.
 */

async function open(context: TestContext, options: ServiceOptions = {}) {
  const service = await serveHttp2(context, options);
  const client = await RawClient.open(service.port);
  context.after(() => client.close());
  return { client, service };
}

interface Case {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** undefined: END_STREAM on the headers. */
  readonly body?: Buffer | undefined;
  /** The client does not end its side. */
  readonly isOpen?: boolean;
  readonly expect: Readonly<Record<string, string>>;
}

const UNARY = message('hi');
const trailersOnly = (status: number, text: string) => ({
  ':status': '200',
  'content-type': 'application/grpc',
  'grpc-status': String(status),
  'grpc-message': text,
});
const refused = (httpStatus: number, status: number, text: string) => ({
  ...trailersOnly(status, text),
  ':status': String(httpStatus),
});
const OK = trailersOnly(0, '');
const CHAT = { ':path': '/test.Echo/Chat' };
const POUR = { ':path': '/test.Echo/Pour' };
const NO_DECOMPRESSOR = {
  ...trailersOnly(12, 'grpc: Decompressor is not installed for grpc-encoding "foo"'),
  'grpc-accept-encoding': 'identity,gzip',
};

const CASES: readonly Case[] = [
  { name: 'an ordinary call', expect: OK },
  { name: 'a client that does not end its side', isOpen: true, expect: OK },
  { name: 'bytes after the message', body: Buffer.concat([UNARY, UNARY]), expect: OK },
  { name: 'no te', headers: { te: undefined }, expect: OK },
  { name: 'a timeout that is long enough', headers: { 'grpc-timeout': '5S' }, expect: OK },
  { name: 'no message', body: undefined, expect: trailersOnly(2, 'EOF') },
  { name: 'half a prefix', body: UNARY.subarray(0, 3), expect: trailersOnly(2, 'EOF') },
  { name: 'half a message', body: UNARY.subarray(0, 6), expect: trailersOnly(2, 'unexpected EOF') },
  {
    name: 'an unknown format',
    body: message('hi', 7),
    expect: trailersOnly(13, 'grpc: received unexpected payload format 7'),
  },
  {
    name: 'compressed without encoding',
    body: message('hi', 1),
    expect: trailersOnly(13, 'grpc: compressed flag set with identity or empty encoding'),
  },
  {
    name: 'gzip',
    headers: { 'grpc-encoding': 'gzip' },
    body: message(gzipSync('hi'), 1),
    expect: OK,
  },
  { name: 'gzip that is not used', headers: { 'grpc-encoding': 'gzip' }, expect: OK },
  { name: 'identity', headers: { 'grpc-encoding': 'identity' }, expect: OK },
  {
    name: 'an unknown encoding',
    headers: { 'grpc-encoding': 'foo' },
    body: message('hi', 1),
    expect: NO_DECOMPRESSOR,
  },
  {
    name: 'an unknown encoding that is not used',
    headers: { 'grpc-encoding': 'foo' },
    expect: NO_DECOMPRESSOR,
  },
  {
    name: 'another content type',
    headers: { 'content-type': 'application/json' },
    expect: refused(415, 3, 'invalid gRPC request content-type "application/json"'),
  },
  {
    name: 'no content type',
    headers: { 'content-type': undefined },
    expect: refused(415, 3, 'invalid gRPC request content-type ""'),
  },
  {
    name: 'a content type in capitals',
    headers: { 'content-type': 'application/GRPC' },
    expect: refused(415, 3, 'invalid gRPC request content-type "application/GRPC"'),
  },
  {
    name: 'a content subtype',
    headers: { 'content-type': 'application/grpc+proto' },
    expect: { ...OK, 'content-type': 'application/grpc+proto' },
  },
  {
    name: 'a content subtype behind a semicolon',
    headers: { 'content-type': 'application/grpc;foo' },
    expect: { ...OK, 'content-type': 'application/grpc+foo' },
  },
  {
    name: 'GET',
    headers: { ':method': 'GET' },
    body: undefined,
    expect: refused(405, 13, 'Received a HEADERS frame with :method "GET" which should be POST'),
  },
  {
    name: 'an unknown service',
    headers: { ':path': '/foo.Bar/Baz' },
    expect: trailersOnly(12, 'unknown service foo.Bar'),
  },
  {
    name: 'an unknown method',
    headers: { ':path': '/test.Echo/Baz' },
    expect: trailersOnly(12, 'unknown method Baz for service test.Echo'),
  },
  {
    name: 'an unknown method, unfinished',
    headers: { ':path': '/test.Echo/Baz' },
    isOpen: true,
    expect: trailersOnly(12, 'unknown method Baz for service test.Echo'),
  },
  {
    name: 'a path of one part',
    headers: { ':path': '/foo' },
    expect: trailersOnly(12, 'malformed method name: "/foo"'),
  },
  {
    name: 'a path without slash',
    headers: { ':path': 'foo/x' },
    expect: trailersOnly(12, 'malformed method name: "foo/x"'),
  },
  {
    name: 'a path of strange bytes',
    headers: { ':path': '/fo"\\\xe9' },
    expect: trailersOnly(12, 'malformed method name: "/fo\\"\\\\\\xe9"'),
  },
  {
    name: 'a timeout of nothing',
    headers: { 'grpc-timeout': '0S' },
    expect: trailersOnly(4, 'context deadline exceeded'),
  },
  ...(
    [
      ['5x', 'transport: timeout unit is not recognized: "5x"'],
      ['x', 'transport: timeout string is too short: "x"'],
      ['abcS', 'strconv.ParseUint: parsing "abc": invalid syntax'],
      ['-5S', 'strconv.ParseUint: parsing "-5": invalid syntax'],
      ['123456789S', 'transport: timeout string is too long: "123456789S"'],
    ] as const
  ).map(([timeout, text]) => ({
    name: `the timeout ${timeout}`,
    headers: { 'grpc-timeout': timeout },
    expect: refused(400, 13, `malformed grpc-timeout: ${text}`),
  })),
  {
    name: 'a message that is too large',
    body: message('').fill(0x30, 1, 2),
    isOpen: true,
    expect: trailersOnly(8, 'grpc: received message larger than max (805306368 vs. 2097152)'),
  },
  {
    name: 'binary metadata',
    headers: { 'x-bin': 'AQI' },
    expect: OK,
  },
  ...(
    [
      ['!!', 0],
      ['AQI=A', 3],
    ] as const
  ).map(([value, at]) => ({
    name: `the binary metadata ${value}`,
    headers: { 'x-bin': value },
    expect: refused(
      400,
      13,
      `malformed binary metadata "${value}" in header "x-bin": illegal base64 data at input byte ${at}`,
    ),
  })),
  { name: 'a stream that ends at once', headers: CHAT, body: undefined, expect: OK },
  {
    name: 'a stream that ends in a message',
    headers: CHAT,
    body: UNARY.subarray(0, 6),
    expect: trailersOnly(13, 'unexpected EOF'),
  },
  {
    name: 'a server stream without request',
    headers: POUR,
    body: undefined,
    expect: trailersOnly(
      13,
      'cardinality violation: received no request message from non-client-streaming RPC',
    ),
  },
  {
    name: 'a server stream with two requests',
    headers: POUR,
    body: Buffer.concat([message('1 1'), message('1 1')]),
    expect: trailersOnly(
      13,
      'cardinality violation: received multiple request messages for non-client-streaming RPC',
    ),
  },
  {
    name: 'a server stream with half a prefix',
    headers: POUR,
    body: Buffer.alloc(2),
    expect: trailersOnly(
      13,
      'cardinality violation: received no request message from non-client-streaming RPC',
    ),
  },
];

describe('requests are answered as by Go’s gRPC server', () => {
  for (const one of CASES) {
    it(one.name, async (context) => {
      const { client } = await open(context);
      const body = 'body' in one ? one.body : UNARY;
      const fields = requestWith(one.headers ?? {});
      client.headers(1, fields, Flag.endHeaders | (body === undefined ? Flag.endStream : 0));
      if (body !== undefined) client.data(1, body, one.isOpen === true ? 0 : Flag.endStream);
      const reply = await client.reply(1);
      assert.deepEqual(reply.fields, one.expect);
      assert.equal(
        reply.headerBlocks,
        reply.body.length > 0 ? 2 : 1,
        'trailers only without a body',
      );
      if (one.isOpen !== true) return;
      await client.until(
        (frames) =>
          frames.some(
            (f) =>
              f.type === FrameType.rstStream && f.payload.readUInt32BE(0) === ErrorCode.noError,
          ),
        'the reset of what the client left open',
      );
    });
  }

  it('two host headers are refused', async (context) => {
    const { client } = await open(context);
    client.call(1, 'x', [...requestWith({ host: 'a' }), ['host', 'b']]);
    const { fields } = await client.reply(1);
    assert.equal(fields[':status'], '400');
    assert.match(fields['grpc-message'] ?? '', /num values of host: 2/);
  });
});

describe('statuses', () => {
  it('carry any text, percent-encoded', async (context) => {
    const { client } = await open(context);
    client.call(1, '5 100% größer\nund 🙂', requestWith({ ':path': '/test.Echo/Fail' }));
    const { fields } = await client.reply(1);
    assert.equal(fields['grpc-status'], '5');
    assert.equal(fields['grpc-message'], '100%25 gr%C3%B6%C3%9Fer%0Aund %F0%9F%99%82');
  });

  it('longer than a frame go on in CONTINUATION frames', async (context) => {
    const { client } = await open(context);
    const request = message(`5 ${'e'.repeat(40_000)}`);
    client.headers(1, requestWith({ ':path': '/test.Echo/Fail' }));
    for (let at = 0; at < request.length; at += 16_384) {
      client.data(1, request.subarray(at, at + 16_384), at + 16_384 < request.length ? 0 : 1);
    }
    await client.until(
      (frames) =>
        frames.some((f) => f.type === FrameType.continuation && f.flags === Flag.endHeaders),
      'the end of the block',
    );
    const blocks = client.received.filter((f) => f.streamId === 1);
    assert.deepEqual(
      blocks.map((f) => f.type),
      [1, 9, 9],
    );
    assert.ok(blocks.every((f) => f.payload.length <= 16_384));
  });

  it('a handler that throws fails its own call only', async (context) => {
    const { client } = await open(context);
    client.call(1, 'x', requestWith({ ':path': '/test.Echo/Throw' }));
    client.call(3);
    assert.equal((await client.reply(1)).fields['grpc-status'], '13');
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });
});

describe('compression', () => {
  it('what unpacks to more than may be received is refused', async (context) => {
    const { client } = await open(context, { maxReceiveBytes: 1000 });
    client.headers(1, requestWith({ 'grpc-encoding': 'gzip' }));
    client.data(1, message(gzipSync(Buffer.alloc(1001)), 1));
    const { fields } = await client.reply(1);
    assert.equal(fields['grpc-status'], '8');
    assert.equal(
      fields['grpc-message'],
      'grpc: received message after decompression larger than max 1000',
    );
    client.headers(3, requestWith({ 'grpc-encoding': 'gzip' }));
    client.data(3, message(gzipSync(Buffer.alloc(1000)), 1));
    assert.equal((await client.reply(3)).body.length, 1005);
  });

  it('what is no gzip is refused', async (context) => {
    const { client } = await open(context);
    client.headers(1, requestWith({ 'grpc-encoding': 'gzip' }));
    client.data(1, message('no gzip', 1));
    assert.equal((await client.reply(1)).fields['grpc-status'], '13');
  });
});

describe('deadlines and cancellation', () => {
  it('a unary call past its deadline fails; the late answer is dropped', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', requestWith({ ':path': '/test.Echo/Late', 'grpc-timeout': '20m' }));
    const { fields } = await client.reply(1);
    assert.deepEqual(fields, trailersOnly(4, 'context deadline exceeded'));
    service.witness.late[0]?.(Buffer.from('too late'));
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
    assert.equal(client.received.filter((f) => f.streamId === 1).length, 1);
  });

  it('a stream past its deadline ends with what it had sent', async (context) => {
    const { client, service } = await open(context);
    client.headers(1, requestWith({ ...CHAT, 'grpc-timeout': '200m' }));
    client.data(1, UNARY, 0);
    const reply = await client.reply(1);
    assert.equal(reply.fields['grpc-status'], '4');
    assert.deepEqual(reply.body, UNARY);
    assert.equal(service.witness.closed, 1);
  });

  it('a stream that ended, but cannot be delivered by its deadline, is reset', async (context) => {
    const { client } = await open(context);
    client.call(1, '100000', requestWith({ ':path': '/test.Echo/Large', 'grpc-timeout': '200m' }));
    assert.equal((await client.reply(1)).resetCode, ErrorCode.cancel);
  });

  it('RST_STREAM closes the handler’s stream', async (context) => {
    const { client, service } = await open(context);
    client.headers(1, requestWith({ ':path': '/test.Echo/Open' }));
    await service.witness.until(() => service.witness.calls.length === 1);
    client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
    await service.witness.until(() => service.witness.closed === 1);
    assert.equal(service.witness.calls[0]?.write(UNARY), true, 'a write to nobody is taken');
    service.witness.calls[0]?.end(null);
  });

  it('so does the end of the connection', async (context) => {
    const { client, service } = await open(context);
    for (const id of [1, 3, 5]) client.headers(id, requestWith({ ':path': '/test.Echo/Open' }));
    await service.witness.until(() => service.witness.calls.length === 3);
    client.close();
    await service.witness.until(() => service.witness.closed === 3);
  });

  it('answers come in any order', async (context) => {
    const { client, service } = await open(context);
    for (const id of [1, 3, 5]) client.call(id, 'x', requestWith({ ':path': '/test.Echo/Late' }));
    await service.witness.until(() => service.witness.late.length === 3);
    service.witness.late[2]?.(Buffer.from('third'));
    service.witness.late[0]?.(Buffer.from('first'));
    assert.equal((await client.reply(5)).body.subarray(5).toString(), 'third');
    assert.equal((await client.reply(1)).body.subarray(5).toString(), 'first');
    service.witness.late[1]?.(Buffer.from('second'));
    assert.equal((await client.reply(3)).body.subarray(5).toString(), 'second');
  });
});

describe('headers that repeat', () => {
  it('are recognised only while the table is the same', async (context) => {
    const { client } = await open(context);
    const head = block(requestWith({ ':path': '/test.Echo/Header' }));
    const byIndex = Buffer.concat([head, Buffer.of(0xbe)]);
    const ask = async (id: number, bytes: Buffer): Promise<string> => {
      client.send(FrameType.headers, Flag.endHeaders, id, bytes);
      client.data(id, message('x-a'));
      return (await client.reply(id)).body.subarray(5).toString();
    };
    assert.equal(await ask(1, Buffer.concat([head, indexedLiteral('x-a', 'one')])), 'one');
    assert.equal(await ask(3, byIndex), 'one');
    assert.equal(await ask(5, byIndex), 'one');
    assert.equal(await ask(7, Buffer.concat([head, indexedLiteral('x-a', 'two')])), 'two');
    assert.equal(await ask(9, byIndex), 'two', 'the same bytes mean another entry now');
    assert.equal(await ask(11, byIndex), 'two');
    // Emptying the table makes the reference an error.
    client.send(FrameType.headers, Flag.endHeaders, 13, Buffer.concat([Buffer.of(0x20), head]));
    client.send(FrameType.headers, Flag.endHeaders, 15, byIndex);
    assert.equal((await client.goodbye())?.code, ErrorCode.compressionError);
  });
});

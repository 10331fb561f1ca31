import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { GrpcCode, RpcError } from '../../../src/base/errors.js';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { message, RawClient, requestWith, setting, uint32 } from './raw-client.js';
import { type Service, serveGrpcJs, serveHttp2 } from './service.js';

/*
 * The two carriers on the wire: the same bytes are sent to both, and what comes back is compared, as
 * is what the handlers get to see. Where grpc-js has its own texts the test says so.
 */

/** What a client is sent on one stream, and what its handlers have seen. */
interface Outcome {
  readonly httpStatus: string | undefined;
  readonly isGrpc: boolean | undefined;
  readonly grpcStatus: string | undefined;
  readonly grpcMessage: string;
  /** 1: trailers only. */
  readonly headerBlocks: number;
  readonly body: Buffer;
  readonly resetCode: number | undefined;
  readonly messages: readonly Buffer[];
  readonly halfClosed: number;
  readonly closed: number;
}

interface Exchange {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** What follows the headers of stream 1; default: a message that ends the request. */
  act?(client: RawClient, service: Service): void | Promise<void>;
  /** The texts of the status are known to differ. */
  readonly hasOwnText?: true;
}

async function outcomeOf(service: Service, exchange: Exchange): Promise<Outcome> {
  const { port, witness } = service;
  const client = await RawClient.open(port, setting(4, 1_000_000));
  client.headers(1, requestWith({ ':path': exchange.path, ...exchange.headers }));
  if (exchange.act === undefined) client.data(1, message('hi'));
  else await exchange.act(client, service);
  const { fields, headerBlocks, body, resetCode } = await client.reply(1);
  await client.sync();
  client.close();
  const hasOwnText = exchange.hasOwnText === true || fields['grpc-status'] === '0';
  return {
    httpStatus: fields[':status'],
    // grpc-js always answers with `+proto`.
    isGrpc: fields['content-type']?.startsWith('application/grpc'),
    grpcStatus: fields['grpc-status'],
    // grpc-js encodes more characters than it must, and Go's server only those; and it says OK.
    grpcMessage: hasOwnText ? '' : decodeURIComponent(fields['grpc-message'] ?? ''),
    headerBlocks,
    body,
    // That the rest of a request is not needed may be said, or not, after a whole response (§8.1).
    resetCode: resetCode === ErrorCode.noError ? undefined : resetCode,
    messages: witness.messages,
    halfClosed: witness.halfClosed,
    closed: witness.closed,
  };
}

const isSameOnBoth = (exchange: Exchange): void => {
  it(exchange.name, async (context) => {
    const own = await outcomeOf(await serveHttp2(context), exchange);
    const reference = await outcomeOf(await serveGrpcJs(context), exchange);
    assert.deepEqual(own, reference);
  });
};

const fail = (text: string) => (client: RawClient) => client.data(1, message(text));
/** Two messages of a stream, and then its end. */
const endsWith = (error: RpcError | null) => async (client: RawClient, service: Service) => {
  await service.witness.until(() => service.witness.calls.length === 1);
  const [call] = service.witness.calls;
  call?.write(Buffer.from('one'));
  call?.write(Buffer.from(''));
  call?.end(error);
  client.data(1, Buffer.alloc(0));
};

describe('statuses and trailers', () => {
  for (let code = 1; code <= 16; code++) {
    isSameOnBoth({
      name: `a unary call that fails with ${code}`,
      path: '/test.Echo/Fail',
      act: fail(`${code} etcdserver: no`),
    });
  }
  for (const text of [
    '',
    ' ',
    '100%',
    '%41',
    'größer',
    '🙂',
    'a\nb',
    '"quoted"',
    'x'.repeat(5000),
  ]) {
    isSameOnBoth({
      name: `the text ${JSON.stringify(text.slice(0, 20))}`,
      path: '/test.Echo/Fail',
      act: fail(`5 ${text}`),
    });
  }
  isSameOnBoth({ name: 'a unary call', path: '/test.Echo/Echo' });
  isSameOnBoth({ name: 'an empty message', path: '/test.Echo/Echo', act: fail('') });
  isSameOnBoth({ name: 'a handler that throws', path: '/test.Echo/Throw' });
  isSameOnBoth({
    name: 'a stream whose handler throws, first or last',
    path: '/test.Echo/ThrowLater',
    act: (client) => client.data(1, Buffer.concat([message('echo'), message('throw')])),
  });
  isSameOnBoth({
    name: 'a stream whose handler throws while it is opened',
    path: '/test.Echo/ThrowAtOnce',
    act: (client) => client.data(1, Buffer.alloc(0)),
  });
  isSameOnBoth({ name: 'a stream that ends well', path: '/test.Echo/Open', act: endsWith(null) });
  isSameOnBoth({
    name: 'a stream that ends with an error after its messages',
    path: '/test.Echo/Open',
    act: endsWith(new RpcError(GrpcCode.outOfRange, 'etcdserver: mvcc: required revision')),
  });
  isSameOnBoth({
    name: 'a stream that is refused while it is opened',
    path: '/test.Echo/Refuse',
    act: (client) => client.data(1, Buffer.alloc(0)),
  });
  isSameOnBoth({
    name: 'a server stream',
    path: '/test.Echo/Pour',
    act: fail('5 1000'),
  });
});

describe('requests', () => {
  isSameOnBoth({ name: 'an unknown method', path: '/test.Echo/None', hasOwnText: true });
  isSameOnBoth({ name: 'an unknown service', path: '/test.None/Echo', hasOwnText: true });
  isSameOnBoth({
    name: 'gzip',
    path: '/test.Echo/Echo',
    headers: { 'grpc-encoding': 'gzip' },
    act: (client) => client.data(1, message(gzipSync('packed'), 1)),
  });
  isSameOnBoth({
    name: 'an encoding that nobody knows',
    path: '/test.Echo/Echo',
    headers: { 'grpc-encoding': 'snappy' },
    act: (client) => client.data(1, message('x', 1)),
    hasOwnText: true,
  });
  isSameOnBoth({
    name: 'a message larger than what may be received',
    path: '/test.Echo/Chat',
    act: async (client) => {
      const bytes = message(Buffer.alloc(2 * 1024 * 1024 + 1));
      for (let at = 0; at < bytes.length; at += 16_000) {
        await client.windowsFor(1, 16_000);
        client.data(1, bytes.subarray(at, at + 16_000), 0);
      }
      client.data(1, Buffer.alloc(0));
    },
  });
  isSameOnBoth({
    name: 'messages over many frames, and many in one',
    path: '/test.Echo/Chat',
    act(client) {
      const bytes = Buffer.concat(['a', '', 'bb', 'c'.repeat(300)].map((text) => message(text)));
      for (let at = 0; at < bytes.length; at += 7) client.data(1, bytes.subarray(at, at + 7), 0);
      client.data(1, Buffer.alloc(0));
    },
  });
});

describe('deadlines', () => {
  isSameOnBoth({
    name: 'a unary call',
    path: '/test.Echo/Late',
    headers: { 'grpc-timeout': '50m' },
    hasOwnText: true,
  });
  isSameOnBoth({
    name: 'a stream that has sent something',
    path: '/test.Echo/Chat',
    headers: { 'grpc-timeout': '300m' },
    act: (client) => client.data(1, message('hi'), 0),
    hasOwnText: true,
  });
});

describe('cancellation', () => {
  for (const [name, serve] of Object.entries({ own: serveHttp2, reference: serveGrpcJs })) {
    const open = async (context: TestContext) => {
      const service = await serve(context);
      const client = await RawClient.open(service.port);
      context.after(() => client.close());
      return { client, ...service };
    };

    it(`${name}: of a unary call: its late answer is dropped`, async (context) => {
      const { client, witness } = await open(context);
      client.call(1, 'x', requestWith({ ':path': '/test.Echo/Late' }));
      await witness.until(() => witness.late.length === 1);
      client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
      await client.sync();
      witness.late[0]?.(Buffer.from('too late'));
      await client.sync();
      assert.ok(!client.received.some((f) => f.streamId === 1));
    });

    it(`${name}: of a stream: its handler hears of it once, and nothing is sent`, async (context) => {
      const { client, witness } = await open(context);
      client.headers(1, requestWith({ ':path': '/test.Echo/Open' }));
      await witness.until(() => witness.calls.length === 1);
      client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel));
      await witness.until(() => witness.closed === 1);
      const [call] = witness.calls;
      assert.equal(call?.write(Buffer.from('to nobody')), true);
      call?.end(null);
      await client.sync();
      assert.ok(!client.received.some((f) => f.streamId === 1));
      assert.equal(witness.closed, 1);
      // Node lets a stream that is reset end first, so that the reference cannot tell the two apart.
      if (name === 'own') assert.equal(witness.halfClosed, 0);
    });

    it(`${name}: the end of the connection closes all its streams, each once`, async (context) => {
      const { client, witness } = await open(context);
      for (const id of [1, 3, 5]) {
        client.headers(id, requestWith({ ':path': '/test.Echo/Chat' }), Flag.endHeaders);
        client.data(id, message('x'), 0);
      }
      await witness.until(() => witness.messages.length === 3);
      client.close();
      await witness.until(() => witness.closed === 3);
    });
  }
});

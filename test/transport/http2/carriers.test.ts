import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcClient, GrpcError } from '../../support/grpc.js';
import { RawClient, requestWith } from './raw-client.js';
import { serveGrpcJs, serveHttp2 } from './service.js';

/*
 * The same handlers over both carriers, seen by the same client: whoever is behind the transport must
 * not be able to tell which one it is.
 */

const CARRIERS = { 'grpc-js': serveGrpcJs, http2: serveHttp2 } as const;

async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GrpcError) return `${error.code} ${error.details}`;
    throw error;
  }
  return 'no failure';
}

for (const [name, serve] of Object.entries(CARRIERS)) {
  describe(`a client of ${name}`, () => {
    it('gets answers of all sizes', async (context) => {
      const { port } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      for (const size of [0, 1, 4091, 4092, 16_379, 16_384, 100_000, 2_097_152]) {
        const body = Buffer.alloc(size, 'b');
        assert.deepEqual(await client.unary('test.Echo/Echo', body), body);
      }
      const many = await Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          client.unary('test.Echo/Echo', Buffer.from(String(index))),
        ),
      );
      assert.deepEqual(
        many.map(String),
        Array.from({ length: 300 }, (_, index) => String(index)),
      );
    });

    it('gets statuses and texts', async (context) => {
      const { port } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const fail = (text: string) => failure(client.unary('test.Echo/Fail', Buffer.from(text)));
      for (let code = 1; code <= 16; code++) {
        assert.equal(
          await fail(`${code} etcdserver: no 100% "luck" ü`),
          `${code} etcdserver: no 100% "luck" ü`,
        );
      }
      assert.equal(
        await failure(client.unary('test.Echo/Echo', Buffer.alloc(2_097_153))),
        '8 grpc: received message larger than max (2097153 vs. 2097152)',
      );
      assert.match(await failure(client.unary('test.Echo/Nothing', Buffer.alloc(0))), /^12 /);
      assert.match(await failure(client.unary('test.Nothing/Echo', Buffer.alloc(0))), /^12 /);
    });

    it('is heard: metadata', async (context) => {
      const { port } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const ask = (name: string, metadata: Record<string, string>) =>
        client.unary('test.Echo/Header', Buffer.from(name), { metadata });
      assert.equal(String(await ask('token', { token: 'abc', hasleader: 'true' })), 'abc');
      assert.equal(String(await ask('hasleader', { token: 'abc', hasleader: 'true' })), 'true');
      assert.equal(String(await ask('other', { token: 'abc' })), '(none)');
    });

    it('meets its deadlines', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      assert.match(
        await failure(client.unary('test.Echo/Late', Buffer.alloc(0), { timeoutMs: 100 })),
        /^4 /,
      );
      const stream = client.bidirectional('test.Echo/Open', { timeoutMs: 100 });
      await witness.until(() => witness.closed === 1);
      assert.ok(await stream.until(() => stream.ending?.code === 4, 5000));
    });

    it('may cancel', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const stream = client.bidirectional('test.Echo/Chat');
      stream.send(Buffer.from('hello'));
      assert.ok(await stream.until(() => stream.received.length === 1, 5000));
      stream.cancel();
      await witness.until(() => witness.closed === 1);
      assert.equal(stream.ending?.code, 1);
    });

    it('talks both ways and ends in peace', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const stream = client.bidirectional('test.Echo/Chat');
      const sent = Array.from({ length: 200 }, (_, index) => Buffer.alloc(index * 37, index));
      for (const message of sent) stream.send(message);
      stream.halfClose();
      assert.ok(await stream.until(() => stream.ending !== undefined, 10_000));
      assert.equal(stream.ending?.code, 0);
      assert.equal(stream.ending?.details, '');
      assert.deepEqual(stream.received, sent);
      assert.deepEqual([witness.halfClosed, witness.closed], [1, 1]);
    });

    it('may be refused while its stream is opened', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const stream = client.bidirectional('test.Echo/Refuse');
      assert.ok(await stream.until(() => stream.ending !== undefined, 5000));
      assert.deepEqual([stream.ending?.code, stream.ending?.details], [7, 'not you']);
      assert.equal(witness.closed, 1);
    });

    it('ends a stream with an oversized message', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const stream = client.bidirectional('test.Echo/Chat');
      stream.send(Buffer.alloc(2_097_153));
      assert.ok(await stream.until(() => stream.ending !== undefined, 5000));
      assert.equal(
        `${stream.ending?.code} ${stream.ending?.details}`,
        '8 grpc: received message larger than max (2097153 vs. 2097152)',
      );
      assert.equal(witness.closed, 1);
    });

    it('takes a large stream at its own pace', async (context) => {
      const { port, witness } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`);
      context.after(() => client.close());
      const stream = client.serverStream('test.Echo/Pour', Buffer.from('400 50000'));
      let received = 0;
      for await (const message of stream) {
        received += (message as Buffer).length;
        if (received === 50_000) await sleep(50);
      }
      assert.equal(received, 20_000_000);
      assert.ok(witness.drained > 0, 'the handler was held back');
      assert.equal(witness.closed, 1);
    });

    it('may send gzip', async (context) => {
      const { port } = await serve(context);
      const client = new GrpcClient(`127.0.0.1:${port}`, {
        'grpc.default_compression_algorithm': 2,
      });
      context.after(() => client.close());
      const body = Buffer.alloc(100_000, 'compress me ');
      assert.deepEqual(await client.unary('test.Echo/Echo', body), body);
    });
  });
}

describe('the two carriers', () => {
  it('send the same statuses in the same shape', async (context) => {
    const replyOf = async (port: number, path: string, body: string) => {
      const client = await RawClient.open(port);
      context.after(() => client.close());
      client.call(1, body, requestWith({ ':path': path }));
      const reply = await client.reply(1);
      return {
        httpStatus: reply.fields[':status'],
        status: reply.fields['grpc-status'],
        // grpc-js encodes more characters than it must, and Go's server only those.
        message: decodeURIComponent(reply.fields['grpc-message'] ?? ''),
        headerBlocks: reply.headerBlocks,
        body: reply.body,
      };
    };
    const reference = await serveGrpcJs(context);
    const own = await serveHttp2(context);
    for (const [path, body] of [
      ['/test.Echo/Fail', '3 etcdserver: key is not provided'],
      ['/test.Echo/Fail', '13 größer als 100%'],
      ['/test.Echo/Chat', ''],
      ['/test.Echo/Refuse', ''],
      ['/test.Echo/Pour', '3 10'],
    ] as const) {
      assert.deepEqual(
        await replyOf(own.port, path, body),
        await replyOf(reference.port, path, body),
      );
    }
  });
});

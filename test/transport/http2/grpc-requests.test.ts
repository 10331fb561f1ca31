import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Flag } from '../../../src/transport/http2/protocol.js';
import { open } from './conformance.js';
import { message, requestWith } from './raw-client.js';

/*
 * gRPC over HTTP/2, "Requests": what the protocol lets a client say, one by one. What is expected is
 * what a live etcd 3.7.1 answered, where that is not noted otherwise.
 */

const LATE = '/test.Echo/Late';

async function statusOf(
  context: Parameters<typeof open>[0],
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer = message('hi'),
): Promise<Readonly<Record<string, string>>> {
  const { client } = await open(context);
  client.headers(1, requestWith(headers));
  client.data(1, body);
  return (await client.reply(1)).fields;
}

const illegal = (value: string, at: number): string =>
  `malformed binary metadata "${value}" in header "x-bin": illegal base64 data at input byte ${at}`;

describe('content-type', () => {
  for (const [given, answered] of [
    ['application/grpc+proto', 'application/grpc+proto'],
    ['application/grpc+json', 'application/grpc+json'],
    ['application/grpc+', 'application/grpc'],
    ['application/grpc;', 'application/grpc'],
    ['application/grpc; charset=utf-8', 'application/grpc+ charset=utf-8'],
  ] as const) {
    it(`${given} is gRPC`, async (context) => {
      const fields = await statusOf(context, { 'content-type': given });
      assert.equal(fields['grpc-status'], '0');
      assert.equal(fields['content-type'], answered);
    });
  }

  for (const given of ['application/grpc-web', 'application/grpcfoo', 'text/html', '']) {
    it(`'${given}' is HTTP status 415`, async (context) => {
      const fields = await statusOf(context, { 'content-type': given });
      assert.equal(fields[':status'], '415');
      assert.equal(fields['grpc-message'], `invalid gRPC request content-type "${given}"`);
    });
  }
});

describe('te', () => {
  for (const te of ['trailers', undefined]) {
    it(`${te} is taken`, async (context) => {
      assert.equal((await statusOf(context, { te }))['grpc-status'], '0');
    });
  }
});

describe('grpc-timeout', () => {
  for (const long of ['1H', '1M', '5S', '5000m', '5000000u', '99999999H', '00000005S']) {
    it(`${long} is long enough`, async (context) => {
      assert.equal((await statusOf(context, { 'grpc-timeout': long }))['grpc-status'], '0');
    });
  }

  for (const short of ['30m', '30000u', '30000000n']) {
    it(`${short} passes`, async (context) => {
      const fields = await statusOf(context, { ':path': LATE, 'grpc-timeout': short });
      assert.equal(fields['grpc-status'], '4');
      assert.equal(fields['grpc-message'], 'context deadline exceeded');
    });
  }

  for (const none of ['0H', '0M', '0S', '0m', '0u', '0n']) {
    it(`${none} is over before it begins`, async (context) => {
      const { client, service } = await open(context);
      client.call(1, 'x', requestWith({ ':path': LATE, 'grpc-timeout': none }));
      assert.equal((await client.reply(1)).fields['grpc-status'], '4');
      assert.equal(service.witness.late.length, 0, 'no handler was asked');
    });
  }

  for (const bad of ['', '5', '5s', '5h', '1.5S', '+5S', '5 S', '123456789n']) {
    it(`'${bad}' is HTTP status 400`, async (context) => {
      const fields = await statusOf(context, { 'grpc-timeout': bad });
      assert.equal(fields[':status'], '400');
      assert.equal(fields['grpc-status'], '13');
      assert.match(fields['grpc-message'] ?? '', /^malformed grpc-timeout: /);
    });
  }
});

describe('grpc-encoding', () => {
  for (const encoding of [undefined, '', 'identity', 'gzip']) {
    it(`${encoding} is known`, async (context) => {
      assert.equal((await statusOf(context, { 'grpc-encoding': encoding }))['grpc-status'], '0');
    });
  }

  it('may be used for some messages of a stream and not for others', async (context) => {
    const chat = { ':path': '/test.Echo/Chat', 'grpc-encoding': 'gzip' };
    const { client } = await open(context);
    client.headers(1, requestWith(chat));
    client.data(1, Buffer.concat([message(gzipSync('packed'), 1), message('plain')]), 0);
    client.data(1, message(gzipSync('again'), 1));
    const { body } = await client.reply(1);
    assert.deepEqual(body, Buffer.concat(['packed', 'plain', 'again'].map((s) => message(s))));
  });

  // The protocol wants to be told what would do; etcd says it only at times.
  for (const encoding of ['GZIP', 'deflate', 'snappy', 'gzip,identity']) {
    it(`${encoding} is unimplemented, and the answer names what is known`, async (context) => {
      const fields = await statusOf(context, { 'grpc-encoding': encoding });
      assert.equal(fields['grpc-status'], '12');
      assert.equal(fields['grpc-accept-encoding'], 'identity,gzip');
      assert.equal(
        fields['grpc-message'],
        `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`,
      );
    });
  }
});

describe('metadata', () => {
  for (const value of ['', 'AQI', 'AQI=', 'QQ', 'QQ==', 'QR']) {
    it(`'${value}' is binary`, async (context) => {
      assert.equal((await statusOf(context, { 'x-bin': value }))['grpc-status'], '0');
    });
  }

  for (const [value, at] of [
    ['A', 0],
    ['AQIDA', 4],
    ['AQI,AQI', 3],
    ['_-8', 0],
    ['AB=C', 2],
  ] as const) {
    it(`'${value}' is not`, async (context) => {
      const fields = await statusOf(context, { 'x-bin': value });
      assert.equal(fields[':status'], '400');
      assert.equal(fields['grpc-message'], illegal(value, at));
    });
  }

  it('may repeat names, and use those that are reserved for answers', async (context) => {
    const { client } = await open(context);
    const twice: [string, string][] = [
      ['x-a', '1'],
      ['x-a', '2'],
      ['grpc-status', '3'],
    ];
    client.call(1, 'x', [...requestWith({}), ...twice]);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });
});

describe(':method and :path', () => {
  for (const method of ['GET', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'post']) {
    it(`${method} is HTTP status 405`, async (context) => {
      const fields = await statusOf(context, { ':method': method });
      assert.equal(fields[':status'], '405');
      assert.equal(fields['grpc-status'], '13');
    });
  }

  for (const [path, text] of [
    ['/TEST.Echo/Echo', 'unknown service TEST.Echo'],
    ['/test.Echo/echo', 'unknown method echo for service test.Echo'],
    ['/test.Echo/Echo/', 'unknown service test.Echo/Echo'],
    ['/test.Echo/Echo?x=1', 'unknown method Echo?x=1 for service test.Echo'],
    ['/test.Echo/', 'unknown method  for service test.Echo'],
    ['/', 'malformed method name: "/"'],
    ['*', 'malformed method name: "*"'],
  ] as const) {
    it(`${path} is unimplemented`, async (context) => {
      const fields = await statusOf(context, { ':path': path });
      assert.deepEqual([fields['grpc-status'], fields['grpc-message']], ['12', text]);
    });
  }
});

describe('message prefixes', () => {
  it('may be cut anywhere', async (context) => {
    const { client } = await open(context);
    const bytes = Buffer.concat([message('one'), message(''), message('two')]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const id = 2 * cut + 1;
      client.headers(id, requestWith({ ':path': '/test.Echo/Chat' }));
      client.data(id, bytes.subarray(0, cut), 0);
      client.data(id, bytes.subarray(cut));
      assert.deepEqual((await client.reply(id)).body, bytes);
    }
  });

  it('may be padded with frames of nothing, and END_STREAM may come alone', async (context) => {
    const { client } = await open(context);
    client.headers(1, requestWith({ ':path': '/test.Echo/Chat' }));
    for (const byte of message('slow')) {
      client.data(1, Buffer.of(byte), 0);
      client.data(1, Buffer.alloc(0), 0);
    }
    client.send(0, Flag.endStream, 1);
    assert.deepEqual((await client.reply(1)).body, message('slow'));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { isSentAway, open, times } from './conformance.js';
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

const LATE = requestWith({ ':path': '/test.Echo/Late' });
const LARGE = requestWith({ ':path': '/test.Echo/Large' });
const FEW = { idleFrameBurst: 100, idleFramesPerSecond: 1 };

describe('floods of frames that carry nothing', () => {
  const text = 'too many empty frames';
  const flood = (name: string, type: number, id: number, payload: Buffer, flags = 0): void =>
    isSentAway(name, { limits: FEW }, text, (client) => {
      client.headers(1, LATE);
      const one = frame(type, flags, id, payload);
      client.write(Buffer.concat(new Array<Buffer>(200).fill(one)));
    });
  flood('PRIORITY', FrameType.priority, 1, Buffer.alloc(5));
  flood('unknown frames', 0xbb, 1, Buffer.alloc(5));
  flood('empty DATA', FrameType.data, 1, Buffer.alloc(0));
  flood(
    'padding only',
    FrameType.data,
    1,
    Buffer.concat([Buffer.of(255), Buffer.alloc(255)]),
    Flag.padded,
  );
  flood('WINDOW_UPDATE', FrameType.windowUpdate, 0, uint32(1));
  flood('GOAWAY', FrameType.goAway, 0, Buffer.alloc(8));
  flood('large unknown frames', 0xbb, 0, Buffer.alloc(16_384));
  flood('acknowledged pings', FrameType.ping, 0, Buffer.alloc(8), Flag.ack);
  isSentAway('RST_STREAM of streams that are gone', { limits: FEW }, text, (client) => {
    client.headers(1, requestWith({ ':path': '/no/such' }));
    times(200, () => client.send(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
  });
  isSentAway('DATA for streams that are gone', { limits: FEW }, text, (client) => {
    client.headers(1, requestWith({ ':path': '/no/such' }));
    times(200, () => client.data(1, Buffer.alloc(1), 0));
  });

  it('window updates that answer data are no flood', async (context) => {
    const { client } = await open(context, { limits: FEW }, setting(4, 10_000));
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 30));
    client.call(1, '5000000', LARGE);
    // One for each small window that was filled.
    for (let sent = 10_000; sent < 5_000_005; sent += 10_000) {
      client.send(FrameType.windowUpdate, 0, 1, uint32(10_000));
      if (sent % 500_000 === 0) await client.sync();
    }
    assert.equal((await client.reply(1)).body.length, 5_000_005);
  });
});

describe('floods that ask for answers', () => {
  isSentAway(
    'SETTINGS',
    { limits: { settingsBurst: 10, settingsPerSecond: 1 } },
    'too many SETTINGS',
    (client) => times(20, () => client.send(FrameType.settings, 0, 0, setting(4, 100))),
  );

  isSentAway('PING without calls (as etcd: the third too soon)', {}, 'too_many_pings', (client) =>
    times(4, () => client.send(FrameType.ping, 0, 0, Buffer.alloc(8))),
  );

  isSentAway(
    'PING more often than allowed with a call',
    { keepaliveMinTimeMs: 60_000 },
    'too_many_pings',
    (client) => {
      client.headers(1, LATE);
      times(4, () => client.send(FrameType.ping, 0, 0, Buffer.alloc(8)));
    },
  );

  it('pings with a call are borne at the agreed pace, and after every answer', async (context) => {
    const { client } = await open(context, { keepaliveMinTimeMs: 0 });
    client.headers(1, LATE);
    times(50, () => client.send(FrameType.ping, 0, 0, Buffer.alloc(8)));
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
    const { client: other } = await open(context);
    for (let id = 1; id < 21; id += 2) {
      other.call(id);
      await other.reply(id);
      other.send(FrameType.ping, 0, 0, Buffer.alloc(8));
    }
    other.call(21);
    assert.equal((await other.reply(21)).fields['grpc-status'], '0');
  });
});

describe('header floods', () => {
  const text = 'a header block without end';

  isSentAway('CONTINUATION without end (CVE-2024-27316)', {}, text, (client) => {
    client.headers(1, REQUEST, 0);
    times(100, () => client.send(FrameType.continuation, 0, 1, block([['a', 'b']])));
  });

  isSentAway('empty CONTINUATION without end', {}, text, (client) => {
    client.headers(1, REQUEST, 0);
    times(100, () => client.send(FrameType.continuation, 0, 1));
  });

  isSentAway('large CONTINUATION', {}, text, (client) => {
    client.headers(1, REQUEST, 0);
    times(8, () => client.send(FrameType.continuation, 0, 1, Buffer.alloc(16_384)));
  });

  it('a list beyond the limit costs its stream', async (context) => {
    const { client } = await open(context, { limits: { maxHeaderListBytes: 4096 } });
    client.call(1, 'x', requestWith({ a: 'x'.repeat(5000) }));
    assert.equal((await client.reply(1)).resetCode, ErrorCode.frameSizeError);
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });

  it('fields without name or value count like others (CVE-2019-9516)', async (context) => {
    const { client } = await open(context);
    const empty = Buffer.from('000000'.repeat(3000), 'hex');
    client.send(FrameType.headers, Flag.endHeaders, 1, Buffer.concat([block(REQUEST), empty]));
    assert.equal((await client.reply(1)).resetCode, ErrorCode.frameSizeError);
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });

  it('a block of table size updates is read, and changes nothing for the next', async (context) => {
    const { client } = await open(context);
    const updates = Buffer.alloc(16_000, 0x20);
    client.send(FrameType.headers, Flag.endHeaders, 1, Buffer.concat([updates, block(REQUEST)]));
    client.data(1, message('x'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });

  it('a small block that unpacks to a large list (HPACK bomb) too', async (context) => {
    const { client } = await open(context);
    const bomb = Buffer.concat([
      block(REQUEST),
      indexedLiteral('bomb', 'x'.repeat(4000)),
      Buffer.alloc(10_000, 0xbe),
    ]);
    client.send(FrameType.headers, Flag.endHeaders, 1, bomb);
    assert.equal((await client.reply(1)).resetCode, ErrorCode.frameSizeError);
    client.call(3);
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
  });
});

describe('memory', () => {
  it('promised messages cost only what is sent of them', async (context) => {
    const { client } = await open(context, { limits: { maxPartialMessageBytes: 1_000_000 } });
    const promise = message('').fill(0x10, 2, 3);
    times(50, (index) => {
      client.headers(2 * index + 1);
      client.data(2 * index + 1, Buffer.concat([promise, Buffer.alloc(100)]), 0);
    });
    client.call(1001);
    assert.equal((await client.reply(1001)).fields['grpc-status'], '0');
    assert.ok(!client.received.some((f) => f.type === FrameType.rstStream));
  });

  it('incomplete messages beyond the limit are refused, and freed with their streams', async (context) => {
    const { client } = await open(context, { limits: { maxPartialMessageBytes: 100_000 } });
    const promise = message('').fill(0x10, 2, 3);
    times(10, (index) => {
      client.headers(2 * index + 1);
      client.data(2 * index + 1, Buffer.concat([promise, Buffer.alloc(15_000)]), 0);
    });
    assert.equal((await client.reply(19)).resetCode, ErrorCode.refusedStream);
    times(10, (index) => client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(8)));
    const large = message(Buffer.alloc(60_000));
    client.headers(101);
    for (let at = 0; at < large.length; at += 16_000)
      client.data(101, large.subarray(at, at + 16_000), 0);
    client.data(101, Buffer.alloc(0));
    assert.equal((await client.reply(101)).body.length, large.length);
  });

  it('open streams are bounded by what they hold, small ones and those with large headers', async (context) => {
    const { client } = await open(context, { limits: { maxOpenStreamBytes: 100_000 } });
    const refused = () =>
      client.received.filter(
        (f) =>
          f.type === FrameType.rstStream && f.payload.readUInt32BE(0) === ErrorCode.refusedStream,
      ).length;
    const openMany = async (first: number, count: number, fields: [string, string][]) => {
      times(count, (index) => client.headers(first + 2 * index, fields));
      await client.sync();
    };
    const stream = requestWith({ ':path': '/test.Echo/Open' });
    await openMany(1, 200, stream);
    const small = 200 - refused();
    assert.ok(small > 50 && small < 100, `${small} streams were taken`);
    times(200, (index) => client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(8)));

    const before = refused();
    await openMany(1001, 20, [...stream, ['x-large', 'x'.repeat(15_000)]]);
    assert.equal(20 - (refused() - before), 7, 'of those with 15 kB each');
    times(20, (index) => client.send(FrameType.rstStream, 0, 1001 + 2 * index, uint32(8)));
    client.call(2001);
    assert.equal((await client.reply(2001)).fields['grpc-status'], '0');
  });

  it('gzip bombs are unpacked only so often', async (context) => {
    const { client } = await open(context, {
      limits: { unpackedBurstBytes: 5_000_000, unpackedBytesPerSecond: 1 },
    });
    const bomb = message(gzipSync(Buffer.alloc(2_000_000)), 1);
    times(5, (index) => {
      client.headers(
        2 * index + 1,
        requestWith({ ':path': '/test.Echo/Length', 'grpc-encoding': 'gzip' }),
      );
      client.data(2 * index + 1, bomb);
    });
    const statuses: (string | undefined)[] = [];
    for (let id = 1; id < 11; id += 2) {
      statuses.push((await client.reply(id)).fields['grpc-status']);
    }
    assert.deepEqual(statuses, ['0', '0', '0', '8', '8']);
    client.call(11);
    assert.equal((await client.reply(11)).fields['grpc-status'], '0');
  });

  it('responses that nobody takes are bounded: new streams are refused', async (context) => {
    const limits = { maxQueuedResponseBytes: 100_000 };
    const { client } = await open(context, { limits }, setting(4, 0));
    times(20, (index) => client.call(2 * index + 1, '10000', LARGE));
    assert.equal((await client.reply(39)).resetCode, ErrorCode.refusedStream);
    assert.ok(!client.received.some((f) => f.type === FrameType.rstStream && f.streamId < 20));
  });

  it('a client that does not read is not heard either', async (context) => {
    const { client, service } = await open(context);
    client.socket.pause();
    // Errors are headers, which no window holds back: only the server's patience does.
    const fail = block(requestWith({ ':path': '/test.Echo/Fail' }));
    const body = message(`5 ${'e'.repeat(1000)}`);
    const calls = 20_000;
    const requests: Buffer[] = [];
    times(calls, (index) => {
      const id = 2 * index + 1;
      requests.push(frame(FrameType.headers, Flag.endHeaders, id, fail));
      requests.push(frame(FrameType.data, Flag.endStream, id, body));
    });
    client.write(Buffer.concat(requests));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(client.socket.writableLength > 0, 'the server does not take everything');
    const other = await RawClient.open(service.port);
    other.call(1);
    assert.equal((await other.reply(1)).fields['grpc-status'], '0', 'others are served');
    other.close();
    client.socket.resume();
    await client.until((frames) => frames.at(-1)?.streamId === 2 * calls - 1, 'the last answer');
  });
});

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  CLIENT_PREFACE,
  ErrorCode,
  Flag,
  FrameType,
} from '../../../src/transport/http2/protocol.js';
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
import { type ServiceOptions, serveHttp2 } from './service.js';

const LATE = requestWith({ ':path': '/test.Echo/Late' });
const LARGE = requestWith({ ':path': '/test.Echo/Large' });
const FEW = { idleFrameBurst: 100, idleFramesPerSecond: 1 };

async function open(context: TestContext, options: ServiceOptions = {}, settings?: Buffer) {
  const service = await serveHttp2(context, options);
  const client = await RawClient.open(service.port, settings);
  context.after(() => client.close());
  return { client, service };
}

/** Sends one thing `count` times; the server must send the client away as too demanding. */
function isSentAway(
  name: string,
  options: ServiceOptions,
  text: string,
  attack: (client: RawClient) => void,
): void {
  it(name, async (context) => {
    const { client, service } = await open(context, options);
    attack(client);
    const goodbye = await client.goodbye();
    assert.equal(goodbye?.code, ErrorCode.enhanceYourCalm);
    assert.equal(goodbye.text, text);
    const other = await RawClient.open(service.port);
    other.call(1);
    assert.equal((await other.reply(1)).fields['grpc-status'], '0', 'others are served');
    other.close();
  });
}

const times = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index++) act(index);
};

describe('floods of frames that carry nothing', () => {
  const text = 'too many empty frames';
  const flood = (name: string, type: number, id: number, payload: Buffer): void =>
    isSentAway(name, { limits: FEW }, text, (client) => {
      client.headers(1, LATE);
      const one = frame(type, 0, id, payload);
      client.write(Buffer.concat(new Array<Buffer>(200).fill(one)));
    });
  flood('PRIORITY', FrameType.priority, 1, Buffer.alloc(5));
  flood('unknown frames', 0xbb, 1, Buffer.alloc(5));
  flood('empty DATA', FrameType.data, 1, Buffer.alloc(0));
  flood('padding only', FrameType.data, 1, Buffer.alloc(0));
  flood('WINDOW_UPDATE', FrameType.windowUpdate, 0, uint32(1));
  flood('RST_STREAM of nothing', FrameType.goAway, 0, Buffer.alloc(8));
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

describe('rapid reset', () => {
  const limits = { resetBurst: 50, resetsPerSecond: 1 };

  isSentAway('streams opened and reset (CVE-2023-44487)', { limits }, 'too many resets', (client) =>
    times(100, (index) => {
      client.call(2 * index + 1, 'x', LATE);
      client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(ErrorCode.cancel));
    }),
  );

  isSentAway(
    'streams that make the server reset them (CVE-2025-8671)',
    { limits },
    'too many resets',
    (client) =>
      times(100, (index) => {
        client.headers(2 * index + 1, LATE);
        client.send(FrameType.windowUpdate, 0, 2 * index + 1, uint32(0));
      }),
  );

  isSentAway('malformed requests', { limits }, 'too many resets', (client) =>
    times(100, (index) => client.headers(2 * index + 1, requestWith({ connection: 'x' }))),
  );

  it('ending streams that were answered is no offence', async (context) => {
    const { client, service } = await open(context, { limits });
    times(200, (index) =>
      client.headers(2 * index + 1, requestWith({ ':path': '/test.Echo/Open' })),
    );
    await service.witness.until(() => service.witness.calls.length === 200);
    for (const call of service.witness.calls) call.write(Buffer.from('created'));
    await client.until(
      (frames) => frames.filter((f) => f.type === FrameType.data).length === 200,
      'all',
    );
    times(200, (index) => client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(8)));
    client.call(1001);
    assert.equal((await client.reply(1001)).fields['grpc-status'], '0');
    assert.equal(service.witness.closed, 200);
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

describe('time limits', () => {
  it('a client that sends no preface is sent away', async (context) => {
    const { port } = await serveHttp2(context, { limits: { prefaceTimeoutMs: 50 } });
    const client = await RawClient.bare(port);
    await client.goodbye();
  });

  it('nor does half a preface help, nor one without SETTINGS', async (context) => {
    const { port } = await serveHttp2(context, { limits: { prefaceTimeoutMs: 50 } });
    for (const bytes of [CLIENT_PREFACE.subarray(0, 10), CLIENT_PREFACE]) {
      const client = await RawClient.bare(port);
      client.write(bytes);
      await client.goodbye();
    }
  });

  it('a client that is silent is pinged, and left if it does not answer', async (context) => {
    const { client } = await open(context, { keepaliveIntervalMs: 50, keepaliveTimeoutMs: 50 });
    await client.goodbye();
    assert.ok(client.received.some((f) => f.type === FrameType.ping && f.flags === 0));
  });

  it('one that answers the pings may stay', async (context) => {
    const { client } = await open(context, { keepaliveIntervalMs: 30, keepaliveTimeoutMs: 5000 });
    let answered = 0;
    await client.until((frames) => {
      const pings = frames.filter((f) => f.type === FrameType.ping && f.flags === 0);
      for (; answered < pings.length; answered++) {
        client.send(FrameType.ping, Flag.ack, 0, pings[answered]?.payload);
      }
      return answered >= 3;
    }, 'three pings');
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('a client that stops reading is left', async (context) => {
    const limits = { stalledWriteTimeoutMs: 100 };
    const { client, service } = await open(context, { limits }, setting(4, 2 ** 31 - 1));
    client.send(FrameType.windowUpdate, 0, 0, uint32(2 ** 30));
    await client.sync();
    client.headers(3, requestWith({ ':path': '/test.Echo/Open' }));
    await service.witness.until(() => service.witness.calls.length === 1);
    client.socket.pause();
    client.call(1, '50000000', LARGE);
    await service.witness.until(() => service.witness.closed === 1);
  });

  it('an idle client is sent away, where that is asked for', async (context) => {
    const { client } = await open(context, { limits: { idleTimeoutMs: 50 } });
    await client.until((frames) => frames.some((f) => f.type === FrameType.goAway), 'GOAWAY');
    const ping = client.received.find((f) => f.type === FrameType.ping);
    client.send(FrameType.ping, Flag.ack, 0, ping?.payload);
    assert.equal((await client.goodbye())?.code, ErrorCode.noError);
  });
});

describe('graceful drain (RFC 9113 §6.8)', () => {
  it('finishes what is at work, takes what was on its way, and refuses the rest', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', LATE);
    await service.witness.until(() => service.witness.late.length === 1);
    const drained = service.carrier.drain(60_000);
    await client.until((frames) => frames.some((f) => f.type === FrameType.goAway), 'GOAWAY');
    assert.equal(
      client.received.find((f) => f.type === FrameType.goAway)?.payload.readUInt32BE(0),
      2 ** 31 - 1,
    );
    client.call(3, 'x', LATE);
    const ping = client.received.find((f) => f.type === FrameType.ping && f.flags === 0);
    client.send(FrameType.ping, Flag.ack, 0, ping?.payload);
    await client.until(
      (frames) => frames.filter((f) => f.type === FrameType.goAway).length === 2,
      'the second',
    );
    client.call(5);
    await service.witness.until(() => service.witness.late.length === 2);
    for (const answer of service.witness.late) answer(Buffer.from('done'));
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    assert.equal((await client.reply(3)).fields['grpc-status'], '0');
    assert.deepEqual(await client.goodbye(), {
      lastStreamId: 3,
      code: ErrorCode.noError,
      text: '',
    });
    assert.ok(!client.received.some((f) => f.streamId === 5));
    await drained;
  });

  it('ends after its time, and at once without connections', async (context) => {
    const { client, service } = await open(context);
    client.call(1, 'x', LATE);
    await service.witness.until(() => service.witness.late.length === 1);
    await service.carrier.drain(50);
    await client.goodbye();
    const idle = await serveHttp2(context);
    await idle.carrier.drain(60_000);
  });
});

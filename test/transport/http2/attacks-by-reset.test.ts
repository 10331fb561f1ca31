import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src/transport/http2/protocol.js';
import { isSentAway, open, times } from './conformance.js';
import { type Frame, message, RawClient, requestWith, setting, uint32 } from './raw-client.js';

/* Streams that are opened to be reset, by either side, and games with windows. */

const LATE = requestWith({ ':path': '/test.Echo/Late' });
const LARGE = requestWith({ ':path': '/test.Echo/Large' });
const OPEN = requestWith({ ':path': '/test.Echo/Open' });

describe('rapid reset', () => {
  const limits = { resetBurst: 50, resetsPerSecond: 1 };

  isSentAway('streams opened and reset (CVE-2023-44487)', { limits }, 'too many resets', (client) =>
    times(100, (index) => {
      client.call(2 * index + 1, 'x', LATE);
      client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(ErrorCode.cancel));
    }),
  );

  // CVE-2025-8671: the client does not reset, but makes the server do it, for each possible fault.
  const chat = requestWith({ ':path': '/test.Echo/Chat' });
  const faults: Record<string, (client: RawClient, id: number) => void> = {
    'WINDOW_UPDATE of 0': (client, id) => {
      client.headers(id, LATE);
      client.send(FrameType.windowUpdate, 0, id, uint32(0));
    },
    'a window beyond 2^31-1': (client, id) => {
      client.headers(id, LATE);
      client.send(FrameType.windowUpdate, 0, id, uint32(2 ** 31 - 1));
    },
    'DATA after END_STREAM': (client, id) => {
      client.call(id, 'x', LATE);
      client.data(id, message('x'));
    },
    'more DATA than content-length': (client, id) => {
      client.headers(id, [...LATE, ['content-length', '1']]);
      client.data(id, message('x'), 0);
    },
    'less DATA than content-length': (client, id) => {
      client.headers(id, [...LATE, ['content-length', '100']]);
      client.data(id, message('x'));
    },
    'a content-length without DATA': (client, id) =>
      client.headers(id, [...chat, ['content-length', '1']], Flag.endHeaders | Flag.endStream),
    'trailers without END_STREAM': (client, id) => {
      client.headers(id, LATE);
      client.headers(id, [['a', 'b']]);
    },
    'malformed trailers': (client, id) => {
      client.headers(id, LATE);
      client.headers(id, [['A', 'b']], Flag.endHeaders | Flag.endStream);
    },
    'too large a list of headers': (client, id) => client.headers(id, [['a', 'x'.repeat(5000)]]),
  };
  for (const [name, act] of Object.entries(faults)) {
    isSentAway(
      `streams that make the server reset them (CVE-2025-8671): ${name}`,
      { limits: { ...limits, maxHeaderListBytes: 4096 } },
      'too many resets',
      (client) => times(100, (index) => act(client, 2 * index + 1)),
    );
  }

  isSentAway(
    'streams beyond the limit of concurrent ones',
    { limits, maxConcurrentStreams: 1 },
    'too many resets',
    (client) => times(100, (index) => client.call(2 * index + 1, 'x', LATE)),
  );

  isSentAway(
    'messages for which there is no room',
    { limits: { ...limits, maxPartialMessageBytes: 10 } },
    'too many resets',
    (client) => {
      const promise = message('').fill(0x10, 2, 3);
      times(100, (index) => {
        client.headers(2 * index + 1);
        client.data(2 * index + 1, Buffer.concat([promise, Buffer.alloc(100)]), 0);
        client.data(2 * index + 1, Buffer.alloc(100), 0);
      });
    },
  );

  isSentAway('malformed requests', { limits }, 'too many resets', (client) =>
    times(100, (index) => client.headers(2 * index + 1, requestWith({ connection: 'x' }))),
  );

  it('streams reset while their answers wait for a window are counted too', async (context) => {
    const { client } = await open(context, { limits }, setting(Setting.initialWindowSize, 0));
    times(100, (index) => {
      client.call(2 * index + 1, '1000', LARGE);
      client.send(FrameType.rstStream, 0, 2 * index + 1, uint32(ErrorCode.cancel));
    });
    const goodbye = await client.goodbye();
    assert.deepEqual(
      [goodbye?.code, goodbye?.text],
      [ErrorCode.enhanceYourCalm, 'too many resets'],
    );
  });

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

describe('window games', () => {
  it('windows of one byte cost the server one frame for each update (CVE-2019-9511)', async (context) => {
    const { client, service } = await open(context, {}, setting(Setting.initialWindowSize, 1));
    const ids = Array.from({ length: 50 }, (_, index) => 2 * index + 1);
    for (const id of ids) client.call(id, '1000', LARGE);
    times(20, () => {
      for (const id of ids) client.send(FrameType.windowUpdate, 0, id, uint32(1));
    });
    const bodies = () => client.received.filter(isData).map(({ payload }) => payload.length);
    const sum = () => bodies().reduce((total, length) => total + length, 0);
    await client.until(() => sum() >= 50 * 21, 'a byte for each update');
    await client.sync();
    assert.equal(sum(), 50 * 21);
    assert.ok(bodies().length <= 50 * 21, 'no frame without a byte');
    const other = await RawClient.open(service.port);
    other.call(1);
    assert.equal((await other.reply(1)).fields['grpc-status'], '0', 'others are served');
    other.close();
  });

  isSentAway(
    'updates that nothing was sent for',
    { limits: { idleFrameBurst: 100, idleFramesPerSecond: 1 } },
    'too many empty frames',
    (client) => {
      client.call(1, 'x', LATE);
      times(200, () => client.send(FrameType.windowUpdate, 0, 1, uint32(1)));
    },
  );

  it('initial windows that go up and down may make each window negative, not more', async (context) => {
    const { client } = await open(context, {}, setting(Setting.initialWindowSize, 65_535));
    client.call(1, '60000', LARGE);
    await client.reply(1);
    client.call(3, '65530', LARGE);
    await client.until((frames) => frames.filter(isData).length >= 5, 'the connection window full');
    times(20, (index) => {
      const size = index % 2 === 0 ? 0 : 65_535;
      client.send(FrameType.settings, 0, 0, setting(Setting.initialWindowSize, size));
    });
    client.send(FrameType.windowUpdate, 0, 0, uint32(1_000_000));
    assert.equal((await client.reply(3)).body.length, 65_535);
  });

  it('another initial window costs as much as there are streams', async (context) => {
    const flip = (client: RawClient) =>
      times(50, (index) =>
        client.send(FrameType.settings, 0, 0, setting(Setting.initialWindowSize, 1000 + index)),
      );
    const { client: harmless } = await open(context);
    flip(harmless);
    harmless.call(1);
    assert.equal((await harmless.reply(1)).fields['grpc-status'], '0');

    const { client, service } = await open(context);
    const streams = 10_000;
    times(streams, (index) => client.headers(2 * index + 1, OPEN));
    await service.witness.until(() => service.witness.calls.length === streams);
    flip(client);
    const goodbye = await client.goodbye();
    assert.deepEqual(
      [goodbye?.code, goodbye?.text],
      [ErrorCode.enhanceYourCalm, 'too many SETTINGS'],
    );
  });
});

const isData = ({ type }: Frame): boolean => type === FrameType.data;

/** What clients see of a member that is told to end: they are sent away, and nobody is cut short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KV, Watch } from '../../src/proto/generated/etcdserverpb.js';
import { startMember } from '../support/member.js';
import { message, RawClient, requestWith } from '../transport/http2/raw-client.js';

const GOAWAY = 7;
const PING = 6;
const ACK = 1;
const END_STREAM = 1;
const NO_ERROR = 0;

/** Answers the server's pings, as every client does. */
function answerPings(client: RawClient): void {
  let answered = 0;
  client.socket.on('data', () => {
    const pings = client.received.filter((f) => f.type === PING && f.flags === 0);
    for (; answered < pings.length; answered++) client.send(PING, ACK, 0, pings[answered]?.payload);
  });
}

test('idle clients are told to go (RFC 9113 §6.8)', async (context) => {
  const member = await startMember(context);
  const client = await RawClient.open(member.clientPort);
  answerPings(client);
  const stopped = member.stop();
  assert.equal((await client.goodbye())?.code, NO_ERROR);
  await stopped;
});

test('calls at work are answered', async (context) => {
  const member = await startMember(context);
  const client = await RawClient.open(member.clientPort);
  answerPings(client);
  const put = requestWith({ ':path': KV.methods.put.path });
  let stopped: Promise<unknown> | undefined;
  for (let id = 1; !client.isClosed; id += 2) {
    if (!client.received.some((f) => f.type === GOAWAY)) {
      const request = { key: Buffer.from(`k${id}`), value: Buffer.from('v') };
      client.headers(id, put);
      client.data(id, message(KV.methods.put.request.encode(request)));
    }
    if (id === 401) stopped = member.stop();
    await sleep(1);
  }
  await stopped;
  const last = (await client.goodbye())?.lastStreamId ?? 0;
  assert.ok(last >= 401, `${last}`);
  for (let id = 1; id <= last; id += 2) {
    const ended = client.received.some((f) => f.streamId === id && (f.flags & END_STREAM) !== 0);
    assert.ok(ended, `stream ${id} of ${last} was cut short`);
  }
});

test('who has a stream open, or does not listen, is not waited for long', async (context) => {
  const member = await startMember(context);
  const client = await RawClient.open(member.clientPort);
  const request = { createRequest: { key: Buffer.from('k') } };
  client.headers(1, requestWith({ ':path': Watch.methods.watch.path }));
  client.data(1, message(Watch.methods.watch.request.encode(request)), 0);
  await client.until((frames) => frames.some((f) => f.type === 0), 'the created watch');
  // It answers no ping. `stop` has a limit of its own.
  await member.stop();
  await client.goodbye();
});

/** Many streams, connections and watchers, and slow ones: bounded memory, and nobody else notices. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Lease, LeaseKeepAliveRequest, Watch } from '../../src/proto/generated/etcdserverpb.js';
import { groupByRevision } from '../durability/support/history.js';
import { valueBytes } from '../durability/support/operations.js';
import { EtcdClient, prefixEnd } from '../support/etcd-client.js';
import { type Member, startMember } from '../support/member.js';
import { eventually, openFiles, privateMemoryBytes } from './support/process-memory.js';
import { SlowWatch } from './support/slow-watch.js';

const isLong = process.env.KVORUM_TEST_LONG === '1';
const MIB = 1 << 20;
const VALUE_BYTES = 100_000;
/** 200 MB in the long mode. */
const UNREAD_WRITES = isLong ? 2000 : 500;
/** With much room V8 collects late, and what it will collect cannot be told from what leaks. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=4' };
/** Caches that are full after little writing, so that what comes on top shows. */
const SMALL_CACHES = [
  '--backend-cache-bytes=16777216',
  '--snapshot-count=100',
  '--snapshot-catchup-entries=10',
];
const NEEDS_PROC = process.platform === 'linux' ? false : 'memory is read from /proc';

async function start(
  context: TestContext,
  flags: readonly string[] = [],
): Promise<{ member: Member; client: EtcdClient }> {
  const member = await startMember(context, { flags, environment: SMALL_HEAP });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  return { member, client };
}

async function requireServes(client: EtcdClient, key: string): Promise<void> {
  const revision = await client.put(key, 'served');
  assert.equal((await client.get(key))?.modRevision, revision);
}

/** Garbage collection returns memory when it likes: after some more of the same at the latest. */
async function requireMemoryBelow(member: Member, limitBytes: number): Promise<void> {
  await eventually('memory', () => {
    const held = privateMemoryBytes(member);
    const answer = `${Math.round(held / MIB)} of ${Math.round(limitBytes / MIB)} MiB`;
    return { holds: held < limitBytes, answer };
  });
}

test('10,000 streams opened and dropped leave nothing behind', {
  skip: NEEDS_PROC,
}, async (context) => {
  const { member, client } = await start(context);
  const filesBefore = openFiles(member);
  const rounds: number[] = [];
  for (let round = 0; round < 10; round++) {
    await openAndDrop(member, 1000, round % 2 === 0);
    await requireServes(client, 'a');
    rounds.push(privateMemoryBytes(member));
  }
  context.diagnostic(`MiB after each 1,000: ${rounds.map((bytes) => Math.round(bytes / MIB))}`);
  await requireMemoryBelow(member, (rounds[2] ?? 0) + 24 * MIB);
  await eventually('open files', () => {
    const answer = openFiles(member);
    return { holds: answer <= filesBefore + 5, answer };
  });
});

/** Watches and keep-alives on one connection; dropped one by one or with the connection. */
async function openAndDrop(member: Member, count: number, oneByOne: boolean): Promise<void> {
  const client = new EtcdClient(member.clientAddress);
  const streams = Array.from({ length: count }, (_, number) => {
    if (number % 4 === 3) {
      const stream = client.grpc.bidirectional(Lease.methods.leaseKeepAlive.path);
      stream.send(LeaseKeepAliveRequest.encode({ id: 7n }));
      return stream;
    }
    return client.watch({ key: Buffer.from(`k${number}`), prevKv: true }).stream;
  });
  await Promise.all(
    streams.map((stream) => stream.until(() => stream.received.length > 0, 60_000)),
  );
  assert.ok(streams.every((stream) => stream.received.length === 1));
  if (oneByOne) {
    for (const stream of streams) stream.cancel();
    await Promise.all(streams.map((stream) => stream.until(() => false, 30_000)));
  }
  client.close();
  for (const stream of streams) stream.cancel();
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** HEADERS of stream 1 with the flag END_HEADERS and a length, but without the block it announces. */
const BEGUN_HEADERS = Buffer.from([0, 0, 60, 1, 4, 0, 0, 0, 1]);

test('idle and half-open connections cost little, and go', {
  skip: NEEDS_PROC,
}, async (context) => {
  const { member, client } = await start(context);
  await requireServes(client, 'before');
  const filesBefore = openFiles(member);
  const before = privateMemoryBytes(member);
  const beginnings = [
    Buffer.alloc(0),
    PREFACE.subarray(0, 10),
    PREFACE,
    Buffer.concat([PREFACE, EMPTY_SETTINGS]),
    Buffer.concat([PREFACE, EMPTY_SETTINGS, BEGUN_HEADERS]),
    Buffer.from('GET /health HTTP/1.1\r\nHost: a\r\n'),
  ];
  const count = isLong ? 3000 : 1200;
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number++) {
    sockets.push(await openSocket(member, beginnings[number % beginnings.length]));
  }
  await requireServes(client, 'while they are there');
  const perConnection = (privateMemoryBytes(member) - before) / count;
  context.diagnostic(`${Math.round(perConnection / 1024)} KiB a connection`);
  assert.ok(perConnection < 128 * 1024);
  for (const [number, socket] of sockets.entries()) {
    if (number % 2 === 0) socket.destroy();
    else socket.end();
  }
  await requireServes(client, 'after');
  for (const socket of sockets) socket.destroy();
  await eventually('open files', () => {
    const answer = openFiles(member);
    return { holds: answer <= filesBefore + 5, answer };
  });
  await requireServes(client, 'at the end');
});

async function openSocket(member: Member, beginning: Buffer | undefined): Promise<Socket> {
  const socket = connect(member.clientPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  if (beginning !== undefined && beginning.length > 0) socket.write(beginning);
  return socket;
}

test('a watcher that does not read costs a bounded memory, and misses nothing', {
  skip: NEEDS_PROC,
}, async (context) => {
  const { member, client } = await start(context, SMALL_CACHES);
  // The same load without a slow watcher first: what it takes is not the watcher's doing.
  let before = 0;
  for (let round = 0; round < 3; round++) {
    await writeMuch(client, 'watched/', Math.floor(UNREAD_WRITES / 3));
    before = Math.max(before, privateMemoryBytes(member));
  }
  const slow = await SlowWatch.open(member.clientUrl, {
    key: Buffer.from('watched/'),
    rangeEnd: prefixEnd('watched/'),
    prevKv: true,
  });
  context.after(() => slow.close());
  const quick = client.watch({ key: Buffer.from('watched/'), rangeEnd: prefixEnd('watched/') });
  await quick.waitFor('created', ({ responses }) => responses.length > 0);

  const first = await writeMuch(client, 'watched/', UNREAD_WRITES);
  const last = first + UNREAD_WRITES - 1;
  let seen = 0;
  const isSeen = (): boolean => {
    for (const message of quick.stream.received.splice(0)) {
      const { events } = Watch.methods.watch.response.decode(message);
      seen = events.at(-1)?.kv?.modRevision ?? seen;
    }
    return seen >= last;
  };
  assert.ok(await quick.stream.until(isSeen, 60_000), `another watcher is at ${seen} of ${last}`);
  const grown = privateMemoryBytes(member) - before;
  const total = (UNREAD_WRITES * VALUE_BYTES) / MIB;
  context.diagnostic(`${Math.round(grown / MIB)} MiB for ${Math.round(total)} MiB unread`);
  assert.ok(grown < 48 * MIB, `${Math.round(grown / MIB)} MiB more`);

  await slow.readUntil(last, 120_000);
  await requireMemoryBelow(member, before + 96 * MIB);
  assert.deepEqual(
    slow.revisions.map(({ revision }) => revision),
    Array.from({ length: UNREAD_WRITES }, (_, index) => first + index),
  );
  assert.ok(slow.revisions.every(({ changes }) => changes.length === 1));
  await requireServes(client, 'at the end');
});

/** Puts of 100 kB onto few keys, four at a time. Returns the revision of the first. */
async function writeMuch(client: EtcdClient, prefix: string, count: number): Promise<number> {
  const revisions: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const value = valueBytes(`v${number}`, VALUE_BYTES).toString('latin1');
      revisions.push(await client.put(`${prefix}${number % 20}`, value, { timeoutMs: 60_000 }));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return Math.min(...revisions);
}

test('thousands of watchers each get their own events', { skip: NEEDS_PROC }, async (context) => {
  const { member, client } = await start(context);
  const streams = 20;
  const perStream = isLong ? 1000 : 250;
  const key = (stream: number, number: number): string => `w/${stream}/${number}`;
  const watches = Array.from({ length: streams }, (_, stream) => {
    const watch = client.watch();
    for (let number = 0; number < perStream; number++) {
      watch.send({ createRequest: { key: Buffer.from(key(stream, number)) } });
    }
    // Every stream also has one watcher of a key that all of them watch.
    watch.send({ createRequest: { key: Buffer.from('w/shared') } });
    return watch;
  });
  const creates = perStream + 1;
  for (const watch of watches) {
    await watch.waitFor('creates', ({ responses }) => responses.length === creates, 60_000);
  }
  const shared = await client.put('w/shared', 'x:');
  const chosen = Array.from(
    { length: 200 },
    (_, index) => [index % streams, (index * 37) % perStream] as const,
  );
  for (const [stream, number] of chosen) await client.put(key(stream, number), 'x:');
  for (const [stream, watch] of watches.entries()) {
    const own = chosen.filter(([of]) => of === stream);
    const events = await watch.waitForEvents(own.length + 1, 30_000);
    assert.deepEqual(
      groupByRevision(events).map(({ changes }) => changes[0]?.key),
      ['w/shared', ...own.map(([of, number]) => key(of, number))],
    );
    assert.equal(events[0]?.kv?.modRevision, shared);
    const withEvents = watch.responses.filter((response) => response.events.length > 0);
    const ids = withEvents.map(({ watchId }) => Number(watchId));
    assert.deepEqual(ids, [perStream, ...own.map(([, number]) => number)]);
    watch.cancel();
  }
  await requireServes(client, 'at the end');
  context.diagnostic(`${Math.round(privateMemoryBytes(member) / MIB)} MiB`);
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { OutgoingSnapshot, PeerTransportOptions } from '../../src/peer/index.js';
import { createMessage, type Message, MessageType } from '../../src/raft/index.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { append, heartbeat, snapshotMessage, TestMember, until } from './support/test-member.js';

const A = 0xa00n;
const B = 0xb00n;
const C = 0xc00n;

interface Pair {
  readonly a: TestMember;
  readonly b: TestMember;
  /** In front of each member, for whoever dials it. */
  readonly toA: TcpProxy;
  readonly toB: TcpProxy;
}

/** Two members that know each other by proxies; connected unless said otherwise. */
async function pair(t: TestContext, options: Partial<PeerTransportOptions> = {}): Promise<Pair> {
  const a = await TestMember.start(A, t, options);
  const b = await TestMember.start(B, t, options);
  const toA = await TcpProxy.start(a.port, t);
  const toB = await TcpProxy.start(b.port, t);
  a.transport.addPeer(B, [toB.url]);
  b.transport.addPeer(A, [toA.url]);
  await streamsUp(a, b);
  return { a, b, toA, toB };
}

/** Waits until each member has got both streams of the other. */
async function streamsUp(...members: TestMember[]): Promise<void> {
  const established = (member: TestMember, type: string) =>
    member.log.filter(
      (line) =>
        line.message === 'established TCP streaming connection with remote peer' &&
        line.fields[type] !== undefined,
    ).length;
  const others = members.length - 1;
  await until(() =>
    members.every(
      (member) =>
        established(member, 'stream-writer-type') >= 2 * others &&
        established(member, 'stream-reader-type') >= 2 * others,
    ),
  );
}

/** Sends ever new heartbeats until one gets through. */
async function untilDelivered(from: TestMember, to: TestMember): Promise<void> {
  const before = to.received.length;
  await until(() => {
    from.transport.send([heartbeat(from.id, to.id, 1)]);
    return to.received.length > before;
  });
}

function commits(messages: readonly Message[]): number[] {
  return messages.map((message) => message.commit);
}

const DEFAULTS = { timeout: 30_000 };

describe('messages', DEFAULTS, () => {
  test('go over the streams, in order', async (t) => {
    const { a, b, toB } = await pair(t);
    const connectionsBefore = toB.connectionCount;
    const indexes = Array.from({ length: 200 }, (_, offset) => offset + 1);
    for (const index of indexes) a.transport.send([append(A, B, index), heartbeat(A, B, index)]);
    await until(() => b.received.length === 400);
    const appends = b.received.filter((message) => message.type === MessageType.append);
    const heartbeats = b.received.filter((message) => message.type === MessageType.heartbeat);
    assert.deepEqual(
      appends.map((message) => message.entries[0]?.index),
      indexes.map((index) => index + 1),
    );
    assert.deepEqual(commits(heartbeats), indexes);
    assert.equal(toB.connectionCount, connectionsBefore, 'nothing was posted');
  });

  test('are posted before there are streams', async (t) => {
    const a = await TestMember.start(A, t);
    const b = await TestMember.start(B, t);
    // Only one side knows the other, so it cannot open a stream here.
    a.transport.addPeer(B, [b.url]);
    a.transport.send([heartbeat(A, B, 1)]);
    await until(() => b.received.length === 1);
    assert.deepEqual(commits(b.received), [1]);
    // The sender told where it is, so it can be answered.
    b.transport.send([createMessage({ ...heartbeat(B, A, 2), type: MessageType.appendResponse })]);
    await until(() => a.received.length === 1);
    assert.equal(a.received[0]?.from, B);
    await until(() => (a.transport.statistics(B)?.sentBytes ?? 0) > 0);
    assert.deepEqual(a.unreachable, []);
  });

  test('of three members reach whom they are for', async (t) => {
    const members = await Promise.all([A, B, C].map((id) => TestMember.start(id, t)));
    for (const member of members) {
      for (const other of members) member.transport.addPeer(other.id, [other.url]);
    }
    await streamsUp(...members);
    for (const from of members) {
      from.transport.send(
        members.filter((to) => to !== from).map((to) => heartbeat(from.id, to.id, 1)),
      );
    }
    await until(() => members.every((member) => member.received.length === 2));
    for (const member of members) {
      assert.deepEqual(
        new Set(member.received.map((message) => message.from)),
        new Set(members.map((other) => other.id).filter((id) => id !== member.id)),
      );
      assert.equal(member.transport.activePeerCount, 2);
    }
  });

  test('of one turn come as one batch, appends in ascending order', async (t) => {
    const { a, b } = await pair(t);
    const backwards = [5, 4, 3, 2, 1].map((index) => append(A, B, index));
    a.transport.send([...backwards, heartbeat(A, B, 9)]);
    await until(() => b.received.length === 6);
    const batch = b.batches.find((messages) => messages.length >= 5) ?? [];
    const indexes = batch
      .filter((message) => message.type === MessageType.append)
      .map((message) => message.index);
    assert.deepEqual(
      indexes,
      [...indexes].sort((left, right) => left - right),
    );
  });

  test('to nobody, of local types, and snapshots are not sent', async (t) => {
    const { a, b } = await pair(t);
    a.transport.send([
      heartbeat(A, 0n, 1),
      createMessage({ type: MessageType.hup, from: A, to: B }),
      createMessage({ type: MessageType.storageAppend, from: A, to: B }),
      snapshotMessage(A, B, 7),
      heartbeat(A, 0xdead_0000n, 2),
      heartbeat(A, B, 3),
    ]);
    await until(() => b.received.length > 0);
    assert.deepEqual(commits(b.received), [3]);
    assert.deepEqual(a.snapshotReports, [{ id: B, succeeded: false }]);
  });

  test('as large as a frame may be get through', async (t) => {
    const { a, b } = await pair(t);
    const large = Buffer.alloc(8 * 1024 * 1024, 5);
    a.transport.send([append(A, B, 1, large), append(A, B, 2)]);
    await until(() => b.received.length === 2);
    assert.ok(large.equals(b.received[0]?.entries[0]?.data ?? Buffer.alloc(0)));
  });

  test('that find no room are dropped and reported', async (t) => {
    const { a, toA } = await pair(t, { streamQueueLength: 10 });
    toA.hold('toClient');
    const large = Buffer.alloc(1024 * 1024);
    for (let index = 1; index < 200; index++) {
      a.transport.send([append(A, B, index, large)]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => a.unreachable.includes(B));
    assert.ok(
      a.warnings('dropped internal Raft message since sending buffer is full').length > 0,
      'one line says so',
    );
    assert.ok((a.transport.statistics(B)?.sentFailures ?? 0) > 0);
  });
});

describe('broken connections', DEFAULTS, () => {
  test('are made again at once, also after a break in mid-record', async (t) => {
    const { a, b, toA } = await pair(t);
    for (const limit of [300, 431, 777, 1234]) {
      // What A sends goes over the streams that B opened at A.
      toA.breakAfter(limit);
      toA.breakAll();
      const lostBefore = b.warnings('lost TCP streaming connection with remote peer').length;
      await until(() => {
        a.transport.send([append(A, B, 10, Buffer.alloc(100)), heartbeat(A, B, 1)]);
        return b.warnings('lost TCP streaming connection with remote peer').length > lostBefore + 3;
      });
      toA.breakAfter(undefined);
      toA.breakAll();
      await untilDelivered(a, b);
    }
    // Whatever was cut off, nothing arrived that was not sent.
    for (const message of b.received) {
      if (message.type === MessageType.append) {
        assert.equal(message.index, 10);
        assert.equal(message.entries[0]?.data.length, 100);
      } else assert.deepEqual(message, heartbeat(A, B, 1));
    }
    assert.ok(a.unreachable.includes(B), 'Raft was told of the losses');
  });

  test('in one direction only leave the other direction alone', async (t) => {
    const { a, b, toA, toB } = await pair(t, { ioTimeoutMs: 600 });
    // Nobody reaches A any more; A still reaches B, where it opens streams and posts.
    toA.cut();
    await untilDelivered(b, a);
    await untilDelivered(a, b);
    assert.ok(toB.connectionCount > 0);
    toA.mend();
    await untilDelivered(a, b);
  });

  test('that fall silent are given up and made again', async (t) => {
    const { a, b, toA } = await pair(t, { ioTimeoutMs: 300 });
    toA.hold('toClient');
    await until(() =>
      b
        .warnings('lost TCP streaming connection with remote peer')
        .some((line) => line.fields.error === 'i/o timeout'),
    );
    assert.equal(b.transport.activeSinceMs(A), undefined);
    toA.breakAll();
    toA.mend();
    await untilDelivered(a, b);
    await until(() => b.transport.activeSinceMs(A) !== undefined);
  });

  test('do not break while nothing is sent, nor while much is', async (t) => {
    const { a, b } = await pair(t, { ioTimeoutMs: 300 });
    const endMs = performance.now() + 1500;
    let sent = 0;
    while (performance.now() < endMs) {
      a.transport.send([append(A, B, ++sent)]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => b.received.length === sent);
    for (const member of [a, b]) {
      assert.deepEqual(member.warnings('lost TCP streaming connection with remote peer'), []);
    }
  });

  test('delayed ones deliver everything', async (t) => {
    const { a, b, toA } = await pair(t);
    toA.delay(80);
    for (let index = 1; index <= 50; index++) a.transport.send([append(A, B, index)]);
    await until(() => b.received.length === 50);
  });

  test('lead to the next of several URLs', async (t) => {
    const a = await TestMember.start(A, t);
    const b = await TestMember.start(B, t);
    const dead = await TcpProxy.start(b.port, t);
    dead.cut();
    a.transport.addPeer(B, [dead.url, b.url]);
    b.transport.addPeer(A, [a.url]);
    await streamsUp(a, b);
    b.transport.updatePeer(A, [a.url]);
    await untilDelivered(a, b);
  });
});

describe('snapshots', DEFAULTS, () => {
  async function* pieces(count: number, sizeBytes: number): AsyncGenerator<Buffer> {
    for (let piece = 0; piece < count; piece++) yield Buffer.alloc(sizeBytes, piece);
  }

  function outgoing(
    database: AsyncIterable<Buffer>,
    closed: (error: Error | undefined) => void = () => {},
  ): OutgoingSnapshot {
    return { message: snapshotMessage(A, B, 42), database, closed };
  }

  test('arrive with their database before the message', async (t) => {
    const { a, b } = await pair(t);
    let closedWith: unknown = 'not closed';
    a.transport.sendSnapshot(
      outgoing(pieces(300, 50_000), (error) => {
        closedWith = error;
      }),
    );
    await until(() => a.snapshotReports.length > 0);
    assert.deepEqual(a.snapshotReports, [{ id: B, succeeded: true }]);
    assert.equal(closedWith, undefined);
    const expected: Buffer[] = [];
    for await (const piece of pieces(300, 50_000)) expected.push(piece);
    assert.ok(b.databases[0]?.equals(Buffer.concat(expected)));
    assert.equal(b.received.length, 1);
    assert.equal(b.received[0]?.snapshot?.metadata.index, 42);
  });

  test('that break off change nothing, and are reported', async (t) => {
    const { a, b } = await pair(t);
    async function* breaking(): AsyncGenerator<Buffer> {
      yield* pieces(50, 50_000);
      throw new Error('the disk is gone');
    }
    let closedWith: Error | undefined;
    a.transport.sendSnapshot(
      outgoing(breaking(), (error) => {
        closedWith = error;
      }),
    );
    await until(() => a.snapshotReports.length > 0 && b.snapshotFailures > 0);
    assert.deepEqual(a.snapshotReports, [{ id: B, succeeded: false }]);
    assert.equal(closedWith?.message, 'the disk is gone');
    await until(() => b.warnings('refused a database snapshot').length > 0);
    assert.deepEqual(b.databases, []);
    assert.deepEqual(b.received, []);
  });

  test('whose connection breaks are reported by the sender', async (t) => {
    const { a, b, toB } = await pair(t);
    let sent = 0;
    async function* slow(): AsyncGenerator<Buffer> {
      for (;;) {
        yield Buffer.alloc(10_000);
        if (++sent === 20) toB.breakAll();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    a.transport.sendSnapshot(outgoing(slow()));
    await until(() => a.snapshotReports.length > 0 && b.snapshotFailures > 0);
    assert.deepEqual(a.snapshotReports, [{ id: B, succeeded: false }]);
    assert.deepEqual(b.databases, []);
    assert.deepEqual(b.received, []);
  });

  test('for a member that is no peer are closed at once', async (t) => {
    const a = await TestMember.start(A, t);
    let closedWith: Error | undefined;
    a.transport.sendSnapshot(
      outgoing(pieces(1, 1), (error) => {
        closedWith = error;
      }),
    );
    assert.equal(closedWith?.message, 'member not found');
  });

  test('do not hold up a stop', async (t) => {
    const { a, b } = await pair(t);
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        yield Buffer.alloc(10_000);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    const reasons: (Error | undefined)[] = [];
    a.transport.sendSnapshot(outgoing(endless(), (error) => reasons.push(error)));
    await until(() => b.log.some((line) => line.message === 'receiving database snapshot'));
    await b.transport.stop();
    await a.transport.stop();
    assert.equal(reasons.length, 1);
    assert.ok(reasons[0] instanceof Error);
    assert.equal(b.snapshotFailures, 1);
  });
});

describe('membership', DEFAULTS, () => {
  test('a member that was removed hears so, once, and stops dialing', async (t) => {
    const { a, b } = await pair(t);
    a.removed.add(B);
    a.transport.removePeer(B);
    await until(() => b.removedFromClusterCount > 0);
    await until(() => a.warnings('refused a stream').length > 0);
    assert.ok(b.removedFromClusterCount <= 2, 'once per stream');
  });

  test('a peer that is not there is inactive, and active once it is', async (t) => {
    const { a, b, toB, toA } = await pair(t);
    assert.equal(a.transport.activePeerCount, 1);
    toB.cut();
    toA.cut();
    await until(() => a.transport.activePeerCount === 0 && b.transport.activePeerCount === 0);
    toB.mend();
    toA.mend();
    await until(() => a.transport.activePeerCount === 1 && b.transport.activePeerCount === 1);
  });

  test('probes tell how far a peer is', async (t) => {
    const { a } = await pair(t, { probeIntervalMs: 20 });
    await until(() => a.transport.statistics(B)?.roundTripMs !== undefined);
    assert.deepEqual(a.warnings('prober found high clock drift'), []);
  });

  test('the transport knows only its own paths', async (t) => {
    const a = await TestMember.start(A, t);
    for (const path of ['/members', '/version', '/raftx', '/raft/other']) {
      assert.equal((await fetch(a.url + path)).status, 404, path);
    }
    const probe = await fetch(`${a.url}/raft/probing`);
    assert.equal(probe.status, 200);
    assert.match(await probe.text(), /^\{"OK":true,"Now":"[^"]+Z"\}\n$/);
  });
});

test('after a stop neither sockets nor timers are left', DEFAULTS, async (t) => {
  const kinds = () =>
    process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Immediate/.test(kind)).length;
  const before = kinds();
  const { a, b, toA, toB } = await pair(t, { probeIntervalMs: 20 });
  a.transport.addPeer(C, ['http://127.0.0.1:1']);
  a.transport.send([heartbeat(A, C, 1)]);
  await untilDelivered(a, b);
  await untilDelivered(b, a);
  await a.stop();
  await b.stop();
  await toA.close();
  await toB.close();
  const batches = a.batches.length + b.batches.length;
  await until(() => kinds() <= before + 1);
  assert.equal(a.batches.length + b.batches.length, batches);
});

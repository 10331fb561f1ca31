import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventRun } from '../../src/api/event-run.js';
import { ResponseHeaders } from '../../src/api/response-header.js';
import { WatchMessage } from '../../src/api/watch-message.js';
import { WatchOutbox, WatchTurn } from '../../src/api/watch-outbox.js';
import { encodeWatchResponse } from '../../src/api/watch-responses.js';
import { WatchResponse } from '../../src/proto/generated/etcdserverpb.js';
import { Event } from '../../src/proto/generated/mvccpb.js';
import { bytesOf, type Message } from '../../src/transport/index.js';

const headers = new ResponseHeaders({ clusterId: 11n, memberId: 2n ** 63n, term: 3 });
const FRAGMENT_LIMIT_BYTES = 1000;

function eventOf(key: string, valueBytes = 0): Buffer {
  return Event.encode({ kv: { key: Buffer.from(key), value: Buffer.alloc(valueBytes, 'v') } });
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream that keeps what it is given, whole. */
function createStream(turn = new WatchTurn()) {
  const written: Buffer[] = [];
  const client = { hasRoom: true };
  const write = (message: Message): boolean => {
    written.push(bytesOf(message));
    return client.hasRoom;
  };
  const outbox = new WatchOutbox(
    { fragmentLimitBytes: FRAGMENT_LIMIT_BYTES },
    { headers, turn, write },
  );
  const add = (id: bigint, revision: number, ...events: Buffer[]): boolean =>
    outbox.add(id, revision, events, Buffer.concat(events).length, false);
  const lines = (): string[] =>
    written.splice(0).map((bytes) => {
      const { header, watchId, events, fragment } = WatchResponse.decode(bytes);
      const keys = events.map(({ kv }) => String(kv?.key)).join(' ');
      return `${watchId} at ${header?.revision}: ${keys}${fragment ? ' ...' : ''}`;
    });
  return { outbox, client, written, add, lines };
}

describe('The events of a stream', () => {
  it('leave at the end of the turn, in one response for each watcher', async () => {
    const { add, lines } = createStream();
    assert.ok(add(0n, 5, eventOf('a')));
    assert.ok(add(7n, 5, eventOf('a')));
    assert.ok(add(0n, 6, eventOf('b'), eventOf('c')));
    assert.deepEqual(lines(), []);
    await microtasks();
    assert.deepEqual(lines(), ['0 at 6: a b c', '7 at 5: a']);
    add(0n, 7, eventOf('d'));
    await microtasks();
    assert.deepEqual(lines(), ['0 at 7: d']);
  });

  it('are sent before whatever else the stream has to say, when it asks for that', async () => {
    const { outbox, add, lines } = createStream();
    add(1n, 5, eventOf('a'));
    outbox.deliver();
    assert.deepEqual(lines(), ['1 at 5: a']);
    await microtasks();
    assert.deepEqual(lines(), [], 'and not again');
  });

  it('of a watcher that is cancelled are dropped', async () => {
    const { outbox, add, lines } = createStream();
    add(1n, 5, eventOf('a'));
    add(2n, 5, eventOf('a'));
    outbox.forget(1n);
    add(1n, 6, eventOf('b'));
    await microtasks();
    assert.deepEqual(lines(), ['2 at 5: a', '1 at 6: b']);
  });

  it('stop when the client does not read, and go on when it has', async () => {
    const { outbox, client, add, lines } = createStream();
    client.hasRoom = false;
    assert.ok(add(1n, 5, eventOf('a')), 'nothing was written so far');
    await microtasks();
    assert.ok(!add(1n, 6, eventOf('b')), 'taken, but the last one');
    await microtasks();
    assert.deepEqual(lines(), ['1 at 5: a', '1 at 6: b']);
    client.hasRoom = true;
    outbox.drained();
    assert.ok(add(1n, 7, eventOf('c')));
  });

  it('do not wait for the end of the turn if they are many', () => {
    const { client, add, lines } = createStream();
    const large = eventOf('a', 100_000);
    assert.ok(add(1n, 5, large));
    assert.ok(add(2n, 5, large));
    client.hasRoom = false;
    assert.ok(!add(1n, 6, large), 'what came before is written, and shows that there is no room');
    assert.deepEqual(lines(), ['1 at 5: a', '2 at 5: a']);
    assert.ok(!add(3n, 6, eventOf('b', 400_000)));
    assert.deepEqual(lines(), ['1 at 6: a', '3 at 6: b']);
  });

  it('come in fragments for who asked for that', async () => {
    const { outbox, lines } = createStream();
    const events = ['a', 'b', 'c'].map((key) => eventOf(key, 400));
    outbox.add(1n, 5, events, Buffer.concat(events).length, true);
    await microtasks();
    assert.deepEqual(lines(), ['1 at 5: a b ...', '1 at 5: c']);
  });

  it('are one block for all watchers that see the same', async () => {
    const turn = new WatchTurn();
    const [a, b, c] = ['a', 'b', 'c'].map((key) => eventOf(key)) as [Buffer, Buffer, Buffer];
    const run = turn.root.append(a).append(b);
    assert.equal(turn.root.append(a).append(b), run);
    assert.notEqual(turn.root.append(c), run);
    assert.equal(turn.root.append(a).append(b).block, run.block);
    turn.add({ turnEnds: () => 0 });
    await microtasks();
    assert.notEqual(turn.root.append(a).append(b), run, 'the next turn keeps nothing of it');
  });
});

describe('Very many watchers', () => {
  it('get an event in several turns, and what happens meanwhile in its order', async () => {
    const turn = new WatchTurn();
    const streams = Array.from({ length: 5 }, () => createStream(turn));
    const ids = Array.from({ length: 3000 }, (_, index) => BigInt(index));
    const writeToAll = (revision: number): void => {
      const event = eventOf(`r${revision}`);
      for (const { add } of streams) for (const id of ids) add(id, revision, event);
    };
    writeToAll(5);
    await Promise.resolve();
    const counts = streams.map(({ written }) => written.length);
    assert.deepEqual(counts, [3000, 3000, 0, 0, 0], 'the others let this one through');
    writeToAll(6);
    for (let turns = 0; turns < 5; turns++) await microtasks();
    for (const [index, { lines }] of streams.entries()) {
      const ofLastWatcher = lines().filter((line) => line.startsWith('2999 '));
      const parts = ['2999 at 5: r5', '2999 at 6: r6'];
      assert.deepEqual(ofLastWatcher, index < 2 ? parts : ['2999 at 6: r5 r6']);
    }
  });
});

describe('A response that is put together while it is sent', () => {
  const events = fc.array(fc.nat(300).map((valueBytes) => eventOf('key', valueBytes)));
  const id = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const shared = EventRun.empty();

  it('is, byte for byte, the one that is encoded in one go', async () => {
    await fc.assert(
      fc.asyncProperty(id, fc.integer({ min: 1 }), events, async (watchId, revision, list) => {
        const { add, written } = createStream();
        for (const event of list) add(watchId, revision, event);
        await microtasks();
        const whole = encodeWatchResponse(headers, { watchId, revision, events: list });
        assert.deepEqual(written, list.length === 0 ? [] : [whole]);
      }),
    );
  });

  it('is the same in whatever pieces it is read', () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (list, pieces) => {
        const run = list.reduce((before: EventRun, event) => before.append(event), shared);
        const { block } = run;
        const create = () => new WatchMessage(headers.field(9), Buffer.from([0x10, 1]), block);
        const message = create();
        const bytes = Buffer.alloc(message.length);
        for (let at = 0; at < bytes.length; ) {
          const count = Math.min(pieces.next().value, bytes.length - at);
          message.read(bytes, at, count);
          at += count;
        }
        assert.deepEqual(bytes, bytesOf(create()));
        assert.deepEqual(run.events, list);
      }),
    );
  });
});

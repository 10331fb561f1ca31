import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CLIENT_PREFACE, FrameType } from '../../../src/transport/http2/protocol.js';
import { createHttp2Carrier, type RpcMethod } from '../../../src/transport/index.js';
import { GrpcClient } from '../../support/grpc.js';
import { Dice } from './fuzz/dice.js';
import { randomFrames, randomSettings } from './fuzz/random-frames.js';
import { changedSession, readSessions } from './fuzz/recorded-sessions.js';
import { frame } from './raw-client.js';
import { CARRIER_OPTIONS, listenFor, strictLogger, testMethods, Witness } from './service.js';

/*
 * Frames made up at random, and what real clients have sent, changed: the server may send such clients
 * away, but it must not crash, hang, grow, keep anything of theirs, or serve others worse.
 * KVORUM_TEST_LONG makes it ten minutes and more; KVORUM_FUZZ_SEED repeats a run.
 */

const isLong = process.env.KVORUM_TEST_LONG !== undefined;
const DURATION_MS = isLong ? 11 * 60_000 : 4000;
const CLIENTS_AT_ONCE = 20;
/** By then every pool and cache has its size. */
const SETTLED_AFTER = isLong ? 20_000 : 300;
const SAMPLE_EVERY_MS = DURATION_MS / 40;
/**
 * Between the lowest values of the two halves: what is in flight goes up and down, leaks only up. In a
 * few seconds much of it is the program's own warming up.
 */
const MAX_RSS_GROWTH_BYTES = isLong ? 100e6 : 200e6;
const MAX_HEAP_GROWTH_BYTES = isLong ? 15e6 : 40e6;
/** A well-behaved client waits so long at most. */
const PATIENCE_MS = 10_000;
const seed = Number(process.env.KVORUM_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Methods that recorded clients of etcd call. */
function etcdMethods(witness: Witness): RpcMethod[] {
  const [echo, chat] = ['/test.Echo/Echo', '/test.Echo/Chat'].map((path) =>
    testMethods(witness).find((method) => method.path === path),
  );
  if (echo === undefined || chat === undefined) throw new Error('no such methods');
  return [
    ...['KV/Put', 'KV/Range', 'Lease/LeaseGrant'].map((name) => ({
      ...echo,
      path: `/etcdserverpb.${name}`,
    })),
    ...['Watch/Watch', 'Lease/LeaseKeepAlive'].map((name) => ({
      ...chat,
      path: `/etcdserverpb.${name}`,
    })),
  ];
}

async function serve(context: TestContext) {
  const witness = new Witness();
  const carrier = createHttp2Carrier(
    { ...CARRIER_OPTIONS, limits: { resetBurst: 100, prefaceTimeoutMs: 1000 } },
    [...testMethods(witness), ...etcdMethods(witness)],
    { logger: strictLogger },
  );
  const server = createServer({ noDelay: true }, (socket) => carrier.accept(socket));
  const port = await listenFor(carrier, context, server);
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  return { port, witness, connections };
}

const sessions = readSessions();

/** The bytes of one client's life. */
function bytesOf(dice: Dice): Buffer {
  if (dice.once(2)) return mutated(dice, [preface(dice), ...changedSession(dice, sessions)]);
  const settings = dice.once(30) ? [] : [frame(FrameType.settings, 0, 0, randomSettings(dice))];
  return mutated(dice, [preface(dice), ...settings, ...randomFrames(dice)]);
}

function preface(dice: Dice): Buffer {
  return dice.once(50) ? dice.bytes(30) : CLIENT_PREFACE;
}

/** Flips, removes, doubles or cuts off bytes, in a third of the cases. */
function mutated(dice: Dice, frames: readonly Buffer[]): Buffer {
  let bytes = Buffer.concat(frames);
  const rounds = dice.once(3) ? 1 + dice.below(4) : 0;
  for (let round = 0; round < rounds; round++) {
    const at =
      CLIENT_PREFACE.length + dice.below(Math.max(1, bytes.length - CLIENT_PREFACE.length));
    const length = 1 + dice.below(8);
    switch (dice.below(4)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default:
        bytes = bytes.subarray(0, at);
    }
  }
  return bytes;
}

/** One client: sends its bytes in pieces, reads or does not, and hangs up in one way or another. */
function live(port: number, dice: Dice): Promise<void> {
  return new Promise((resolve) => {
    const bytes = bytesOf(dice);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const reads = !dice.once(8);
    if (reads) socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    const pieceBytes = dice.pick([1_000_000, 1_000_000, 1000, 100, 7]);
    const cuts: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + (pieceBytes < 1000 ? pieceBytes : dice.below(pieceBytes));
      cuts.push(bytes.subarray(at, end));
      at = end;
    }
    const pauses = dice.once(2);
    const hangUpMs = dice.below(15);
    const isPolite = dice.once(2);
    const hangUp = (): void => {
      if (isPolite && reads) socket.end();
      else socket.destroy();
    };
    const send = async (): Promise<void> => {
      for (const [index, piece] of cuts.entries()) {
        if (socket.destroyed) return;
        socket.write(piece);
        // So that the server reads pieces, not what the system has put together again.
        if (pauses && index % 16 === 0) await new Promise(setImmediate);
      }
      setTimeout(hangUp, hangUpMs);
      // A server that does not hang up in turn is not what is looked for here.
      setTimeout(() => socket.destroy(), 2000).unref();
    };
    socket.on('connect', () => void send());
  });
}

/** A client that does nothing wrong, on one connection through the whole run. */
class Neighbour {
  readonly #client: GrpcClient;
  readonly #stream;
  answers = 0;

  constructor(port: number) {
    this.#client = new GrpcClient(`127.0.0.1:${port}`);
    this.#stream = this.#client.bidirectional('test.Echo/Chat');
  }

  /** Asks, on a call of its own and on a stream that stays open. */
  async ask(): Promise<void> {
    const body = Buffer.from(`well? ${this.answers}`);
    const options = { timeoutMs: PATIENCE_MS };
    assert.deepEqual(await this.#client.unary('test.Echo/Echo', body, options), body);
    this.#stream.received.length = 0;
    this.#stream.send(body);
    assert.ok(await this.#stream.until(() => this.#stream.received.length > 0, PATIENCE_MS));
    assert.deepEqual(this.#stream.received[0], body);
    this.answers += 1;
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

/** Answers what is late, and forgets what the handlers keep for tests. */
function settle(witness: Witness): void {
  witness.messages.length = 0;
  witness.calls.length = 0;
  for (const answer of witness.late.splice(0)) answer(Buffer.from('late'));
}

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

async function memory(): Promise<Memory> {
  collectGarbage();
  // Buffers are freed in a later turn.
  await sleep(20);
  collectGarbage();
  return process.memoryUsage();
}

/** The least of each kind among samples. */
function lowest(samples: readonly Memory[]): Memory {
  return {
    rss: Math.min(...samples.map(({ rss }) => rss)),
    heapUsed: Math.min(...samples.map(({ heapUsed }) => heapUsed)),
  };
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let tried = 0; tried < 500; tried++) {
    if (await condition()) return true;
    await sleep(10);
  }
  return false;
}

const mega = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

describe('random and changed frames', () => {
  it(`neither crash, hang nor swell the server (seed ${seed})`, {
    timeout: DURATION_MS + 120_000,
  }, async (context) => {
    const { port, witness, connections } = await serve(context);
    const neighbour = new Neighbour(port);
    context.after(() => neighbour.close());
    const end = Date.now() + DURATION_MS;
    let lives = 0;
    const samples: Memory[] = [];
    let nextSampleMs = 0;
    const clients = async (): Promise<void> => {
      while (Date.now() < end) {
        // Each life has a seed of its own, so that what happens beside it does not change it.
        await live(port, new Dice(seed + lives++));
        if (lives % 100 === 0) settle(witness);
      }
    };
    const neighbours = async (): Promise<void> => {
      while (Date.now() < end) {
        await neighbour.ask();
        if (lives >= SETTLED_AFTER && Date.now() >= nextSampleMs) {
          samples.push(await memory());
          nextSampleMs = Date.now() + SAMPLE_EVERY_MS;
        }
        await sleep(5);
      }
    };
    await Promise.all([neighbours(), ...Array.from({ length: CLIENTS_AT_ONCE }, clients)]);
    assert.ok(samples.length >= 2, `only ${lives} connections were made`);
    assert.ok(await eventually(async () => (await connections()) === 1), 'connections are left');
    settle(witness);
    // The neighbour's stream is the one that is still open.
    const isEven = (): boolean => witness.opened - witness.closed === 1;
    assert.ok(await eventually(isEven), `${witness.opened} opened, ${witness.closed} closed`);
    samples.push(await memory());
    const half = Math.floor(samples.length / 2);
    const first = lowest(samples.slice(0, half));
    const last = lowest(samples.slice(half));
    context.diagnostic(
      `${lives} connections, ${neighbour.answers} answers beside them; ` +
        `memory at least ${mega(first.rss)}, heap ${mega(first.heapUsed)} in the first half; ` +
        `${mega(last.rss)}, ${mega(last.heapUsed)} in the second`,
    );
    assert.ok(last.rss < first.rss + MAX_RSS_GROWTH_BYTES, `${first.rss} to ${last.rss}`);
    assert.ok(last.heapUsed < first.heapUsed + MAX_HEAP_GROWTH_BYTES, 'the heap has grown');
  });
});

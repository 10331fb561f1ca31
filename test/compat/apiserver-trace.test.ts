import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '../../src/base/random.js';
import { GrpcClient, GrpcError } from '../support/grpc.js';
import { type Member, startMember } from '../support/member.js';
import { testDataPath } from '../support/repository.js';
import { encodeBytesField } from '../support/wire.js';
import { readTrace, splitHeader, type TraceCall, type TraceLine } from './apiserver-trace.js';
import { ReplayedWatch } from './trace-watch.js';

/** Another recording of the same format, e.g. of a longer run. */
const TRACE_PATH =
  process.env.KVORUM_APISERVER_TRACE ?? testDataPath('apiserver', 'apiserver-1.jsonl.br');
/** Where the member is killed; another seed kills it elsewhere. */
const SEED = Number(process.env.KVORUM_TEST_SEED ?? '1');
const KILLS = 3;
const EVENT_TIMEOUT_MS = 10_000;
/** A watch that starts in the past may be brought up to date a moment later (etcd: within 100 ms). */
const CATCH_UP_MS = 500;
const COMPACTION = 'etcdserverpb.KV/Compact';
const TRANSACTION = 'etcdserverpb.KV/Txn';

/** Replays a recording on one member, line after line, each call awaited. */
class Replay {
  private readonly member: Member;
  private readonly random = seededRandom(SEED);
  private readonly watches: ReplayedWatch[] = [];
  private client: GrpcClient;
  private revision = 1;

  constructor(member: Member) {
    this.member = member;
    this.client = new GrpcClient(member.clientAddress);
  }

  async line(line: TraceLine): Promise<void> {
    if (line.kind === 'call') {
      if (line.method === COMPACTION) await this.catchUp();
      await this.call(line);
    } else {
      const watch = new ReplayedWatch(line);
      this.watches.push(watch);
      await watch.open(this.client, EVENT_TIMEOUT_MS);
    }
  }

  /** Kills the member while it works on `call`, starts it again and reopens the watches. */
  async killDuring(call: TraceCall): Promise<void> {
    await this.awaitEvents();
    const outcome = this.client.unary(call.method, call.request).catch((error: unknown) => error);
    await setTimeout(this.random.below(3));
    await this.member.kill();
    await outcome;
    for (const watch of this.watches) {
      watch.readNewResponses();
      watch.close();
    }
    this.client.close();
    await this.member.start();
    this.client = new GrpcClient(this.member.clientAddress);
    for (const watch of this.watches) await watch.open(this.client, EVENT_TIMEOUT_MS);
    await this.finishInterrupted(call);
  }

  /** All recorded events must have come, in order and none twice. */
  async finish(): Promise<void> {
    await this.awaitEvents();
    for (const watch of this.watches) {
      watch.checkOrder();
      watch.close();
    }
    this.client.close();
  }

  /** A compaction would cancel watches that still read older revisions. */
  private async catchUp(): Promise<void> {
    await this.awaitEvents();
    await setTimeout(CATCH_UP_MS);
  }

  private async awaitEvents(): Promise<void> {
    for (const watch of this.watches) await watch.waitForEvents(this.revision, EVENT_TIMEOUT_MS);
  }

  /** The interrupted transaction was applied whole or not at all; in the latter case it is sent again. */
  private async finishInterrupted(call: TraceCall): Promise<void> {
    const revision = await this.storeRevision();
    if (revision === this.revision) {
      await this.call(call);
    } else {
      assert.equal(revision, call.revision, 'store revision after the kill');
      this.revision = revision;
    }
  }

  private async storeRevision(): Promise<number> {
    const anyKey = encodeBytesField(1, Buffer.from('/'));
    return splitHeader(await this.client.unary('etcdserverpb.KV/Range', anyKey)).revision;
  }

  private async call(call: TraceCall): Promise<void> {
    let response: Buffer;
    try {
      response = await this.client.unary(call.method, call.request);
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      assert.deepEqual({ code: error.code, message: error.details }, call.expected);
      return;
    }
    const { revision, rest } = splitHeader(response);
    assert.ok('response' in call.expected, `expected an error, got ${response.toString('hex')}`);
    if (!rest.equals(call.expected.response)) {
      assert.equal(rest.toString('latin1'), call.expected.response.toString('latin1'));
    }
    assert.equal(revision, call.revision, 'header revision');
    this.revision = revision;
  }
}

/** Positions of transactions at which the member is killed, spread over the recording. */
function killPositions(lines: readonly TraceLine[]): Set<number> {
  const random = seededRandom(SEED);
  const transactions = lines.flatMap((line, position) =>
    line.kind === 'call' && line.method === TRANSACTION ? [position] : [],
  );
  const share = Math.floor(transactions.length / KILLS);
  const chosen = Array.from({ length: KILLS }, (_, part) => part * share + random.below(share));
  return new Set(chosen.flatMap((index) => transactions[index] ?? []));
}

async function replay(context: TestContext, kills: (lines: TraceLine[]) => Set<number>) {
  const lines = readTrace(TRACE_PATH);
  const killAt = kills(lines);
  const replayed = new Replay(await startMember(context));
  for (const [position, line] of lines.entries()) {
    try {
      if (killAt.has(position) && line.kind === 'call') await replayed.killDuring(line);
      else await replayed.line(line);
    } catch (error) {
      const name = line.kind === 'call' ? line.method : 'watch';
      throw new Error(`line ${position + 1} (${name}): ${String(error)}`, { cause: error });
    }
  }
  await replayed.finish();
}

test(`a real API server's traffic (${basename(TRACE_PATH)}) gets the recorded answers`, (context) =>
  replay(context, () => new Set()));

test(`the same with ${KILLS} kills in the middle of transactions (seed ${SEED})`, (context) =>
  replay(context, killPositions));

/** Maintenance.Snapshot as its client's carrier sees it: order, pace, and every way to end early. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { snapshotMethod } from '../../src/api/snapshot.js';
import { systemClock } from '../../src/base/clock.js';
import type { RpcError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import { SnapshotRequest, SnapshotResponse } from '../../src/proto/generated/etcdserverpb.js';
import { Backend, BUCKET_NAMES } from '../../src/storage/backend/index.js';
import type { StreamCall, StreamReceiver } from '../../src/transport/index.js';
import { checkPages } from '../storage/bolt/page-census.js';
import { type Content, lookUp, numberedPairs, readContent } from '../storage/bolt/support.js';
import { temporaryFolder } from '../support/folders.js';

const VERSION = '3.7.0';
const BLOB_BYTES = 32_768;
const INTERNAL = 13;

/** The carrier's end of one call: takes messages until it is full, and remembers them. */
class RecordedCall extends EventEmitter implements StreamCall {
  readonly messages: SnapshotResponse[] = [];
  /** Messages taken before a write answers that there is no more room. */
  room = Number.POSITIVE_INFINITY;
  error: RpcError | null | undefined;
  readonly receiver: StreamReceiver;

  constructor(backend: Backend) {
    super();
    const source = { backend, cluster: { storageVersion: VERSION } };
    this.receiver = snapshotMethod(source).open(this);
  }

  metadata(): undefined {}

  write(message: Buffer): boolean {
    assert.equal(this.error, undefined, 'written after the end');
    assert.ok(this.room > 0, 'written without room');
    this.messages.push(SnapshotResponse.decode(message));
    this.room--;
    if (this.room === 0) setImmediate(() => this.emit('full'));
    return this.room > 0;
  }

  end(error: RpcError | null): void {
    this.error = error;
    this.emit('ended');
    this.receiver.closed();
  }

  /** Sends the request and waits for the end of the stream. */
  async ask(request: Buffer = SnapshotRequest.encode({})): Promise<void> {
    const ended = once(this, 'ended');
    this.receiver.message(request);
    this.receiver.halfClosed();
    await ended;
  }

  /** Makes room for more messages. */
  drain(room: number): void {
    this.room = room;
    this.receiver.drained();
  }

  get file(): Buffer {
    return Buffer.concat(this.messages.slice(0, -1).map(({ blob }) => blob));
  }
}

async function openBackend(test: TestContext, pairs: [Buffer, Buffer][] = []): Promise<Backend> {
  const backend = await Backend.open(
    { path: join(temporaryFolder(test), 'backend') },
    { clock: systemClock, logger: silentLogger },
  );
  test.after(() => backend.close());
  for (const [key, value] of pairs) backend.put('key', key, value);
  backend.setConsistentIndex(7, 3);
  return backend;
}

/** A turn of the event loop, and a few more: enough for whatever was about to happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('Maintenance.Snapshot', () => {
  it('sends the database in blobs, counts down, and ends with the SHA-256', async (test) => {
    const pairs = numberedPairs(3000, 500);
    const call = new RecordedCall(await openBackend(test, pairs));
    await call.ask();
    assert.equal(call.error, null);
    const { file, messages } = call;
    let remaining = file.length;
    for (const [position, { blob, remainingBytes, header, version }] of messages.entries()) {
      if (position < messages.length - 2) assert.equal(blob.length, BLOB_BYTES);
      if (position < messages.length - 1) remaining -= blob.length;
      assert.deepEqual([remainingBytes, header, version], [remaining, undefined, VERSION]);
    }
    assert.equal(remaining, 0);
    assert.equal(file.length % 512, 0);
    const digest = createHash('sha256').update(file).digest();
    assert.deepEqual(messages.at(-1)?.blob, digest);
    checkPages(file);
    const content = await readContent(file);
    assert.deepEqual([...content.keys()], BUCKET_NAMES);
    assert.deepEqual(content.get('key'), pairs);
    assert.equal(lookUp(content, 'meta', 'consistent_index')?.toString('hex'), '0000000000000007');
    assert.equal(lookUp(content, 'meta', 'term')?.toString('hex'), '0000000000000003');
  });

  it('sends the database of a new member too', async (test) => {
    const call = new RecordedCall(await openBackend(test));
    await call.ask();
    assert.equal(call.messages.length, 3);
    assert.deepEqual((await readContent(call.file)).get('key'), []);
  });

  it('waits for a client that reads slowly', async (test) => {
    const call = new RecordedCall(await openBackend(test, numberedPairs(3000, 500)));
    call.room = 1;
    const ended = call.ask();
    for (const taken of [1, 2, 3, 4, 5]) {
      await once(call, 'full');
      await turns();
      assert.equal(call.messages.length, taken);
      call.drain(taken < 5 ? 1 : Number.POSITIVE_INFINITY);
    }
    await ended;
    assert.equal(call.error, null);
    checkPages(call.file);
  });

  it('shows the moment of the request, whatever is written afterwards', async (test) => {
    const pairs = numberedPairs(2000, 300);
    const backend = await openBackend(test, pairs.slice(0, 1000));
    const call = new RecordedCall(backend);
    call.room = 1;
    const ended = call.ask();
    for (const [key, value] of pairs.slice(1000)) backend.put('key', key, value);
    backend.setConsistentIndex(8, 3);
    await once(call, 'full');
    backend.delete('key', pairs[5]?.[0] ?? Buffer.alloc(0));
    backend.setConsistentIndex(9, 3);
    await backend.flush();
    call.drain(Number.POSITIVE_INFINITY);
    await ended;
    const content: Content = await readContent(call.file);
    const index = lookUp(content, 'meta', 'consistent_index')?.readUInt32BE(4);
    // What was put in the same turn may be in it or not, but with the index that belongs to it.
    assert.deepEqual(content.get('key'), index === 7 ? pairs.slice(0, 1000) : pairs);
    assert.ok(index === 7 || index === 8);
  });

  it('stops when the client goes away, and lets go of the state', async (test) => {
    const backend = await openBackend(test, numberedPairs(3000, 500));
    for (const room of [1, 2, 9]) {
      const call = new RecordedCall(backend);
      call.room = room;
      call.receiver.message(SnapshotRequest.encode({}));
      await once(call, 'full');
      call.receiver.closed();
      await turns();
      assert.equal(call.messages.length, room);
      assert.equal(call.error, undefined);
    }
    const early = new RecordedCall(backend);
    early.receiver.message(SnapshotRequest.encode({}));
    early.receiver.closed();
    await turns();
    assert.deepEqual([early.messages.length, early.error], [0, undefined]);
  });

  it('ends with an error if the store is closed meanwhile', async (test) => {
    const backend = await openBackend(test, numberedPairs(3000, 500));
    const call = new RecordedCall(backend);
    call.room = 1;
    const ended = call.ask();
    await once(call, 'full');
    await backend.close();
    call.drain(Number.POSITIVE_INFINITY);
    await ended;
    assert.ok(call.error instanceof Error);

    const late = new RecordedCall(backend);
    await late.ask();
    assert.ok(late.error instanceof Error);
    assert.equal(late.messages.length, 0);
  });

  it('refuses bytes that are no request', async (test) => {
    const call = new RecordedCall(await openBackend(test));
    await call.ask(Buffer.from([0xff]));
    assert.equal(call.error?.code, INTERNAL);
    assert.match(call.error?.message ?? '', /^grpc: failed to unmarshal the received message/);
  });
});

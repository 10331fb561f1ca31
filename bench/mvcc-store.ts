/**
 * Micro-benchmarks of the MVCC room: `node --expose-gc …/bench/mvcc-store.js [keys] [memory | disk]`.
 * Prints one line a figure: the rate by CPU time of the process (all threads; the machine may be
 * shared), and the time that passed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.js';
import { silentLogger } from '../src/base/logger.js';
import { MvccStore, type RecordStore, type WatchSink } from '../src/mvcc/index.js';
import { Backend } from '../src/storage/backend/index.js';

const KEYS = Number(process.argv[2] ?? 1_000_000);
const VALUE = Buffer.alloc(256, 'v');
const leases = { attach: () => {}, detach: () => {} };

/** Takes everything and keeps nothing: what is measured is this room alone. */
const nowhere: RecordStore = {
  put: () => {},
  delete: () => {},
  commit: () => {},
  whenNotFull: async () => {},
  getSync: () => undefined,
  async *scan() {},
  async visitAll() {},
};

function open(records: RecordStore, cacheSizeBytes: number): Promise<MvccStore> {
  const dependencies = { records, leases, clock: systemClock, logger: silentLogger };
  return MvccStore.open({ cacheSizeBytes }, dependencies);
}

const keyOf = (number: number): string =>
  `/registry/pods/namespace-${number % 100}/pod-${String(number).padStart(8, '0')}`;

/** The numbers below `count` in an order without any order. */
function shuffled(count: number): Uint32Array {
  const order = new Uint32Array(count).map((_, index) => index);
  let state = 1;
  for (let index = count - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (index + 1);
    const swapped = order[index] as number;
    order[index] = order[other] as number;
    order[other] = swapped;
  }
  return order;
}

interface Start {
  readonly wallMs: number;
  readonly cpu: NodeJS.CpuUsage;
}

function now(): Start {
  return { wallMs: performance.now(), cpu: process.cpuUsage() };
}

function report(name: string, count: number, start: Start): void {
  const { user, system } = process.cpuUsage(start.cpu);
  const cpuUs = user + system;
  const wallMs = performance.now() - start.wallMs;
  const rate = Math.round((count / cpuUs) * 1e6).toLocaleString('en');
  console.log(
    `${name.padEnd(58)} ${rate.padStart(11)} a CPU second, ${(cpuUs / count).toFixed(2)} µs each; ` +
      `${(wallMs / 1000).toFixed(2)} s passed`,
  );
}

function put(store: MvccStore, key: string): void {
  const transaction = store.begin();
  transaction.put(key, VALUE, 0n);
  transaction.end();
}

async function benchIndex(): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const store = await open(nowhere, 1024 * 1024 * 1024);
  const order = shuffled(KEYS);
  let start = now();
  for (const number of order) put(store, keyOf(number));
  report(`put ${KEYS} new keys at random, no disk`, KEYS, start);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const heapPerKey = (after.heapUsed - before.heapUsed) / KEYS;
  // A one-byte string has a header of 16 bytes and its characters in words of 8.
  const keyBytes = 16 + Math.ceil(keyOf(0).length / 8) * 8;
  console.log(
    `memory per key: heap ${heapPerKey.toFixed(0)} bytes, of that the key string ${keyBytes}; ` +
      `records ${(store.cacheSizeBytes / KEYS).toFixed(0)}`,
  );
  start = now();
  for (const number of order) put(store, keyOf(number));
  report('overwrite all at random, no disk', KEYS, start);

  const one = shuffled(KEYS).subarray(0, Math.min(KEYS, 500_000));
  start = now();
  for (const number of one) store.range({ start: keyOf(number), end: '' });
  report('get one key at random', one.length, start);
  start = now();
  for (let count = 0; count < 500_000; count++) store.range({ start: keyOf(7), end: '' });
  report('get the same key', 500_000, start);

  const whole = { start: '/registry/pods/', end: '/registry/pods0' };
  start = now();
  for (let count = 0; count < 2000; count++) {
    store.range({ ...whole, start: keyOf(one[count] as number), limit: 500 });
  }
  report('page of 500 with count', 2000, start);
  start = now();
  for (let count = 0; count < 100_000; count++) store.range({ ...whole, countOnly: true });
  report('count all', 100_000, start);
  start = now();
  const older = store.range({ ...whole, revision: store.revision - 1000, limit: 500 });
  report(`page of 500 at an older revision (count ${older.count})`, 1, start);
  start = now();
  const all = await store.rangeSliced(whole);
  report('everything in slices', all.records.length, start);
  await benchWatch(store);
  start = now();
  await store.compact(store.revision);
  report('compaction of the index (no disk)', KEYS, start);
  await store.close();
}

class Counter implements WatchSink {
  events_ = 0;
  events(_id: bigint, _revision: number, events: readonly Buffer[]): boolean {
    this.events_ += events.length;
    return true;
  }
  progress(): void {}
  compacted(): void {}
}

async function benchWatch(store: MvccStore): Promise<void> {
  const request = {
    ...{ id: 0n, noPut: false, noDelete: false, progressNotify: false, fragment: false },
    ...{ start: '/registry/pods/', end: '/registry/pods0', prevKv: true, startRevision: 0 },
  };
  const counter = new Counter();
  const streams = Array.from({ length: 100 }, () => store.openWatchStream(counter));
  for (const stream of streams) stream.create(request);
  let start = now();
  for (let count = 0; count < 20_000; count++) put(store, keyOf(count));
  report('put with 100 range watchers and prev_kv', 20_000, start);
  report('  events delivered', counter.events_, start);
  for (const stream of streams) stream.close();

  const late = new Counter();
  const stream = store.openWatchStream(late);
  const span = Math.min(KEYS, 200_000);
  const startRevision = store.revision - span + 1;
  for (let count = 0; count < 1000; count++) {
    const start = keyOf(count);
    stream.create({ ...request, start, end: '', startRevision });
  }
  start = now();
  while (store.watcherCounts.unsynced > 0) await new Promise((resolve) => setImmediate(resolve));
  report(`1000 watchers resume ${span} revisions back: changes`, span, start);
  stream.close();
  const all = store.openWatchStream(late);
  for (let count = 0; count < 10; count++) all.create({ ...request, startRevision });
  late.events_ = 0;
  start = now();
  while (store.watcherCounts.unsynced > 0) await new Promise((resolve) => setImmediate(resolve));
  report('10 watchers of all resume: events', late.events_, start);
  all.close();
}

async function benchBackend(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'kvorum-bench-'));
  const dependencies = { clock: systemClock, logger: silentLogger };
  try {
    let backend = await Backend.open({ path }, dependencies);
    let store = await open(backend, 256 * 1024 * 1024);
    const order = shuffled(KEYS);
    let start = now();
    for (const [count, number] of order.entries()) {
      put(store, keyOf(number));
      backend.setConsistentIndex(count + 1, 1);
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (backend.isFull) await backend.whenNotFull();
    }
    await backend.flush();
    report(`put ${KEYS} new keys at random into LevelDB`, KEYS, start);
    start = now();
    const { hash } = await store.hashByRevision(0);
    report(`HashKV over LevelDB (${hash})`, KEYS, start);
    await store.close();
    await backend.close();

    backend = await Backend.open({ path }, dependencies);
    start = now();
    store = await open(backend, 256 * 1024 * 1024);
    report(`restore of ${store.keyCount} keys from LevelDB`, KEYS, start);
    start = now();
    const all = await store.rangeSliced({ start: '\0', end: '\0' });
    report('everything in slices, what memory lacks from LevelDB', all.records.length, start);
    start = now();
    console.log(await store.compact(store.revision));
    report('compaction that removes nothing', KEYS, start);
    await store.close();
    await backend.close();
  } finally {
    rmSync(path, { recursive: true });
  }
}

const part = process.argv[3];
if (part !== 'disk') await benchIndex();
if (part !== 'memory') await benchBackend();

import { Watch } from '../../src/proto/generated/etcdserverpb.js';
import { LoadConnection, type StreamReceiver } from './connection.js';
import type { JobResult, WatchJob } from './jobs.js';
import { FieldCursor, MessageReader } from './messages.js';
import { Meter } from './meter.js';
import { keyName } from './workloads.js';

const PREFIX = '/watched/';
const EVENTS_TAG = 0x5a;
const CREATED_TAG = 0x18;
const EVENT_KV_TAG = 0x12;
const KV_VALUE_TAG = 0x2a;
const PUT_PATH = '/etcdserverpb.KV/Put';
const KEY_BYTES = keyName(PREFIX, 0).length;

/** Opens the watches, then puts in bursts, each awaited to its last event. */
export async function runWatchJob(job: WatchJob): Promise<JobResult> {
  const load = new WatchLoad(job);
  try {
    return await Promise.race([load.run(), load.failed]);
  } finally {
    load.close();
  }
}

class WatchLoad {
  readonly failed: Promise<never>;
  private readonly job: WatchJob;
  private readonly meter: Meter;
  private readonly connections: LoadConnection[] = [];
  private readonly writers: BurstWriter[] = [];
  private fail: (error: Error) => void = () => {};
  private created = 0;
  private pendingEvents = 0;
  /** Puts under way: an event may come before the answer to its put. */
  private pendingPuts = 0;
  private changed: () => void = () => {};
  /** When each put of the burst was sent, by its number. */
  private readonly sentMs: Float64Array;
  private nextPut: number;

  constructor(job: WatchJob) {
    this.job = job;
    this.meter = new Meter(job);
    this.sentMs = new Float64Array(job.burst);
    this.nextPut = job.burst;
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
  }

  async run(): Promise<JobResult> {
    await this.openWatches();
    for (let index = 0; index < this.job.writeConnections; index++) {
      const connection = await this.connect();
      for (let stream = 0; stream < this.job.writeStreams; stream++) {
        this.writers.push(new BurstWriter(connection, this.job, this));
      }
    }
    const beginMs = performance.now();
    while (performance.now() - beginMs < this.job.warmupMs) await this.burst();
    this.meter.open();
    const openedMs = performance.now();
    while (performance.now() - openedMs < this.job.durationMs) await this.burst();
    this.meter.close();
    return this.meter.measured;
  }

  /** The number of the put that is sent now; undefined when the burst is all sent. */
  takePut(nowMs: number): number | undefined {
    if (this.nextPut >= this.job.burst) return undefined;
    this.sentMs[this.nextPut] = nowMs;
    this.pendingPuts++;
    return this.nextPut++;
  }

  onPut(answered: boolean): void {
    if (!answered) this.fail(new Error('a put failed'));
    if (--this.pendingPuts === 0) this.changed();
  }

  onCreated(): void {
    this.created++;
    this.changed();
  }

  onEvent(put: number, nowMs: number): void {
    this.meter.add(nowMs - (this.sentMs[put] ?? Number.NaN));
    if (--this.pendingEvents === 0) this.changed();
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  private async connect(): Promise<LoadConnection> {
    const connection = await LoadConnection.open(this.job.port, this.job.tls);
    connection.onFailure = this.fail;
    this.connections.push(connection);
    return connection;
  }

  private async openWatches(): Promise<void> {
    const { connections, streamsPerConnection, watchersPerStream } = this.job;
    const createRequest = {
      key: Buffer.from(PREFIX),
      rangeEnd: Buffer.from('/watched0'),
    };
    const create = Watch.methods.watch.request.encode({ createRequest });
    const body = {
      maxSizeBytes: create.length,
      write: (out: Buffer, offset: number) => offset + create.copy(out, offset),
    };
    for (let index = 0; index < connections; index++) {
      const connection = await this.connect();
      for (let stream = 0; stream < streamsPerConnection; stream++) {
        const receiver = new EventReceiver(connection, this, this.fail);
        const streamId = connection.stream(Watch.methods.watch.path, receiver);
        for (let watcher = 0; watcher < watchersPerStream; watcher++) {
          connection.send(streamId, body);
        }
      }
      connection.flush();
    }
    const wanted = connections * streamsPerConnection * watchersPerStream;
    await this.until(() => this.created >= wanted);
  }

  private async burst(): Promise<void> {
    const { burst, connections, streamsPerConnection, watchersPerStream } = this.job;
    this.pendingEvents = burst * connections * streamsPerConnection * watchersPerStream;
    this.nextPut = 0;
    for (const writer of this.writers) writer.start();
    await this.until(() => this.pendingEvents === 0 && this.pendingPuts === 0);
  }

  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.changed = () => {
        if (condition()) resolve();
      };
      this.changed();
    });
  }
}

/** Puts whose values carry their number, one after the other, until the burst is sent. */
class BurstWriter implements StreamReceiver {
  readonly maxSizeBytes: number;
  private readonly connection: LoadConnection;
  private readonly load: WatchLoad;
  private readonly keys: number;
  private readonly body: Buffer;
  private readonly valueOffset: number;
  private put = 0;
  private answered = false;

  constructor(connection: LoadConnection, job: WatchJob, load: WatchLoad) {
    this.connection = connection;
    this.load = load;
    this.keys = job.keys;
    // key = 1, value = 2; both shorter than 128 bytes or with a length of two bytes.
    const value = Buffer.alloc(job.valueBytes, 'v');
    const length =
      value.length < 128 ? [value.length] : [(value.length % 128) | 128, value.length >> 7];
    const head = Buffer.from([0x12, ...length]);
    const key = Buffer.concat([Buffer.from([0x0a, KEY_BYTES]), Buffer.from(keyName(PREFIX, 0))]);
    this.body = Buffer.concat([key, head, value]);
    this.valueOffset = key.length + head.length;
    this.maxSizeBytes = this.body.length;
  }

  start(): void {
    this.connection.nowMs = performance.now();
    this.next();
    this.connection.flush();
  }

  write(out: Buffer, offset: number): number {
    this.body.write(keyName(PREFIX, this.put % this.keys), 2, 'latin1');
    this.body.writeUInt32BE(this.put, this.valueOffset);
    return offset + this.body.copy(out, offset);
  }

  data(): void {
    this.answered = true;
  }

  end(): void {
    const { answered } = this;
    this.next();
    this.load.onPut(answered);
  }

  private next(): void {
    const put = this.load.takePut(this.connection.nowMs);
    if (put === undefined) return;
    this.put = put;
    this.answered = false;
    this.connection.unary(PUT_PATH, this, this);
  }
}

/** Reads the events of one watch stream. */
class EventReceiver implements StreamReceiver {
  private readonly connection: LoadConnection;
  private readonly load: WatchLoad;
  private readonly fail: (error: Error) => void;
  private readonly cursor = new FieldCursor();
  private readonly reader = new MessageReader((bytes, start, end) =>
    this.response(bytes, start, end),
  );

  constructor(connection: LoadConnection, load: WatchLoad, fail: (error: Error) => void) {
    this.connection = connection;
    this.load = load;
    this.fail = fail;
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.reader.data(bytes, start, end);
  }

  end(): void {
    this.fail(new Error('a watch stream ended'));
  }

  private response(bytes: Buffer, start: number, end: number): void {
    const { cursor } = this;
    cursor.set(bytes, start);
    while (cursor.position < end) {
      const tag = cursor.varint();
      if (tag === EVENTS_TAG) {
        const eventEnd = cursor.varint() + cursor.position;
        this.load.onEvent(this.putOf(bytes, eventEnd), this.connection.nowMs);
        cursor.position = eventEnd;
      } else if (tag === CREATED_TAG && cursor.varint() === 1) {
        this.load.onCreated();
      } else if (tag !== CREATED_TAG) {
        cursor.skip(tag);
      }
    }
  }

  /** The number at the start of the event's value. */
  private putOf(bytes: Buffer, eventEnd: number): number {
    const { cursor } = this;
    while (cursor.position < eventEnd) {
      const tag = cursor.varint();
      if (tag === EVENT_KV_TAG) cursor.varint();
      else if (tag === KV_VALUE_TAG) {
        cursor.varint();
        return bytes.readUInt32BE(cursor.position);
      } else cursor.skip(tag);
    }
    throw new Error('an event without a value');
  }
}

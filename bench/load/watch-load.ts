import type { LoadConnection, StreamReceiver } from './connection.js';
import { Connections } from './connections.js';
import type { JobResult, WatchJob } from './jobs.js';
import { Meter } from './meter.js';
import { createWatchers, type WatchListener, watchersOf } from './watches.js';
import { keyName } from './workloads.js';

const PREFIX = '/watched/';
const PREFIX_END = '/watched0';
const PUT_PATH = '/etcdserverpb.KV/Put';
const KEY_BYTES = keyName(PREFIX, 0).length;

/** Opens the watches, then puts in bursts, each awaited to its last event. */
export async function runWatchJob(job: WatchJob): Promise<JobResult> {
  const connections = new Connections(job);
  return connections.within(() => new WatchLoad(job, connections).run());
}

class WatchLoad implements WatchListener {
  private readonly job: WatchJob;
  private readonly meter: Meter;
  private readonly connections: Connections;
  private readonly writers: BurstWriter[] = [];
  private created = 0;
  private pendingEvents = 0;
  /** Puts under way: an event may come before the answer to its put. */
  private pendingPuts = 0;
  private changed: () => void = () => {};
  /** When each put of the burst was sent, by its number. */
  private readonly sentMs: Float64Array;
  private nextPut: number;

  constructor(job: WatchJob, connections: Connections) {
    this.job = job;
    this.connections = connections;
    this.meter = new Meter(job);
    this.sentMs = new Float64Array(job.burst);
    this.nextPut = job.burst;
  }

  async run(): Promise<JobResult> {
    await this.openWatches();
    for (const connection of await this.connections.open(this.job.writeConnections)) {
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

  fail(error: Error): void {
    this.connections.fail(error);
  }

  private async openWatches(): Promise<void> {
    const { job } = this;
    const connections = await this.connections.open(job.connections);
    createWatchers(connections, job, { key: PREFIX, rangeEnd: PREFIX_END }, this);
    await this.until(() => this.created >= watchersOf(job));
  }

  private async burst(): Promise<void> {
    this.pendingEvents = this.job.burst * watchersOf(this.job);
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

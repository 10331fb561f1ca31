import { setTimeout } from 'node:timers/promises';
import type { LoadConnection, StreamReceiver } from './connection.js';
import { Connections } from './connections.js';
import type { JobBase, JobResult, UnaryJob, Workload } from './jobs.js';
import { MessageReader } from './messages.js';
import { Meter } from './meter.js';
import { type CallSource, callSources } from './workloads.js';

/** Makes calls as `job` says and measures them. Rejects if a connection breaks. */
export async function runUnaryJob(job: UnaryJob): Promise<JobResult> {
  const { limit } = job;
  const connections = new Connections(job);
  const load = new UnaryLoad(job, connections, 'requests' in limit ? limit.requests : undefined);
  return connections.within(async () => {
    await load.start();
    if ('requests' in limit) return load.measure(load.idle);
    await setTimeout(limit.warmupMs);
    const result = await load.measure(setTimeout(limit.durationMs));
    await load.drain();
    return { ...result, failures: load.failures };
  });
}

/** What all streams of a load share. */
interface Shared {
  /** Whether another call may begin. */
  mayStart(): boolean;
  onAnswer(latencyMs: number): void;
  onFailure(): void;
  onIdle(): void;
}

/** Connections × streams calls that are always under way. */
export interface UnaryShape extends JobBase {
  connections: number;
  streams: number;
  workload: Workload;
}

/** Goes on while parts of it are measured. */
export class UnaryLoad implements Shared {
  /** Calls that failed so far. */
  failures = 0;
  /** Resolves when no stream has anything left to do. */
  readonly idle: Promise<void>;
  private readonly job: UnaryShape;
  private readonly connections: Connections;
  private meter: Meter;
  private allIdle: () => void = () => {};
  private remaining: number;
  private busyStreams = 0;

  constructor(job: UnaryShape, connections: Connections, requests = Number.POSITIVE_INFINITY) {
    this.job = job;
    this.connections = connections;
    this.meter = new Meter(job);
    this.remaining = requests;
    this.idle = new Promise((resolve) => {
      this.allIdle = resolve;
    });
  }

  /** Connects and starts every stream. */
  async start(): Promise<void> {
    const { job } = this;
    const opened = await this.connections.open(job.connections);
    const sources = callSources(job.workload, job.connections * job.streams);
    this.busyStreams = sources.length;
    for (const [index, source] of sources.entries()) {
      const connection = opened[index % opened.length];
      if (connection !== undefined) new CallStream(this, connection, source).start();
    }
    for (const connection of opened) connection.flush();
  }

  /** What is done until `period` is over; `profile` as in {@link JobBase}, for this part. */
  async measure(period: Promise<unknown>, profile = this.job.profile): Promise<JobResult> {
    this.meter = new Meter({ ...this.job, profile });
    this.meter.open();
    await period;
    this.meter.close();
    return { ...this.meter.measured, failures: this.failures };
  }

  /** Lets what is under way come to its end. */
  async drain(): Promise<void> {
    this.remaining = 0;
    await this.idle;
  }

  mayStart(): boolean {
    return this.remaining-- > 0;
  }

  onAnswer(latencyMs: number): void {
    this.meter.add(latencyMs);
  }

  onFailure(): void {
    this.failures++;
  }

  onIdle(): void {
    if (--this.busyStreams === 0) this.allIdle();
  }
}

/** One call after the other, the next one as soon as the last one is answered. */
class CallStream implements StreamReceiver {
  private readonly shared: Shared;
  private readonly connection: LoadConnection;
  private readonly source: CallSource;
  private reader: MessageReader | undefined;
  private startedMs = 0;
  private receivedBytes = 0;
  private isWanted = true;

  constructor(shared: Shared, connection: LoadConnection, source: CallSource) {
    this.shared = shared;
    this.connection = connection;
    this.source = source;
  }

  start(): void {
    if (!this.shared.mayStart()) {
      this.shared.onIdle();
      return;
    }
    this.startedMs = this.connection.nowMs;
    this.receivedBytes = 0;
    this.isWanted = true;
    this.connection.unary(this.source.path, this.source, this);
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.receivedBytes += end - start;
    const { onResponse } = this.source;
    if (onResponse === undefined) return;
    this.reader ??= new MessageReader((message, messageStart, messageEnd) => {
      this.isWanted = onResponse(message, messageStart, messageEnd);
    });
    this.reader.data(bytes, start, end);
  }

  end(): void {
    if (this.receivedBytes >= this.source.minResponseBytes && this.isWanted) {
      this.shared.onAnswer(this.connection.nowMs - this.startedMs);
    } else {
      this.shared.onFailure();
    }
    this.start();
  }
}

import { setTimeout } from 'node:timers/promises';
import { LoadConnection, type StreamReceiver } from './connection.js';
import type { JobResult, UnaryJob } from './jobs.js';
import { MessageReader } from './messages.js';
import { Meter } from './meter.js';
import { type CallSource, callSources } from './workloads.js';

/** Makes calls as `job` says and measures them. Rejects if a connection breaks. */
export async function runUnaryJob(job: UnaryJob): Promise<JobResult> {
  const load = new UnaryLoad(job);
  try {
    return await Promise.race([load.run(), load.failed]);
  } finally {
    load.close();
  }
}

/** What all streams of a load share. */
interface Shared {
  readonly meter: Meter;
  /** Whether another call may begin. */
  mayStart(): boolean;
  onIdle(): void;
}

class UnaryLoad implements Shared {
  readonly meter: Meter;
  readonly failed: Promise<never>;
  private readonly job: UnaryJob;
  private readonly connections: LoadConnection[] = [];
  private fail: (error: Error) => void = () => {};
  private allIdle: () => void = () => {};
  private remaining: number;
  private busyStreams = 0;

  constructor(job: UnaryJob) {
    this.job = job;
    this.meter = new Meter(job);
    this.remaining = 'requests' in job.limit ? job.limit.requests : Number.POSITIVE_INFINITY;
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
  }

  async run(): Promise<JobResult> {
    const { job } = this;
    for (let index = 0; index < job.connections; index++) {
      const connection = await LoadConnection.open(job.port, job.tls);
      connection.onFailure = this.fail;
      this.connections.push(connection);
    }
    if ('requests' in job.limit) {
      this.meter.open();
      await this.start();
    } else {
      const idle = this.start();
      await setTimeout(job.limit.warmupMs);
      this.meter.open();
      await setTimeout(job.limit.durationMs);
      this.meter.close();
      this.remaining = 0;
      await idle;
      return this.meter.measured;
    }
    this.meter.close();
    return this.meter.measured;
  }

  mayStart(): boolean {
    return this.remaining-- > 0;
  }

  onIdle(): void {
    if (--this.busyStreams === 0) this.allIdle();
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  /** Starts every stream; resolves when none has anything left to do. */
  private start(): Promise<void> {
    const { job } = this;
    const sources = callSources(job.workload, job.connections * job.streams);
    this.busyStreams = sources.length;
    const idle = new Promise<void>((resolve) => {
      this.allIdle = resolve;
    });
    for (const [index, source] of sources.entries()) {
      const connection = this.connections[index % this.connections.length];
      if (connection !== undefined) new CallStream(this, connection, source).start();
    }
    for (const connection of this.connections) connection.flush();
    return idle;
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
      this.shared.meter.add(this.connection.nowMs - this.startedMs);
    } else {
      this.shared.meter.failures++;
    }
    this.start();
  }
}

import { setTimeout } from 'node:timers/promises';
import { Lease } from '../../src/proto/generated/etcdserverpb.js';
import type { LoadConnection, StreamReceiver } from './connection.js';
import { Connections } from './connections.js';
import type { JobResult, KeepAliveJob } from './jobs.js';
import { MessageReader } from './messages.js';
import { Meter } from './meter.js';

/** Every client sends its next keep-alive when the last one is answered. */
export async function runKeepAliveJob(job: KeepAliveJob): Promise<JobResult> {
  const meter = new Meter(job);
  const connections = new Connections(job);
  return connections.within(async () => {
    const opened = await connections.open(job.connections);
    for (const [index, lease] of job.leases.entries()) {
      const connection = opened[index % opened.length];
      if (connection === undefined) throw new Error('no connection');
      new KeepAliveClient(connection, lease, meter, connections.fail).start();
    }
    await setTimeout(job.warmupMs);
    meter.open();
    await setTimeout(job.durationMs);
    meter.close();
    return meter.measured;
  });
}

class KeepAliveClient implements StreamReceiver {
  readonly maxSizeBytes: number;
  private readonly connection: LoadConnection;
  private readonly meter: Meter;
  private readonly fail: (error: Error) => void;
  private readonly body: Buffer;
  private streamId = 0;
  private sentMs = 0;
  private readonly reader = new MessageReader(() => {
    this.meter.add(this.connection.nowMs - this.sentMs);
    this.send();
  });

  constructor(
    connection: LoadConnection,
    lease: string,
    meter: Meter,
    fail: (error: Error) => void,
  ) {
    this.connection = connection;
    this.meter = meter;
    this.fail = fail;
    this.body = Lease.methods.leaseKeepAlive.request.encode({ id: BigInt(lease) });
    this.maxSizeBytes = this.body.length;
  }

  start(): void {
    this.connection.nowMs = performance.now();
    this.streamId = this.connection.stream(Lease.methods.leaseKeepAlive.path, this);
    this.send();
    this.connection.flush();
  }

  write(out: Buffer, offset: number): number {
    return offset + this.body.copy(out, offset);
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.reader.data(bytes, start, end);
  }

  end(): void {
    this.fail(new Error('a keep-alive stream ended'));
  }

  private send(): void {
    this.sentMs = this.connection.nowMs;
    this.connection.send(this.streamId, this);
  }
}

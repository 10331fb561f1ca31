import { setTimeout } from 'node:timers/promises';
import { Lease } from '../../src/proto/generated/etcdserverpb.js';
import { LoadConnection, type StreamReceiver } from './connection.js';
import type { JobResult, KeepAliveJob } from './jobs.js';
import { MessageReader } from './messages.js';
import { Meter } from './meter.js';

/** Every client sends its next keep-alive when the last one is answered. */
export async function runKeepAliveJob(job: KeepAliveJob): Promise<JobResult> {
  const meter = new Meter(job);
  const connections: LoadConnection[] = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const run = async (): Promise<JobResult> => {
    for (let index = 0; index < job.connections; index++) {
      const connection = await LoadConnection.open(job.port, job.tls);
      connection.onFailure = fail;
      connections.push(connection);
    }
    for (const [index, lease] of job.leases.entries()) {
      const connection = connections[index % connections.length];
      if (connection !== undefined) new KeepAliveClient(connection, lease, meter, fail).start();
    }
    await setTimeout(job.warmupMs);
    meter.open();
    await setTimeout(job.durationMs);
    meter.close();
    return meter.measured;
  };
  try {
    return await Promise.race([run(), failed]);
  } finally {
    for (const connection of connections) connection.close();
  }
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

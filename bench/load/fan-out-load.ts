import { setTimeout } from 'node:timers/promises';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { Connections } from './connections.js';
import type { FanOutJob, JobResult } from './jobs.js';
import { Meter } from './meter.js';
import { callOn } from './single-call.js';
import { createWatchers, watchersOf } from './watches.js';

/** How a job that goes on beside others is told from outside. */
export interface BackgroundControl {
  /** Everything is set up. */
  ready(): void;
  /** Resolves when it is to come to its end. */
  readonly stopped: Promise<void>;
}

/**
 * Puts the watched key at intervals and waits for the event of every watcher. What is counted are puts;
 * the latency of each is from sending it to the arrival of the last watcher's event.
 */
export async function runFanOutJob(job: FanOutJob, control: BackgroundControl): Promise<JobResult> {
  const connections = new Connections(job);
  const meter = new Meter(job);
  let isStopped = false;
  const stopped = control.stopped.then(() => {
    isStopped = true;
  });
  return connections.within(async () => {
    const [writer] = await connections.open(1);
    if (writer === undefined) throw new Error('no connection');
    const watching = await connections.open(job.connections);
    const events = new Countdown();
    const created = new Countdown();
    const allCreated = created.from(watchersOf(job));
    createWatchers(
      watching,
      job,
      { key: job.key },
      {
        onCreated: () => created.step(),
        onEvent: () => events.step(),
        fail: connections.fail,
      },
    );
    await allCreated;
    const put = KV.methods.put.request.encode({
      key: Buffer.from(job.key),
      value: Buffer.alloc(job.valueBytes, 'v'),
    });
    control.ready();
    meter.open();
    while (!isStopped) {
      const sentMs = performance.now();
      const arrived = events.from(watchersOf(job));
      await callOn(writer, KV.methods.put.path, put);
      await arrived;
      meter.add(performance.now() - sentMs);
      const restMs = Math.max(0, job.intervalMs - (performance.now() - sentMs));
      await Promise.race([setTimeout(restMs), stopped]);
    }
    meter.close();
    return meter.measured;
  });
}

/** Resolves when as many steps were made as were wanted. */
class Countdown {
  private left = 0;
  private resolve: () => void = () => {};

  from(count: number): Promise<void> {
    this.left = count;
    return new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  step(): void {
    if (--this.left === 0) this.resolve();
  }
}

import { Connections } from './connections.js';
import type { JobResult, ResumeJob } from './jobs.js';
import { Meter } from './meter.js';
import { createWatchers, watchersOf } from './watches.js';

/**
 * Creates all watchers at once at a revision of the past; the window is open until every event has come.
 * The latency is from the first creation to the arrival of an event.
 */
export async function runResumeJob(job: ResumeJob): Promise<JobResult> {
  const connections = new Connections(job);
  const meter = new Meter(job);
  return connections.within(async () => {
    const opened = await connections.open(job.connections);
    let pendingEvents = watchersOf(job) * job.eventsPerWatcher;
    meter.open();
    const openedMs = performance.now();
    await new Promise<void>((resolve) => {
      const { prefix, prefixEnd, startRevision } = job;
      const watched = { key: prefix, rangeEnd: prefixEnd, startRevision };
      createWatchers(opened, job, watched, {
        onCreated() {},
        onEvent(_, nowMs) {
          meter.add(nowMs - openedMs);
          if (--pendingEvents === 0) resolve();
        },
        fail: connections.fail,
      });
    });
    meter.close();
    return meter.measured;
  });
}

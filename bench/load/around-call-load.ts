import { setTimeout } from 'node:timers/promises';
import { Connections } from './connections.js';
import type { AroundCallJob, AroundResult } from './jobs.js';
import { callOn } from './single-call.js';
import { UnaryLoad } from './unary-load.js';

/** Measures one load three times: before a call, until its answer, and after it. */
export async function runAroundCallJob(job: AroundCallJob): Promise<AroundResult> {
  const connections = new Connections(job);
  const load = new UnaryLoad(job, connections);
  return connections.within(async () => {
    await load.start();
    const [other] = await connections.open(1);
    if (other === undefined) throw new Error('no connection');
    await setTimeout(job.warmupMs);
    const before = await load.measure(setTimeout(job.besideMs), false);
    const body = Buffer.from(job.call.body, 'base64');
    const during = await load.measure(callOn(other, job.call.path, body));
    const after = await load.measure(setTimeout(job.besideMs), false);
    await load.drain();
    return { before, during, after: { ...after, failures: load.failures } };
  });
}

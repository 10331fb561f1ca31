/**
 * The load generator's process: takes one job from its parent, sends the result back and ends. A job that
 * goes on beside others says when it is ready and ends when it is told to.
 */
import { constants, setPriority } from 'node:os';
import { runAroundCallJob } from './around-call-load.js';
import { runFanOutJob } from './fan-out-load.js';
import type { Job, ResultOf } from './jobs.js';
import { runKeepAliveJob } from './keep-alive-load.js';
import { runResumeJob } from './resume-load.js';
import { runUnaryJob } from './unary-load.js';
import { runWatchJob } from './watch-load.js';

function run(job: Job): Promise<ResultOf<Job>> {
  switch (job.kind) {
    case 'unary':
      return runUnaryJob(job);
    case 'watch':
      return runWatchJob(job);
    case 'keep-alive':
      return runKeepAliveJob(job);
    case 'resume':
      return runResumeJob(job);
    case 'around-call':
      return runAroundCallJob(job);
    case 'fan-out': {
      const stopped = new Promise<void>((resolve) => process.once('message', () => resolve()));
      return runFanOutJob(job, { stopped, ready: () => process.send?.({ ready: true }) });
    }
  }
}

process.once('message', (job: Job) => {
  if ('givesWay' in job && job.givesWay === true) setPriority(constants.priority.PRIORITY_LOW);
  const answer = (message: object): void => {
    process.send?.(message, () => process.exit(0));
  };
  run(job).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});

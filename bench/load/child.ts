/** The load generator's process: takes one job from its parent, sends the result back and ends. */
import type { Job, JobResult } from './jobs.js';
import { runKeepAliveJob } from './keep-alive-load.js';
import { runUnaryJob } from './unary-load.js';
import { runWatchJob } from './watch-load.js';

function run(job: Job): Promise<JobResult> {
  switch (job.kind) {
    case 'unary':
      return runUnaryJob(job);
    case 'watch':
      return runWatchJob(job);
    case 'keep-alive':
      return runKeepAliveJob(job);
  }
}

process.once('message', (job: Job) => {
  const answer = (message: object): void => {
    process.send?.(message, () => process.exit(0));
  };
  run(job).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});

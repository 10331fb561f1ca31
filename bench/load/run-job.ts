import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../children.js';
import type { Job, JobResult } from './jobs.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

type Answer = { result: JobResult } | { error: string };

/** Runs a job in a process of its own, so that nothing else shares its event loop. */
export function runJob(job: Job, timeoutMs: number): Promise<JobResult> {
  const child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithUs(child);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the load did not end within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.once('message', (answer: Answer) => {
      if ('result' in answer) resolve(answer.result);
      else reject(new Error(answer.error));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the load generator ended with ${signal ?? `code ${code}`}`));
    });
    child.send(job);
  });
}

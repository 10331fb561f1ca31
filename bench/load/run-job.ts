import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../children.js';
import type { FanOutJob, Job, JobResult, ResultOf } from './jobs.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;

type Answer<Result> = { result: Result } | { error: string } | { ready: true };

/** Runs a job in a process of its own, so that nothing else shares its event loop. */
export function runJob<AnyJob extends Job>(
  job: AnyJob,
  timeoutMs: number,
): Promise<ResultOf<AnyJob>> {
  const child = startChild(job);
  return withTimeout(child, resultOf<ResultOf<AnyJob>>(child), timeoutMs);
}

/** A job that goes on until it is stopped. */
export interface BackgroundJob {
  /** Ends it; resolves to what it did. */
  stop(): Promise<JobResult>;
}

/** Starts a job that goes on beside others; resolves when it is ready. */
export async function startBackgroundJob(job: FanOutJob): Promise<BackgroundJob> {
  const child = startChild(job);
  const result = resultOf<JobResult>(child);
  // It may fail long before anybody asks for it.
  result.catch(() => {});
  const ready = new Promise<void>((resolve) => {
    child.on('message', (answer: Answer<JobResult>) => {
      if ('ready' in answer) resolve();
    });
  });
  await withTimeout(child, Promise.race([ready, result]), READY_TIMEOUT_MS);
  return {
    stop() {
      if (child.connected) child.send({ stop: true });
      return withTimeout(child, result, STOP_TIMEOUT_MS);
    },
  };
}

function startChild(job: Job): ChildProcess {
  const child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithUs(child);
  child.send(job);
  return child;
}

function resultOf<Result>(child: ChildProcess): Promise<Result> {
  return new Promise((resolve, reject) => {
    child.on('message', (answer: Answer<Result>) => {
      if ('result' in answer) resolve(answer.result);
      else if ('error' in answer) reject(new Error(answer.error));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`the load generator ended with ${signal ?? `code ${code}`}`));
    });
  });
}

/** Ends the child when what is awaited of it does not come in time. */
async function withTimeout<T>(
  child: ChildProcess,
  awaited: Promise<T>,
  timeoutMs: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the load did not end within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([awaited, late]);
  } finally {
    clearTimeout(timer);
  }
}

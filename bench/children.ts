import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** Makes sure that a child does not outlive this process, however it ends. */
export function endWithUs(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** To be called once by main: children end with us, and signals run what `exit` handlers there are. */
export function watchChildren(): void {
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(1));
  }
}

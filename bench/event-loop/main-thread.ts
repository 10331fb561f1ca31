import { openSync, readSync } from 'node:fs';

const NS_PER_MS = 1e6;

/** CPU time of a process's main thread so far; the kernel counts it in nanoseconds (proc(5)). */
export class MainThreadCpu {
  private readonly file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  private readonly text = Buffer.alloc(64);

  get nowMs(): number {
    const sizeBytes = readSync(this.file, this.text, 0, this.text.length, 0);
    return Number.parseInt(this.text.toString('latin1', 0, sizeBytes), 10) / NS_PER_MS;
  }
}

import { cpuSecondsOf, machineCpuSeconds, threadCpuSecondsOf } from './processes.js';

/** Starts and stops the profiler of a server that runs with `profile/preload.ts`. */
export const PROFILE_SIGNAL = 'SIGUSR2';

/** What was used between the opening and the closing of a window. */
export interface ServerUse {
  /** By the server process, or all processes of its cluster. */
  cpuSeconds: number;
  /** By all processes of the machine: more than server and generator means that others disturbed. */
  machineCpuSeconds: number;
  /** By the server's threads; only while profiling. */
  threads: { name: string; cpuSeconds: number }[];
}

/** The time in which something is measured: set-up and warm-up lie outside. */
export class MeasuringWindow {
  private readonly pid: number;
  private readonly otherPids: readonly number[];
  private readonly profile: boolean;
  private readonly cpuSeconds: number;
  private readonly machineCpuSeconds: number;
  private readonly threads: Map<string, number>;

  /**
   * Opens the window. With `profile`, the server's profiler runs until it is closed. The CPU time of
   * `otherPids` is counted, too.
   */
  constructor(pid: number, profile: boolean, otherPids: readonly number[] = []) {
    this.pid = pid;
    this.otherPids = otherPids;
    this.profile = profile;
    if (profile) process.kill(pid, PROFILE_SIGNAL);
    this.threads = profile ? threadCpuSecondsOf(pid) : new Map();
    this.machineCpuSeconds = machineCpuSeconds();
    this.cpuSeconds = this.cpuSecondsSoFar();
  }

  close(): ServerUse {
    const use = {
      cpuSeconds: this.cpuSecondsSoFar() - this.cpuSeconds,
      machineCpuSeconds: machineCpuSeconds() - this.machineCpuSeconds,
    };
    if (!this.profile) return { ...use, threads: [] };
    const threads = [...threadCpuSecondsOf(this.pid)].map(([name, seconds]) => ({
      name,
      cpuSeconds: seconds - (this.threads.get(name) ?? 0),
    }));
    process.kill(this.pid, PROFILE_SIGNAL);
    return { ...use, threads };
  }

  private cpuSecondsSoFar(): number {
    return [this.pid, ...this.otherPids].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }
}

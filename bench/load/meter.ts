import { MeasuringWindow, type ServerUse } from '../window.js';
import { Histogram } from './histogram.js';
import type { JobBase, JobResult } from './jobs.js';

const NOTHING_SEEN: ServerUse = {
  cpuSeconds: Number.NaN,
  machineCpuSeconds: Number.NaN,
  threads: [],
};

/** Counts what a load does from the moment it is opened until it is closed. */
export class Meter {
  private readonly job: JobBase;
  private latencies = new Histogram();
  private window: MeasuringWindow | undefined;
  private openedMs = 0;
  private openedCpu = process.cpuUsage();
  private result: JobResult | undefined;

  constructor(job: JobBase) {
    this.job = job;
  }

  get isOpen(): boolean {
    return this.window !== undefined && this.result === undefined;
  }

  open(): void {
    this.latencies = new Histogram();
    this.window = new MeasuringWindow(
      this.job.serverPid,
      this.job.profile,
      this.job.otherServerPids,
    );
    this.openedCpu = process.cpuUsage();
    this.openedMs = performance.now();
  }

  /** One answered call or delivered event; ignored outside the window. */
  add(latencyMs: number): void {
    if (this.isOpen) this.latencies.add(latencyMs * 1000);
  }

  close(): void {
    const seconds = (performance.now() - this.openedMs) / 1000;
    const cpu = process.cpuUsage(this.openedCpu);
    const server: ServerUse = this.window?.close() ?? NOTHING_SEEN;
    const { latencies } = this;
    this.result = {
      count: latencies.count,
      failures: 0,
      seconds,
      meanUs: latencies.meanUs,
      p50Us: latencies.quantileUs(0.5),
      p99Us: latencies.quantileUs(0.99),
      maxUs: latencies.maxUs,
      server,
      generatorCpuSeconds: (cpu.user + cpu.system) / 1e6,
    };
  }

  /** What the window saw. */
  get measured(): JobResult {
    if (this.result === undefined) throw new Error('the window was not closed');
    return this.result;
  }
}

import { memoryOf, resetPeakMemory } from './processes.js';

const SAMPLE_INTERVAL_MS = 5;

/** What a process takes at most beyond what it held before. */
export interface PeakOverIdle {
  readonly overIdleMegabytes: number;
  /**
   * The part that is not mapped from files: pages of a mapped database file count as resident, though
   * they are the kernel's cache.
   */
  readonly anonymousOverIdleMegabytes: number;
}

/** Runs `work` and looks at the memory that the process takes for it. */
export async function withMemoryPeak<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<[T, PeakOverIdle]> {
  resetPeakMemory(pid);
  const idle = memoryOf(pid);
  let anonymousMegabytes = 0;
  // The kernel keeps no peak of the anonymous part.
  const timer = setInterval(() => {
    anonymousMegabytes = Math.max(anonymousMegabytes, memoryOf(pid).anonymousMegabytes);
  }, SAMPLE_INTERVAL_MS);
  try {
    const result = await work();
    const peak = {
      overIdleMegabytes: memoryOf(pid).peakMegabytes - idle.residentMegabytes,
      anonymousOverIdleMegabytes: anonymousMegabytes - idle.anonymousMegabytes,
    };
    return [result, peak];
  } finally {
    clearInterval(timer);
  }
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Kernel ticks per second of /proc/pid/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time a process (all its threads) has used so far, in seconds. */
export function cpuSecondsOf(pid: number): number {
  return statCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function statCpuSeconds(stat: string): number {
  // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds all processes of the machine have used so far. */
export function machineCpuSeconds(): number {
  const stat = readFileSync('/proc/stat', 'utf8');
  const [, user, nice, system, , , irq, softIrq, steal] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .map(Number);
  const ticks = [user, nice, system, irq, softIrq, steal];
  return ticks.reduce<number>((sum, value) => sum + (value ?? 0), 0) / TICKS_PER_SECOND;
}

/** Makes the peak of a process start again from what it holds now. */
export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** CPU seconds so far by thread, as `name#tid`. Threads that ended are missing. */
export function threadCpuSecondsOf(pid: number): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      seconds.set(`${name}#${thread}`, statCpuSeconds(stat));
    } catch {
      // The thread ended meanwhile.
    }
  }
  return seconds;
}

/** Memory of a process in megabytes (10^6 bytes). */
export interface ProcessMemory {
  residentMegabytes: number;
  /** The most it ever held, or since {@link resetPeakMemory}. */
  peakMegabytes: number;
  /** What is not mapped from files. */
  anonymousMegabytes: number;
}

export function memoryOf(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    return (Number(kibibytes) * 1024) / 1e6;
  };
  return {
    residentMegabytes: megabytes('VmRSS'),
    peakMegabytes: megabytes('VmHWM'),
    anonymousMegabytes: megabytes('RssAnon'),
  };
}

import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';

/** What the numbers were measured on. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGigabytes: number;
  kernel: string;
  /** Device and file system of the data folders. */
  disk: string;
  node: string;
  commit: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1e9),
    kernel: release(),
    disk: describeDisk(tmpdir()),
    node: process.version,
    commit: describeCommit(),
  };
}

function describeDisk(folder: string): string {
  const gigabytes = Math.round((statfsSync(folder).blocks * statfsSync(folder).bsize) / 1e9);
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, path = '']) => `${folder}/`.startsWith(path === '/' ? '/' : `${path}/`))
    .sort(([, a = ''], [, b = '']) => b.length - a.length);
  return `${mounts[0]?.[2] ?? 'unknown'}, ${gigabytes} GB`;
}

function describeCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}

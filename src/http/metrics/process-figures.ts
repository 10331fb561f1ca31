import { readdirSync, readFileSync } from 'node:fs';
import { processLimit } from '../../base/process-limits.js';

/** What the operating system knows of this process; undefined where it does not tell. */
export interface ProcessFigures {
  readonly openFileDescriptors: number | undefined;
  readonly maxFileDescriptors: number | undefined;
  readonly threads: number | undefined;
  readonly virtualMemoryBytes: number | undefined;
  /** Bytes of the process's network namespace, loopback included, as client programs in Go count. */
  readonly networkReceivedBytes: number | undefined;
  readonly networkSentBytes: number | undefined;
  /** The limit of the address space; -1: none. */
  readonly maxVirtualMemoryBytes: number | undefined;
}

/** Reads the figures from /proc: some tenths of a millisecond, so only when somebody asks. */
export function processFigures(): ProcessFigures {
  const status = read('status');
  const virtualKibibytes = numberAfter(status, /^VmSize:\s+(\d+)/m);
  const network = networkBytes(read('net/dev'));
  return {
    openFileDescriptors: countOpenFiles(),
    maxFileDescriptors: processLimit('Max open files'),
    threads: numberAfter(status, /^Threads:\s+(\d+)/m),
    virtualMemoryBytes: virtualKibibytes === undefined ? undefined : virtualKibibytes * 1024,
    networkReceivedBytes: network?.received,
    networkSentBytes: network?.sent,
    maxVirtualMemoryBytes: processLimit('Max address space'),
  };
}

function read(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function countOpenFiles(): number | undefined {
  try {
    // Reading the folder opens one more.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function networkBytes(table: string): { received: number; sent: number } | undefined {
  if (table === '') return undefined;
  let received = 0;
  let sent = 0;
  for (const line of table.split('\n')) {
    const columns = /^\s*\S+:\s*(.*)$/.exec(line)?.[1]?.trim().split(/\s+/);
    received += Number(columns?.[0] ?? 0);
    sent += Number(columns?.[8] ?? 0);
  }
  return { received, sent };
}

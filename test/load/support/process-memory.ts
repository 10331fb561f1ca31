import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from '../../support/member.js';

const KIB = 1024;

/**
 * The memory a process has for itself, in bytes. Tables that LevelDB has mapped are not counted: they
 * are the system's cache, which takes them back when it likes.
 */
export function privateMemoryBytes(member: Member): number {
  const status = readFileSync(`/proc/${member.pid}/status`, 'utf8');
  const kibibytes = /^RssAnon:\s+([0-9]+) kB/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error('the system does not tell RssAnon');
  return Number(kibibytes) * KIB;
}

/** How many sockets, files and so on a process has open. */
export function openFiles(member: Member): number {
  return readdirSync(`/proc/${member.pid}/fd`).length;
}

/** Waits until a condition holds, asking now and then; throws with the last answer if it never does. */
export async function eventually(
  what: string,
  ask: () => { readonly holds: boolean; readonly answer: unknown },
  timeoutMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const { holds, answer } = ask();
    if (holds) return;
    if (performance.now() > endMs) throw new Error(`${what}: still ${answer}`);
    await delay(100);
  }
}

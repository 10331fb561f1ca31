import { readFileSync } from 'node:fs';

/**
 * What this process may have of something, by the name that /proc/self/limits has for it; -1: there is
 * no limit. Undefined where the system does not tell.
 */
export function processLimit(name: string): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const soft = new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? -1 : Number(soft);
}

/** How many files, sockets among them, this process may have open; infinity if nobody says. */
export function maxOpenFiles(): number {
  const limit = processLimit('Max open files');
  return limit === undefined || limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

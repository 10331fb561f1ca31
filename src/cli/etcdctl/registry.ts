import type { Command, CommandGroup } from './command.js';

type Load = () => Promise<Command | CommandGroup>;

/** The commands by first word. Each is loaded only when it is called: start-up time counts. */
export const COMMANDS: Readonly<Record<string, { summary: string; load: Load }>> = {
  get: {
    summary: 'read keys',
    load: async () => (await import('./get.js')).get,
  },
  put: {
    summary: 'write a key',
    load: async () => (await import('./put.js')).put,
  },
  del: {
    summary: 'delete keys',
    load: async () => (await import('./del.js')).del,
  },
  txn: {
    summary: 'run a transaction',
    load: async () => (await import('./txn.js')).txn,
  },
  watch: {
    summary: 'follow changes',
    load: async () => (await import('./watch.js')).watch,
  },
  lease: {
    summary: 'grant, renew, list and revoke leases',
    load: async () => (await import('./lease.js')).lease,
  },
  compaction: {
    summary: 'drop old history',
    load: async () => (await import('./compaction.js')).compaction,
  },
  member: {
    summary: 'list, add, remove, update and promote members',
    load: async () => (await import('./member.js')).member,
  },
  endpoint: {
    summary: 'health, status and hash of servers',
    load: async () => (await import('./endpoint.js')).endpoint,
  },
  alarm: {
    summary: 'list and clear alarms',
    load: async () => (await import('./alarm.js')).alarm,
  },
  defrag: {
    summary: 'give disk space back',
    load: async () => (await import('./defrag.js')).defrag,
  },
  version: {
    summary: 'print the version',
    load: async () => (await import('./version.js')).version,
  },
};

/** Commands of etcdctl that are still missing here; their names count when a prefix is resolved. */
export const MISSING_COMMANDS: readonly string[] = [
  ...['auth', 'check', 'completion', 'downgrade', 'elect', 'lock', 'make-mirror', 'move-leader'],
  ...['role', 'snapshot', 'user'],
];

/** The command with exactly this name, or the only one that starts with it. */
export function resolveName(names: readonly string[], word: string): string | undefined {
  if (names.includes(word)) return word;
  const matches = names.filter((name) => name.startsWith(word));
  return matches.length === 1 ? matches[0] : undefined;
}

import type { CommandEntry, Program } from './command.js';
import { GLOBAL_OPTIONS } from './global-options.js';

type Entries = Readonly<Record<string, CommandEntry>>;

const KEY_VALUE: Entries = {
  get: {
    summary: 'Reads a key or a range of keys',
    load: async () => (await import('./get.js')).get,
  },
  put: { summary: 'Writes a key', load: async () => (await import('./put.js')).put },
  del: {
    summary: 'Deletes a key or a range of keys',
    load: async () => (await import('./del.js')).del,
  },
  txn: {
    summary: 'Runs conditions and operations as one transaction',
    load: async () => (await import('./txn.js')).txn,
  },
  watch: {
    summary: 'Shows changes as they happen',
    load: async () => (await import('./watch.js')).watch,
  },
  lease: {
    summary: 'Grants, renews, lists and revokes leases',
    load: async () => (await import('./lease.js')).lease,
  },
  compaction: {
    summary: 'Drops the history before a revision',
    load: async () => (await import('./compaction.js')).compaction,
  },
};

const CLUSTER_MAINTENANCE: Entries = {
  member: {
    summary: 'Lists, adds, removes, updates and promotes members',
    load: async () => (await import('./member.js')).member,
  },
  endpoint: {
    summary: 'Shows health, status and hash of servers',
    load: async () => (await import('./endpoint.js')).endpoint,
  },
  alarm: {
    summary: 'Lists and clears alarms',
    load: async () => (await import('./alarm.js')).alarm,
  },
  defrag: {
    summary: 'Gives disk space back',
    load: async () => (await import('./defrag.js')).defrag,
  },
  snapshot: {
    summary: 'Saves backups',
    load: async () => (await import('./snapshot.js')).snapshot,
  },
  'move-leader': {
    summary: 'Has another member lead the cluster',
    load: async () => (await import('./move-leader.js')).moveLeader,
  },
  downgrade: {
    summary: 'Prepares the cluster for an older version',
    load: async () => (await import('./downgrade.js')).downgrade,
  },
};

const CONCURRENCY: Entries = {
  lock: {
    summary: 'Holds a named lock',
    load: async () => (await import('./lock.js')).lock,
  },
  elect: {
    summary: 'Takes part in an election, or watches it',
    load: async () => (await import('./elect.js')).elect,
  },
};

const AUTHENTICATION: Entries = {
  auth: {
    summary: 'Turns authentication on and off',
    load: async () => (await import('./auth.js')).auth,
  },
  user: {
    summary: 'Adds, changes, shows and removes users',
    load: async () => (await import('./user.js')).user,
  },
  role: {
    summary: 'Adds, changes, shows and removes roles',
    load: async () => (await import('./role.js')).role,
  },
};

const UTILITY: Entries = {
  check: {
    summary: 'Measures how a cluster performs',
    load: async () => (await import('./check.js')).check,
  },
  completion: {
    summary: 'Writes a completion script for a shell',
    load: async () => (await import('./completion-scripts.js')).completionCommand(ETCDCTL),
  },
  help: {
    summary: 'Help about any command',
    load: async () => (await import('./options-command.js')).optionsCommand(ETCDCTL),
  },
  'make-mirror': {
    summary: 'Copies keys to another cluster as they change',
    load: async () => (await import('./make-mirror.js')).makeMirror,
  },
  options: {
    summary: 'Shows the options that all commands have',
    load: async () => (await import('./options-command.js')).optionsCommand(ETCDCTL),
  },
  version: {
    summary: 'Shows the version of etcdctl',
    load: async () => (await import('./version.js')).version,
  },
};

export const ETCDCTL: Program = {
  name: 'etcdctl',
  summary: 'A command-line client for etcd-v3 servers.',
  groups: [
    { title: 'Key-value commands', commands: KEY_VALUE },
    { title: 'Cluster maintenance commands', commands: CLUSTER_MAINTENANCE },
    { title: 'Concurrency commands', commands: CONCURRENCY },
    { title: 'Authentication commands', commands: AUTHENTICATION },
    { title: 'Utility commands', commands: UTILITY },
  ],
  globalOptions: GLOBAL_OPTIONS,
  optionsHint:
    'Use "etcdctl options" for a list of global command-line options (applies to all commands).\n',
  describes: true,
};

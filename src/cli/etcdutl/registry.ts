import type { Program } from '../etcdctl/command.js';
import { type OptionSpec, textOption } from '../etcdctl/options.js';
import type { UtlContext } from './context.js';

const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'timeout',
    kind: 'duration',
    defaultText: '10s',
    help: 'wait for a member that has the data open, 0 for ever',
  },
  {
    ...textOption('write-out', 'simple', 'output: fields, json, protobuf, simple or table'),
    short: 'w',
  },
];

export const ETCDUTL: Program<UtlContext> = {
  name: 'etcdutl',
  summary: 'Works on snapshot files and data directories without a server.',
  groups: [
    {
      title: 'Available Commands:',
      commands: {
        completion: {
          summary: 'Writes a completion script for a shell',
          load: async () =>
            (await import('../etcdctl/completion-scripts.js')).completionCommand(ETCDUTL),
        },
        defrag: {
          summary: 'Gives disk space of a member that is not running back',
          load: async () => (await import('./defrag.js')).defrag,
        },
        hashkv: {
          summary: 'Shows the hash of the history in a snapshot file',
          load: async () => (await import('./hashkv.js')).hashkv,
        },
        help: {
          summary: 'Help about any command',
          load: async () => (await import('./version.js')).version,
        },
        snapshot: {
          summary: 'Looks into snapshot files and restores them',
          load: async () => (await import('./snapshot.js')).snapshot,
        },
        version: {
          summary: 'Shows the version of etcdutl',
          load: async () => (await import('./version.js')).version,
        },
      },
    },
  ],
  globalOptions: GLOBAL_OPTIONS,
  optionsHint: undefined,
  describes: false,
};

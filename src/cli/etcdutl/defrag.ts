import { systemClock } from '../../base/clock.js';
import { silentLogger } from '../../base/logger.js';
import { defragmentOffline } from '../../embed/snapshot-files.js';
import { UsageError } from '../etcdctl/arguments.js';
import type { Command } from '../etcdctl/command.js';
import { CommandError, EXIT } from '../etcdctl/exit.js';
import { textOption } from '../etcdctl/options.js';
import type { UtlContext } from './context.js';

export const defrag: Command<UtlContext> = {
  usage: 'defrag',
  summary: 'Gives disk space of a member that is not running back',
  options: [textOption('data-dir', '', 'its data directory; needed')],
  async run({ options }, invocation) {
    const dataDir = invocation.options.text('data-dir');
    if (!invocation.options.isGiven('data-dir')) {
      throw new UsageError('required flag(s) "data-dir" not set');
    }
    const dependencies = { clock: systemClock, logger: silentLogger };
    try {
      const lockTimeoutMs = options.duration('timeout');
      await defragmentOffline({ dataDir, lockTimeoutMs }, dependencies);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const what = `Failed to defragment etcd data[${dataDir}] (${reason})`;
      throw new CommandError(EXIT.error, what);
    }
  },
};

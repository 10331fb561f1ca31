import { formatDuration } from '../../config/duration.js';
import type { Command } from './command.js';
import { CLUSTER_OPTION, selectEndpoints } from './endpoint.js';
import { CommandError, EXIT } from './exit.js';
import { DEFRAGMENT } from './methods.js';

export const defrag: Command = {
  usage: 'defrag [options]',
  summary: 'gives disk space back, one endpoint after another',
  options: [CLUSTER_OPTION],
  async run(session) {
    let failures = 0;
    for (const endpoint of await selectEndpoints(session)) {
      const connection = await session.connect([endpoint]);
      const startMs = performance.now();
      const took = (): string => formatDuration(performance.now() - startMs);
      try {
        await connection.unary(DEFRAGMENT, {}, session.commandTimeoutMs);
        const line = `Finished defragmenting etcd member[${endpoint}]. took ${took()}`;
        session.terminal.write(`${line}\n`);
      } catch (error) {
        failures++;
        const reason = error instanceof Error ? error.message : String(error);
        const line = `Failed to defragment etcd member[${endpoint}]. took ${took()}. (${reason})`;
        session.terminal.writeError(`${line}\n`);
      }
    }
    if (failures > 0) throw new CommandError(EXIT.error, '');
  },
};

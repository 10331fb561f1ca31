import type { Command } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { COMPACT } from './methods.js';
import { booleanOption } from './options.js';
import { parseDecimal } from './put.js';

export const compaction: Command = {
  usage: 'compaction [options] <revision>',
  summary: 'drops the history before a revision',
  options: [booleanOption('physical', 'wait until it is gone from disk')],
  async run(session, invocation) {
    const [text] = invocation.arguments;
    if (text === undefined || invocation.arguments.length > 1) {
      throw new CommandError(EXIT.badArguments, 'compaction command needs 1 argument');
    }
    const revision = parseDecimal(text, EXIT.error);
    const physical = invocation.options.boolean('physical');
    const connection = await session.connect();
    await connection.unary(COMPACT, { revision, physical }, session.commandTimeoutMs);
    session.terminal.write(`compacted revision ${revision}\n`);
  },
};

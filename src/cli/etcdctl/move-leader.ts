import type { Command } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { MOVE_LEADER, STATUS } from './methods.js';
import { plainResult } from './output/plain.js';
import { parseHex } from './put.js';

export const moveLeader: Command = {
  usage: 'move-leader <transferee-member-id>',
  summary: 'Has another member lead the cluster',
  options: [],
  async run(session, invocation) {
    const [text] = invocation.arguments;
    if (text === undefined || invocation.arguments.length > 1) {
      throw new CommandError(EXIT.badArguments, 'move-leader command needs 1 argument');
    }
    const targetId = parseHex(text, false, (reason) => reason);
    await session.prepare();
    const endpoints = await session.endpoints();
    const deadlineMs = Date.now() + session.commandTimeoutMs;
    // Only the leader itself can hand over.
    for (const endpoint of endpoints) {
      const connection = await session.connect([endpoint]);
      const { header, leader } = await connection.unary(STATUS, {}, deadlineMs - Date.now());
      if (header?.memberId !== leader) continue;
      const timeoutMs = deadlineMs - Date.now();
      const response = await connection.unary(MOVE_LEADER, { targetId }, timeoutMs);
      const way = `from ${leader.toString(16)} to ${targetId.toString(16)}`;
      session.print(plainResult(response, MOVE_LEADER, `Leadership transferred ${way}\n`));
      return;
    }
    const list = `[${endpoints.join(' ')}]`;
    throw new CommandError(EXIT.badArguments, `no leader endpoint given at ${list}`);
  },
};

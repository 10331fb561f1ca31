import { type CommandGroup, textOption } from './command.js';
import { isSerializable } from './get.js';
import { MEMBER_LIST } from './methods.js';

export const member: CommandGroup = {
  summary: 'commands about the members of the cluster',
  options: [],
  commands: {
    list: {
      usage: 'member list [options]',
      summary: 'lists the members',
      options: [textOption('consistency', 'l', 'l for linearizable, s for serializable')],
      async run(session, invocation) {
        const linearizable = !isSerializable(invocation.options.text('consistency'));
        const connection = await session.connect();
        const timeoutMs = session.commandTimeoutMs;
        const response = await connection.unary(MEMBER_LIST, { linearizable }, timeoutMs);
        session.print({ kind: 'memberList', response });
      },
    },
  },
};

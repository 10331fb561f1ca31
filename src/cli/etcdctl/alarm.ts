import { AlarmRequest_AlarmAction, AlarmResponse } from '../../proto/generated/etcdserverpb.js';
import type { CommandGroup, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { ALARM } from './methods.js';

function noArguments(invocation: Invocation, name: string): void {
  if (invocation.arguments.length === 0) return;
  throw new CommandError(EXIT.badArguments, `alarm ${name} command accepts no arguments`);
}

export const alarm: CommandGroup = {
  summary: 'commands about alarms',
  options: [],
  commands: {
    disarm: {
      usage: 'alarm disarm',
      summary: 'clears all alarms',
      options: [],
      async run(session, invocation) {
        noArguments(invocation, 'disarm');
        const connection = await session.connect();
        const timeoutMs = session.commandTimeoutMs;
        const { GET, DEACTIVATE } = AlarmRequest_AlarmAction;
        const active = await connection.unary(ALARM, { action: GET }, timeoutMs);
        const response = AlarmResponse.decode(Buffer.alloc(0));
        for (const { memberId, alarm: type } of active.alarms) {
          const request = { action: DEACTIVATE, memberId, alarm: type };
          const { alarms } = await connection.unary(ALARM, request, timeoutMs);
          response.alarms.push(...alarms);
        }
        session.print({ kind: 'alarm', response });
      },
    },
    list: {
      usage: 'alarm list',
      summary: 'lists active alarms',
      options: [],
      async run(session, invocation) {
        noArguments(invocation, 'list');
        const connection = await session.connect();
        const request = { action: AlarmRequest_AlarmAction.GET };
        const response = await connection.unary(ALARM, request, session.commandTimeoutMs);
        session.print({ kind: 'alarm', response });
      },
    },
  },
};

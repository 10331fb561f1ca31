import type { Command, Program } from './command.js';
import { globalOptionsHelp } from './help.js';
import type { Session } from './session.js';

/** `options`: the help that other pages only point to. */
export function optionsCommand(program: Program): Command<Session> {
  return {
    usage: 'options',
    summary: 'Shows the options that all commands have',
    options: [],
    async run({ terminal }) {
      terminal.write(globalOptionsHelp(program));
    },
  };
}

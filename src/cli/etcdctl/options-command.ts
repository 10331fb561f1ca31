import type { Command } from './command.js';

/** `options`: the help that other pages only point to. */
export const optionsCommand: Command = {
  usage: 'options',
  summary: 'Shows the options that all commands have',
  options: [],
  async run(session) {
    const { globalOptionsHelp } = await import('./help.js');
    const { ETCDCTL } = await import('./registry.js');
    session.terminal.write(globalOptionsHelp(ETCDCTL));
  },
};

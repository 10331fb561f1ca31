import type { Command, CommandGroup } from './command.js';
import { GLOBAL_OPTIONS } from './global-options.js';
import type { OptionSpec } from './options.js';
import { COMMANDS } from './registry.js';

const OPTIONS_HINT = 'Use "etcdctl options" for the options all commands have.\n';

function describeOptions(options: readonly OptionSpec[]): string {
  const lines = options.map(({ name, short, kind, defaultText, help }) => {
    const flag = `${short === undefined ? '   ' : `-${short},`} --${name}`;
    const value = kind === 'boolean' ? '' : ` <${kind}>`;
    const preset = defaultText === 'false' || defaultText === '' ? '' : ` (default ${defaultText})`;
    return `  ${flag}${value}`.padEnd(34).concat(` ${help}${preset}`);
  });
  return lines.length === 0 ? '' : `\nOptions:\n${lines.join('\n')}\n`;
}

const describeEntries = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([name, summary]) => `  ${name.padEnd(14)} ${summary}\n`).join('');

/** Help of the program. */
export function programHelp(): string {
  const entries = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const);
  const head =
    'A command-line client for etcd-v3 servers.\n\nUsage:\n  etcdctl <command> [options]\n';
  return `${head}\nCommands:\n${describeEntries(entries)}\n${OPTIONS_HINT}`;
}

export function groupHelp(name: string, group: CommandGroup): string {
  const commands = Object.entries(group.commands);
  const entries = commands.map(([word, { summary }]) => [word, summary] as const);
  const head = `${group.summary}\n\nUsage:\n  etcdctl ${name} <command>\n`;
  const options = describeOptions(group.options);
  return `${head}\nCommands:\n${describeEntries(entries)}${options}\n${OPTIONS_HINT}`;
}

export function commandUsage(command: Command): string {
  return `Usage:\n  etcdctl ${command.usage}\n${describeOptions(command.options)}`;
}

export function commandHelp(command: Command): string {
  return `${command.summary}\n\n${commandUsage(command)}\n${OPTIONS_HINT}`;
}

export function globalOptionsHelp(): string {
  return `The options all commands have:\n${describeOptions(GLOBAL_OPTIONS)}`;
}

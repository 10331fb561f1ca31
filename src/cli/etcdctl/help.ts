/** Help pages, in the layout that etcd's programs have. */
import { type Command, type CommandGroup, commandsOf, type Program } from './command.js';
import { booleanOption, type OptionSpec } from './options.js';

type Line = readonly [string, string];

/** Names are padded to this at least. */
const NAME_WIDTH = 11;

const helpOption = (of: string): OptionSpec => booleanOption('help', `help for ${of}`, 'h');

const VALUE_WORDS: Readonly<Record<OptionSpec['kind'], string>> = {
  boolean: '',
  text: ' string',
  list: ' strings',
  integer: ' int',
  unsigned: ' uint',
  duration: ' duration',
};

function presetOf({ kind, defaultText }: OptionSpec): string {
  if (['', 'false', '0', '0s'].includes(defaultText)) return '';
  if (kind === 'text') return ` (default "${defaultText}")`;
  if (kind === 'list') return ` (default [${defaultText}])`;
  return ` (default ${defaultText})`;
}

/** Options by name, their explanations in one column. */
export function describeOptions(options: readonly OptionSpec[]): string {
  const sorted = [...options].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map((spec): Line => {
    const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
    const name = `  ${short}--${spec.name}${VALUE_WORDS[spec.kind]}`;
    return [name, `${spec.help}${presetOf(spec)}`];
  });
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, help]) => `${name.padEnd(width)}   ${help}\n`).join('');
}

function describeEntries(entries: readonly Line[]): string {
  const width = Math.max(NAME_WIDTH, ...entries.map(([name]) => name.length));
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, summary]) => `  ${name.padEnd(width)} ${summary}\n`).join('');
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');

/** `Flags:` and, where no hint tells of them, the global ones. */
function flagSections<Context>(program: Program<Context>, own: readonly OptionSpec[]): string {
  const flags = own.length === 0 ? '' : `\nFlags:\n${describeOptions(own)}`;
  if (program.optionsHint !== undefined || own === program.globalOptions) return flags;
  return `${flags}\nGlobal Flags:\n${describeOptions(program.globalOptions)}`;
}

const moreAbout = (words: string): string =>
  `\nUse "${words} [command] --help" for more information about a command.\n`;

const hintOf = <Context>({ optionsHint }: Program<Context>): string => optionsHint ?? '';

/** The usage of the program, without the hint behind it. */
export function programUsage<Context>(program: Program<Context>): string {
  const sections = program.groups.map(({ title, commands }) => {
    const entries = Object.entries(commands).map(([name, { summary }]): Line => [name, summary]);
    return `\n${title}\n${describeEntries(entries)}`;
  });
  const own =
    program.optionsHint === undefined
      ? `\nFlags:\n${describeOptions([helpOption(program.name), ...program.globalOptions])}`
      : '';
  const head = `Usage:\n  ${program.name} [command]\n`;
  return `${head}${sections.join('')}${own}${moreAbout(program.name)}`;
}

export function programHelp<Context>(program: Program<Context>): string {
  const head = program.describes ? `${program.summary}\n\n` : '';
  return `${head}${programUsage(program)}${hintOf(program)}`;
}

export function groupHelp<Context>(
  program: Program<Context>,
  name: string,
  group: CommandGroup<Context>,
): string {
  const entries = Object.entries(group.commands).map(
    ([word, { summary }]): Line => [word, summary],
  );
  const words = `${program.name} ${name}`;
  return [
    program.describes ? `${group.summary}\n\n` : '',
    `Usage:\n  ${words} [command]\n`,
    examplesOf(group),
    `\nAvailable Commands:\n${describeEntries(entries)}`,
    flagSections(program, [helpOption(name), ...group.options]),
    moreAbout(words),
    hintOf(program),
  ].join('');
}

function examplesOf({ examples }: { readonly examples?: string }): string {
  return examples === undefined ? '' : `\nExamples:\n${indented(examples)}\n`;
}

export function commandUsage<Context>(
  program: Program<Context>,
  command: Command<Context>,
  shared: readonly OptionSpec[] = [],
): string {
  const name = /^[a-z -]*[a-z]/.exec(command.usage)?.[0].split(' ').at(-1) ?? '';
  const flags = flagSections(program, [helpOption(name), ...shared, ...command.options]);
  return `Usage:\n  ${program.name} ${command.usage} [flags]\n${examplesOf(command)}${flags}`;
}

export function commandHelp<Context>(
  program: Program<Context>,
  command: Command<Context>,
  shared: readonly OptionSpec[] = [],
): string {
  const head = program.describes ? `${command.summary}\n\n` : '';
  return `${head}${commandUsage(program, command, shared)}${hintOf(program)}`;
}

export function globalOptionsHelp<Context>(program: Program<Context>): string {
  const head = 'The following options can be passed to any command:\n';
  return `${head}\n${describeOptions(program.globalOptions)}`;
}

/** What the word may have been meant for: few letters off, or the beginning of one. */
export function suggestions<Context>(program: Program<Context>, word: string): string[] {
  return Object.keys(commandsOf(program)).filter(
    (name) => distance(word, name) <= 2 || name.startsWith(word),
  );
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const gap = Math.min(previous[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(change, gap));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

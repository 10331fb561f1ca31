import { describeGates } from './feature-gates.js';
import { FLAG_TABLE, type FlagName, SECTIONS } from './flags.js';

/** Printed on stderr by --help and after a command line that does not parse. */
export const USAGE = `Usage:

  etcd [flags]
    Run a member.

  etcd --version
    Print the version.

  etcd -h | --help
    Print all flags.

  etcd --config-file <file>
    Run a member with the settings of a YAML or JSON file. Its keys are the names of the flags,
    durations are whole nanoseconds; other flags and ETCD_* variables then count for nothing.

Each flag can be given as an environment variable too: --data-dir as ETCD_DATA_DIR.
`;

function describe(name: FlagName): string {
  const flag = FLAG_TABLE[name];
  const lines = [`  --${name} '${flag.defaultText}'`, `    ${flag.help}`];
  if (name === 'feature-gates') lines.push(...describeGates().map((gate) => `    ${gate}`));
  if (!flag.effective) lines.push('    (accepted, without effect yet)');
  return lines.join('\n');
}

/** The list of all flags by section, printed on stdout by --help. */
export function describeFlags(): string {
  const sections = SECTIONS.map(([title, names]) => `${title}:\n${names.map(describe).join('\n')}`);
  return `\n${sections.join('\n\n')}\n`;
}

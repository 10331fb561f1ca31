import { goQuote } from '../../config/go-text.js';
import { UsageError } from './arguments.js';
import { type Command, commandsOf, isGroup, type Program } from './command.js';
import type { OptionSpec } from './options.js';
import type { Terminal } from './terminal.js';

/** What can follow the words of `path`, which is empty at the beginning. */
interface Choice {
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
  readonly flags: readonly string[];
}

const flagsOf = (options: readonly OptionSpec[]): string[] =>
  options.map(({ name }) => `--${name}`);

async function choicesOf<Context>(program: Program<Context>): Promise<Choice[]> {
  const common = [...flagsOf(program.globalOptions), '--help'];
  const entries = Object.entries(commandsOf(program));
  const words = entries.map(([word, { summary }]) => ({ word, help: summary }));
  const choices: Choice[] = [{ path: '', words, flags: common }];
  for (const [path, entry] of entries) {
    const loaded = await entry.load();
    const flags = [...flagsOf(loaded.options), ...common];
    if (!isGroup(loaded)) {
      choices.push({ path, words: [], flags });
      continue;
    }
    const inner = Object.entries(loaded.commands);
    const innerWords = inner.map(([word, { summary }]) => ({ word, help: summary }));
    choices.push({ path, words: innerWords, flags });
    for (const [word, command] of inner) {
      const all = [...flagsOf(command.options), ...flags];
      choices.push({ path: `${path} ${word}`, words: [], flags: all });
    }
  }
  return choices;
}

function bashScript(name: string, choices: readonly Choice[]): string {
  const cases = choices.map(({ path, words, flags }) => {
    const all = [...words.map(({ word }) => word), ...flags].join(' ');
    return `    '${path}') choices='${all}' ;;`;
  });
  const paths = choices.map(({ path }) => `'${path}'`).join('|');
  return `# bash completion for ${name}
_${name}_complete() {
  local path='' word next choices=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
    ${paths}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  if [[ \${COMP_WORDS[COMP_CWORD]} == -* ]]; then
    COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
  else
    COMPREPLY=($(compgen -W "\${choices%%--*}" -- "\${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -o default -F _${name}_complete ${name}
`;
}

function zshScript(name: string, choices: readonly Choice[]): string {
  return `#compdef ${name}
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bashScript(name, choices)}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

function fishScript(name: string, choices: readonly Choice[]): string {
  const lines = choices.flatMap(({ path, words, flags }) => {
    const [first, second] = path.split(' ');
    const seen = (word: string): string => `__fish_seen_subcommand_from ${word}`;
    const inner = words.map(({ word }) => word).join(' ');
    let condition = second ? `${seen(first ?? '')}; and ${seen(second)}` : seen(first ?? '');
    if (path === '') condition = '__fish_use_subcommand';
    else if (words.length > 0) condition += `; and not ${seen(inner)}`;
    const start = `complete -c ${name} -n ${quoted(condition)}`;
    return [
      ...words.map(({ word, help }) => `${start} -f -a ${word} -d ${quoted(help)}`),
      ...flags.map((flag) => `${start} -l ${flag.slice(2)}`),
    ];
  });
  return `# fish completion for ${name}\n${lines.join('\n')}\n`;
}

function powershellScript(name: string, choices: readonly Choice[]): string {
  const rows = choices.map(({ path, words, flags }) => {
    const all = [...words.map(({ word }) => word), ...flags];
    return `    '${path}' = @(${all.map((word) => `'${word}'`).join(', ')})`;
  });
  return `# PowerShell completion for ${name}
Register-ArgumentCompleter -Native -CommandName '${name}' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $choices = @{
${rows.join('\n')}
  }
  $path = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $next = "$path $element".Trim()
    if ($choices.ContainsKey($next)) { $path = $next }
  }
  $choices[$path] | Where-Object { $_ -like "$wordToComplete*" }
}
`;
}

const SCRIPTS = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
} as const;

const isShell = (word: string): word is keyof typeof SCRIPTS => Object.hasOwn(SCRIPTS, word);

/** `completion`: a script that completes the program's words in a shell. */
export function completionCommand<Context extends { readonly terminal: Pick<Terminal, 'write'> }>(
  program: Program<Context>,
): Command<Context> {
  return {
    usage: 'completion [bash|zsh|fish|powershell]',
    summary: 'Writes a completion script for a shell',
    options: [],
    examples: `source <(${program.name} completion bash)\n${program.name} completion fish | source`,
    async run({ terminal }, invocation) {
      const [shell, ...others] = invocation.arguments;
      const count = invocation.arguments.length;
      if (shell === undefined || others.length > 0) {
        throw new UsageError(`accepts 1 arg(s), received ${count}`);
      }
      if (!isShell(shell)) {
        throw new UsageError(`invalid argument ${goQuote(shell)} for "${program.name} completion"`);
      }
      terminal.write(SCRIPTS[shell](program.name, await choicesOf(program)));
    },
  };
}

/** What the etcdctl of Debian (3.4) does otherwise than that of 3.7, and so than ours. */

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface Run extends Outcome {
  /** The command line without its format. */
  readonly line: string;
  readonly format: string;
}

interface Rule {
  readonly what: string;
  readonly applies: (run: Run) => boolean;
  /** Ours as 3.4 would have it; undefined: it has other content, which is not compared. */
  readonly translate?: (run: Run) => Outcome;
}

const startsWith =
  (...words: string[]) =>
  ({ line }: Run): boolean =>
    words.some((word) => line === word || line.startsWith(`${word} `));

const RULES: readonly Rule[] = [
  {
    what: 'the JSON of transactions has the names of Go for its answers',
    applies: ({ line, format }) => line.startsWith('txn') && format === 'json',
    translate: (run) => ({
      ...run,
      stdout: run.stdout.replace(/"response_(range|put|delete_range|txn)"/g, (_, name: string) => {
        const words = name.split('_').map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
        return `"Response${words.join('')}"`;
      }),
    }),
  },
  {
    what: 'tables are drawn with ASCII',
    applies: ({ line, format }) => line === 'member list' && format === 'table',
    translate: (run) => ({
      ...run,
      stdout: run.stdout
        .replace(/[┌┬┐├┼┤└┴┘]/g, '+')
        .replaceAll('─', '-')
        .replaceAll('│', '|')
        // Cells that are as wide as their column look alike, however they are aligned.
        .replace(/\n$/, '\n'),
    }),
  },
  {
    what: '--hex is for keys and values only, and fields do not know it',
    applies: ({ line, format }) =>
      line.includes('--hex') && ['fields', 'json', 'table'].includes(format),
  },
  {
    what: 'fields show a revision of 0',
    applies: ({ line, format }) => line === 'member list' && format === 'fields',
    translate: (run) => ({
      ...run,
      stdout: run.stdout.replace('"RaftTerm"', '"Revision" : 0\n"RaftTerm"'),
    }),
  },
  {
    what: 'healthy endpoints are told on stderr',
    applies: ({ line, format }) => line.startsWith('endpoint health') && format === 'simple',
    translate: ({ stdout, code }) => ({ stdout: '', stderr: stdout.trim(), code }),
  },
  {
    what: 'the table of health is drawn with ASCII',
    applies: ({ line, format }) => line.startsWith('endpoint health') && format === 'table',
    translate: (run) => ({
      ...run,
      stdout: run.stdout.replace(/[┌┬┐├┼┤└┴┘]/g, '+').replaceAll('│', '|'),
    }),
  },
  {
    what: 'the status has fewer values',
    applies: startsWith('endpoint status'),
  },
  {
    what: 'hashes are told without their revision',
    applies: ({ line, format }) => line.startsWith('endpoint hashkv') && format !== 'table',
    translate: (run) => ({
      ...run,
      stdout: run.stdout
        .replace(/,"hash_revision":\d+/, '')
        .replace(/"HashRevision" : \d+\n/, '')
        .replace(/^([^{\n]*, \d+), \d+\n$/, '$1\n')
        .replace(/^null\n$/, '[]\n'),
    }),
  },
  {
    what: 'the table of hashes has a column less',
    applies: ({ line, format }) => line.startsWith('endpoint hashkv') && format === 'table',
  },
  {
    what: 'usage goes to stdout, and the complaint comes twice',
    applies: ({ stderr }) =>
      /^Error: (?:unknown (?:flag|shorthand|command)|invalid argument|flag needs)/.test(stderr),
  },
  {
    what: 'texts of its own',
    applies: startsWith('version', 'defrag', 'snapshot save'),
  },
  {
    what: 'an answer that was never asked for has no header at all',
    applies: ({ line, format }) => line === 'alarm disarm' && format === 'fields',
  },
  {
    what: 'a watch that is cancelled has other fields',
    applies: ({ line }) => line === 'watch a --rev=1',
  },
];

/** What 3.4 would do; undefined if that is not compared. */
export function asOldRelease(run: Run): Outcome | undefined {
  const rule = RULES.find(({ applies }) => applies(run));
  if (rule === undefined) return run;
  return rule.translate?.(run);
}

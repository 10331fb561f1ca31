import { parseArgs } from 'node:util';
import { ROWS } from './rows/index.js';
import type { Row, RowSettings } from './rows/row.js';

export interface BenchOptions {
  rows: readonly Row[];
  rounds: number;
  settings: RowSettings;
  /** Flags for kvorum alone, beside those of both. */
  kvorumFlags: readonly string[];
  /** Only list the rows. */
  list: boolean;
  /** Only say how to use it. */
  help: boolean;
  /** Results of earlier runs that are shown instead of running anything. */
  render: readonly string[];
  /** The tables go into bench/README.md. */
  readme: boolean;
  /** Profile kvorum on one row rather than compare. */
  cpuProfile: boolean;
  /** Profile the handlers below the transport, in this process. */
  core: boolean;
  /** Where the results go as JSON, beside the table; undefined: into bench/results. */
  output: string | undefined;
}

export const USAGE = `npm run bench -- [options] [row ...]

Compares kvorum with a real etcd (KVORUM_BENCH_ETCD, or etcd on PATH), row by row, in alternating rounds.
A row is chosen by its name or the beginning of it; without any, all are run.

  --list              the rows and what they do, also of named ones only
  --rounds <n>        rounds per row and server (5; quick: 1)
  --seconds <n>       measured seconds of a timed row (4; quick: 1)
  --kvorum-flag=<f>   a flag for kvorum alone, e.g. --kvorum-flag=--experimental-grpc-transport=grpc-js
  --quick             small sizes, short times: shows that everything runs
  --cpu-prof          profile kvorum on the named row instead, and print self time by function
  --core              profile kvorum's handlers without the transport, in this process
  --readme            write the tables into bench/README.md as well (not of quick runs)
  --render            show results of earlier runs, given as files instead of rows; with --readme into the README
  --output <file>     where the results go as JSON (default: bench/results/<time>.json)
  --help              this text

The charts go to bench/charts, those of quick runs beside their results.
`;

/** Reads the arguments. Throws with a message for people. */
export function readCommandLine(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'kvorum-flag': { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      'cpu-prof': { type: 'boolean', default: false },
      core: { type: 'boolean', default: false },
      output: { type: 'string' },
      readme: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick } = values;
  const seconds = positive(values.seconds ?? (quick ? '1' : '4'), '--seconds');
  const { render } = values;
  const rows = positionals.length === 0 || render ? ROWS : chooseRows(positionals);
  if (render && positionals.length === 0) throw new Error('--render needs files of results');
  if (quick && values.readme) throw new Error('quick runs do not go into the README');
  if (values['cpu-prof'] && positionals.length === 0) throw new Error('--cpu-prof needs a row');
  return {
    rows,
    rounds: Math.ceil(positive(values.rounds ?? (quick ? '1' : '5'), '--rounds')),
    settings: { quick, durationMs: seconds * 1000, warmupMs: quick ? 300 : 1500 },
    kvorumFlags: values['kvorum-flag'],
    list: values.list,
    help: values.help,
    render: render ? positionals : [],
    readme: values.readme,
    cpuProfile: values['cpu-prof'],
    core: values.core,
    output: values.output,
  };
}

function chooseRows(names: readonly string[]): Row[] {
  for (const name of names) {
    if (!ROWS.some((row) => row.name.startsWith(name))) {
      const known = ROWS.map((row) => row.name).join(', ');
      throw new Error(`there is no row ${name}; the rows are ${known}`);
    }
  }
  return ROWS.filter((row) => names.some((name) => row.name.startsWith(name)));
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${flag} must be a positive number, not ${text}`);
  return value;
}

import type { BenchOptions } from './command-line.js';
import type { Contender, ContenderName } from './contenders.js';
import { type Measures, medians } from './measures.js';
import { type CurvePoint, type Row, RowBench } from './rows/row.js';

/** What came of a row: every round of both servers, or why it failed. */
export interface RowResult {
  name: string;
  title: string;
  curve?: CurvePoint;
  rounds: Record<ContenderName, Measures[]>;
  medians: Record<ContenderName, Measures>;
  /** The first failure of each server, after which it was not tried again. */
  failures: Partial<Record<ContenderName, string>>;
}

/** Runs one row, the servers taking turns. Never rejects: failures are part of the result. */
export async function compareRow(
  row: Row,
  contenders: readonly Contender[],
  options: BenchOptions,
  progress: (text: string) => void,
): Promise<RowResult> {
  const rounds: RowResult['rounds'] = { etcd: [], kvorum: [] };
  const failures: RowResult['failures'] = {};
  const count = Math.min(options.rounds, row.maxRounds ?? options.rounds);
  for (let round = 1; round <= count; round++) {
    for (const contender of contenders) {
      if (failures[contender.name] !== undefined) continue;
      if (row.only !== undefined && row.only !== contender.name) continue;
      progress(`${row.name}: round ${round} of ${count}, ${contender.title}`);
      try {
        rounds[contender.name].push(await runOnce(row, contender, options));
      } catch (error) {
        failures[contender.name] = error instanceof Error ? error.message : String(error);
      }
    }
  }
  return {
    name: row.name,
    title: row.title,
    ...(row.curve === undefined ? {} : { curve: row.curve }),
    rounds,
    medians: { etcd: medians(rounds.etcd), kvorum: medians(rounds.kvorum) },
    failures,
  };
}

async function runOnce(row: Row, contender: Contender, options: BenchOptions): Promise<Measures> {
  const flags = contender.name === 'kvorum' ? options.kvorumFlags : [];
  const bench = new RowBench(contender, options.settings, { flags }, false);
  try {
    return await row.run(bench);
  } finally {
    await bench.remove();
  }
}

import type { Program as Executable } from '../../support/programs.js';
import { type Difference, ServerEndedError, ServerPair } from './pair.js';
import type { Program } from './program.js';

/** A program that shows a difference on two fresh members, as small as it was found. */
export interface Finding {
  program: Program;
  /** The difference, or the text about a server that ended. */
  difference: Difference | string;
}

/** Runs one program on two fresh members. */
export async function runOnFreshPair(
  tested: Executable,
  oracle: Executable,
  program: Program,
): Promise<Finding | undefined> {
  const pair = await ServerPair.start(tested, oracle);
  try {
    const difference = await pair.run(program);
    return difference === undefined ? undefined : { program, difference };
  } catch (error) {
    if (error instanceof ServerEndedError) return { program, difference: error.message };
    throw error;
  } finally {
    await pair.close();
  }
}

/**
 * Drops steps as long as the program still fails, large parts first. Each attempt takes two fresh
 * members, so their number is limited; undefined when not even the whole program fails on its own.
 */
export async function shrink(
  tested: Executable,
  oracle: Executable,
  program: Program,
  attempts: number,
): Promise<Finding | undefined> {
  let best = await runOnFreshPair(tested, oracle, program);
  if (best === undefined) return undefined;
  best = withoutTail(best);
  let rest = attempts;
  for (
    let size = Math.ceil(best.program.steps.length / 2);
    size >= 1;
    size = Math.floor(size / 2)
  ) {
    for (let start = best.program.steps.length - size; start >= 0 && rest > 0; start -= size) {
      rest--;
      const { steps } = best.program;
      const fewer = [...steps.slice(0, start), ...steps.slice(start + size)];
      const smaller = await runOnFreshPair(tested, oracle, { ...program, steps: fewer });
      if (smaller !== undefined) best = withoutTail(smaller);
      start = Math.min(start, best.program.steps.length);
    }
  }
  return best;
}

/** Steps behind the difference were not run. */
function withoutTail(finding: Finding): Finding {
  if (typeof finding.difference === 'string') return finding;
  const steps = finding.program.steps.slice(0, finding.difference.position + 1);
  return { ...finding, program: { ...finding.program, steps } };
}

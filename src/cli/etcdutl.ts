import { EXIT } from './etcdctl/exit.js';
import { ProgramRun, type Selection } from './etcdctl/program.js';
import { consoleLogger, type UtlContext } from './etcdutl/context.js';
import { ETCDUTL } from './etcdutl/registry.js';

/**
 * The `etcdutl` program.
 * @returns the exit code
 */
export async function runEtcdutl(
  argv: readonly string[],
  terminal: UtlContext['terminal'],
): Promise<number> {
  const program = new ProgramRun(ETCDUTL, terminal);
  const logger = consoleLogger((text) => terminal.writeError(text));
  let selection: Selection<UtlContext> | undefined;
  try {
    selection = await program.select(argv);
    if (selection === undefined) return EXIT.ok;
    await program.run(selection, new Map(), ({ options }) => ({ terminal, options, logger }));
    return EXIT.ok;
  } catch (error) {
    return program.explain(error, selection);
  }
}

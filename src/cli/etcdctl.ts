import { checkEnvironment, optionsFromEnvironment } from './etcdctl/environment.js';
import { EXIT } from './etcdctl/exit.js';
import { RPC_CODE, RpcError } from './etcdctl/grpc/status.js';
import { ProgramRun, type Selection } from './etcdctl/program.js';
import { ETCDCTL } from './etcdctl/registry.js';
import { Session } from './etcdctl/session.js';
import type { Terminal } from './etcdctl/terminal.js';

/**
 * The `etcdctl` program.
 * @returns the exit code
 */
export async function runEtcdctl(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { environment } = terminal;
  if (environment.ETCDCTL_API === '2') {
    const { isOldCommand, runOldCommand } = await import('./etcdctl/v2.js');
    if (isOldCommand(argv)) return runOldCommand(argv, terminal);
  }
  const program = new ProgramRun(ETCDCTL, terminal);
  let selection: Selection<Session> | undefined;
  let session: Session | undefined;
  try {
    selection = await program.select(argv);
    if (selection === undefined) return EXIT.ok;
    await program.run(selection, optionsFromEnvironment(environment), ({ options }) => {
      session = new Session(options, terminal, () =>
        checkEnvironment(environment, (name) => options.isGiven(name), logTo(terminal)),
      );
      return session;
    });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RpcError && error.code === RPC_CODE.deadlineExceeded) {
      for (const failure of session?.connectionFailures ?? []) {
        logTo(terminal)('warn', 'failed to connect', { error: failure });
      }
    }
    return program.explain(error, selection);
  } finally {
    session?.close();
  }
}

function logTo(terminal: Terminal) {
  return (level: 'warn' | 'fatal', msg: string, fields: Readonly<Record<string, string>>): void => {
    const ts = new Date().toISOString();
    terminal.writeError(`${JSON.stringify({ level, ts, msg, ...fields })}\n`);
  };
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    stdin: process.stdin,
    write: (bytes) => void process.stdout.write(bytes),
    writeError: (text) => void process.stderr.write(text),
    environment: process.env,
    showsProgress: process.stderr.isTTY === true,
    onInterrupt(callback) {
      process.once('SIGINT', callback);
      process.once('SIGTERM', callback);
      return () => {
        process.off('SIGINT', callback);
        process.off('SIGTERM', callback);
      };
    },
  };
}

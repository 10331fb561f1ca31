import { writeSync } from 'node:fs';
import { GIT_SHA, SERVER_VERSION } from '../base/version.js';
import {
  type Config,
  describeFlags,
  type Environment,
  type LaunchRequest,
  loadConfig,
  StartError,
  USAGE,
} from '../config/index.js';

/**
 * The `etcd` program. `--version` and a command line that does not parse are answered before the
 * server's code is loaded: test suites and scripts ask for the version many times.
 */
export async function runEtcd(argv: readonly string[], environment: Environment): Promise<void> {
  const outcome = await loadConfig(argv, environment).catch((error: unknown) => {
    if (error instanceof StartError) return error;
    throw error;
  });
  if (!(outcome instanceof StartError) && outcome.action !== 'start') return answer(outcome.action);
  if (outcome instanceof StartError && 'text' in outcome.report && outcome.notices.length === 0) {
    writeSync(2, outcome.report.text);
    process.exitCode = outcome.exitCode;
    return;
  }
  const { runDaemon } = await import('./daemon.js');
  await runDaemon(argv, outcome);
}

function answer(action: 'help' | 'version'): void {
  if (action === 'version') {
    process.stdout.write(describeVersion());
    return;
  }
  process.stderr.write(`${USAGE}\n`);
  process.stdout.write(describeFlags());
}

/** The four lines of `--version`; clients read the first one as semver. */
export function describeVersion(): string {
  const lines = [
    `etcd Version: ${SERVER_VERSION}`,
    `Git SHA: ${GIT_SHA}`,
    `Go Version: node ${process.version}`,
    `Go OS/Arch: ${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  ];
  return `${lines.join('\n')}\n`;
}

export type { Config, LaunchRequest };

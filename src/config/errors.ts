import type { LogFields } from '../base/logger.js';

/** One log line that came up before a logger existed; the program logs it once it has one. */
export interface Notice {
  readonly level: 'info' | 'warn' | 'fatal';
  readonly message: string;
  readonly fields: LogFields;
}

/** What a failed start prints: text as it stands, or one structured log line (always on stderr). */
export type StartReport = { readonly text: string } | { readonly line: Notice };

/**
 * The program cannot start. Carries what it prints on stderr and the code it exits with
 * (process-contract.md, "Start failures"), so that the command-line file only has to obey.
 */
export class StartError extends Error {
  readonly exitCode: number;
  readonly stream = 'stderr';
  readonly report: StartReport;
  /** Lines gathered before the failure, to be logged first. */
  notices: readonly Notice[] = [];

  constructor(message: string, exitCode: number, report: StartReport) {
    super(message);
    this.name = 'StartError';
    this.exitCode = exitCode;
    this.report = report;
  }
}

/** The command line does not parse: the reason, the usage text, exit 2. */
export function usageError(reason: string, usage: string): StartError {
  return new StartError(reason, 2, { text: `${reason}\n${usage}\n` });
}

/** The values parse, but do not make a valid configuration: exit 1. */
export function invalidConfig(reason: string): StartError {
  const line = {
    level: 'warn',
    message: 'failed to verify flags',
    fields: { error: reason },
  } as const;
  return new StartError(reason, 1, { line });
}

/** Anything that fails after validation, whatever the cause: etcd calls it `discovery failed`. */
export function startFailed(reason: string): StartError {
  const line = { level: 'fatal', message: 'discovery failed', fields: { error: reason } } as const;
  return new StartError(reason, 1, { line });
}

/** A value was refused; the reason goes behind `invalid value "v" for flag -x: `. */
export class FlagValueError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'FlagValueError';
  }
}

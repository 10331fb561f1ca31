import { FlagValueError, invalidConfig, type Notice, StartError } from './errors.js';
import type { FlagSet } from './flag-set.js';
import { FLAG_NAMES } from './flags.js';
import { goQuote } from './go-text.js';
import { LEGACY_NAMES } from './legacy-flags.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const CONFLICT =
  'conflicting environment variable is shadowed by corresponding command-line flag ' +
  '(either unset environment variable or disable flag))';

/** `data-dir` is read from ETCD_DATA_DIR. */
export function variableName(flagName: string): string {
  return `ETCD_${flagName.toUpperCase().replaceAll('-', '_')}`;
}

/** Passwords and tokens stay out of the log. */
function loggable(flagName: string, value: string): string {
  return /password|user$|token$/.test(flagName) ? '***' : value;
}

/**
 * Sets from ETCD_* variables what the command line left open (clients-and-behaviour.md §C, "Env").
 * @throws StartError exit code 1: a variable that does not parse, or one whose flag was given too
 */
export function applyEnvironment(environment: Environment, flags: FlagSet): Notice[] {
  const notices: Notice[] = [];
  const fromCommandLine = new Map([...flags.given].map((name) => [variableName(name), name]));
  const used = new Set<string>();
  let invalid: StartError | undefined;
  if (environment.ETCD_VERSION) {
    const fields = { key: 'ETCD_VERSION', value: environment.ETCD_VERSION };
    notices.push({ level: 'warn', message: 'cannot set special environment variable', fields });
    used.add('ETCD_VERSION');
  }
  for (const name of [...FLAG_NAMES, ...LEGACY_NAMES].sort()) {
    const variable = variableName(name);
    const value = environment[variable];
    if (!value || fromCommandLine.has(variable) || used.has(variable)) continue;
    used.add(variable);
    try {
      flags.set(name, value);
    } catch (error) {
      if (!(error instanceof FlagValueError)) throw error;
      invalid = invalidConfig(`invalid value ${goQuote(value)} for ${variable}: ${error.message}`);
      continue;
    }
    const fields = { 'variable-name': variable, 'variable-value': loggable(name, value) };
    notices.push({ level: 'info', message: 'recognized and used environment variable', fields });
  }
  try {
    notices.push(...checkLeftovers(environment, used, fromCommandLine));
    if (invalid !== undefined) throw invalid;
  } catch (error) {
    if (error instanceof StartError) error.notices = notices;
    throw error;
  }
  return notices;
}

/** A variable whose flag was given, even an empty one, is an error; other unknown ones a warning. */
function checkLeftovers(
  environment: Environment,
  used: ReadonlySet<string>,
  fromCommandLine: ReadonlyMap<string, string>,
): Notice[] {
  const notices: Notice[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || used.has(variable)) continue;
    if (fromCommandLine.has(variable)) {
      const line = {
        level: 'fatal',
        message: CONFLICT,
        fields: { 'environment-variable': variable },
      } as const;
      throw new StartError(CONFLICT, 1, { line });
    }
    if (variable.startsWith('ETCD_')) {
      const shown = /PASSWORD|TOKEN|SECRET/.test(variable) ? '***' : value;
      const fields = { 'environment-variable': `${variable}=${shown}` };
      notices.push({ level: 'warn', message: 'unrecognized environment variable', fields });
    }
  }
  return notices;
}

import { acceptVariable } from './arguments.js';
import { CommandError, EXIT } from './exit.js';
import { GLOBAL_OPTIONS, variableName } from './global-options.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values of global options from ETCDCTL_* variables; what does not parse is left out. */
export function optionsFromEnvironment(environment: Environment): Map<string, string> {
  const values = new Map<string, string>();
  for (const spec of GLOBAL_OPTIONS) {
    const value = environment[variableName(spec.name)];
    if (value && acceptVariable(spec, value)) values.set(spec.name, value);
  }
  return values;
}

/** Read by `watch` itself. */
const WATCH_VARIABLES = ['ETCDCTL_WATCH_KEY', 'ETCDCTL_WATCH_RANGE_END'];

const CONFLICT =
  'conflicting environment variable is shadowed by corresponding command-line flag ' +
  '(either unset environment variable or disable flag))';

/**
 * Complains about variables: an unknown one is a warning, one whose option was given too an error.
 * @throws CommandError
 */
export function checkEnvironment(
  environment: Environment,
  isGiven: (optionName: string) => boolean,
  writeLine: (
    level: 'warn' | 'fatal',
    message: string,
    fields: { readonly 'environment-variable': string },
  ) => void,
): void {
  const known = new Map(GLOBAL_OPTIONS.map(({ name }) => [variableName(name), name]));
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('ETCDCTL_') || value === undefined) continue;
    const option = known.get(variable);
    if (option !== undefined && isGiven(option)) {
      writeLine('fatal', CONFLICT, { 'environment-variable': variable });
      throw new CommandError(EXIT.error, '');
    }
    if (option === undefined && !WATCH_VARIABLES.includes(variable)) {
      const shown = { 'environment-variable': `${variable}=${value}` };
      writeLine('warn', 'unrecognized environment variable', shown);
    }
  }
}

import { readFile } from 'node:fs/promises';
import { buildConfig } from './build.js';
import { parseCommandLine } from './command-line.js';
import type { Config } from './config.js';
import { detectDefaultHost } from './default-host.js';
import { applyEnvironment, type Environment } from './environment.js';
import { invalidConfig, type Notice, StartError } from './errors.js';
import { gatesWithoutEffect } from './feature-gates.js';
import { applyFile } from './file.js';
import { FlagSet } from './flag-set.js';
import { FLAG_NAMES, FLAG_TABLE, type FlagValues } from './flags.js';
import { goQuote } from './go-text.js';
import { parseUrls } from './urls.js';
import { DEFAULT_NAME, validate } from './validate.js';

export interface LoadDependencies {
  /** @throws an error with a `code` when the file cannot be read */
  readonly readTextFile: (path: string) => Promise<string>;
  /** The machine's own address, if it can be told. */
  readonly detectDefaultHost: () => string | undefined;
}

/** The real file system and network. */
export const systemDependencies: LoadDependencies = {
  readTextFile: (path) => readFile(path, 'utf8'),
  detectDefaultHost,
};

/** What the command line asks for. `notices` are to be logged before anything else. */
export type LaunchRequest =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'start'; readonly config: Config; readonly notices: readonly Notice[] };

/**
 * Works out the configuration from arguments (without the program's name), ETCD_* variables and
 * configuration file.
 * @throws StartError with everything the program has to print, and its exit code
 */
export async function loadConfig(
  argv: readonly string[],
  environment: Environment,
  dependencies: LoadDependencies = systemDependencies,
): Promise<LaunchRequest> {
  const flags = new FlagSet();
  const { helpWanted, positional } = parseCommandLine(argv, flags);
  if (helpWanted) return { action: 'help' };
  if (positional !== undefined) throw invalidConfig(`${goQuote(positional)} is not a valid flag`);
  if (flags.values.version) return { action: 'version' };
  const file = flags.values['config-file'] || environment.ETCD_CONFIG_FILE || '';
  if (file === '') return start(flags, applyEnvironment(environment, flags), 'flags', dependencies);
  const fromFile = new FlagSet();
  await applyFile(await readConfigFile(file, dependencies), fromFile);
  // A file may leave it at zero; a flag may not.
  fromFile.values['self-signed-cert-validity'] ||= 1;
  return start(fromFile, [fileNotice(file)], 'file', dependencies);
}

function fileNotice(path: string): Notice {
  const message =
    'loaded server configuration, other configuration command line flags and environment ' +
    'variables will be ignored if provided';
  return { level: 'info', message, fields: { path } };
}

async function readConfigFile(path: string, dependencies: LoadDependencies): Promise<string> {
  try {
    return await dependencies.readTextFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw invalidConfig(`open ${path}: no such file or directory`);
    if (code === 'EACCES') throw invalidConfig(`open ${path}: permission denied`);
    if (code === 'EISDIR') throw invalidConfig(`read ${path}: is a directory`);
    throw invalidConfig(`open ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function start(
  flags: FlagSet,
  gathered: readonly Notice[],
  source: 'flags' | 'file',
  dependencies: LoadDependencies,
): LaunchRequest {
  const notices = [...gathered];
  try {
    notices.push(...flags.settleLegacy());
    const { values, given } = flags;
    const discovers =
      values['discovery-srv'] !== '' ||
      values['discovery-srv-name'] !== '' ||
      values['discovery-endpoints'].length > 0;
    if (discovers && !given.has('initial-cluster')) values['initial-cluster'] = '';
    const advertiseMissing =
      source === 'flags' && given.has('listen-client-urls') && !given.has('advertise-client-urls');
    notices.push(...validate(values, advertiseMissing));
    notices.push(...deprecations(given));
    notices.push(...withoutEffect(flags));
    notices.push(...applyDefaultHost(values, dependencies));
    followName(values);
    if (values['data-dir'] === '') {
      const fields = { 'data-dir': `${values.name}.etcd` };
      notices.push({ level: 'warn', message: "'data-dir' was empty; using default", fields });
    }
    return { action: 'start', config: buildConfig(values), notices };
  } catch (error) {
    if (error instanceof StartError) error.notices = notices;
    throw error;
  }
}

/** A name alone is enough: the initial cluster then consists of this member. */
function followName(values: FlagValues): void {
  const untouched = FLAG_TABLE['initial-cluster'].defaultValue;
  if (values.name === DEFAULT_NAME || values['initial-cluster'] !== untouched) return;
  const name = values.name || DEFAULT_NAME;
  const peers = values['initial-advertise-peer-urls'].urls;
  values['initial-cluster'] = peers.map((url) => `${name}=${url.text}`).join(',');
}

/**
 * Listening on 0.0.0.0 while still advertising the default localhost would lead others astray, so
 * the machine's own address is advertised instead.
 */
function applyDefaultHost(values: FlagValues, dependencies: LoadDependencies): Notice[] {
  const pairs = [
    ['listen-peer-urls', 'initial-advertise-peer-urls'],
    ['listen-client-urls', 'advertise-client-urls'],
  ] as const;
  const notices: Notice[] = [];
  for (const [listening, advertised] of pairs) {
    const listen = values[listening].urls[0]?.host ?? '';
    const current = values[advertised].urls;
    const untouched = FLAG_TABLE[advertised].defaultText;
    if (current.length !== 1 || current[0]?.text !== untouched) continue;
    if (!/^0\.0\.0\.0:/.test(listen)) continue;
    const host = dependencies.detectDefaultHost();
    if (host === undefined) continue;
    const urls = parseUrls(`http://${host}:${listen.slice('0.0.0.0:'.length)}`);
    values[advertised] = { spellings: urls.map((url) => url.text), urls };
    const message = 'detected default host for advertise';
    if (notices.length === 0) notices.push({ level: 'info', message, fields: { host } });
  }
  return notices;
}

const DEPRECATED: Readonly<Record<string, string>> = {
  'max-snapshots': '--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.',
  'v2-deprecation':
    '--v2-deprecation is deprecated and scheduled for removal in v3.8. ' +
    'The default value is enforced, ignoring user input.',
};

function deprecations(given: ReadonlySet<string>): Notice[] {
  return Object.entries(DEPRECATED)
    .filter(([name]) => given.has(name))
    .map(([, message]) => ({ level: 'warn', message, fields: {} }));
}

/** Lines naming the flags and the gates that were moved off their default, but do nothing yet. */
function withoutEffect(flags: FlagSet): Notice[] {
  const names = FLAG_NAMES.filter((name) => {
    const flag = FLAG_TABLE[name];
    if (flag.effective || name in DEPRECATED || !flags.given.has(name)) return false;
    return JSON.stringify(flags.values[name]) !== JSON.stringify(flag.defaultValue);
  });
  const notices: Notice[] = [];
  if (names.length > 0) {
    const message = 'flag accepted but without effect yet';
    notices.push({ level: 'warn', message, fields: { flags: names } });
  }
  const gates = gatesWithoutEffect(flags.values['feature-gates']);
  if (gates.length > 0) {
    const message = 'feature gate accepted but without effect yet';
    notices.push({ level: 'warn', message, fields: { gates } });
  }
  return notices;
}

/** A complete configuration with `overrides` in place of defaults, for programs that embed. */
export function defaultConfig(overrides: Partial<Config> = {}): Config {
  return Object.freeze({ ...buildConfig(new FlagSet().values), ...overrides });
}

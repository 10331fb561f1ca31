import { FlagValueError, invalidConfig, StartError } from './errors.js';
import type { FlagSet } from './flag-set.js';
import { FLAG_TABLE, type FlagName, isFlagName } from './flags.js';

/** Keys of the nested sections of a file, with the flags they stand for. */
const NESTED: Readonly<Record<string, Readonly<Record<string, FlagName>>>> = {
  'client-transport-security': {
    'cert-file': 'cert-file',
    'key-file': 'key-file',
    'client-cert-file': 'client-cert-file',
    'client-key-file': 'client-key-file',
    'client-cert-auth': 'client-cert-auth',
    'trusted-ca-file': 'trusted-ca-file',
    'auto-tls': 'auto-tls',
    'allowed-cn': 'client-cert-allowed-cn',
    'allowed-hostname': 'client-cert-allowed-hostname',
  },
  'peer-transport-security': {
    'cert-file': 'peer-cert-file',
    'key-file': 'peer-key-file',
    'client-cert-file': 'peer-client-cert-file',
    'client-key-file': 'peer-client-key-file',
    'client-cert-auth': 'peer-client-cert-auth',
    'trusted-ca-file': 'peer-trusted-ca-file',
    'auto-tls': 'peer-auto-tls',
    'allowed-cn': 'peer-cert-allowed-cn',
    'allowed-hostname': 'peer-cert-allowed-hostname',
    'skip-client-san-verification': 'peer-skip-client-san-verification',
  },
  'socket-options': {
    'reuse-port': 'socket-reuse-port',
    'reuse-address': 'socket-reuse-address',
  },
  'discovery-config': { token: 'discovery-token' },
  'discovery-config.client': {
    endpoints: 'discovery-endpoints',
    'request-timeout': 'discovery-request-timeout',
    'dial-timeout': 'discovery-dial-timeout',
    'keepalive-time': 'discovery-keepalive-time',
    'keepalive-timeout': 'discovery-keepalive-timeout',
  },
  'discovery-config.client.secure': {
    cert: 'discovery-cert',
    key: 'discovery-key',
    cacert: 'discovery-cacert',
    'insecure-transport': 'discovery-insecure-transport',
    'insecure-skip-tls-verify': 'discovery-insecure-skip-tls-verify',
  },
  'discovery-config.client.auth': {
    username: 'discovery-user',
    password: 'discovery-password',
  },
};

/** Flags that have no key at the top of a file: the nested ones, and those only flags can set. */
const NOT_AT_TOP: ReadonlySet<string> = new Set([
  ...Object.values(NESTED).flatMap((keys) => Object.values(keys)),
  ...['config-file', 'version', 'discovery-fallback', 'client-crl-file', 'peer-crl-file'],
  ...['raft-read-timeout', 'raft-write-timeout'],
]);

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || typeof value === 'number') return `number ${value}`;
  return typeof value === 'string' ? 'string' : 'object';
}

function wrongType(value: unknown, target: string): StartError {
  const reason = `json: cannot unmarshal ${typeName(value)} into ${target}`;
  return invalidConfig(`error unmarshaling JSON: while decoding JSON: ${reason}`);
}

/**
 * Reads YAML (and so JSON) as etcd does: YAML 1.1, whole numbers exact, the last of two equal keys.
 * @throws StartError exit code 1
 */
async function parseYaml(text: string): Promise<unknown> {
  // Loaded only when there is a file: the parser costs start-up time.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    intAsBigInt: true,
    // A date stays the string it is in the file.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:timestamp'),
  });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    const cause = error.message.split(/ at line|\n/)[0];
    throw invalidConfig(`error converting YAML to JSON: yaml: line ${line}: ${cause}`);
  }
  return document.toJS({ maxAliasCount: 100 });
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Sets `flags` from a configuration file's text (clients-and-behaviour.md §C, "config file").
 * Unknown keys are passed over, a null leaves the default.
 * @throws StartError exit code 1
 */
export async function applyFile(text: string, flags: FlagSet): Promise<void> {
  const root = await parseYaml(text);
  if (root === null || root === undefined) return;
  if (!isMapping(root)) throw wrongType(root, 'Go value of type embed.configYAML');
  if ('peer-transport-security' in root && root['peer-transport-security'] === null) {
    throw invalidConfig('invalid peer-transport-security');
  }
  for (const [key, value] of Object.entries(root)) {
    const name = key.toLowerCase();
    if (name in NESTED) applyNested(name, value, flags);
    else if (isFlagName(name) && !NOT_AT_TOP.has(name)) applyValue(name, name, value, flags);
    else if (!isFlagName(name)) applyLegacy(name, value, flags);
  }
}

function applyNested(section: string, value: unknown, flags: FlagSet): void {
  if (value === null || value === undefined) return;
  if (!isMapping(value)) throw wrongType(value, `Go struct field ${section}`);
  for (const [key, item] of Object.entries(value)) {
    const name = key.toLowerCase();
    const target = NESTED[section]?.[name];
    if (target !== undefined) applyValue(`${section}.${name}`, target, item, flags);
    else if (`${section}.${name}` in NESTED) applyNested(`${section}.${name}`, item, flags);
  }
}

function applyValue<Name extends FlagName>(
  key: string,
  name: Name,
  value: unknown,
  flags: FlagSet,
): void {
  if (value === null || value === undefined) return;
  const flag = FLAG_TABLE[name];
  try {
    const parsed = flag.fromFile(value, flags.values[name]);
    if (parsed === undefined) {
      throw wrongType(value, `Go struct field ${key} of type ${flag.fileType}`);
    }
    flags.setValue(name, parsed);
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    throw refusedValue(name, error.message);
  }
}

/** etcd prints bad URL lists of a file as plain text, other bad values as a failed validation. */
function refusedValue(name: string, reason: string): StartError {
  if (!name.includes('urls')) return invalidConfig(reason);
  const text = `unexpected error setting up ${name}: ${reason}`;
  return new StartError(text, 1, { text: `${text}\n` });
}

/** Keys of older releases; only plain values make sense for them. */
function applyLegacy(name: string, value: unknown, flags: FlagSet): void {
  if (!name.startsWith('experimental-') || flags.lookup(name) === undefined) return;
  if (value === null || typeof value === 'object') return;
  // Durations are whole nanoseconds in a file, and Go notation everywhere else.
  const inNanoseconds = typeof value === 'bigint' && /-(?:time|interval|duration)$/.test(name);
  try {
    flags.set(name, inNanoseconds ? `${value}ns` : String(value));
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    throw invalidConfig(`${name}: ${error.message}`);
  }
}

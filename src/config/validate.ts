import { formatDuration } from './duration.js';
import { FlagValueError, invalidConfig, type Notice, StartError } from './errors.js';
import { resolveGates } from './feature-gates.js';
import type { FlagName, FlagValues } from './flags.js';
import { goQuote } from './go-text.js';
import { parseLogRotation } from './log-rotation.js';
import { type EtcdUrl, hasHost, toListenUrl } from './urls.js';

export const DEFAULT_NAME = 'default';
const MAXIMUM_ELECTION_MS = 50000;
const MAXIMUM_SAMPLING_RATE = 1_000_000;

const warning = (message: string, fields = {}): Notice => ({ level: 'warn', message, fields });

/**
 * The checks of etcd's Validate, in its order and with its texts, so that the same command line
 * fails for the same reason. `advertiseMissing`: listen-client-urls was given as a flag, and
 * advertise-client-urls was not.
 * @returns lines to log
 * @throws StartError exit code 1 (2 for an unknown log level)
 */
export function validate(values: FlagValues, advertiseMissing: boolean): Notice[] {
  const notices: Notice[] = [];
  checkLogging(values);
  checkBindUrls(values['listen-peer-urls'].urls);
  checkBindUrls(values['listen-client-urls'].urls);
  checkBindUrls(values['listen-client-http-urls'].urls);
  if (values['listen-client-http-urls'].urls.length === 0) {
    const advice = 'This is not recommended for production.';
    notices.push(warning(`Running http and grpc server on single port. ${advice}`));
  }
  checkBindUrls(values['listen-metrics-urls'].urls);
  checkAdvertised(values, advertiseMissing);
  checkBootstrap(values);
  checkTiming(values);
  if (advertiseMissing) {
    const rule = 'is required when --listen-client-urls is set explicitly';
    throw invalidConfig(`--advertise-client-urls ${rule}`);
  }
  checkAutoCompaction(values);
  checkTracing(values);
  notices.push(...checkGates(values));
  const hashCheckMs = values['compact-hash-check-time'];
  if (hashCheckMs <= 0) {
    const shown = formatDuration(hashCheckMs);
    throw invalidConfig(`--compact-hash-check-time must be >0 (set to ${shown})`);
  }
  if (values.name === DEFAULT_NAME) {
    notices.push(
      warning(
        "it isn't recommended to use default name, please set a value for --name. " +
          'Note that etcd might run into issue when multiple members have the same default name',
        { name: values.name },
      ),
    );
  }
  checkTlsVersions(values);
  return notices;
}

export const LOG_LEVELS: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>> = {
  debug: 'debug',
  info: 'info',
  '': 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  dpanic: 'fatal',
  panic: 'fatal',
  fatal: 'fatal',
};

function checkLogging(values: FlagValues): void {
  const { logger } = values;
  if (logger === 'capnslog') throw invalidConfig('--logger=capnslog is removed in v3.5');
  if (logger !== 'zap') throw invalidConfig(`unknown logger option ${goQuote(logger)}`);
  const outputs = values['log-outputs'];
  if (outputs.length > 1 && outputs.includes('default')) {
    throw invalidConfig('multi logoutput for "default" is not supported yet');
  }
  if (outputs.length > 1 && outputs.includes('systemd/journal')) {
    const given = `[${outputs.map((output) => goQuote(output)).join(' ')}]`;
    throw invalidConfig(
      `running with systemd/journal but other '--log-outputs' values (${goQuote(given)}) ` +
        "are configured with 'default'; override 'default' value with something else",
    );
  }
  if (values['enable-log-rotation']) checkRotation(outputs, values['log-rotation-config-json']);
  const level = values['log-level'];
  if (!Object.hasOwn(LOG_LEVELS, level.toLowerCase())) {
    const text = `panic: unrecognized level: ${goQuote(level)}`;
    throw new StartError(text, 2, { text: `${text}\n` });
  }
  const format = values['log-format'];
  if (!['', 'json', 'console'].includes(format)) {
    throw invalidConfig(`unknown log format: ${format}, supported values json, console`);
  }
}

function checkRotation(outputs: readonly string[], configJson: string): void {
  const files = outputs.filter((output) => !['default', 'stderr', 'stdout'].includes(output));
  if ((outputs.length === 1 && files.length === 0) || files.length > 1) {
    const rule = 'a single file path when --log-rotate-config-json is defined';
    throw invalidConfig(`--log-outputs requires ${rule}`);
  }
  parseLogRotation(configJson);
}

function checkBindUrls(urls: readonly EtcdUrl[]): void {
  try {
    for (const url of urls) toListenUrl(url);
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    throw invalidConfig(error.message);
  }
}

function checkAdvertised(values: FlagValues, advertiseMissing: boolean): void {
  const check = (name: FlagName, urls: readonly EtcdUrl[], form: string): void => {
    const bad = urls.find((url) => !hasHost(url));
    if (bad === undefined) return;
    const all = goQuote(urls.map((url) => url.text).join(','));
    throw invalidConfig(`--${name} ${all} must be ${form} (unexpected empty host (${bad.text}))`);
  };
  const peers = values['initial-advertise-peer-urls'].urls;
  check('initial-advertise-peer-urls', peers, '"host:port"');
  const sockets = '"unix:/path/to/socket" or "unixs:/path/to/socket"';
  const clients = advertiseMissing ? [] : values['advertise-client-urls'].urls;
  check('advertise-client-urls', clients, `in the format "host:port", ${sockets}`);
}

function checkBootstrap(values: FlagValues): void {
  const state = values['initial-cluster-state'];
  if (state !== 'new' && state !== 'existing' && state !== '') {
    throw invalidConfig(`unexpected clusterState ${goQuote(state)}`);
  }
  const endpoints = values['discovery-endpoints'];
  const ways = [values['initial-cluster'] !== '', values['discovery-srv'] !== ''];
  if ([...ways, endpoints.length > 0].filter(Boolean).length > 1) {
    throw invalidConfig(
      'multiple discovery or bootstrap flags are set. ' +
        'Choose one of "initial-cluster", "discovery-endpoints" or "discovery-srv"',
    );
  }
  if ((values['discovery-token'] !== '') !== endpoints.length > 0) {
    throw invalidConfig('both --discovery-token and --discovery-endpoints must be set');
  }
  if (endpoints.some((endpoint) => endpoint.trim() === '')) {
    throw invalidConfig('--discovery-endpoints must not contain empty endpoints');
  }
  if (values['discovery-fallback'] === 'proxy') {
    const rule = `--discovery-fallback can't be configured as "proxy"`;
    throw invalidConfig(`v2 proxy is deprecated, and ${rule}`);
  }
}

function checkTiming(values: FlagValues): void {
  const heartbeatMs = values['heartbeat-interval'];
  const electionMs = values['election-timeout'];
  if (heartbeatMs === 0) throw invalidConfig('--heartbeat-interval must be >0 (set to 0ms)');
  if (electionMs === 0) throw invalidConfig('--election-timeout must be >0 (set to 0ms)');
  const election = `--election-timeout[${electionMs}ms]`;
  if (5 * heartbeatMs > electionMs) {
    const least = `--heartbeat-interval[${heartbeatMs}ms]`;
    throw invalidConfig(`${election} should be at least as 5 times as ${least}`);
  }
  if (electionMs > MAXIMUM_ELECTION_MS) {
    const limit = `${MAXIMUM_ELECTION_MS}ms`;
    throw invalidConfig(`${election} is too long, and should be set less than ${limit}`);
  }
}

function checkAutoCompaction(values: FlagValues): void {
  const mode = values['auto-compaction-mode'];
  if (mode === '') throw invalidConfig('undefined auto-compaction-mode');
  if (mode !== 'periodic' && mode !== 'revision') {
    throw invalidConfig(`unknown auto-compaction-mode ${goQuote(mode)}`);
  }
}

function checkTracing(values: FlagValues): void {
  if (!values['enable-distributed-tracing']) return;
  const rate = values['distributed-tracing-sampling-rate'];
  if (rate >= 0 && rate <= MAXIMUM_SAMPLING_RATE) return;
  const limit = rate < 0 ? 'positive' : `less than ${MAXIMUM_SAMPLING_RATE}`;
  throw invalidConfig(
    `distributed tracing configurition is not valid: (tracing sampling rate must be ${limit})`,
  );
}

function checkGates(values: FlagValues): Notice[] {
  const gates = resolveGates(values['feature-gates']);
  if (gates.LeaseCheckpointPersist && !gates.LeaseCheckpoint) {
    const rule = 'requires enabling feature gate LeaseCheckpoint';
    throw invalidConfig(`enabling feature gate LeaseCheckpointPersist ${rule}`);
  }
  if (gates.LeaseCheckpointPersist || !gates.LeaseCheckpoint) return [];
  const advice = 'Consider enabling feature gate LeaseCheckpointPersist';
  return [warning(`Detected that checkpointing is enabled without persistence. ${advice}`)];
}

function checkTlsVersions(values: FlagValues): void {
  const minimum = values['tls-min-version'];
  const maximum = values['tls-max-version'];
  for (const version of [minimum, maximum]) {
    if (!['', 'TLS1.2', 'TLS1.3'].includes(version)) {
      const known = '(must be one of: TLS1.2, TLS1.3)';
      throw invalidConfig(`unexpected TLS version ${goQuote(version)} ${known}`);
    }
  }
  if (minimum === 'TLS1.3' && maximum === 'TLS1.2') {
    throw invalidConfig('min version (TLS1.3) is greater than max version (TLS1.2)');
  }
  if (minimum === 'TLS1.3' && values['cipher-suites'].length > 0) {
    throw invalidConfig('cipher suites cannot be configured when only TLS1.3 is enabled');
  }
}

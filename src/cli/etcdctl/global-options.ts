import { booleanOption, type OptionSpec, textOption } from './options.js';

const durationOption = (name: string, defaultText: string, help: string): OptionSpec => ({
  name,
  kind: 'duration',
  defaultText,
  help,
});

const integer = (name: string, help: string): OptionSpec => ({
  name,
  kind: 'integer',
  defaultText: '0',
  help,
});

/** Options every command has; each can come from a variable too: `--endpoints`, ETCDCTL_ENDPOINTS. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { ...textOption('endpoints', '127.0.0.1:2379', 'servers to talk to'), kind: 'list' },
  booleanOption('debug', 'show the settings in use'),
  {
    ...textOption('write-out', 'simple', 'output: fields, json, protobuf, simple or table'),
    short: 'w',
  },
  booleanOption('hex', 'print keys and values as hex bytes'),
  durationOption('dial-timeout', '2s', 'longest wait for a connection'),
  durationOption('command-timeout', '5s', 'longest wait for an answer'),
  durationOption('keepalive-time', '2s', 'idle time before a connection is probed'),
  durationOption('keepalive-timeout', '6s', 'wait for the answer to a probe'),
  integer('max-request-bytes', 'largest request, 0 for 2 MiB'),
  integer('max-recv-bytes', 'largest answer, 0 for no limit'),
  { ...booleanOption('insecure-transport', 'connect without TLS'), defaultText: 'true' },
  {
    ...booleanOption('insecure-discovery', 'accept insecure endpoints from SRV records'),
    defaultText: 'true',
  },
  booleanOption('insecure-skip-tls-verify', 'trust any server certificate'),
  textOption('cert', '', 'client certificate file'),
  textOption('key', '', 'client key file'),
  textOption('cacert', '', 'file of trusted authorities'),
  textOption('auth-jwt-token', '', 'token to authenticate with'),
  textOption('user', '', 'user name, or name:password'),
  textOption('password', '', 'password'),
  { ...textOption('discovery-srv', '', 'domain whose SRV records name the servers'), short: 'd' },
  textOption('discovery-srv-name', '', 'service name of those SRV records'),
];

/** `dial-timeout` is read from ETCDCTL_DIAL_TIMEOUT. */
export function variableName(optionName: string): string {
  return `ETCDCTL_${optionName.toUpperCase().replaceAll('-', '_')}`;
}

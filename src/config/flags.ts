import {
  choice,
  choices,
  duration,
  type Flag,
  gates,
  later,
  list,
  signed,
  signed64,
  text,
  toggle,
  uniqueList,
  uniqueWordList,
  unsigned,
  unsigned32,
  unsigned64,
  urls,
} from './flag-kinds.js';

/** The command-line flags of etcd 3.7 by help section, one line each; `later(…)`: no effect yet. */
const LOCAL_PEER = 'http://localhost:2380';
const LOCAL_CLIENT = 'http://localhost:2379';
const ROTATION =
  '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}';
const V2_STAGES = [
  ...['write-only', 'write-only-skip-check'],
  ...['write-only-drop-data', 'gone'],
] as const;

const MEMBER = {
  name: text('default', 'name of this member, unique in the cluster'),
  'data-dir': text('', 'folder of the data; if empty, the name followed by .etcd'),
  'wal-dir': text('', 'folder of the write-ahead log, if it is to lie apart from the data'),
  'snapshot-count': unsigned64(10000, 'applied entries between two snapshots'),
  'snapshot-catchup-entries': unsigned64(5000, 'entries kept after a snapshot for slow followers'),
  'heartbeat-interval': unsigned(100, 'milliseconds between heartbeats of the leader'),
  'election-timeout': unsigned(1000, 'milliseconds without a leader before an election'),
  'initial-election-tick-advance': toggle(true, 'shorten the first election after a start'),
  'listen-peer-urls': urls(LOCAL_PEER, 'where to listen for other members'),
  'listen-client-urls': urls(LOCAL_CLIENT, 'where to listen for clients'),
  'listen-client-http-urls': urls('', 'HTTP-only listeners; the others then serve gRPC only'),
  'max-snapshots': later(unsigned(5, 'snapshot files to keep (deprecated)')),
  'max-wals': unsigned(5, 'write-ahead log files to keep, 0 for all'),
  'memory-mlock': later(toggle(false, 'keep the memory of the process out of swap')),
  'quota-backend-bytes': signed64(0, 'size limit of the store; 0 means 2 GiB, negative none'),
  'backend-cache-bytes': signed64(100663296, 'memory for values kept at hand (own flag)'),
  'backend-bbolt-freelist-type': later(text('', 'kind of free list in bbolt files: array or map')),
  'backend-batch-interval': duration('0s', 'longest wait before records go to disk; 0 means 100ms'),
  'backend-batch-limit': signed(0, 'most records written to disk at a time; 0 means 10000'),
  'max-txn-ops': unsigned(128, 'operations allowed in one transaction'),
  'max-request-bytes': unsigned(1572864, 'largest request accepted'),
  'max-concurrent-streams': unsigned32(4294967295, 'concurrent streams of one connection'),
  'experimental-grpc-transport': choice(
    ['native', 'grpc-js'],
    'what carries gRPC: native or grpc-js, the reference (own flag)',
  ),
  'grpc-keepalive-min-time': duration('5s', 'shortest allowed interval between pings of a client'),
  'grpc-keepalive-interval': duration('2h', 'interval of pings to idle clients, 0 for none'),
  'grpc-keepalive-timeout': duration('20s', 'wait for the answer to a ping before closing'),
  'socket-reuse-port': later(toggle(false, 'set SO_REUSEPORT on listeners')),
  'socket-reuse-address': later(toggle(false, 'set SO_REUSEADDR on listeners')),
  'enable-grpc-gateway': later(toggle(true, 'serve the JSON gateway under /v3/')),
  'raft-read-timeout': duration('5s', 'read timeout of peer connections, at least 5s'),
  'raft-write-timeout': duration('5s', 'write timeout of peer connections, at least 5s'),
  'feature-gates': gates('switches for features that are not settled yet:'),
};

const CLUSTERING = {
  'initial-advertise-peer-urls': urls(LOCAL_PEER, 'peer URLs of this member as others see them'),
  'initial-cluster': text(`default=${LOCAL_PEER}`, 'members of a new cluster: name=url,name=url'),
  'initial-cluster-state': choice(
    ['new', 'existing'],
    'found a new cluster, or join an existing one',
  ),
  'initial-cluster-token': text('etcd-cluster', 'sets the ids of this cluster apart from others'),
  'advertise-client-urls': urls(LOCAL_CLIENT, 'client URLs of this member as clients see them'),
  'discovery-token': text('', 'discovery: token of the cluster'),
  'discovery-endpoints': uniqueList([], 'discovery: endpoints of the service'),
  'discovery-dial-timeout': duration('2s', 'discovery: timeout of connecting'),
  'discovery-request-timeout': duration('5s', 'discovery: timeout of a request'),
  'discovery-keepalive-time': duration('2s', 'discovery: interval of pings'),
  'discovery-keepalive-timeout': duration('6s', 'discovery: timeout of a ping'),
  'discovery-insecure-transport': toggle(true, 'discovery: connect without TLS'),
  'discovery-insecure-skip-tls-verify': toggle(false, 'discovery: trust any certificate'),
  'discovery-cert': text('', 'discovery: client certificate file'),
  'discovery-key': text('', 'discovery: client key file'),
  'discovery-cacert': text('', 'discovery: file of trusted authorities'),
  'discovery-user': text('', 'discovery: user name, or name:password'),
  'discovery-password': text('', 'discovery: password'),
  'discovery-fallback': choice(['exit', 'proxy'], 'what to do when discovery fails: exit'),
  'discovery-srv': text('', 'DNS domain whose SRV records name the members'),
  'discovery-srv-name': text('', 'suffix of the SRV service name'),
  'strict-reconfig-check': toggle(true, 'refuse member changes that would lose the quorum'),
  'pre-vote': toggle(true, 'ask for support before standing for election'),
  'auto-compaction-retention': text('0', 'history to keep: hours or a duration; 0 for all'),
  'auto-compaction-mode': text('periodic', 'meaning of the retention: periodic or revision'),
  'v2-deprecation': later(choices(V2_STAGES, 'has no meaning any more (deprecated)')),
};

const SECURITY = {
  'cert-file': text('', 'certificate file for clients'),
  'key-file': text('', 'key file for clients'),
  'client-cert-auth': toggle(false, 'demand client certificates'),
  'client-cert-file': text('', 'certificate file for own calls to the client port'),
  'client-key-file': text('', 'key file for own calls to the client port'),
  'client-crl-file': text('', 'file of revoked client certificates'),
  'client-cert-allowed-hostname': list('host names allowed in client certificates'),
  'client-cert-allowed-cn': list('common names allowed in client certificates (own flag)'),
  'trusted-ca-file': text('', 'file of authorities trusted for client certificates'),
  'auto-tls': toggle(false, 'serve clients with a self-made certificate'),
  'peer-cert-file': text('', 'certificate file for peers'),
  'peer-key-file': text('', 'key file for peers'),
  'peer-client-cert-auth': toggle(false, 'demand peer certificates'),
  'peer-client-cert-file': text('', 'certificate file for calls to peers'),
  'peer-client-key-file': text('', 'key file for calls to peers'),
  'peer-trusted-ca-file': text('', 'file of authorities trusted for peer certificates'),
  'peer-cert-allowed-cn': list('common names allowed in peer certificates'),
  'peer-cert-allowed-hostname': list('host names allowed in peer certificates'),
  'peer-auto-tls': toggle(false, 'serve peers with a self-made certificate'),
  'self-signed-cert-validity': unsigned(1, 'years a self-made certificate is valid'),
  'peer-crl-file': text('', 'file of revoked peer certificates'),
  'peer-skip-client-san-verification': toggle(false, 'do not match peer addresses with SANs'),
  'cipher-suites': list('TLS 1.2 cipher suites, by their Go names'),
  cors: urls('*', 'origins allowed for cross-origin requests', ['*']),
  'host-whitelist': uniqueWordList('*', 'host names accepted in plain HTTP requests'),
  'tls-min-version': text('TLS1.2', 'lowest TLS version: TLS1.2 or TLS1.3'),
  'tls-max-version': text('', 'highest TLS version: TLS1.2 or TLS1.3'),
};

const AUTHENTICATION = {
  'auth-token': later(text('simple', 'kind of token: simple, or jwt with its options')),
  'bcrypt-cost': later(unsigned(10, 'cost of hashing a password, 4 to 31')),
  'auth-token-ttl': later(unsigned(300, 'seconds a simple token lives')),
};

const MONITORING = {
  'enable-pprof': later(toggle(false, 'serve profiles under /debug/pprof/')),
  metrics: text('basic', 'basic, or extensive for latency histograms of every RPC'),
  'listen-metrics-urls': urls('', 'further listeners for metrics and health'),
};

const LOGGING = {
  logger: text('zap', 'accepts zap only, for compatibility'),
  'log-outputs': uniqueList(['default'], 'stderr, stdout and files to log to'),
  'log-level': text('info', 'debug, info, warn, error, panic or fatal'),
  'log-format': text('json', 'json or console'),
  'enable-log-rotation': toggle(false, 'rotate the one log file'),
  'log-rotation-config-json': text(ROTATION, 'when to rotate'),
  'warning-unary-request-duration': duration('300ms', 'log requests that take longer'),
};

const TRACING = {
  'enable-distributed-tracing': later(toggle(false, 'send OpenTelemetry traces')),
  'distributed-tracing-address': later(text('localhost:4317', 'where to send traces')),
  'distributed-tracing-service-name': later(text('etcd', 'service name in traces')),
  'distributed-tracing-instance-id': later(text('', 'instance id in traces')),
  'distributed-tracing-sampling-rate': later(signed(0, 'traces taken of a million requests')),
};

const FEATURES = {
  'corrupt-check-time': duration('0s', 'interval of comparing data with peers, 0 for never'),
  'compact-hash-check-time': duration('1m', 'interval of comparing compaction hashes'),
  'compaction-batch-limit': signed(0, 'revisions removed at a time; 0 means 1000'),
  'compaction-sleep-interval': duration('0s', 'pause between those; 0 means 10ms'),
  'watch-progress-notify-interval': duration('0s', 'interval of progress reports; 0 means 10m'),
  'warning-apply-duration': duration('100ms', 'log entries that take longer to apply'),
  'bootstrap-defrag-threshold-megabytes': later(
    unsigned(0, 'defragment at start if it frees more'),
  ),
  'max-learners': signed(1, 'learners allowed in the cluster'),
  'downgrade-check-time': duration('5s', 'interval of checking a pending downgrade'),
};

const UNSAFE = {
  'force-new-cluster': toggle(false, 'become the only member of a new cluster'),
  'unsafe-no-fsync': toggle(false, 'do not wait for the disk: a crash may lose acknowledged data'),
};

const PROGRAM = {
  'config-file': text('', 'YAML or JSON file to take all settings from instead'),
  version: toggle(false, 'print the version and exit'),
};

export const FLAGS = {
  ...MEMBER,
  ...CLUSTERING,
  ...SECURITY,
  ...AUTHENTICATION,
  ...MONITORING,
  ...LOGGING,
  ...TRACING,
  ...FEATURES,
  ...UNSAFE,
  ...PROGRAM,
};

export type FlagName = keyof typeof FLAGS;

/** The value type of every flag. */
export type FlagValues = {
  [Name in FlagName]: (typeof FLAGS)[Name] extends Flag<infer Value> ? Value : never;
};

/** The same table, typed so that a flag looked up by name goes with the value of that name. */
export const FLAG_TABLE: { readonly [Name in FlagName]: Flag<FlagValues[Name]> } = FLAGS;

export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];

export function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

/** Help sections in the order they are printed. */
export const SECTIONS: readonly (readonly [title: string, names: readonly FlagName[]])[] = [
  ['Member', Object.keys(MEMBER) as FlagName[]],
  ['Clustering', Object.keys(CLUSTERING) as FlagName[]],
  ['Security', Object.keys(SECURITY) as FlagName[]],
  ['Auth', Object.keys(AUTHENTICATION) as FlagName[]],
  ['Profiling and Monitoring', Object.keys(MONITORING) as FlagName[]],
  ['Logging', Object.keys(LOGGING) as FlagName[]],
  ['Distributed tracing', Object.keys(TRACING) as FlagName[]],
  ['Features', Object.keys(FEATURES) as FlagName[]],
  ['Unsafe', Object.keys(UNSAFE) as FlagName[]],
  ['Program', Object.keys(PROGRAM) as FlagName[]],
];

import { CIPHER_SUITES } from './cipher-suites.js';
import type {
  AutoCompaction,
  Config,
  DiscoveryConfig,
  LoggingConfig,
  TlsConfig,
} from './config.js';
import { parseDurationNanoseconds } from './duration.js';
import { startFailed } from './errors.js';
import { resolveGates } from './feature-gates.js';
import type { FlagValues } from './flags.js';
import { goQuote } from './go-text.js';
import { parseLogRotation } from './log-rotation.js';
import { toListenUrl } from './urls.js';
import { LOG_LEVELS } from './validate.js';

const GIBIBYTE = 2 ** 30;
const MINIMUM_RAFT_TIMEOUT_MS = 5000;
const HOUR_MS = 3_600_000;

function clientTls(values: FlagValues): TlsConfig {
  return {
    certFile: values['cert-file'],
    keyFile: values['key-file'],
    clientCertFile: values['client-cert-file'],
    clientKeyFile: values['client-key-file'],
    clientCertAuth: values['client-cert-auth'],
    trustedCaFile: values['trusted-ca-file'],
    revocationListFile: values['client-crl-file'],
    allowedCommonNames: values['client-cert-allowed-cn'],
    allowedHostnames: values['client-cert-allowed-hostname'],
    autoTls: values['auto-tls'],
    skipClientSanVerification: false,
  };
}

function peerTls(values: FlagValues): TlsConfig {
  return {
    certFile: values['peer-cert-file'],
    keyFile: values['peer-key-file'],
    clientCertFile: values['peer-client-cert-file'],
    clientKeyFile: values['peer-client-key-file'],
    clientCertAuth: values['peer-client-cert-auth'],
    trustedCaFile: values['peer-trusted-ca-file'],
    revocationListFile: values['peer-crl-file'],
    allowedCommonNames: values['peer-cert-allowed-cn'],
    allowedHostnames: values['peer-cert-allowed-hostname'],
    autoTls: values['peer-auto-tls'],
    skipClientSanVerification: values['peer-skip-client-san-verification'],
  };
}

function discovery(values: FlagValues): DiscoveryConfig {
  return {
    token: values['discovery-token'],
    endpoints: values['discovery-endpoints'],
    dialTimeoutMs: values['discovery-dial-timeout'],
    requestTimeoutMs: values['discovery-request-timeout'],
    keepaliveTimeMs: values['discovery-keepalive-time'],
    keepaliveTimeoutMs: values['discovery-keepalive-timeout'],
    insecureTransport: values['discovery-insecure-transport'],
    insecureSkipTlsVerify: values['discovery-insecure-skip-tls-verify'],
    certFile: values['discovery-cert'],
    keyFile: values['discovery-key'],
    trustedCaFile: values['discovery-cacert'],
    user: values['discovery-user'],
    password: values['discovery-password'],
    srvDomain: values['discovery-srv'],
    srvName: values['discovery-srv-name'],
  };
}

function logging(values: FlagValues): LoggingConfig {
  const outputs = values['log-outputs'];
  // One /dev/null silences all, as in etcd.
  const targets = outputs.includes('/dev/null')
    ? ['/dev/null']
    : outputs.map((output) => (output === 'default' ? 'stderr' : output));
  return {
    level: LOG_LEVELS[values['log-level'].toLowerCase()] ?? 'info',
    format: values['log-format'] === 'console' ? 'console' : 'json',
    outputs: [...new Set(targets)],
    rotation: values['enable-log-rotation']
      ? parseLogRotation(values['log-rotation-config-json'])
      : undefined,
  };
}

/**
 * A bare number means hours (periodic) or revisions; anything else has to be a duration.
 * @throws StartError
 */
function autoCompaction(values: FlagValues): AutoCompaction {
  const retention = values['auto-compaction-retention'] || '0';
  const mode = values['auto-compaction-mode'] === 'revision' ? 'revision' : 'periodic';
  if (/^\+?\d+$/.test(retention)) {
    const count = Number(retention);
    if (mode === 'revision') return { mode, retentionRevisions: count };
    return { mode, retentionMs: count * HOUR_MS };
  }
  try {
    const nanoseconds = Number(parseDurationNanoseconds(retention));
    // A duration in revision mode counts its nanoseconds as revisions; odd, but so does etcd.
    if (mode === 'revision') return { mode, retentionRevisions: nanoseconds };
    return { mode, retentionMs: nanoseconds / 1e6 };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw startFailed(`error parsing CompactionRetention: ${cause}`);
  }
}

function checkCipherSuites(names: readonly string[]): void {
  const unknown = names.find((name) => !CIPHER_SUITES.has(name));
  if (unknown !== undefined) throw startFailed(`unexpected TLS cipher suite ${goQuote(unknown)}`);
}

function checkAuthToken(authToken: string): void {
  const [kind] = authToken.split(',');
  if (kind !== 'simple' && kind !== 'jwt' && kind !== '') {
    throw startFailed('auth: invalid auth options');
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}

/**
 * Turns validated flag values into the configuration, zeros that stand for a default replaced.
 * @throws StartError for values etcd refuses only when the server starts
 */
export function buildConfig(values: FlagValues): Config {
  checkCipherSuites(values['cipher-suites']);
  checkAuthToken(values['auth-token']);
  const config: Config = {
    name: values.name,
    dataDir: values['data-dir'] || `${values.name}.etcd`,
    walDir: values['wal-dir'],
    snapshotCount: values['snapshot-count'],
    snapshotCatchupEntries: values['snapshot-catchup-entries'],
    maxWals: values['max-wals'],
    heartbeatIntervalMs: values['heartbeat-interval'],
    electionTimeoutMs: values['election-timeout'],
    initialElectionTickAdvance: values['initial-election-tick-advance'],
    preVote: values['pre-vote'],
    unsafeNoFsync: values['unsafe-no-fsync'],
    forceNewCluster: values['force-new-cluster'],
    memoryMlock: values['memory-mlock'],
    listenClientUrls: values['listen-client-urls'].urls.map(toListenUrl),
    listenClientHttpUrls: values['listen-client-http-urls'].urls.map(toListenUrl),
    listenPeerUrls: values['listen-peer-urls'].urls.map(toListenUrl),
    listenMetricsUrls: values['listen-metrics-urls'].urls.map(toListenUrl),
    advertiseClientUrls: values['advertise-client-urls'].urls.map((url) => url.text),
    initialAdvertisePeerUrls: values['initial-advertise-peer-urls'].urls.map((url) => url.text),
    initialCluster: values['initial-cluster'],
    initialClusterState: values['initial-cluster-state'] === 'existing' ? 'existing' : 'new',
    initialClusterToken: values['initial-cluster-token'],
    strictReconfigCheck: values['strict-reconfig-check'],
    maxLearners: values['max-learners'],
    discovery: discovery(values),
    quotaBackendBytes: values['quota-backend-bytes'] || 2 * GIBIBYTE,
    backendCacheBytes: values['backend-cache-bytes'],
    grpcTransport: values['experimental-grpc-transport'] === 'native' ? 'native' : 'grpc-js',
    backendBatchIntervalMs: values['backend-batch-interval'] || 100,
    backendBatchLimit: values['backend-batch-limit'] || 10000,
    backendFreelistType: values['backend-bbolt-freelist-type'] === 'array' ? 'array' : 'map',
    bootstrapDefragThresholdMegabytes: values['bootstrap-defrag-threshold-megabytes'],
    compactionBatchLimit: values['compaction-batch-limit'] || 1000,
    compactionSleepIntervalMs: values['compaction-sleep-interval'] || 10,
    autoCompaction: autoCompaction(values),
    corruptCheckTimeMs: values['corrupt-check-time'],
    compactHashCheckTimeMs: values['compact-hash-check-time'],
    maxTxnOps: values['max-txn-ops'],
    maxRequestBytes: values['max-request-bytes'],
    maxConcurrentStreams: values['max-concurrent-streams'],
    grpcKeepaliveMinTimeMs: values['grpc-keepalive-min-time'],
    grpcKeepaliveIntervalMs: values['grpc-keepalive-interval'],
    grpcKeepaliveTimeoutMs: values['grpc-keepalive-timeout'],
    enableGrpcGateway: values['enable-grpc-gateway'],
    watchProgressNotifyIntervalMs: values['watch-progress-notify-interval'] || 600_000,
    warningApplyDurationMs: values['warning-apply-duration'],
    warningUnaryRequestDurationMs: values['warning-unary-request-duration'] || 300,
    downgradeCheckTimeMs: values['downgrade-check-time'],
    raftReadTimeoutMs: Math.max(values['raft-read-timeout'], MINIMUM_RAFT_TIMEOUT_MS),
    raftWriteTimeoutMs: Math.max(values['raft-write-timeout'], MINIMUM_RAFT_TIMEOUT_MS),
    socketReusePort: values['socket-reuse-port'],
    socketReuseAddress: values['socket-reuse-address'],
    clientTls: clientTls(values),
    peerTls: peerTls(values),
    cipherSuites: values['cipher-suites'],
    tlsMinVersion: values['tls-min-version'] === 'TLS1.3' ? 'TLSv1.3' : 'TLSv1.2',
    tlsMaxVersion: values['tls-max-version'] === 'TLS1.2' ? 'TLSv1.2' : 'TLSv1.3',
    selfSignedCertValidityYears: values['self-signed-cert-validity'],
    corsOrigins: values.cors.spellings,
    hostWhitelist: values['host-whitelist'],
    authToken: values['auth-token'],
    bcryptCost: values['bcrypt-cost'],
    authTokenTtlSeconds: values['auth-token-ttl'],
    enablePprof: values['enable-pprof'],
    extensiveMetrics: values.metrics === 'extensive',
    featureGates: resolveGates(values['feature-gates']),
    logging: logging(values),
    tracing: {
      enabled: values['enable-distributed-tracing'],
      address: values['distributed-tracing-address'],
      serviceName: values['distributed-tracing-service-name'],
      instanceId: values['distributed-tracing-instance-id'],
      samplingRatePerMillion: values['distributed-tracing-sampling-rate'],
    },
  };
  return deepFreeze(config);
}

import type { FeatureGate } from './feature-gates.js';
import type { LogRotation } from './log-rotation.js';
import type { ListenUrl } from './urls.js';

/** Files and rules of TLS on one side (clients or peers). Empty strings: not given. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate for calls this member makes itself; the server's if empty. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  readonly clientCertAuth: boolean;
  /** Demands client certificates even without `clientCertAuth`. */
  readonly trustedCaFile: string;
  readonly revocationListFile: string;
  readonly allowedCommonNames: readonly string[];
  readonly allowedHostnames: readonly string[];
  readonly autoTls: boolean;
  readonly skipClientSanVerification: boolean;
}

export interface DiscoveryConfig {
  readonly token: string;
  readonly endpoints: readonly string[];
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly insecureTransport: boolean;
  readonly insecureSkipTlsVerify: boolean;
  readonly certFile: string;
  readonly keyFile: string;
  readonly trustedCaFile: string;
  readonly user: string;
  readonly password: string;
  readonly srvDomain: string;
  readonly srvName: string;
}

export interface LoggingConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly format: 'json' | 'console';
  /** `stderr`, `stdout`, `systemd/journal` and file paths. */
  readonly outputs: readonly string[];
  /** Of the one file among the outputs; undefined: it grows on. */
  readonly rotation: LogRotation | undefined;
}

export interface TracingConfig {
  readonly enabled: boolean;
  readonly address: string;
  readonly serviceName: string;
  readonly instanceId: string;
  readonly samplingRatePerMillion: number;
}

/** What automatic compaction keeps; a retention of 0 switches it off. */
export type AutoCompaction =
  | { readonly mode: 'periodic'; readonly retentionMs: number }
  | { readonly mode: 'revision'; readonly retentionRevisions: number };

/** Everything a member is told at its start: validated, defaults filled in, frozen. */
export interface Config {
  readonly name: string;
  readonly dataDir: string;
  /** Empty: below `dataDir`. */
  readonly walDir: string;
  readonly snapshotCount: number;
  readonly snapshotCatchupEntries: number;
  /** 0: keep all. */
  readonly maxWals: number;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly initialElectionTickAdvance: boolean;
  readonly preVote: boolean;
  readonly unsafeNoFsync: boolean;
  readonly forceNewCluster: boolean;
  readonly memoryMlock: boolean;

  readonly listenClientUrls: readonly ListenUrl[];
  readonly listenClientHttpUrls: readonly ListenUrl[];
  readonly listenPeerUrls: readonly ListenUrl[];
  readonly listenMetricsUrls: readonly ListenUrl[];
  readonly advertiseClientUrls: readonly string[];
  readonly initialAdvertisePeerUrls: readonly string[];
  /** `name=url,…` as given; {@link parseInitialCluster} reads it. Empty with discovery. */
  readonly initialCluster: string;
  readonly initialClusterState: 'new' | 'existing';
  readonly initialClusterToken: string;
  readonly strictReconfigCheck: boolean;
  readonly maxLearners: number;
  readonly discovery: DiscoveryConfig;

  /** Size limit of the store (2 GiB unless set); negative: none. */
  readonly quotaBackendBytes: number;
  readonly backendCacheBytes: number;
  readonly backendBatchIntervalMs: number;
  readonly backendBatchLimit: number;
  readonly backendFreelistType: 'array' | 'map';
  readonly bootstrapDefragThresholdMegabytes: number;
  readonly compactionBatchLimit: number;
  readonly compactionSleepIntervalMs: number;
  readonly autoCompaction: AutoCompaction;
  readonly corruptCheckTimeMs: number;
  readonly compactHashCheckTimeMs: number;

  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly maxConcurrentStreams: number;
  /** What carries gRPC: `@grpc/grpc-js`, or our own HTTP/2 over sockets. */
  readonly grpcTransport: 'grpc-js' | 'native';
  readonly grpcKeepaliveMinTimeMs: number;
  /** 0: no pings. */
  readonly grpcKeepaliveIntervalMs: number;
  readonly grpcKeepaliveTimeoutMs: number;
  readonly enableGrpcGateway: boolean;
  readonly watchProgressNotifyIntervalMs: number;
  readonly warningApplyDurationMs: number;
  readonly warningUnaryRequestDurationMs: number;
  readonly downgradeCheckTimeMs: number;
  readonly raftReadTimeoutMs: number;
  readonly raftWriteTimeoutMs: number;
  readonly socketReusePort: boolean;
  readonly socketReuseAddress: boolean;

  readonly clientTls: TlsConfig;
  readonly peerTls: TlsConfig;
  /** Names as Go spells them; empty leaves the choice to the TLS library. */
  readonly cipherSuites: readonly string[];
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly tlsMaxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly selfSignedCertValidityYears: number;
  /** Origins; `*` allows all. */
  readonly corsOrigins: readonly string[];
  /** Host names; `*` allows all. */
  readonly hostWhitelist: readonly string[];

  /** `simple`, or `jwt,` and its options. */
  readonly authToken: string;
  readonly bcryptCost: number;
  readonly authTokenTtlSeconds: number;

  readonly enablePprof: boolean;
  /** Latency histograms of every RPC (`--metrics=extensive`). */
  readonly extensiveMetrics: boolean;
  readonly featureGates: Readonly<Record<FeatureGate, boolean>>;
  readonly logging: LoggingConfig;
  readonly tracing: TracingConfig;
}

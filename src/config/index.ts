export {
  formatInitialCluster,
  type InitialCluster,
  parseInitialCluster,
  usesDiscovery,
  verifyBootstrap,
} from './bootstrap.js';
export type {
  AutoCompaction,
  Config,
  DiscoveryConfig,
  LoggingConfig,
  TlsConfig,
  TracingConfig,
} from './config.js';
export type { Environment } from './environment.js';
export { invalidConfig, type Notice, StartError, type StartReport, startFailed } from './errors.js';
export { describeFeatures, type FeatureGate } from './feature-gates.js';
export { describeFlags, USAGE } from './help.js';
export {
  defaultConfig,
  type LaunchRequest,
  type LoadDependencies,
  loadConfig,
  systemDependencies,
} from './load.js';
export type { LogRotation } from './log-rotation.js';
export type { ListenUrl } from './urls.js';

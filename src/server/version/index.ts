export {
  ClusterVersionError,
  FIRST_CLUSTER_REQUESTS,
  majorMinorText,
  refuseNewerCluster,
  storageVersionFor,
} from './cluster-version.js';
export { Downgrades } from './downgrade.js';
export { DOWNGRADE_KEY, type DowngradeInfo, DowngradeState } from './downgrade-state.js';
export { VersionMonitor, type VersionMonitorDependencies } from './version-monitor.js';

export {
  CorruptionChecker,
  type CorruptionCheckerDependencies,
  DataInconsistencyError,
} from './corruption-checker.js';
export { CorruptionMonitor, type CorruptionMonitorOptions } from './corruption-monitor.js';
export { type AskPeers, createPeerHashes, type HashPeer, type PeerHash } from './peer-hashes.js';
